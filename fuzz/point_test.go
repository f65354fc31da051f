package fuzz

import (
	"fmt"
	"slices"
	"strings"
)

// A point is what a line of line protocol says, whoever reads it.
type point struct {
	measurement string
	tags        []tag
	fields      []field
	ts          int64
	hasTime     bool
}

type tag struct{ key, value string }

// field is a key and a value of one of the types float64, int64, uint64, bool
// and string.
type field struct {
	key   string
	value any
}

// sorted returns p with its tags in the order of their keys: a point is the
// same whatever their order.
func (p point) sorted() point {
	p.tags = slices.Clone(p.tags)
	slices.SortStableFunc(p.tags, func(a, b tag) int { return strings.Compare(a.key, b.key) })
	return p
}

// String writes p so that two points have the same text if and only if they are
// the same, the sign of zero included.
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

// describe writes points, one in a line.
func describe(points []point) string {
	var b strings.Builder
	for _, p := range points {
		b.WriteString(p.String())
		b.WriteByte('\n')
	}
	return b.String()
}
