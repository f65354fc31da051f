package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/markdown"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

var reportHelp = help{
	synopsis: "report [flags] FILE",
	about: `Shows what -json kept: as tables, with -html as a page with charts, and
with -benchtext as text for benchstat.`,
	examples: `
go run ./cmd/lpbench report run.json
go run ./cmd/lpbench report -html report.html run.json
go run ./cmd/lpbench report -benchtext run.txt run.json`,
}

// report shows a file of -json.
func report(_ context.Context, c console, args []string) error {
	var keep keepOptions
	f := flags("report")
	keep.shown(f)
	files, err := parse(c, f, reportHelp, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usage("report shows one file, not %d", len(files))
	}
	r, err := results.ReadFile(files[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s, %s\n", r.Environment.Machine(), r.Environment.Get("date"))
	if err := showCases(c, r.Cases()); err != nil {
		return err
	}
	if err := errors.Join(showGoals(c, r), showWhole(c, r)); err != nil {
		return err
	}
	return keep.keep(r)
}

var readmeHelp = help{
	synopsis: "readme -json FILE|DIRECTORY [-json …] [flags] MARKDOWN…",
	about: `
Fills the tables of Markdown files from what -json kept: all that is between

    <!-- table: NAME -->
    <!-- end: NAME -->

is replaced, and nothing else is touched. The names are

    command       the command that measured everything
    machine       what the figures were measured on, and when
    figures       the worst and the best case of the main suites, for a README
    goals         each goal of the design beside what was measured
    suites        a table per suite, each with its command
    suite SUITE   the table of one suite
    case SUITE/CASE
                  one case: every contender with all its figures

Several files, or a directory with files results-KIND.json, are runs on different
kinds of processors. Then goals has a column per kind, machine a line, and figures
a line for each run but the newest, which all other tables are of.`,
	examples: `
go run ./cmd/lpbench -count 15 -benchtime 40ms -json bench
go run ./cmd/lpbench readme -json bench README.md bench/README.md
go run ./cmd/lpbench readme -json bench -check README.md bench/README.md`,
}

// errStale is the end of readme -check.
var errStale = errors.New("the tables are not those of the results")

// readme fills the tables of Markdown files.
func readme(_ context.Context, c console, args []string) error {
	f := flags("readme")
	var json []string
	f.Func("json", "take the figures from this `file`, or from results-KIND.json in this directory; may be repeated", func(name string) error {
		json = append(json, name)
		return nil
	})
	check := f.Bool("check", false, "write nothing; exit with 1 if a table would change")
	files, err := parse(c, f, readmeHelp, args)
	switch {
	case err != nil:
		return err
	case len(json) == 0:
		return usage("readme needs the results: -json FILE")
	case len(files) == 0:
		return usage("readme needs the Markdown files to fill")
	}
	reports, err := results.ReadKinds(json...)
	if err != nil {
		return err
	}
	// All files are filled before the first is written.
	texts := make([][]byte, len(files))
	var stale error
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var names []string
		if texts[i], names, err = markdown.Fill(text, reports...); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if len(names) == 0 {
			return fmt.Errorf("%s has no table to fill", file)
		}
		state := "as they were"
		if !bytes.Equal(texts[i], text) {
			state, stale = "changed", errStale
		}
		fmt.Fprintf(c.out, "%s: %d tables, %s\n", file, len(names), state)
	}
	if *check {
		return stale
	}
	for i, file := range files {
		if err := os.WriteFile(file, texts[i], 0o666); err != nil {
			return err
		}
	}
	return nil
}
