package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// A table is printed with aligned columns: the first to the left, the others
// to the right.
type table struct {
	head []string
	rows [][]string
	bold bool // the head stands out, by the codes of terminals
}

// colour reports whether what is written to f may hold the codes of terminals,
// see no-color.org.
func colour(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	line := func(row []string) {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0:
				b.WriteString(cell + pad)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
	}
	if t.bold {
		b.WriteString("\x1b[1m")
	}
	line(t.head)
	if t.bold {
		b.WriteString("\x1b[0m")
	}
	b.WriteByte('\n')
	for _, row := range t.rows {
		line(row)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// number prints n with spaces between thousands.
func number(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// figure prints v with three digits or more.
func figure(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return number(int64(v + 0.5))
}
