package decode

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// A sum is what is left of the parts of points, in order. It costs a few
// instructions per part: the length of a text and one of its bytes, all bits of a
// number.
type sum struct {
	exact uint64
	// rough is the sum of the fields where a contender rounds them.
	rough float64
	// at is the place of the byte of a text that is looked at, in 256ths of the
	// text. It is another one in each body, so that no place is left out.
	at uint
}

// These are methods of a value, which stays in registers.

func (s sum) text(b []byte) sum {
	x := uint64(len(b))
	if len(b) > 0 {
		x += uint64(b[uint(len(b)-1)*s.at>>8]) << 32
	}
	s.exact = bits.RotateLeft64(s.exact, 9) + x
	return s
}

func (s sum) string(b string) sum {
	x := uint64(len(b))
	if len(b) > 0 {
		x += uint64(b[uint(len(b)-1)*s.at>>8]) << 32
	}
	s.exact = bits.RotateLeft64(s.exact, 9) + x
	return s
}

// The kinds of numbers, so that 1, 1i, 1u and true are not the same.
const (
	isTime uint64 = iota
	isFloat
	isInt
	isUint
	isBool
)

func (s sum) number(kind, v uint64) sum {
	s.exact = bits.RotateLeft64(s.exact, 9) + v + kind<<60
	return s
}

func (s sum) float(v float64) sum { return s.number(isFloat, math.Float64bits(v)) }
func (s sum) int(v int64) sum     { return s.number(isInt, uint64(v)) }
func (s sum) uint(v uint64) sum   { return s.number(isUint, v) }
func (s sum) time(v int64) sum    { return s.number(isTime, uint64(v)) }

func (s sum) bool(v bool) sum {
	var b uint64
	if v {
		b = 1
	}
	return s.number(isBool, b)
}

// A form is what a contender makes of a body, as far as that differs.
type form uint8

const (
	inOrder form = iota
	// tagsSorted: tags come in the order of their keys.
	tagsSorted
	// fieldsRough: every field becomes a float64, true 1, a string 0.
	fieldsRough
	numForms
)

// add adds what is to be made of l in a form.
func (s sum) add(l *workload.Line, f form) sum {
	s = s.string(l.Measurement)
	tags := l.Tags
	if f == tagsSorted {
		tags = slices.SortedFunc(slices.Values(tags), func(a, b workload.LineTag) int { return cmp.Compare(a.Key, b.Key) })
	}
	for _, t := range tags {
		s = s.string(t.Key)
		s = s.string(t.Value)
	}
	for _, x := range l.Fields {
		s = s.string(x.Key)
		switch v := x.Value.(type) {
		case float64:
			if f == fieldsRough {
				s.rough += v
			} else {
				s = s.float(v)
			}
		case int64:
			if f == fieldsRough {
				s.rough += float64(v)
			} else {
				s = s.int(v)
			}
		case bool:
			switch {
			case f != fieldsRough:
				s = s.bool(v)
			case v:
				s.rough++
			}
		case string:
			if f != fieldsRough {
				s = s.string(v)
			}
		}
	}
	return s.time(l.Timestamp)
}

// differ returns an error if s is not want. A number that was rounded may be off by
// its last bit.
func (s sum) differ(want sum) error {
	if s.exact != want.exact || math.Abs(s.rough-want.rough) > 1e-12*math.Abs(want.rough) {
		return fmt.Errorf("%w: other parts than the points have", measure.ErrWrong)
	}
	return nil
}

// A body is 5,000 lines, and what is to be made of them.
type body struct {
	text []byte
	want [numForms]sum
}

// makeBodies returns n points of a set as bodies; what is less than one is left out.
func makeBodies(set workload.LineSet, n int) []body {
	bodies := make([]body, n/batch)
	var text []byte
	i := 0
	for l := range set.Make(len(bodies)*batch, 1) {
		b := &bodies[i/batch]
		for f := range numForms {
			if i%batch == 0 {
				b.want[f].at = place(i / batch)
			}
			b.want[f] = b.want[f].add(l, f)
		}
		text = l.Append(text)
		if i++; i%batch == 0 {
			b.text = bytes.Clone(text)
			text = text[:0]
		}
	}
	return bodies
}

// place returns sum.at for body i: of 26 bodies no two have the same, and the first
// looks at the last byte.
func place(i int) uint { return uint(256 - i*79%257) }
