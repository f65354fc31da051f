package batch

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// rawLines returns n points of a struct type as lines.
func rawLines[T any](measurement string, points []T) []byte {
	schema := must(lp.NewSchema[T](lp.SchemaOptions{Measurement: measurement}))
	lines, err := schema.AppendAll(nil, points)
	if err != nil {
		panic(err)
	}
	return lines
}

// BenchmarkAppendRaw appends raw lines, 5,000 or one at a time. Batches are acknowledged at
// once and not compressed, so checking and copying the lines is most of the cost.
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

// benchAppend appends lines, a number of them at a time, and starts over at their end. An
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
	p, err := benchConfig()
	if err != nil {
		b.Fatal(err)
	}
	p.compressor = nil
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

// BenchmarkWriterAppend reports how long an append of structs takes. 8 goroutines append at
// most 100 in 100 µs each to a Writer whose batches are compressed and acknowledged.
func BenchmarkWriterAppend(b *testing.B) {
	const appenders, burst, pause = 8, 100, 100 * time.Microsecond
	p, err := benchConfig()
	if err != nil {
		b.Fatal(err)
	}
	w, err := newWriter(p)
	if err != nil {
		b.Fatal(err)
	}
	w.startAll()
	trades := workload.Trades(100_000, 1)
	schema := must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
	ctx := context.Background()
	took := make([][]time.Duration, appenders)
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for g := range appenders {
		n := b.N / appenders
		if g < b.N%appenders {
			n++
		}
		took[g] = make([]time.Duration, 0, n)
		wg.Go(func() {
			ticks := time.NewTicker(pause)
			defer ticks.Stop()
			for i := range n {
				if i%burst == 0 {
					<-ticks.C
				}
				at := (g*n + i) % len(trades)
				start := time.Now()
				err := WriteStructs(ctx, w, schema, trades[at:at+1])
				took[g] = append(took[g], time.Since(start))
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if err := w.Close(ctx); err != nil {
		b.Error(err)
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50-ns", 0.5}, {"p99-ns", 0.99}, {"p99.9-ns", 0.999}} {
		b.ReportMetric(float64(all[min(int(q.at*float64(len(all))), len(all)-1)]), q.name)
	}
}

// benchConfig is the config of a Writer to a server that acknowledges everything at once.
func benchConfig() (config, error) {
	o, err := Options{}.withDefaults(seam.V1)
	return config{
		o: o, compressor: compress.Gzip(1), minCompress: 1000,
		targets: []*target{{api: seam.V1, server: fakeTarget{benchSender{}}}},
	}, err
}

type benchSender struct{}

func (benchSender) Send(_ context.Context, b *seam.Body, r *seam.Response) { r.Status = 204 }
