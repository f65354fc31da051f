package term

import (
	"io"
	"strings"
	"unicode/utf8"
)

// A Table is printed with aligned columns: the first Left of them to the left,
// the others to the right.
type Table struct {
	Head   []string
	Left   int // 0 means 1
	Colour bool
	rows   []row
}

type row struct {
	cells []string
	style Style
}

// Add adds a row. It may have fewer cells than there are columns.
func (t *Table) Add(cells ...string) { t.AddStyled(Plain, cells...) }

// AddStyled adds a row that stands out.
func (t *Table) AddStyled(s Style, cells ...string) { t.rows = append(t.rows, row{cells, s}) }

// Write prints the table. A line has no blanks at its end.
func (t *Table) Write(w io.Writer) error {
	head := row{t.Head, Bold}
	var widths []int
	for _, r := range append([]row{head}, t.rows...) {
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range append([]row{head}, t.rows...) {
		b.WriteString(paint(t.line(r.cells, widths), r.style, t.Colour))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *Table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i < max(1, t.Left) {
			b.WriteString(cell + pad)
		} else {
			b.WriteString(pad + cell)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
