package decode

import (
	"fmt"
	"slices"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// An entry describes a contender. Each case calls make for a new one, since decoders are
// reused and remember earlier bodies.
type entry struct {
	name, module string
	form         form
	make         func() Contender
}

var entries = []entry{
	{pullName, ownModule, inOrder, func() Contender { return new(pull) }},
	{"pointwire-points", ownModule, inOrder, func() Contender { return points{} }},
	{lp2Name, "github.com/influxdata/line-protocol/v2", inOrder, func() Contender { return lineProtocol2{} }},
	{"line-protocol-v1", "github.com/influxdata/line-protocol", tagsSorted, func() Contender { return newLineProtocol1() }},
	{influxName, "github.com/influxdata/influxdb", tagsSorted, func() Contender { return influxdb{} }},
	{vmName, "github.com/VictoriaMetrics/VictoriaMetrics", fieldsRough, func() Contender { return new(victoriaMetrics) }},
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, name := range names {
		if !want(name) {
			continue
		}
		set, ok := workload.FindLineSet(name)
		if !ok {
			return nil, fmt.Errorf("no lines %q", name)
		}
		list = append(list, newCase(name, makeBodies(set, measure.Scale(131072, size, batch))))
	}
	return list, nil
}

// newCase makes a case of all contenders on bodies. Each run reads the next body, so that a
// branch predictor sees all other bodies before it sees one again.
func newCase(name string, bodies []body) measure.Case {
	total := 0
	for _, b := range bodies {
		total += len(b.text)
	}
	c := measure.Case{Suite: "decode", Name: name, Unit: "point", Units: batch, Bytes: total / len(bodies),
		Base: lp2Name, CPU: true, ExtraUnit: allocations}
	c.Ops = append(c.Ops, copyOp(bodies))
	for _, e := range entries {
		contender := e.make()
		op := measure.Op{Contender: e.name, Version: measure.Version(e.module)}
		op.Check = func() error {
			for i, b := range bodies {
				s, err := contender.Decode(b.text, sum{at: place(i)})
				if err != nil {
					return fmt.Errorf("body %d: %w", i, err)
				}
				if err := s.differ(b.want[e.form]); err != nil {
					return fmt.Errorf("body %d: %w", i, err)
				}
			}
			return nil
		}
		next := 0
		op.Run = func() error {
			i := next % len(bodies)
			next++
			_, err := contender.Decode(bodies[i].text, sum{at: place(i)})
			return err
		}
		if e.name == pullName {
			op.Extra = func() (float64, error) { return measure.Allocs(len(bodies), op.Run) }
		}
		c.Ops = append(c.Ops, op)
	}
	c.Ops = slices.Insert(c.Ops, 3, lintOp(bodies)) // after copy and our two decoders
	return c
}

// copyOp copies one body after the other. No decoder can be faster.
func copyOp(bodies []body) measure.Op {
	var buf []byte
	next := 0
	run := func() error {
		buf = append(buf[:0], bodies[next%len(bodies)].text...)
		next++
		return nil
	}
	return measure.Op{Contender: "copy", Version: measure.Version(""), Run: run, Check: func() error {
		for _, b := range bodies {
			buf = append(buf[:0], b.text...)
			if err := measure.Differ(buf, b.text); err != nil {
				return err
			}
		}
		return nil
	}}
}
