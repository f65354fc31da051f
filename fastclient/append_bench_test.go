package fastclient

import (
	"bytes"
	"context"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// rawLines returns n points of a struct type as lines.
func rawLines[T any](measurement string, points []T) []byte {
	schema := lp.Must(lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement}))
	lines, err := schema.AppendAll(nil, points)
	if err != nil {
		panic(err)
	}
	return lines
}

// BenchmarkAppendRaw appends raw lines to a Writer whose batches are acknowledged at
// once and not packed, so that what it costs to check, cut and copy them is most of
// it: 5,000 lines per append, or one.
func BenchmarkAppendRaw(b *testing.B) {
	const n = 50_000
	for _, c := range []struct {
		name  string
		lines []byte
	}{
		{"trade", rawLines("Trade", workload.Trades(n, 1))},
		{"cpu", rawLines("cpu", workload.CPUs(n, 1))},
		{"server", rawLines("mysql", workload.Servers(n/10, 1))},
		{"logs", rawLines("log", workload.Logs(n, 1))},
	} {
		b.Run("case="+c.name+"/lib=pointwire", func(b *testing.B) { benchAppend(b, c.lines, 5000) })
	}
	b.Run("case=one/lib=pointwire", func(b *testing.B) { benchAppend(b, tradeLines(n), 1) })
}

// benchAppend appends lines, so many at a time, from the beginning again and again. An
// operation is one append.
func benchAppend(b *testing.B, lines []byte, each int) {
	var bodies [][]byte
	for rest := lines; len(rest) > 0; {
		end := 0
		for range each {
			if end < len(rest) {
				end += bytes.IndexByte(rest[end:], '\n') + 1
			}
		}
		bodies = append(bodies, rest[:end])
		rest = rest[end:]
	}
	p, err := benchPlan()
	if err != nil {
		b.Fatal(err)
	}
	p.pack = nil
	w, err := newWriter(p)
	if err != nil {
		b.Fatal(err)
	}
	w.startAll()
	ctx := context.Background()
	b.SetBytes(int64(len(lines) / len(bodies)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := w.Append(ctx, bodies[i%len(bodies)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(each), "ns/line")
	if err := w.Close(ctx); err != nil {
		b.Error(err)
	}
}
