package fastclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// Each test here is named for what another client does wrong.

// script answers requests by its functions in turn, the last one for ever, and
// records the bodies.
type script struct {
	mu     sync.Mutex
	steps  []senderFunc
	bodies []string
	times  []time.Time
}

func newScript(steps ...senderFunc) *script { return &script{steps: steps} }

func (s *script) send(ctx context.Context, b *wireBatch, r *writeReply) {
	s.mu.Lock()
	f := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	s.bodies = append(s.bodies, string(unpacked(b)))
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	f(ctx, b, r)
}

func (s *script) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...)
}

// answer is a reply with a status and a message.
func answer(status int, message string) senderFunc {
	return func(_ context.Context, _ *wireBatch, r *writeReply) { r.status, r.message = status, message }
}

func v3(message string, refused ...refusedLine) senderFunc {
	return func(_ context.Context, _ *wireBatch, r *writeReply) {
		r.api, r.status, r.message, r.refused = V3, 400, message, append(r.refused, refused...)
	}
}

// A grave is a dead letter in memory.
type grave struct {
	mu   sync.Mutex
	lost []string
}

func (g *grave) Put(l *LostLines) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lost = append(g.lost, fmt.Sprintf("%s %d %s: %s", l.Loss, l.Lost, l.Message, l.Lines))
	return nil
}

func mustAppend(t *testing.T, w LineWriter, lines string) {
	t.Helper()
	if err := w.Append(context.Background(), []byte(lines)); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, w LineWriter) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Error("close:", err)
	}
}

// inBubble runs f with a Writer over s under a fake clock.
func inBubble(t *testing.T, o WriterOptions, s *script, f func(t *testing.T, w *Writer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, o, s.send)
		f(t, w)
		mustClose(t, w)
		audit(t, w)
	})
}

// influxdb-client-go: an error of a partial write reaches neither the error
// channel nor the callback.
func TestPartialWriteIsReported(t *testing.T) {
	events := make(chan WriterEvent, 10)
	g := new(grave)
	s := newScript(answer(400, "partial write: field type conflict dropped=1"), acker)
	inBubble(t, WriterOptions{DeadLetter: g, OnEvent: func(e WriterEvent) { events <- e }}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=1 1\n")
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Lines != 1 || be.Loss != LossPartial || be.Status != 400 {
			t.Errorf("Flush: %v", err)
		}
		if e := <-events; e.Kind != EventPartial || e.Lines != 1 || !strings.Contains(e.Message, "type conflict") {
			t.Errorf("event %+v", e)
		}
		st := w.Stats()
		if st.Acked.Lines != 1 || st.Rejected.Lines != 1 || st.Lost[LossPartial].Lines != 1 {
			t.Errorf("stats %+v", st)
		}
		if len(g.lost) != 1 || !strings.HasPrefix(g.lost[0], "partial 1 ") {
			t.Errorf("dead letters %q", g.lost)
		}
	})
}

// influxdb-client-go#340: Flush during an outage throws the retry queue away.
func TestFlushDuringOutageKeepsLines(t *testing.T) {
	s := newScript(answer(503, "")) // for ever
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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
	s := newScript(answer(503, ""), acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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
		s := newScript(answer(status, ""), acker)
		inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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

// influxdb-client-go#384: the second point that cannot be encoded blocks WritePoint
// for good, because nobody reads the error channel.
func TestUnencodablePointsNeverBlock(t *testing.T) {
	s := newScript(acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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
	s := newScript(func(ctx context.Context, b *wireBatch, r *writeReply) {
		time.Sleep(5 * time.Second)
		r.status = 204
	})
	inBubble(t, WriterOptions{BatchBytes: 1024, BatchLines: 1}, s, func(t *testing.T, w *Writer) {
		start := time.Now()
		for range 100 {
			mustAppend(t, w, "m v=1\n")
		}
		if d := time.Since(start); d > 0 {
			t.Errorf("100 appends took %v", d)
		}
	})
}

// influxdb-client-go#405: a write after Close panics; so does the second Close.
func TestAppendAfterCloseIsAnError(t *testing.T) {
	w := testWriter(t, WriterOptions{}, acker)
	mustClose(t, w)
	mustClose(t, w)
	for name, err := range map[string]error{
		"Append":       w.Append(context.Background(), []byte("m v=1\n")),
		"AppendPoints": w.AppendPoints(context.Background(), textPoint("m v=1")),
		"Encode":       w.Encode(context.Background(), func(e *lp.Encoder) { e.Point("m"); e.Int("v", 1); e.EndNoTimestamp() }),
		"Flush":        w.Flush(context.Background()),
	} {
		if !errors.Is(err, ErrWriterClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// influxdb-client-go#318: Close and Flush block for good when the server does.
func TestBlackHoleServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{BatchLines: 1}, black)
		for i := range 5 {
			mustAppend(t, w, fmt.Sprintf("m v=%di 1\n", i))
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.Flush(ctx); !errors.Is(err, ErrPending) || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("Flush after %v: %v", time.Since(start), err)
		}
		start = time.Now()
		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := w.Close(ctx)
		if d := time.Since(start); d > 1100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
		var ue *UnsentError
		if !errors.As(err, &ue) || ue.Lines != 5 || len(ue.Batches) != 5 {
			t.Fatalf("Close: %v", err)
		}
		for i, b := range ue.Batches {
			if want := fmt.Sprintf("m v=%di 1\n", i); string(b.Data) != want || b.Lines != 1 || b.Seq != uint64(i+1) {
				t.Errorf("batch %d is %+v", i, b)
			}
		}
		if st := w.Stats(); st.Lost[LossUnsent].Lines != 5 || st.Pending.Lines != 0 {
			t.Errorf("stats %+v", st)
		}
		audit(t, w)
	})
}

// A sender that does not keep its promise to end with its context holds up
// neither Close nor its memory.
func TestCloseDoesNotWaitForADeafSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{}, func(_ context.Context, _ *wireBatch, r *writeReply) {
			time.Sleep(time.Hour)
			r.status = 204
		})
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		start := time.Now()
		var ue *UnsentError
		if err := w.Close(ctx); !errors.As(err, &ue) || ue.Lines != 1 {
			t.Errorf("Close: %v", err)
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
		audit(t, w)
		time.Sleep(2 * time.Hour)
		audit(t, w) // the late answer changes nothing
		if string(ue.Batches[0].Data) != "m v=1 1\n" {
			t.Errorf("handed back %q", ue.Batches[0].Data)
		}
	})
}

// influxdb3-go: LPBatcher.Flush returns a slice that the next Add overwrites.
func TestSentBytesAreNotOverwritten(t *testing.T) {
	var want []string
	s := newScript(acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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

// influxdb3-go: a batch of points without a finite value sends nothing and
// says nothing.
func TestNotFiniteIsAnError(t *testing.T) {
	s := newScript(acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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

// telegraf: after a partial write with a gap (a, b and e of abcde stored), f is
// never sent and e is sent again.
func TestPartialWriteWithAGap(t *testing.T) {
	g := new(grave)
	s := newScript(v3("partial write of line protocol occurred", refusedLine{3, "c is bad"}, refusedLine{4, "d is bad"}), acker)
	inBubble(t, WriterOptions{DeadLetter: g, BatchLines: 5}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\ne v=1 1\n")
		synctest.Wait()
		mustAppend(t, w, "f v=1 1\ng v=1 1\nh v=1 1\n")
		err := w.Flush(context.Background())
		var be *BatchError
		if !errors.As(err, &be) || be.Loss != LossLine || be.Message != "c is bad" {
			t.Errorf("Flush: %v", err)
		}
	})
	want := []string{"a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\ne v=1 1\n", "f v=1 1\ng v=1 1\nh v=1 1\n"}
	if got := s.seen(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sent %q", got)
	}
	if got := fmt.Sprint(g.lost); got != "[line 1 c is bad: c v=1 1\n line 1 d is bad: d v=1 1\n]" {
		t.Errorf("dead letters %s", got)
	}
}

// telegraf#18925: which line of a partial write was bad? Version 3 names it, and
// with accept_partial=false the others are sent again without it.
func TestRefusedLinesAreStripped(t *testing.T) {
	g := new(grave)
	s := newScript(v3("parsing failed", refusedLine{2, "x"}), v3("parsing failed", refusedLine{3, "y"}), acker)
	inBubble(t, WriterOptions{DeadLetter: g}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=\"1\n2\" 1\nc v=1 1\nd v=1 1\ne v=1 1\n")
		w.Flush(context.Background())
		if st := w.Stats(); st.Acked.Lines != 3 || st.Lost[LossLine].Lines != 2 {
			t.Errorf("stats %+v", st)
		}
	})
	if got := s.seen(); len(got) != 3 || got[2] != "a v=1 1\nc v=1 1\ne v=1 1\n" {
		t.Errorf("sent %q", got)
	}
	if got := fmt.Sprintf("%q", g.lost); got != `["line 1 x: b v=\"1\n2\" 1\n" "line 1 y: d v=1 1\n"]` {
		t.Errorf("dead letters %s", got)
	}
}

// The servers of 1.x and 2.x do not name the line: halves find it.
func TestIsolationFindsExactlyTheBadLines(t *testing.T) {
	for _, api := range []API{V1, V2} {
		g := new(grave)
		server := &moodyServer{api: api, stored: map[int]string{}}
		send := func(_ context.Context, b *wireBatch, r *writeReply) {
			server.mu.Lock()
			defer server.mu.Unlock()
			r.api = api
			server.take(b.body, r)
		}
		synctest.Test(t, func(t *testing.T) {
			w := testWriter(t, WriterOptions{Isolate: true, DeadLetter: g}, send)
			var lines bytes.Buffer
			for i := range 1000 {
				bad := ""
				if i == 0 || i == 333 || i == 999 {
					bad = ",bad=1"
				}
				fmt.Fprintf(&lines, "m,id=%d%s v=1 %d\n", i, bad, i)
			}
			mustAppend(t, w, lines.String())
			if err := w.Flush(context.Background()); err == nil {
				t.Error("Flush says nothing of the bad lines")
			}
			if len(server.stored) != 997 || len(g.lost) != 3 {
				t.Errorf("%v: %d lines stored, dead letters %q", api, len(server.stored), g.lost)
			}
			if st := w.Stats(); st.Acked.Lines != 997 || st.Rejected.Lines != 3 || st.Requests > 60 {
				t.Errorf("%v: %+v", api, st)
			}
			mustClose(t, w)
		})
	}
}

// telegraf#9744: a batch that is too large is dropped, or halved once only.
func TestTooLargeIsSplitDownToOneLine(t *testing.T) {
	g := new(grave)
	var got []string
	send := func(_ context.Context, b *wireBatch, r *writeReply) {
		if r.status = 413; len(b.body) <= 40 {
			r.status = 204
			got = append(got, string(b.body))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{DeadLetter: g, Ordered: true}, send)
		var want []string
		for i := range 64 {
			line := fmt.Sprintf("m v=%d %d\n", i, i)
			if i == 20 {
				line = "long v=\"" + strings.Repeat("x", 50) + "\" 1\n"
			} else {
				want = append(want, line)
			}
			mustAppend(t, w, line)
		}
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Loss != LossTooLarge || be.Lines != 1 {
			t.Errorf("Flush: %v", err)
		}
		if strings.Join(got, "") != strings.Join(want, "") {
			t.Errorf("stored %q", got)
		}
		if len(g.lost) != 1 || !strings.Contains(g.lost[0], "long v=") {
			t.Errorf("dead letters %q", g.lost)
		}
		mustClose(t, w)
	})
}

// What a 413 taught is not asked again.
func TestLimitIsLearned(t *testing.T) {
	refusals := 0
	send := func(_ context.Context, b *wireBatch, r *writeReply) {
		if r.status = 204; len(b.body) > 4000 {
			r.status = 413
			refusals++
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{MaxInFlight: 1}, send)
		for range 20 {
			for i := range 1000 {
				mustAppend(t, w, fmt.Sprintf("m v=%d %d\n", i, i))
			}
			if err := w.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if refusals > 8 {
			t.Errorf("%d refusals", refusals)
		}
		mustClose(t, w)
	})
}

// A 415 is answered by the same lines without encoding, from then on.
func TestEncodingIsLearned(t *testing.T) {
	packed, plain := 0, 0
	send := func(_ context.Context, b *wireBatch, r *writeReply) {
		if b.encoding != "" {
			packed++
			r.status = 415
			return
		}
		plain++
		r.status = 204
	}
	synctest.Test(t, func(t *testing.T) {
		p := testPlan(t, WriterOptions{}, V1, send)
		p.pack = newDeflater(1)
		w, err := newWriter(p)
		if err != nil {
			t.Fatal(err)
		}
		w.startAll()
		for range 3 {
			mustAppend(t, w, strings.Repeat("m v=1 1\n", 100))
			if err := w.Flush(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if packed != 1 || plain != 3 {
			t.Errorf("%d packed, %d plain", packed, plain)
		}
		mustClose(t, w)
	})
}

// go-questdb-client: a flush that fails empties the buffer.
func TestFailedFlushKeepsTheBuffer(t *testing.T) {
	s := newScript(answer(503, ""))
	synctest.Test(t, func(t *testing.T) {
		b, err := newBatchWriter(testPlan(t, WriterOptions{RetryFor: time.Second}, V1, s.send))
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, b, "m v=1 1\n")
		err = b.Flush(context.Background())
		if !errors.Is(err, ErrPending) || !errors.Is(err, ErrUnavailable) || b.Buffered().Lines != 1 {
			t.Errorf("Flush: %v, buffered %v", err, b.Buffered())
		}
		s.steps = []senderFunc{acker}
		if err := b.Flush(context.Background()); err != nil || b.Buffered().Lines != 0 {
			t.Errorf("Flush: %v, buffered %v", err, b.Buffered())
		}
		mustClose(t, b)
	})
}

// influxdb-client-go EnableBatching: blank lines between the batches.
func TestNoBlankLines(t *testing.T) {
	s := newScript(acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "\n\na v=1 1\n\n# remark\nb v=1 1\n\n")
		mustAppend(t, w, "c v=1 1")
		mustAppend(t, w, "")
		mustAppend(t, w, "d v=1 1")
	})
	if got := strings.Join(s.seen(), ""); got != "a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\n" {
		t.Errorf("sent %q", got)
	}
}

// client-csharp#301 and others: memory without bound while the server is down.
func TestMemoryIsBounded(t *testing.T) {
	for _, policy := range []OverflowPolicy{DropNewest, DropOldest} {
		s := newScript(answer(503, ""))
		g := new(grave)
		synctest.Test(t, func(t *testing.T) {
			w := testWriter(t, WriterOptions{BatchBytes: 1024, MaxMemory: 8 << 10, Overflow: policy, DeadLetter: g}, s.send)
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
				if st.Lost[LossOverflow].Lines == 0 || len(g.lost) == 0 || overflow > 0 {
					t.Errorf("%d dropped, %d dead letters, %d refused", st.Lost[LossOverflow].Lines, len(g.lost), overflow)
				}
			}
			audit(t, w)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			w.Close(ctx)
		})
	}
}

// Under Block an append waits for memory, but no longer than its context.
func TestBlockHonoursTheContext(t *testing.T) {
	s := newScript(answer(503, ""))
	inBubble(t, WriterOptions{BatchBytes: 1024, BatchLines: 1, MaxMemory: 4 << 10}, s, func(t *testing.T, w *Writer) {
		for range 4 {
			mustAppend(t, w, "m v=1 1\n")
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

// influxdb-client-go: Retry-After only in seconds, and not more often than asked.
func TestOneProbeWhileDownAndRetryAfter(t *testing.T) {
	s := newScript(func(_ context.Context, _ *wireBatch, r *writeReply) { r.status, r.retryAfter = 429, 100*time.Second })
	inBubble(t, WriterOptions{BatchLines: 1, MaxInFlight: 4}, s, func(t *testing.T, w *Writer) {
		for range 20 {
			mustAppend(t, w, "m v=1 1\n")
		}
		time.Sleep(99 * time.Second)
		first := len(s.seen())
		if first > 4 {
			t.Errorf("%d requests before the server's pause was over", first)
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

// Lines without a timestamp get one when they are appended, so that a batch
// that is sent twice stores them once, and no two the same.
func TestRetrySendsTheSameTimestamps(t *testing.T) {
	s := newScript(func(_ context.Context, _ *wireBatch, r *writeReply) { r.err = errReset }, acker)
	inBubble(t, WriterOptions{}, s, func(t *testing.T, w *Writer) {
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

// Ordered: what has to be sent again holds up what is behind it.
func TestOrderedKeepsTheOrder(t *testing.T) {
	s := newScript(answer(503, ""), acker, answer(500, "timeout"), answer(503, ""), acker)
	var stored []string
	inner := s.send
	send := func(ctx context.Context, b *wireBatch, r *writeReply) {
		if inner(ctx, b, r); r.status == 204 {
			stored = append(stored, string(b.body))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, WriterOptions{Ordered: true, BatchLines: 1}, send)
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

// java2#846: dropped points are gone and no error says so.
func TestAgedBatchesAreCounted(t *testing.T) {
	s := newScript(answer(503, ""))
	g := new(grave)
	inBubble(t, WriterOptions{MaxAge: time.Minute, DeadLetter: g}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Minute)
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || be.Loss != LossAge {
			t.Errorf("Flush: %v", err)
		}
		if st := w.Stats(); st.Dropped.Lines != 1 || st.Lost[LossAge].Lines != 1 || len(g.lost) != 1 {
			t.Errorf("stats %+v, dead letters %q", st, g.lost)
		}
	})
}

// A missing database is created by the user's function, and nothing is lost.
func TestMissingDatabaseIsCreated(t *testing.T) {
	s := newScript(answer(404, "database not found"), acker)
	created := 0
	inBubble(t, WriterOptions{OnMissing: func(context.Context) error { created++; return nil }}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "m v=1 1\n")
		if err := w.Flush(context.Background()); err != nil || created != 1 {
			t.Errorf("Flush: %v, created %d times", err, created)
		}
	})
}

func TestSpillNeedsASpool(t *testing.T) {
	if _, err := (WriterOptions{Overflow: Spill}).withDefaults(V1); !errors.Is(err, ErrNoSpool) {
		t.Errorf("Spill: %v", err)
	}
}
