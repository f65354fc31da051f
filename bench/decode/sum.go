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

// A sum is a checksum of the parts of points, in order. It takes a few instructions per
// part: it includes the length of a text and one of its bytes, and all bits of a number.
type sum struct {
	exact uint64
	// rough is the sum of the fields, for contenders that round them.
	rough float64
	// at is the position of the byte of a text that is included, in 256ths of the
	// text. It differs from body to body, so that no position is left out.
	at uint
}

// The methods have a value receiver, which stays in registers.

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

// The kinds of numbers, so that 1, 1i, 1u and true differ.
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

// A form is the form in which a contender returns points.
type form uint8

const (
	inOrder form = iota
	// tagsSorted: tags are in the order of their keys.
	tagsSorted
	// fieldsRough: every field becomes a float64, true 1, a string 0.
	fieldsRough
	numForms
)

// add adds the parts of l in a form.
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

// differ returns an error if s is not want. A rounded number may differ in its last bit.
func (s sum) differ(want sum) error {
	if s.exact != want.exact || math.Abs(s.rough-want.rough) > 1e-12*math.Abs(want.rough) {
		return fmt.Errorf("%w: the parts differ from those of the points", measure.ErrWrong)
	}
	return nil
}

// A body is 5,000 lines, with the expected sum in each form.
type body struct {
	text []byte
	want [numForms]sum
}

// makeBodies returns n points of a set as bodies. It drops the points left over.
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

// place returns sum.at for body i. No two of 26 bodies have the same place, and the first
// one looks at the last byte.
func place(i int) uint { return uint(256 - i*79%257) }
