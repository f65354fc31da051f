// Package numbers compares routines that turn numbers into text and back.
//
// Each set holds 131,072 values of one distribution (see workload.FloatSets), since a
// branch predictor learns the lengths of a few thousand. Writers append a block of values
// to a buffer that stays in the cache. Readers get the texts of a block and the end of
// each text. Written texts are compared with those of strconv, read values bit by bit.
package numbers

import (
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/internal/measure"
)

// A Writer appends the texts of vs to dst, each followed by a line feed.
type Writer[V any] interface {
	AppendAll(dst []byte, vs []V) []byte
}

// A Reader parses texts into dst, which has the same length.
type Reader[V any] interface {
	ParseAll(dst []V, texts Texts) error
}

// Texts are numbers as text. Text[i] lies in Buf and is followed by a comma. Readers that
// find the end of a number themselves read Buf from Start[i].
type Texts struct {
	Buf   []byte
	Start []int32
	Text  []string
}

// block is the number of values per call.
const block = 1024

// Suite is the suite "numbers".
var Suite = measure.Suite{Name: "numbers", About: "numbers to text and back", Names: names(), Cases: cases}

// Goals are the goals of the design for this suite.
var Goals = []measure.Goal{
	goal("append-float-sensor", "strconv", 5.5),
	goal("append-float-prices", "strconv", 3.3),
	goal("append-float-geo6", "strconv", 5.4),
	goal("append-float-mix", "strconv", 3.3),
	goal("append-float-uniform", "strconv", 3.1),
	goal("append-float-canada", "strconv", 3.4),
	goal("append-float-bits", "strconv", 2.4),
	goal("append-float32-sensor", "strconv", 2.5),
	goal("append-float32-bits", "strconv", 2.5),
	goal("append-int-lt1000", "strconv", 2.6),
	goal("append-int-digits", "strconv", 2.4),
	goal("append-int-timestamp", "strconv", 2.8),
	{Suite: suite, Case: "append-int-sequential", Contender: "pointwire-cached", Against: []string{"strconv"}, Factor: 4.7},
	goal("format-rfc3339", "time", 3),
	goal("parse-rfc3339", "time", 2.5),
}

func goal(name, against string, factor float64) measure.Goal {
	return measure.Goal{Suite: suite, Case: name, Contender: "pointwire", Against: []string{against}, Factor: factor}
}

const (
	suite      = "numbers"
	ownModule  = "github.com/pointwire/pointwire"
	fastModule = "github.com/valyala/fastjson"
)

// A writer is a Writer made of a function.
type writer[V any] func(dst []byte, vs []V) []byte

func (w writer[V]) AppendAll(dst []byte, vs []V) []byte { return w(dst, vs) }

// A reader is a Reader made of a function.
type reader[V any] func(dst []V, texts Texts) error

func (r reader[V]) ParseAll(dst []V, texts Texts) error { return r(dst, texts) }

type entry[C any] struct {
	name, module string
	contender    C
}

// writeCase times writers. All must write the same text as the first.
func writeCase[V any](name string, vs []V, entries []entry[Writer[V]]) measure.Case {
	want := entries[0].contender.AppendAll(nil, vs)
	c := measure.Case{Suite: suite, Name: name, Unit: "value", Units: len(vs), Bytes: len(want) - len(vs), Base: entries[0].name}
	c.Ops = append(c.Ops, copyOp(want, block*len(want)/len(vs)))
	for _, e := range entries {
		buf := make([]byte, 0, 64*block)
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   measure.Version(e.module),
			Check: func() error {
				// Check without room in dst, and with enough room.
				if err := measure.Differ(e.contender.AppendAll(nil, vs), want); err != nil {
					return err
				}
				return measure.Differ(e.contender.AppendAll(make([]byte, 0, 2*len(want)+64), vs), want)
			},
			Run: func() error {
				for lo := 0; lo < len(vs); lo += block {
					e.contender.AppendAll(buf[:0], vs[lo:min(lo+block, len(vs))])
				}
				return nil
			},
		})
	}
	return c
}

// copyOp copies text in pieces to the same place. No writer can be faster.
func copyOp(text []byte, piece int) measure.Op {
	buf := make([]byte, piece)
	return measure.Op{
		Contender: "copy",
		Version:   measure.Version(""),
		Check: func() error {
			copy(buf, text)
			return measure.Differ(buf, text[:piece])
		},
		Run: func() error {
			for rest := text; len(rest) > 0; rest = rest[copy(buf, rest):] {
			}
			return nil
		},
	}
}

// readCase times readers of the texts of vs. same reports whether two values are equal.
func readCase[V any](name string, vs []V, text func(dst []byte, v V) []byte, same func(a, b V) bool, entries []entry[Reader[V]]) measure.Case {
	texts := Texts{Start: make([]int32, len(vs)), Text: make([]string, len(vs))}
	ends := make([]int, len(vs))
	for i, v := range vs {
		texts.Start[i] = int32(len(texts.Buf))
		texts.Buf = text(texts.Buf, v)
		ends[i] = len(texts.Buf)
		texts.Buf = append(texts.Buf, ',')
	}
	texts.Buf = append(texts.Buf, strings.Repeat(" ", 64)...)
	all := string(texts.Buf)
	for i := range vs {
		texts.Text[i] = all[texts.Start[i]:ends[i]]
	}
	c := measure.Case{Suite: suite, Name: name, Unit: "value", Units: len(vs), Bytes: ends[len(vs)-1] - len(vs) + 1, Base: entries[0].name}
	for _, e := range entries {
		got := make([]V, len(vs))
		run := func() error {
			for lo := 0; lo < len(vs); lo += block {
				hi := min(lo+block, len(vs))
				if err := e.contender.ParseAll(got[lo:hi], Texts{texts.Buf, texts.Start[lo:hi], texts.Text[lo:hi]}); err != nil {
					return err
				}
			}
			return nil
		}
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   measure.Version(e.module),
			Check: func() error {
				clear(got)
				if err := run(); err != nil {
					return err
				}
				bad, first := 0, -1
				for i := range vs {
					if !same(got[i], vs[i]) {
						if bad == 0 {
							first = i
						}
						bad++
					}
				}
				if bad > 0 {
					return fmt.Errorf("%w: %d of %d values, first %s read as %v", measure.ErrWrong, bad, len(vs), texts.Text[first], got[first])
				}
				return nil
			},
			Run: run,
		})
	}
	return c
}
