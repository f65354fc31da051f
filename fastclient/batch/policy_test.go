package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// client-csharp#301 and others: memory without bound while the server is down.
func TestMemoryIsBounded(t *testing.T) {
	for _, policy := range []OverflowPolicy{DropNewest, DropOldest} {
		s := newScript(response(503, ""))
		g := new(grave)
		synctest.Test(t, func(t *testing.T) {
			w := testWriter(t, Options{BatchBytes: 1024, MaxMemory: 8 << 10, Overflow: policy, DeadLetter: g}, s.Send)
			overflow := uint64(0)
			for i := range 10_000 {
				err := w.Append(context.Background(), fmt.Appendf(nil, "m v=%d %d\n", i, i))
				if errors.Is(err, ErrOverflow) {
					overflow++
				} else if err != nil {
					t.Fatal(err)
				}
				if i%100 == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			}
			st := w.Stats()
			if st.Memory > st.MemoryLimit || st.Pending.Bytes > 8<<10 {
				t.Errorf("holds %d bytes in %d, limit %d", st.Pending.Bytes, st.Memory, st.MemoryLimit)
			}
			switch policy {
			case DropNewest:
				if overflow == 0 || st.RefusedOverflow != overflow || len(g.lost) > 0 {
					t.Errorf("%d refused, counted %d, %d dead letters", overflow, st.RefusedOverflow, len(g.lost))
				}
			case DropOldest:
				if st.ByReason[ReasonOverflow].Lines == 0 || len(g.lost) == 0 || overflow > 0 {
					t.Errorf("%d dropped, %d dead letters, %d refused", st.ByReason[ReasonOverflow].Lines, len(g.lost), overflow)
				}
			}
			audit(t, &w.engine)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			w.Close(ctx)
		})
	}
}

// Under Block an append waits for memory, but no longer than its context.
func TestBlockHonoursTheContext(t *testing.T) {
	s := newScript(response(503, ""))
	inBubble(t, Options{BatchBytes: 1024, BatchLines: 1, MaxMemory: 4 << 10}, s, func(t *testing.T, w *Writer) {
		line := "m v=\"" + strings.Repeat("x", 600) + "\" 1\n" // a slab holds one
		for range 4 {
			mustAppend(t, w, line)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		start := time.Now()
		err := w.Append(ctx, []byte("m v=1 1\n"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("Append after %v: %v", time.Since(start), err)
		}
		if st := w.Stats(); st.Blocked != 1 || st.BlockedFor != 5*time.Second {
			t.Errorf("blocked %d times for %v", st.Blocked, st.BlockedFor)
		}
		s.mu.Lock()
		s.steps = []senderFunc{acker}
		s.mu.Unlock()
		mustAppend(t, w, "m v=1 1\n") // waits for the retry
	})
}

// influxdb-client-go reads Retry-After only in seconds. Here no attempt comes before the pause
// is over, and then one probe.
func TestOneProbeWhileDownAndRetryAfter(t *testing.T) {
	s := newScript(func(_ context.Context, _ *seam.Body, r *seam.Response) { r.Status, r.RetryAfter = 429, 100*time.Second })
	inBubble(t, Options{BatchLines: 1, MaxInFlight: 4}, s, func(t *testing.T, w *Writer) {
		for range 20 {
			mustAppend(t, w, "m v=1 1\n")
		}
		time.Sleep(99 * time.Second)
		first := len(s.seen())
		if first > 4 {
			t.Errorf("%d requests before the pause that the server asked for was over", first)
		}
		time.Sleep(12 * time.Second)
		if n := len(s.seen()) - first; n != 1 {
			t.Errorf("%d probes, want 1", n)
		}
		if st := w.Stats(); !st.Down || st.Failures != 2 || st.RetryAt.Before(time.Now()) {
			t.Errorf("stats %+v", st)
		}
		s.mu.Lock()
		s.steps = []senderFunc{acker}
		s.mu.Unlock()
		time.Sleep(2 * time.Minute)
		if st := w.Stats(); st.Down || st.Acked.Lines != 20 {
			t.Errorf("stats %+v", st)
		}
	})
}

// Lines without a timestamp get one when they are appended, each another one, so that a
// batch that is sent twice stores every line once.
func TestRetrySendsTheSameTimestamps(t *testing.T) {
	s := newScript(func(_ context.Context, _ *seam.Body, r *seam.Response) { r.Err = errReset }, acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1\nm v=2\nm v=\"3\n4\"\nm v=5 7\n")
		w.Encode(context.Background(), func(e *lp.Encoder) {
			for i := range 3 {
				e.Point("m")
				e.Int("v", int64(i))
				e.EndNoTimestamp()
			}
		})
		w.Flush(context.Background())
	})
	got := s.seen()
	if len(got) != 2 || got[0] != got[1] {
		t.Fatalf("sent %q", got)
	}
	stamps := map[string]bool{}
	for line := range strings.Lines(strings.ReplaceAll(got[0], "3\n4", "34")) {
		stamps[line[strings.LastIndexByte(line, ' '):]] = true
	}
	if len(stamps) != 7 {
		t.Errorf("%d different timestamps of 7 in %q", len(stamps), got[0])
	}
}

// With Ordered, a batch that has to be sent again delays those after it.
func TestOrderedKeepsTheOrder(t *testing.T) {
	s := newScript(response(503, ""), acker, response(500, "timeout"), response(503, ""), acker)
	var stored []string
	inner := s.Send
	send := func(ctx context.Context, b *seam.Body, r *seam.Response) {
		if inner(ctx, b, r); r.Status == 204 {
			stored = append(stored, string(b.Data))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{Ordered: true, BatchLines: 1}, send)
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprintf("m v=%d 1\n", i))
			mustAppend(t, w, want[i])
		}
		mustClose(t, w)
		if fmt.Sprint(stored) != fmt.Sprint(want) {
			t.Errorf("stored %q", stored)
		}
	})
}

// java2#846: points are dropped without an error.
func TestAgedBatchesAreCounted(t *testing.T) {
	s := newScript(response(503, ""))
	g := new(grave)
	inBubble(t, Options{MaxAge: time.Minute, DeadLetter: g}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Minute)
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Reason != ReasonAge {
			t.Errorf("Flush: %v", err)
		}
		if st := w.Stats(); st.Dropped.Lines != 1 || st.ByReason[ReasonAge].Lines != 1 || len(g.lost) != 1 {
			t.Errorf("stats %+v, dead letters %q", st, g.lost)
		}
	})
}

// A missing database is created by the user's function, and nothing is lost.
func TestMissingDatabaseIsCreated(t *testing.T) {
	s := newScript(response(404, "database not found"), acker)
	created := 0
	inBubble(t, Options{OnMissing: func(context.Context) error { created++; return nil }}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		if err := w.Flush(context.Background()); err != nil || created != 1 {
			t.Errorf("Flush: %v, created %d times", err, created)
		}
	})
}
