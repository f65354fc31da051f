package fuzz

import (
	"fmt"
	"slices"
	"strings"
)

// A point is the content of a line of line protocol, in a form common to all readers.
type point struct {
	measurement string
	tags        []tag
	fields      []field
	ts          int64
	hasTime     bool
}

type tag struct{ key, value string }

// A field is a key and a value of type float64, int64, uint64, bool or string.
type field struct {
	key   string
	value any
}

// sorted returns p with its tags in the order of their keys, since their order does not
// matter.
func (p point) sorted() point {
	p.tags = slices.Clone(p.tags)
	slices.SortStableFunc(p.tags, func(a, b tag) int { return strings.Compare(a.key, b.key) })
	return p
}

// String returns a text that two points share if and only if they are equal, including the
// sign of zero.
func (p point) String() string {
	p = p.sorted()
	var b strings.Builder
	fmt.Fprintf(&b, "%q", p.measurement)
	for _, t := range p.tags {
		fmt.Fprintf(&b, " %q=%q", t.key, t.value)
	}
	b.WriteString(" |")
	for _, f := range p.fields {
		fmt.Fprintf(&b, " %q=%T(%#v)", f.key, f.value, f.value)
	}
	if p.hasTime {
		fmt.Fprintf(&b, " @%d", p.ts)
	}
	return b.String()
}

// describe returns the texts of points, one on each line.
func describe(points []point) string {
	var b strings.Builder
	for _, p := range points {
		b.WriteString(p.String())
		b.WriteByte('\n')
	}
	return b.String()
}
