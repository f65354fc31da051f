package encode

import (
	"unsafe"

	"github.com/influxdata/line-protocol/v2/lineprotocol"
)

const (
	lp2Name   = "line-protocol"
	lp2Module = "github.com/influxdata/line-protocol/v2"
)

// lp2 drives the Encoder of influxdata/line-protocol/v2: one encoder, whose buffer is set
// for each batch. It checks names and the order of tags unless lax is set. It always
// checks UTF-8 in strings.
type lp2[T any] struct {
	points []T
	enc    lineprotocol.Encoder
	add    func(e *lineprotocol.Encoder, p *T)
}

func newLP2[T any](points []T, lax bool, add func(e *lineprotocol.Encoder, p *T)) *lp2[T] {
	c := &lp2[T]{points: points, add: add}
	c.enc.SetPrecision(lineprotocol.Nanosecond)
	c.enc.SetLax(lax)
	return c
}

func (c *lp2[T]) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	c.enc.SetBuffer(dst)
	for i := lo; i < hi; i++ {
		c.add(&c.enc, &c.points[i])
	}
	return c.enc.Bytes(), c.enc.Err()
}

// lp2Entries returns that Encoder with its checks and without them.
func lp2Entries[T any](points []T, add func(e *lineprotocol.Encoder, p *T)) []entry {
	return []entry{
		{name: lp2Name, module: lp2Module, sorts: true, contender: newLP2(points, false, add)},
		{name: lp2Name + "-lax", module: lp2Module, sorts: true, contender: newLP2(points, true, add)},
	}
}

// mustFloat checks the flag, as its documentation asks, though all values of the data sets
// are valid.
func mustFloat(v float64) lineprotocol.Value {
	x, ok := lineprotocol.FloatValue(v)
	if !ok {
		panic("not finite")
	}
	return x
}

// mustString does not copy v, as the documentation of StringValueFromBytes advises for
// speed. The bytes of v are only read.
func mustString(v string) lineprotocol.Value {
	x, err := lineprotocol.NewValueFromBytes(lineprotocol.String, unsafe.Slice(unsafe.StringData(v), len(v)))
	if err != nil {
		panic("not UTF-8")
	}
	return x
}
