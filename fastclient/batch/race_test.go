package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// TestConcurrentUse: 32 goroutines append while others flush, read the stats and close.
// Every accepted line is accounted for, and no goroutine is left.
func TestConcurrentUse(t *testing.T) {
	before := runtime.NumGoroutine()
	for round := range 5 {
		var received, calls atomic.Uint64
		p := testConfig(t, Options{BatchBytes: 4096, MaxMemory: 256<<10 + deflate.EncoderSize, MaxInFlight: 4, OnEvent: func(Event) {}},
			seam.V1, func(_ context.Context, b *seam.Body, r *seam.Response) {
				switch n := calls.Add(1); {
				case n%50 == 3:
					r.Err = errReset
					return
				case n%7 == 5 && line.Count(b.Data) > 20:
					r.Status = 413
					return
				}
				received.Add(uint64(line.Count(decompressed(b))))
				r.Status = 204
			})
		p.compressor, p.minCompress = compress.Gzip(1), 1000
		w, err := newWriter(p)
		if err != nil {
			t.Fatal(err)
		}
		w.spread = func(int64) int64 { return 0 }
		w.startAll()
		var accepted atomic.Uint64
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		for g := range 32 {
			wg.Go(func() {
				for i := range 200 {
					err := w.Encode(ctx, func(e *lp.Encoder) {
						e.Point("m")
						e.Int("g", int64(g))
						e.Int("i", int64(i))
						e.EndNoTimestamp()
					})
					if err == nil {
						accepted.Add(1)
					} else if !errors.Is(err, ErrWriterClosed) {
						t.Error(err)
					}
				}
			})
		}
		for range 4 {
			wg.Go(func() {
				for range 20 {
					if err := w.Flush(ctx); err != nil && !errors.Is(err, ErrWriterClosed) {
						t.Error(err)
					}
					w.Stats()
				}
			})
		}
		if round%2 == 0 {
			wg.Wait()
		}
		for range 2 {
			wg.Go(func() {
				if err := w.Close(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		cancel()
		audit(t, &w.engine)
		s := w.Stats()
		if s.Appended.Lines != accepted.Load() || s.Acked.Lines != accepted.Load() || received.Load() != accepted.Load() {
			t.Errorf("accepted %d, received %d: %+v", accepted.Load(), received.Load(), s)
		}
	}
	waitForGoroutines(t, before)
}

// waitForGoroutines fails the test if there are still more goroutines than
// before. A goroutine that has done its last step may take a moment to be gone.
func waitForGoroutines(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// TestUserPanicsLeaveTheWriterWhole: no lock is held when a function of the user panics.
func TestUserPanicsLeaveTheWriterWhole(t *testing.T) {
	w := testWriter(t, Options{}, acker)
	for range 2 {
		func() {
			defer func() { recover() }()
			w.Encode(context.Background(), func(e *lp.Encoder) {
				e.Point("half")
				e.Int("v", 1)
				panic("user")
			})
		}()
	}
	mustAppend(t, w, "m v=1 1\n")
	// An append from within an append works too.
	err := w.Encode(context.Background(), func(e *lp.Encoder) { mustAppend(t, w, "m v=2 1\n") })
	if err != nil {
		t.Error(err)
	}
	mustClose(t, w)
	if s := w.Stats(); s.Acked.Lines != 2 {
		t.Errorf("stats %+v", s)
	}
}

// TestSlowEventsAreCounted: an OnEvent that blocks loses events and nothing else.
func TestSlowEventsAreCounted(t *testing.T) {
	release := make(chan struct{})
	w := testWriter(t, Options{BatchLines: 1, OnEvent: func(Event) { <-release }}, response(400, "bad"))
	for i := range 1000 {
		mustAppend(t, w, fmt.Sprintf("m v=%d 1\n", i))
	}
	var be *BatchError
	if err := w.Flush(context.Background()); !errors.As(err, &be) {
		t.Error(err)
	}
	if s := w.Stats(); s.EventsLost == 0 || s.Rejected.Lines != 1000 {
		t.Errorf("stats %+v", s)
	}
	close(release)
	w.Close(context.Background())
}
