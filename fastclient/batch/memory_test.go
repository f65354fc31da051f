package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// sampleLines returns n lines of a collector's sample.
func sampleLines(sample, n int) []byte {
	var b []byte
	for i := range n {
		b = fmt.Appendf(b, "cpu,core=%d usage=0.%d %d\n", i, i, sample)
	}
	return b
}

// TestOutageFillsTheMemory: while a server is down, no line is dropped before lines fill half
// of the memory, however small the batches are.
func TestOutageFillsTheMemory(t *testing.T) {
	seal := func(o Options) Options {
		o.MaxDelay, o.Overflow = 20*time.Millisecond, DropOldest
		return o
	}
	for name, c := range map[string]struct {
		o     Options
		flush bool
	}{
		"age":     {o: seal(Options{})},
		"lines":   {o: seal(Options{BatchLines: 100})},
		"flush":   {o: seal(Options{}), flush: true},
		"age out": {o: seal(Options{MaxAge: time.Hour})},
		"ordered": {o: seal(Options{Ordered: true})},
	} {
		c.o.MaxMemory, c.o.BatchBytes = 2<<20, 64<<10 // in the proportion of the defaults, but smaller
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := testWriter(t, c.o, response(503, ""))
				held := uint64(0)
				for i := 0; ; i++ {
					if err := w.Append(context.Background(), sampleLines(i, 100)); err != nil {
						t.Fatal(err)
					}
					st := w.Stats()
					if st.Dropped.Lines > 0 {
						break
					}
					held = st.Pending.Bytes
					if c.flush {
						ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
						w.Flush(ctx)
						cancel()
					} else {
						time.Sleep(22 * time.Millisecond)
					}
					audit(t, &w.engine)
				}
				if st := w.Stats(); held < uint64(st.MemoryLimit)/2 || st.Memory > st.MemoryLimit {
					t.Errorf("first drop at %d bytes of lines, in %d of %d", held, st.Memory, st.MemoryLimit)
				}
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				var ue *UnsentError
				if err := w.Close(ctx); !errors.As(err, &ue) {
					t.Errorf("Close: %v", err)
				}
			})
		})
	}
}

// TestOutageEndsWithLargeRequests: lines that were appended while a server was down are sent
// in full batches as soon as it is back.
func TestOutageEndsWithLargeRequests(t *testing.T) {
	s := newScript(response(503, ""))
	inBubble(t, Options{MaxInFlight: 1}, s, func(t *testing.T, w *Writer) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		for i := range 120 { // 12,000 lines in two minutes
			if err := w.Append(ctx, sampleLines(i, 100)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		s.mu.Lock()
		s.steps = []senderFunc{acker}
		s.bodies = nil
		s.mu.Unlock()
		time.Sleep(time.Until(w.Stats().RetryAt) + time.Millisecond)
		if st := w.Stats(); st.Acked.Lines != 12_000 || len(s.seen()) > 4 {
			t.Errorf("%d lines stored by %d requests when the server is back", st.Acked.Lines, len(s.seen()))
		}
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(1200 * time.Millisecond)
		if n := w.Stats().Pending.Lines; n > 0 {
			t.Errorf("%d lines wait longer than MaxDelay", n)
		}
	})
}

// TestSlowServerGetsFullBatches: while requests are under way and a batch waits, the open
// batch continues to fill.
func TestSlowServerGetsFullBatches(t *testing.T) {
	slow := func(_ context.Context, _ *seam.Body, r *seam.Response) {
		time.Sleep(10 * time.Second)
		r.Status = 204
	}
	s := newScript(slow)
	inBubble(t, Options{MaxDelay: 100 * time.Millisecond}, s, func(t *testing.T, w *Writer) {
		for range 100 {
			mustAppend(t, w, "m v=1 1\n")
			time.Sleep(200 * time.Millisecond)
		}
		if n := len(s.seen()); n > 6 {
			t.Errorf("%d requests in 20 s to a server that takes 10 s for each of two", n)
		}
	})
}

// TestHeldBatchesAgeInPieces: with MaxAge a batch does not grow for ever, so young lines are
// not dropped with old ones.
func TestHeldBatchesAgeInPieces(t *testing.T) {
	inBubble(t, Options{MaxAge: 100 * time.Second}, newScript(response(503, "")), func(t *testing.T, w *Writer) {
		for range 600 {
			mustAppend(t, w, "m v=1 1\n")
			time.Sleep(time.Second)
			if n := w.Stats().Pending.Lines; n > 100+10+1 {
				t.Fatalf("%d lines are pending, one for each second", n)
			}
		}
		if st := w.Stats(); st.Pending.Lines < 99 || st.Dropped.Lines == 0 {
			t.Errorf("stats %+v", st)
		}
		time.Sleep(3 * time.Minute)
		w.Flush(context.Background())
	})
}

// TestLongLineAfterAShortBatch: a line that fits into a slab is accepted, wherever the
// batches before it end.
func TestLongLineAfterAShortBatch(t *testing.T) {
	s := newScript(response(503, ""), acker)
	inBubble(t, Options{BatchBytes: 1024, MaxMemory: 4 << 10, MaxInFlight: 1, BatchLines: 1}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		long := "m v=\"" + strings.Repeat("x", 1024-len("m v=\"\" 1\n")) + "\" 1\n"
		mustAppend(t, w, long)
		if err := w.Append(context.Background(), []byte("x"+long)); !errors.Is(err, fastclient.ErrLineTooLong) {
			t.Errorf("Append of %d bytes: %v", len(long)+1, err)
		}
		mustAppend(t, w, "m v=2 1\n")
		audit(t, &w.engine)
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		if got := s.seen(); got[len(got)-2] != long {
			t.Errorf("%d requests", len(got))
		}
	})
}

// TestDropOldestOrder: the oldest lines are dropped first, no more than necessary, and the
// lines under way stay.
func TestDropOldestOrder(t *testing.T) {
	g := new(grave)
	var got []string
	send := func(ctx context.Context, b *seam.Body, r *seam.Response) {
		if time.Sleep(time.Second); r.Status == 0 {
			r.Status = 204
			got = append(got, string(b.Data))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		o := Options{BatchBytes: 1024, MaxMemory: 4 << 10, MaxInFlight: 1, BatchLines: 1, Overflow: DropOldest, DeadLetter: g}
		w := testWriter(t, o, send)
		for i := range 16 { // two to a slab, four slabs
			mustAppend(t, w, fmt.Sprintf("m v=%d,w=\"%s\" 1\n", i, strings.Repeat("x", 480)))
			synctest.Wait()
			audit(t, &w.engine)
		}
		w.Close(context.Background())
		audit(t, &w.engine)
		var order []string
		for _, l := range append(g.lost, got...) {
			order = append(order, l[strings.Index(l, "m v="):][4:6])
		}
		// The first two share their slab with the one under way. Each of the four
		// times that memory is short, the two oldest of the others are dropped.
		want := "2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 10 11 12 13 14 15"
		if s := strings.Join(order, " "); s != want {
			t.Errorf("dropped and stored %s, want %s", s, want)
		}
	})
}
