package encode

import (
	"errors"
	"time"

	"github.com/influxdata/line-protocol/v2/lineprotocol"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// refuseCase has points one in seven of which cannot be represented: a tag value has a
// line feed or ends with a backslash. A contender is right if it refuses these points and
// writes the others. Writing them would let a value make a second line, or a line that no
// server can read.
func refuseCase(size float64) (measure.Case, error) {
	type T = workload.Path
	points := workload.Paths(measure.Scale(131072, size, batch+1), 1)
	var good []T
	for _, p := range points {
		if p.Representable() {
			good = append(good, p)
		}
	}
	want := reference(good, "open", func(p *T) (tags, fields []pair, ts int64) {
		return []pair{{"command", p.Command}, {"host", p.Host}, {"path", p.Path}}, []pair{{"bytes", p.Bytes}}, p.Timestamp
	})
	s, err := lp.NewSchema[T](lp.SchemaOptions{Measurement: "open"})
	if err != nil {
		return measure.Case{}, err
	}
	add := func(e *lp.Encoder, p *T) error {
		e.Point("open")
		e.Tag("command", p.Command)
		e.Tag("host", p.Host)
		e.Tag("path", p.Path)
		e.Int("bytes", p.Bytes)
		return e.EndTimestamp(p.Timestamp)
	}
	addLP2 := func(e *lineprotocol.Encoder, p *T) {
		e.StartLine("open")
		e.AddTag("command", p.Command)
		e.AddTag("host", p.Host)
		e.AddTag("path", p.Path)
		e.AddField("bytes", lineprotocol.IntValue(p.Bytes))
		e.EndLine(time.Unix(0, p.Timestamp))
	}
	var bad *lp.PointError
	entries := []entry{
		{name: "pointwire-schema", module: ownModule, contender: refusing(func(dst []byte, lo, hi int) ([]byte, error) {
			for i := range points[lo:hi] {
				// A refused point leaves dst unchanged.
				if dst, err = s.Append(dst, &points[lo+i]); err != nil && !errors.As(err, &bad) {
					return dst, err
				}
			}
			return dst, nil
		})},
		{name: "pointwire-encoder", module: ownModule, contender: &encoder[T]{points: points, add: func(e *lp.Encoder, p *T) error {
			add(e, p) // the encoder counts a refused point and goes on
			return nil
		}}},
	}
	for _, e := range lp2Entries(points, func(e *lineprotocol.Encoder, p *T) {
		addLP2(e, p)
		e.ClearErr() // this removes the refused line
	}) {
		e.sorts = false // the keys are in order
		entries = append(entries, e)
	}
	clients, err := clientEntries(points, "open", func(p *T) (map[string]string, map[string]any, time.Time) {
		return map[string]string{"command": p.Command, "host": p.Host, "path": p.Path},
			map[string]any{"bytes": p.Bytes}, time.Unix(0, p.Timestamp)
	})
	return newCase("refuse", len(points), want, append(entries, clients...)), err
}

// A refusing is a Contender made of a function.
type refusing func(dst []byte, lo, hi int) ([]byte, error)

func (f refusing) AppendLines(dst []byte, lo, hi int) ([]byte, error) { return f(dst, lo, hi) }
