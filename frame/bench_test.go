package frame

import (
	"bytes"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// tradeFrame returns n trades of the user guide as a frame.
func tradeFrame(n int) *Frame {
	f := &Frame{Measurement: "Trade", Columns: []Column{
		{Name: "instrument", Role: Tag}, {Name: "source", Role: Tag}, {Name: "side", Role: Tag},
		{Name: "price"}, {Name: "size"}, {Name: "trade_id"},
	}}
	for _, t := range workload.Trades(n, 1) {
		f.Time = append(f.Time, t.Timestamp)
		f.Columns[0].AppendCode(t.Instrument)
		f.Columns[1].AppendCode(t.Source)
		f.Columns[2].AppendCode(t.Side)
		f.Columns[3].AppendFloat(t.Price)
		f.Columns[4].AppendInt(t.Size)
		f.Columns[5].AppendString(t.TradeID)
	}
	return f
}

// BenchmarkAppend writes 100,000 trades, 5,000 at a time, as a frame and by lp.Schema.
func BenchmarkAppend(b *testing.B) {
	const rows, piece = 100_000, 5000
	trades := workload.Trades(rows, 1)
	schema := must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
	f := tradeFrame(rows)
	var e Encoder
	for _, c := range []struct {
		name string
		add  func(dst []byte, lo, hi int) ([]byte, error)
	}{
		{"pointwire-frame", func(dst []byte, lo, hi int) ([]byte, error) { return e.AppendRows(dst, f, lo, hi) }},
		{"pointwire-schema", func(dst []byte, lo, hi int) ([]byte, error) { return schema.AppendAll(dst, trades[lo:hi]) }},
	} {
		b.Run("case=trade/lib="+c.name, func(b *testing.B) {
			var dst []byte
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for lo := 0; lo < rows; lo += piece {
					var err error
					if dst, err = c.add(dst[:0], lo, lo+piece); err != nil {
						b.Fatal(err)
					}
					n += len(dst)
				}
			}
			b.SetBytes(int64(n))
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

// BenchmarkRead reads responses of several shapes into frames of 1,024 rows.
func BenchmarkRead(b *testing.B) {
	for _, shape := range workload.Bodies {
		body := shape.Make(1, 0)
		b.Run("case="+shape.Name+"/lib=pointwire", func(b *testing.B) {
			in := bytes.NewReader(nil)
			s := jsonscan.NewScanner(in)
			r := NewReader(s)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				in.Reset(body)
				s.Reset(in)
				r.Reset(s)
				for r.Next() {
				}
				if r.Err() != nil {
					b.Fatal(r.Err())
				}
			}
		})
	}
}

// must returns v, and panics if there is an error: the test itself is wrong then.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
