package gzip

import (
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// The case structs turns trades as structs into a compressed body, which is all that a
// writer does before a request. A Schema writes the lines for every contender.
const structsCase = "structs"

func newStructsCase(size float64) (measure.Case, error) {
	const each = 5000
	trades := workload.Trades(measure.Scale(131072, size, 2*each), 1)
	schema, err := lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"})
	if err != nil {
		return measure.Case{}, err
	}
	n := len(trades) / each
	c := measure.Case{Suite: suite, Name: structsCase, Unit: "point", Units: each, Base: baseName, CPU: true}
	for _, e := range entries[:2] {
		z, err := e.make()
		if err != nil {
			return c, err
		}
		var lines, compressed []byte
		next := 0
		run := func() (err error) {
			next++
			at := next % n * each
			if lines, err = schema.AppendAll(lines[:0], trades[at:at+each]); err != nil {
				return err
			}
			compressed, err = z.Append(compressed[:0], lines)
			return err
		}
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name, Version: measure.Version(e.module), Run: run,
			Check: func() error {
				if err := run(); err != nil {
					return err
				}
				got, err := e.decode(compressed)
				if err != nil {
					return err
				}
				return measure.Differ(got, lines)
			},
		})
		c.Bytes = len(lines)
	}
	return c, nil
}
