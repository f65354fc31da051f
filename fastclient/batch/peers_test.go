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
	"github.com/pointwire/pointwire/lp"
)

// The comment of each test says what another client does wrong.

// influxdb-client-go: an error of a partial write reaches neither the error
// channel nor the callback.
func TestPartialWriteIsReported(t *testing.T) {
	events := make(chan Event, 10)
	g := new(grave)
	s := newScript(response(400, "partial write: field type conflict dropped=1"), acker)
	inBubble(t, Options{Isolate: IsolateNone, DeadLetter: g, OnEvent: func(e Event) { events <- e }}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=1 1\n")
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Lines != 2 || be.Reason != ReasonUncertain || be.Status != 400 {
			t.Errorf("Flush: %v", err)
		}
		if e := <-events; e.Kind != EventUncertain || e.Lines != 2 || !strings.Contains(e.Message, "type conflict") {
			t.Errorf("event %+v", e)
		}
		st := w.Stats()
		if st.Acked.Lines != 0 || st.Uncertain.Lines != 2 || st.ByReason[ReasonUncertain].Lines != 2 {
			t.Errorf("stats %+v", st)
		}
		if len(g.lost) != 1 || !strings.HasPrefix(g.lost[0], "uncertain 1 ") {
			t.Errorf("dead letters %q", g.lost)
		}
	})
}

// influxdb-client-go#340: Flush during an outage throws the retry queue away.
func TestFlushDuringOutageKeepsLines(t *testing.T) {
	s := newScript(response(503, "")) // for ever
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		for i := range 3 {
			mustAppend(t, w, fmt.Sprintf("m v=%d 1\n", i))
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			err := w.Flush(ctx)
			cancel()
			var pe *PendingError
			if !errors.As(err, &pe) || pe.Batches != i+1 || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Flush: %v", err)
			}
		}
		if n := w.Stats().Pending.Lines; n != 3 {
			t.Errorf("%d lines pending, want 3", n)
		}
		s.mu.Lock()
		s.steps = []senderFunc{acker}
		s.mu.Unlock()
		if err := w.Flush(context.Background()); err != nil {
			t.Error(err)
		}
		if n := w.Stats().Acked.Lines; n != 3 {
			t.Errorf("%d lines acked, want 3", n)
		}
	})
}

// influxdb-client-go: a retry happens only when something else is written.
func TestRetryNeedsNoFurtherWrite(t *testing.T) {
	s := newScript(response(503, ""), acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Second)
		if st := w.Stats(); st.Acked.Lines != 1 || st.Requests != 2 {
			t.Errorf("after 2 s: %+v", st)
		}
	})
}

// influxdb-client-go: 401, 403, 404, 408 and 413 discard the batch.
func TestNoStatusDiscardsInSilence(t *testing.T) {
	for _, status := range []int{401, 403, 404, 408, 413, 425, 429, 500, 502} {
		s := newScript(response(status, ""), acker)
		inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
			mustAppend(t, w, "a v=1 1\nb v=1 1\n")
			if err := w.Flush(context.Background()); err != nil {
				t.Errorf("%d: %v", status, err)
			}
			if st := w.Stats(); st.Acked.Lines != 2 {
				t.Errorf("%d: %+v", status, st)
			}
		})
	}
}

// influxdb-client-go#384: the second point that cannot be encoded blocks WritePoint for
// ever, because nobody reads the error channel.
func TestUnencodablePointsNeverBlock(t *testing.T) {
	s := newScript(acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		for range 10 {
			err := w.Encode(context.Background(), func(e *lp.Encoder) {
				e.Point("m")
				e.EndNoTimestamp() // no field
				e.Point("good")
				e.Int("v", 1)
				e.EndTimestamp(1)
				e.Point("left open")
				e.Int("v", 1)
			})
			var ae *AppendError
			if !errors.As(err, &ae) || ae.Refused != 2 || ae.Accepted != 1 || !errors.Is(err, lp.ErrNoFields) {
				t.Fatalf("Encode: %v", err)
			}
		}
		if st := w.Stats(); st.Appended.Lines != 10 || st.RefusedInvalid != 20 {
			t.Errorf("stats %+v", st)
		}
	})
}

// influxdb-client-go: WritePoint blocks for as long as the server takes.
func TestAppendDoesNotWaitForTheServer(t *testing.T) {
	s := newScript(func(ctx context.Context, b *seam.Body, r *seam.Response) {
		time.Sleep(5 * time.Second)
		r.Status = 204
	})
	inBubble(t, Options{BatchBytes: 1024, BatchLines: 1}, s, func(t *testing.T, w *Writer) {
		start := time.Now()
		for range 100 {
			mustAppend(t, w, "m v=1\n")
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("100 appends took %v", d)
		}
	})
}

// influxdb3-go: LPBatcher.Flush returns a slice that the next Add overwrites.
func TestSentBytesAreNotOverwritten(t *testing.T) {
	var want []string
	s := newScript(acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		buf := make([]byte, 0, 64)
		for i := range 50 {
			line := fmt.Sprintf("m v=%d %d\n", i, i)
			want = append(want, line)
			buf = append(buf[:0], line...)
			if err := w.Append(context.Background(), buf); err != nil {
				t.Fatal(err)
			}
			copy(buf, "ZZZZZZZZZZZZ")
			w.Flush(context.Background())
		}
	})
	if got := s.seen(); strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("sent %q", got)
	}
}

// influxdb3-go: a batch of points without a finite value is not sent, and no error says so.
func TestNotFiniteIsAnError(t *testing.T) {
	s := newScript(acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		zero := 0.0
		err := w.Encode(context.Background(), func(e *lp.Encoder) {
			e.Point("m")
			e.Float("v", zero/zero)
			e.EndTimestamp(1)
		})
		if !errors.Is(err, lp.ErrNotFinite) {
			t.Errorf("Encode: %v", err)
		}
	})
}

// batchOfOne runs f in a bubble with a SyncWriter that tries for a second and holds a line.
// Its server responds with 503 until f changes that.
func batchOfOne(t *testing.T, f func(t *testing.T, s *script, b *SyncWriter)) {
	s := newScript(response(503, ""))
	synctest.Test(t, func(t *testing.T) {
		b, err := newSyncWriter(testConfig(t, Options{RetryFor: time.Second}, seam.V1, s.Send))
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, b, "m v=1 1\n")
		f(t, s, b)
		mustClose(t, b)
	})
}

// go-questdb-client: a flush that fails empties the buffer.
func TestFailedFlushKeepsTheBuffer(t *testing.T) {
	batchOfOne(t, func(t *testing.T, s *script, b *SyncWriter) {
		err := b.Flush(context.Background())
		if !isPending(err) || !errors.Is(err, fastclient.ErrUnavailable) || b.Buffered().Lines != 1 {
			t.Errorf("Flush: %v, buffered %v", err, b.Buffered())
		}
		s.steps = []senderFunc{acker}
		if err := b.Flush(context.Background()); err != nil || b.Buffered().Lines != 0 {
			t.Errorf("Flush: %v, buffered %v", err, b.Buffered())
		}
	})
}

// A call of a SyncWriter makes an attempt, however long the delay grew in earlier calls, and
// takes at most RetryFor.
func TestFlushTriesAgain(t *testing.T) {
	batchOfOne(t, func(t *testing.T, s *script, b *SyncWriter) {
		for i := range 12 {
			before, began := len(s.seen()), time.Now()
			if err := b.Flush(context.Background()); !errors.Is(err, fastclient.ErrUnavailable) {
				t.Fatalf("Flush %d: %v", i, err)
			}
			if n, took := len(s.seen())-before, time.Since(began); n == 0 || took > time.Second {
				t.Errorf("Flush %d: %d attempts in %v", i, n, took)
			}
		}
		s.steps = []senderFunc{func(_ context.Context, _ *seam.Body, r *seam.Response) {
			r.Status, r.RetryAfter = 503, time.Minute
		}}
		b.Flush(context.Background())
		before := len(s.seen())
		if err := b.Flush(context.Background()); !isPending(err) || len(s.seen()) != before {
			t.Errorf("Flush within the pause the server asked for: %v, %d attempts", err, len(s.seen())-before)
		}
		s.steps = []senderFunc{acker}
		time.Sleep(2 * time.Minute)
	})
}

// influxdb-client-go EnableBatching: blank lines between the batches.
func TestNoBlankLines(t *testing.T) {
	s := newScript(acker)
	inBubble(t, Options{}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "\n\na v=1 1\n\n# remark\nb v=1 1\n\n")
		mustAppend(t, w, "c v=1 1")
		mustAppend(t, w, "")
		mustAppend(t, w, "d v=1 1")
	})
	if got := strings.Join(s.seen(), ""); got != "a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\n" {
		t.Errorf("sent %q", got)
	}
}
