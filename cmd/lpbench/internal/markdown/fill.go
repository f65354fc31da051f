// Package markdown fills the tables of Markdown files with what was measured.
package markdown

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

const (
	opening = "<!-- table: "
	ending  = "<!-- end: "
	closing = " -->"
)

// Fill replaces what is between the lines
//
//	<!-- table: NAME -->
//	<!-- end: NAME -->
//
// by the table NAME of the reports, and returns the names. All else stays as it is. A
// marker that has no partner, and a name that there is no table for, is an error. Several
// reports are of different kinds of processors, the newest first.
func Fill(text []byte, reports ...*results.Report) (filled []byte, names []string, err error) {
	open := "" // the table whose end is looked for
	number := 0
	for line := range bytes.Lines(text) {
		number++
		what := string(bytes.TrimSpace(line))
		switch name, isEnd := marker(what, ending); {
		case open != "" && isEnd && name == open:
			open = ""
			filled = append(filled, line...)
			continue
		case isEnd:
			return nil, nil, fmt.Errorf("line %d: %s ends no table", number, what)
		}
		name, isStart := marker(what, opening)
		switch {
		case isStart && open != "":
			return nil, nil, fmt.Errorf("line %d: the table %q has no end", number, open)
		case isStart:
			table, err := tableOf(reports, name)
			if err != nil {
				return nil, nil, fmt.Errorf("line %d: %w", number, err)
			}
			open = name
			names = append(names, name)
			filled = append(filled, line...)
			filled = append(append(append(filled, '\n'), table...), '\n')
		case open == "":
			filled = append(filled, line...)
		}
	}
	if open != "" {
		return nil, nil, fmt.Errorf("the table %q has no end", open)
	}
	return filled, names, nil
}

// marker returns the name in a marker that begins with this text.
func marker(line, begin string) (name string, ok bool) {
	name, ok = strings.CutPrefix(line, begin)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, closing)
	return strings.TrimSpace(name), ok
}
