package dialect

import (
	"slices"
	"strconv"
	"strings"
)

// Render returns the table as text, indented for a doc comment.
func Render() string {
	var b strings.Builder
	b.WriteString("Where readers differ:\n")
	for i := range Rows {
		if r := &Rows[i]; len(r.Reads) > 0 {
			r.render(&b)
		}
	}
	b.WriteString("\nWhat all of them read alike:\n")
	for i := range Rows {
		if r := &Rows[i]; len(r.Reads) == 0 {
			r.render(&b)
		}
	}
	return b.String()
}

func (r *Row) render(b *strings.Builder) {
	own := r.Own
	if r.Rule != 0 {
		own += " (" + r.Rule.String() + ")"
	}
	b.WriteString("\n\t" + r.Name + ": " + brief(strconv.Quote(r.Body)) + "\n")
	cell(b, "pointwire", own)
	var done []string
	for first := range NumReaders {
		reading, ok := r.Reads[first]
		if !ok || slices.Contains(done, reading) {
			continue
		}
		done = append(done, reading)
		var names []string
		for reader := first; reader < NumReaders; reader++ {
			if other, ok := r.Reads[reader]; ok && other == reading {
				names = append(names, reader.String())
			}
		}
		cell(b, strings.Replace(strings.Join(names, ", "), "InfluxDB 1.6.7, InfluxDB 1.8.10", "InfluxDB 1.x", 1), reading)
	}
}

func cell(b *strings.Builder, who, reading string) {
	b.WriteString("\t    " + who + ": " + brief(reading) + "\n")
}

// brief shortens what is long because it is too long.
func brief(s string) string {
	if i := strings.Index(s, "aaaaaaaa"); i >= 0 {
		return s[:i] + "a…" + strings.TrimLeft(s[i:], "a")
	}
	return s
}
