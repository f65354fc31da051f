//go:build !race

package lp_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// upper writes itself by a method of its pointer.
type upper struct{ s string }

func (u *upper) AppendText(dst []byte) ([]byte, error) { return append(dst, u.s[0]-'a'+'A'), nil }

var uppers = must(lp.SchemaFor[one[upper]]())

// TestAllocs holds that no form allocates per point once its buffer is large
// enough. The race detector allocates by itself.
func TestAllocs(t *testing.T) {
	values := make([]reading, 64)
	for i := range values {
		values[i] = reading{
			M: "m", Time: int64(i), Host: fmt.Sprint("host ", i), Rack: "r", Load: float64(i) / 3, Temp: 0.5, N: int64(i), U: 7,
			Ok: true, Text: `say "hi"`, Opt: ref(1.5),
		}
	}
	series := must(lp.NewSeries("m", lp.Tag{Key: "host", Value: "a"}))
	up := &one[upper]{V: upper{"r"}}
	floats := []float64{1, 2, 3}
	layout := must(lp.NewLayout("a", "b", "c"))
	sorted := lp.Options{TagOrder: lp.TagsSorted}
	sortedReading := readingSchema.With(sorted)
	var e, fixed lp.Encoder
	fixed.SetOptions(sorted)
	if err := fixed.SetDefaultTags(lp.Tag{Key: "dc", Value: "eu"}); err != nil {
		t.Fatal(err)
	}
	var p lp.Point
	var cache lp.TimestampCache
	buf := make([]byte, 0, 1<<16)
	now := time.Unix(1540184368, 785116000)
	var i int
	next := func() *reading { i++; return &values[i%len(values)] }
	keep := func(b []byte, err error) {
		if err != nil {
			t.Error(err)
		}
		buf = b[:0]
	}
	batch := func(e *lp.Encoder, err error) {
		if err != nil {
			t.Error(err)
		}
		e.Reset()
	}
	encodeSeries := func(v *reading) error {
		e.Series(series)
		e.Tag("rack", v.Rack)
		e.Float("load", v.Load)
		return e.End(now)
	}
	encodeRow := func(v *reading) error {
		e.Series(series)
		row := layout.Row(&e)
		row.Floats(floats)
		return e.EndTimestamp(v.Time)
	}
	encodeBehindRow := func(v *reading) error {
		e.Series(series)
		e.Float("before", v.Load)
		row := layout.Row(&e)
		row.Floats(floats)
		e.Float("after", v.Load)
		return e.EndTimestamp(v.Time)
	}
	refuse := func(v *reading) error { // a policy leaves the point out
		e.SetOptions(lp.Options{Text: lp.TextDropPoint})
		e.Point("m")
		e.Tag("t", "a\nb")
		return e.EndTimestamp(v.Time)
	}
	for i, c := range []struct {
		name string
		f    func()
	}{
		{"AppendMeasurement", func() { keep(lp.AppendMeasurement(buf, next().Host), nil) }},
		{"AppendTag", func() { keep(lp.AppendTag(buf, "k", next().Host), nil) }},
		{"AppendFieldKey", func() { keep(lp.AppendFieldKey(buf, next().Host), nil) }},
		{"AppendString", func() { keep(lp.AppendString(buf, next().Text), nil) }},
		{"AppendFloat", func() { keep(lp.AppendFloat(buf, next().Load), nil) }},
		{"AppendFloat32", func() { keep(lp.AppendFloat32(buf, next().Temp), nil) }},
		{"AppendInt", func() { keep(lp.AppendInt(buf, next().N), nil) }},
		{"AppendUint", func() { keep(lp.AppendUint(buf, next().U), nil) }},
		{"AppendBool", func() { keep(lp.AppendBool(buf, next().Ok), nil) }},
		{"AppendTimestamp", func() { keep(lp.AppendTimestamp(buf, next().Time), nil) }},
		{"AppendTime", func() { keep(lp.AppendTime(buf, now, lp.Second), nil) }},
		{"AppendRFC3339", func() { keep(lp.AppendRFC3339(buf, next().Time, lp.Second), nil) }},
		{"TimestampCache", func() { keep(cache.Append(buf, next().Time), nil) }},
		{"ParseTimestamp", func() {
			if _, err := lp.ParseTimestamp("2018-01-01T09:00:00+09:00", lp.Nanosecond); err != nil {
				t.Error(err)
			}
		}},
		{"Encoder", func() { batch(&e, next().encode(&e)) }},
		{"Encoder, tags sorted and added", func() { batch(&fixed, next().encode(&fixed)) }},
		{"Encoder, Value", func() {
			e.Point("m")
			e.Value("v", true)
			batch(&e, e.EndNoTimestamp())
		}},
		{"Encoder, Value of a named type", func() {
			e.Point("m")
			e.Value("v", side(next().N&1))
			e.Value("w", lp.Measurement("x"))
			batch(&e, e.EndNoTimestamp())
		}},
		{"Encoder, Line", func() { batch(&e, e.Line([]byte("m f=1 1"))) }},
		{"FieldKey", func() { batch(&e, next().encodeKeys(&e)) }},
		{"Series", func() { batch(&e, encodeSeries(next())) }},
		{"Layout", func() { batch(&e, encodeRow(next())) }},
		{"Layout among fields", func() { batch(&e, encodeBehindRow(next())) }},
		{"Encoder.Append of a Point", func() {
			next().setPoint(&p)
			batch(&e, e.Append(&p))
		}},
		{"Point", func() {
			next().setPoint(&p)
			batch(&e, p.Encode(&e))
		}},
		{"Point.AppendLP", func() {
			next().setPoint(&p)
			keep(p.AppendLP(buf))
		}},
		{"Schema.Append", func() { keep(readingSchema.Append(buf, next())) }},
		{"Schema.AppendWith", func() {
			keep(readingSchema.AppendWith(buf, next(), lp.Tag{Key: "host", Value: "b"}, lp.Tag{Key: "x", Value: "y z"}))
		}},
		{"Schema.Append, a method with a pointer receiver", func() { keep(uppers.Append(buf, up)) }},
		{"Schema.AppendAll", func() { keep(readingSchema.AppendAll(buf, values)) }},
		{"Schema.AppendWith, sorted", func() {
			keep(sortedReading.AppendWith(buf, next(), lp.Tag{Key: "host", Value: "b"}, lp.Tag{Key: "x", Value: "y z"}))
		}},
		{"Schema.Encode", func() { batch(&e, readingSchema.Encode(&e, next())) }},
		{"Schema.Encode, tags added", func() { batch(&fixed, readingSchema.Encode(&fixed, next())) }},
		{"a point that a policy leaves out", func() { batch(&e, refuse(next())) }},
		{"Encoder.Cancel", func() {
			e.Point("m")
			e.Tag("t", "v")
			e.Cancel()
		}},
	} {
		for range 200 { // to the size of the longest
			c.f()
		}
		if n := testing.AllocsPerRun(500, c.f); n != 0 {
			t.Errorf("%s: %s: %v allocations", caseat.Line(i), c.name, n)
		}
	}
	// A sequence costs what the caller's closures cost, however long it is.
	seq := func(n int) float64 {
		all := slices.Values(values[:n])
		return testing.AllocsPerRun(100, func() { keep(readingSchema.AppendSeq(buf, all)) })
	}
	if one, all := seq(1), seq(len(values)); all > one {
		t.Errorf("Schema.AppendSeq: %v allocations for one point, %v for %d", one, all, len(values))
	}
}

// TestMapAllocs holds that a Point of a map has three blocks of memory: itself, its tags
// and its fields.
func TestMapAllocs(t *testing.T) {
	m := map[string]any{
		"time":        "2009-11-10T23:00:00Z",
		"measurement": "cpu_load",
		"tags":        map[string]string{"host": "server01", "region": "us-west"},
		"fields":      map[string]any{"value1": 0.64, "value2": true, "value3": 10},
	}
	var e lp.Encoder
	n := testing.AllocsPerRun(100, func() {
		p, err := lp.PointFromMap(m, "")
		if err == nil {
			err = p.Encode(&e)
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Reset()
	})
	if n > 3 {
		t.Errorf("%v allocations", n)
	}
}
