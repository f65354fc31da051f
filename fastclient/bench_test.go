package fastclient

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// tradeLines returns n trades as lines.
func tradeLines(n int) []byte {
	schema := lp.Must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
	lines, err := schema.AppendAll(nil, workload.Trades(n, 1))
	if err != nil {
		panic(err)
	}
	return lines
}

// BenchmarkWrite writes 5,000 lines to a server in this process, whose work is
// part of what is measured; the comparison with other clients is in bench/.
func BenchmarkWrite(b *testing.B) {
	lines := tradeLines(5000)
	for _, c := range []struct {
		name string
		gzip Gzip
	}{{"plain", Gzip{Off: true}}, {"gzip", Gzip{Always: true}}} {
		b.Run("case="+c.name+"/lib=pointwire", func(b *testing.B) {
			s := influxtest.New(b)
			cl, err := New(Options{Addr: s.URL, Database: "d", Gzip: c.gzip})
			if err != nil {
				b.Fatal(err)
			}
			defer cl.Close()
			b.SetBytes(int64(len(lines)))
			b.ReportAllocs()
			for b.Loop() {
				if err := cl.Write(context.Background(), lines); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkWriterAppend appends structs from 8 goroutines, at most 100 in 100 µs
// each, to a Writer whose batches are packed and acknowledged, and reports how long
// an append takes.
func BenchmarkWriterAppend(b *testing.B) {
	const appenders, burst, pause = 8, 100, 100 * time.Microsecond
	p, err := benchPlan()
	if err != nil {
		b.Fatal(err)
	}
	w, err := newWriter(p)
	if err != nil {
		b.Fatal(err)
	}
	w.startAll()
	trades := workload.Trades(100_000, 1)
	schema := lp.Must(lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: "Trade"}))
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
				err := AppendStructs(ctx, w, schema, trades[at:at+1])
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

// benchPlan is a Writer to a server that takes everything at once.
func benchPlan() (writerPlan, error) {
	o, err := WriterOptions{}.withDefaults(seam.V1)
	return writerPlan{
		o: o, pack: compress.Gzip(1), minPack: 1000,
		outlets: []*outlet{{api: seam.V1, target: fakeTarget{benchSender{}}}},
	}, err
}

type benchSender struct{}

func (benchSender) Send(_ context.Context, b *seam.Body, r *seam.Response) { r.Status = 204 }

// BenchmarkQuery reads 10,000 rows from a server in this process.
func BenchmarkQuery(b *testing.B) {
	body, _ := workload.FindBody("trade")
	answer := bytes.TrimSpace(body.Make(10_000./150_000, 0))
	s := influxtest.New(b, influxtest.JSON(string(answer)+"\n"))
	c, err := New(Options{Addr: s.URL, Database: "d"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Query(context.Background(), "SELECT * FROM Trade")
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range r.Rows() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
