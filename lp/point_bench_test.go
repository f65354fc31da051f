package lp_test

import (
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// batch is how many points the benchmarks put into one buffer before they start
// anew.
const batch = 1 << 12

// encodeTrade writes t with the Encoder.
func encodeTrade(e *lp.Encoder, t *workload.Trade) error {
	e.Point("Trade")
	e.Tag("instrument", t.Instrument)
	e.Tag("source", t.Source)
	e.Tag("side", t.Side)
	e.Float("price", t.Price)
	e.Int("size", t.Size)
	e.String("trade_id", t.TradeID)
	return e.EndTimestamp(t.Timestamp)
}

// appendTrade writes t with the append primitives.
func appendTrade(dst []byte, t *workload.Trade) []byte {
	dst = lp.AppendMeasurement(dst, "Trade")
	dst = lp.AppendTag(dst, "instrument", t.Instrument)
	dst = lp.AppendTag(dst, "source", t.Source)
	dst = lp.AppendTag(dst, "side", t.Side)
	dst = append(dst, ' ')
	dst = lp.AppendFieldKey(dst, "price")
	dst = lp.AppendFloat(dst, t.Price)
	dst = append(dst, ',')
	dst = lp.AppendFieldKey(dst, "size")
	dst = lp.AppendInt(dst, t.Size)
	dst = append(dst, ',')
	dst = lp.AppendFieldKey(dst, "trade_id")
	dst = lp.AppendString(dst, t.TradeID)
	dst = append(dst, ' ')
	dst = lp.AppendTimestamp(dst, t.Timestamp)
	return append(dst, '\n')
}

// BenchmarkEncode writes one point per operation: trades, and points of ten tags
// and ten floats.
func BenchmarkEncode(b *testing.B) {
	b.Run("case=trade", benchTrade)
	b.Run("case=cpu", benchCPU)
}

// benchEncoder measures add, which is given the number of the point.
func benchEncoder(b *testing.B, lib string, add func(e *lp.Encoder, i int) error) {
	b.Run("lib="+lib, func(b *testing.B) {
		var e lp.Encoder
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				e.Reset()
			}
			if err := add(&e, i); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(e.Len()) / int64(max(1, e.Lines())))
	})
}

// benchSchema measures a Schema, point by point and by the batch.
func benchSchema[T any](b *testing.B, measurement string, points []T) {
	schema := must(lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement}))
	b.Run("lib=pointwire-schema", func(b *testing.B) {
		var buf []byte
		var err error
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			if buf, err = schema.Append(buf, &points[i%len(points)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("lib=pointwire-schema-all", func(b *testing.B) {
		var buf []byte
		var err error
		b.ReportAllocs()
		for i := 0; i < b.N; i += batch {
			at := i % len(points)
			if buf, err = schema.AppendAll(buf[:0], points[at:at+min(batch, b.N-i)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func benchTrade(b *testing.B) {
	trades := workload.Trades(benchValues, 1)
	benchEncoder(b, "pointwire-encoder", func(e *lp.Encoder, i int) error { return encodeTrade(e, &trades[i&(benchValues-1)]) })
	benchSchema(b, "Trade", trades)
	b.Run("lib=pointwire-append", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			buf = appendTrade(buf, &trades[i&(benchValues-1)])
		}
	})
	// The floor: the same bytes copied.
	b.Run("lib=copy", func(b *testing.B) {
		var e lp.Encoder
		lines := make([][]byte, batch)
		for i := range lines {
			at := e.Len()
			if err := encodeTrade(&e, &trades[i]); err != nil {
				b.Fatal(err)
			}
			lines[i] = append([]byte(nil), e.Bytes()[at:]...)
		}
		var buf []byte
		b.ReportAllocs()
		for i := range b.N {
			if i%batch == 0 {
				buf = buf[:0]
			}
			buf = append(buf, lines[i%batch]...)
		}
	})
}

func benchCPU(b *testing.B) {
	const n = 1 << 14 // each of ten floats
	points := workload.CPUs(n, 1)
	benchEncoder(b, "pointwire-encoder", func(e *lp.Encoder, i int) error {
		p := &points[i%n]
		e.Point("cpu")
		for k, v := range p.Tags() {
			e.Tag(workload.CPUTags[k], v)
		}
		for k, v := range p.Values() {
			e.Float(workload.CPUFields[k], v)
		}
		return e.EndTimestamp(p.Timestamp)
	})
	benchSchema(b, "cpu", points)
	series := make([]lp.Series, workload.CPUHosts)
	for i := range points[:workload.CPUHosts] {
		var tags []lp.Tag
		for k, v := range points[i].Tags() {
			tags = append(tags, lp.Tag{Key: workload.CPUTags[k], Value: v})
		}
		series[points[i].Host] = must(lp.NewSeries("cpu", tags...))
	}
	layout := must(lp.NewLayout(workload.CPUFields...))
	benchEncoder(b, "pointwire-layout", func(e *lp.Encoder, i int) error {
		p := &points[i%n]
		e.Series(series[p.Host])
		r := layout.Row(e)
		for _, v := range p.Values() {
			r.Float(v)
		}
		return e.EndTimestamp(p.Timestamp)
	})
	benchEncoder(b, "pointwire-layout-floats", func(e *lp.Encoder, i int) error {
		p := &points[i%n]
		e.Series(series[p.Host])
		r := layout.Row(e)
		values := p.Values()
		r.Floats(values[:])
		return e.EndTimestamp(p.Timestamp)
	})
}
