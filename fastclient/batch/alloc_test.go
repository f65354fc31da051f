//go:build !race

package batch

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/lp"
)

// TestWriterAllocations: in steady state neither an append nor a batch costs an
// allocation, in whichever form lines are appended.
func TestWriterAllocations(t *testing.T) {
	ctx := context.Background()
	series, err := lp.NewSeries("cpu", lp.Tag{Key: "host", Value: "a"})
	if err != nil {
		t.Fatal(err)
	}
	raw := []byte("cpu,host=a load=0.5 1\n")
	bare := []byte("cpu,host=a load=0.5")
	var point lp.Appender = fastclient.Lines(raw)
	points := []lp.Appender{point}
	schema := must(lp.SchemaFor[load]())
	structs := []load{{time.Unix(0, 1), "a", 0.5}}
	encode := func(e *lp.Encoder) {
		e.Series(series)
		e.Float("load", 0.5)
		e.EndNoTimestamp()
	}
	for name, appendOne := range map[string]func(w *Writer) error{
		"raw":     func(w *Writer) error { return w.Append(ctx, raw) },
		"stamped": func(w *Writer) error { return w.Append(ctx, bare) },
		"encode":  func(w *Writer) error { return w.Encode(ctx, encode) },
		"structs": func(w *Writer) error { return WriteStructs(ctx, w, schema, structs) },
		"points":  func(w *Writer) error { return w.AppendPoints(ctx, points...) },
	} {
		t.Run(name, func(t *testing.T) {
			const perBatch = 100
			p := testConfig(t, Options{BatchLines: perBatch, MaxDelay: time.Hour}, seam.V1, acker)
			p.compressor, p.minCompress = compress.Gzip(1), 100
			w, err := newWriter(p)
			if err != nil {
				t.Fatal(err)
			}
			w.startAll()
			defer mustClose(t, w)
			got := testing.AllocsPerRun(200, func() {
				for range perBatch {
					if err := appendOne(w); err != nil {
						t.Error(err)
					}
				}
				for w.Stats().Pending.Lines > 0 {
					runtime.Gosched()
				}
			})
			// AllocsPerRun rounds down: a pool that the collector emptied costs
			// less than one allocation per batch.
			if got != 0 {
				t.Errorf("%v allocations per batch of %d appends", got, perBatch)
			}
			if s := w.Stats(); s.WireBytes >= s.RawBytes {
				t.Errorf("bodies were not compressed: %d of %d bytes", s.WireBytes, s.RawBytes)
			}
		})
	}
}

// TestSpoolAllocations: in steady state neither an append nor a batch costs an allocation
// with a spool: under Spill while the server stores everything, and under WriteAhead with
// appends that are a batch of their own, and with small ones.
func TestSpoolAllocations(t *testing.T) {
	ctx := context.Background()
	one := []byte("cpu,host=a load=0.5 1\n")
	lines := bytes.Repeat(one, 5000)
	schema := must(lp.SchemaFor[load]())
	structs := slices.Repeat([]load{{time.Unix(0, 1), "a", 0.5}}, 5000)
	for _, policy := range []OverflowPolicy{Spill, WriteAhead} {
		for _, c := range []struct {
			name    string
			appends int
			append  func(w *Writer) error
		}{
			{"batch", 1, func(w *Writer) error { return w.Append(ctx, lines) }},
			{"part", 1, func(w *Writer) error { return w.Append(ctx, lines[:3000*len(one)]) }},
			{"structs", 1, func(w *Writer) error { return WriteStructs(ctx, w, schema, structs) }},
			{"small", 100, func(w *Writer) error { return w.Append(ctx, one) }},
		} {
			t.Run(fmt.Sprintf("%d/%s", policy, c.name), func(t *testing.T) {
				p := spoolConfig(t, filepath.Join(t.TempDir(), "spool"), Options{
					Overflow: policy, BatchBytes: 1 << 20, MaxDelay: time.Hour, BatchLines: 5000,
				}, acker)
				p.compressor, p.minCompress = compress.Gzip(1), 100
				w := startWriter(t, p)
				defer mustClose(t, w)
				batch := func() {
					for range c.appends {
						if err := c.append(w); err != nil {
							t.Error(err)
						}
					}
					w.mu.Lock()
					if w.open != nil {
						w.seal()
					}
					w.mu.Unlock()
					for w.busy() {
						runtime.Gosched()
					}
				}
				for range 5 {
					batch()
				}
				if got := testing.AllocsPerRun(100, batch); got != 0 {
					t.Errorf("%v allocations per batch", got)
				}
				if put := w.Stats().Spool.Put.Batches; put > 0 != (policy == WriteAhead) {
					t.Errorf("%d batches were put on disk", put)
				}
			})
		}
	}
}

// busy reports whether lines are pending, or leased from the spool.
func (w *Writer) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.pending.Lines > 0 || w.disk.s.Counts().Leased.Batches > 0
}

// A Sink costs no allocation per batch either.
func TestSinkAllocations(t *testing.T) {
	s := newSinkTarget(SinkFunc(func(context.Context, *Sealed) error { return nil }), &seam.Route{Database: "d"}).NewSender(nil)
	lines := tradeLines(100)
	body := seam.Body{Data: lines, Raw: len(lines), Lines: lines, Count: 100, Opened: time.Now()}
	var r seam.Response
	if n := testing.AllocsPerRun(100, func() { s.Send(context.Background(), &body, &r) }); n != 0 || r.Status != 204 {
		t.Errorf("%v allocations, status %d", n, r.Status)
	}
}
