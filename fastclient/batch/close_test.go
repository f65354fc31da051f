package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// influxdb-client-go#405: a write after Close panics; so does the second Close.
func TestAppendAfterCloseIsAnError(t *testing.T) {
	w := testWriter(t, Options{}, acker)
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

// influxdb-client-go#318: Close and Flush block for ever if the server does.
func TestBlackHoleServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{BatchLines: 1}, black)
		for i := range 5 {
			mustAppend(t, w, fmt.Sprintf("m v=%di 1\n", i))
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.Flush(ctx); !isPending(err) || time.Since(start) > 1100*time.Millisecond {
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
		if st := w.Stats(); st.ByReason[ReasonUnsent].Lines != 5 || st.Pending.Lines != 0 {
			t.Errorf("stats %+v", st)
		}
		audit(t, &w.engine)
	})
}

// A sender that does not end with its context, as it should, delays neither Close nor the
// release of its memory.
func TestCloseDoesNotWaitForADeafSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := testWriter(t, Options{}, func(_ context.Context, _ *seam.Body, r *seam.Response) {
			time.Sleep(time.Hour)
			r.Status = 204
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
		audit(t, &w.engine)
		time.Sleep(2 * time.Hour)
		audit(t, &w.engine) // the late response changes nothing
		if string(ue.Batches[0].Data) != "m v=1 1\n" {
			t.Errorf("handed back %q", ue.Batches[0].Data)
		}
	})
}

// A slowGrave is a slow dead letter that reads its lines twice.
type slowGrave struct {
	grave
	changed bool
}

func (g *slowGrave) Put(l *LostLines) error {
	before := string(l.Data)
	time.Sleep(time.Second)
	if string(l.Data) != before {
		g.mu.Lock()
		g.changed = true
		g.mu.Unlock()
	}
	return g.grave.Put(l)
}

// TestCloseDuringADeadLetter: lines are in the dead letter or handed back by Close, never
// both, and nobody else writes to the lines that are handed back.
func TestCloseDuringADeadLetter(t *testing.T) {
	strict := []seam.RefusedLine{{Number: 2, Message: "no", Text: ""}}
	for name, c := range map[string]struct {
		o      Options
		send   senderFunc
		unsent string
		dead   string
		reason Reason
	}{
		"rejected": {Options{}, response(400, "database is required"), "", "[request 3 database is required: m v=0 1\nm v=1 1\nm v=2 1\n]", ReasonRequest},
		"listed": {Options{}, v3("partial write of line protocol occurred", strict...),
			"", "[line 1 no: m v=1 1\n]", ReasonLine},
		"stripped": {Options{}, v3("parsing failed for write_lp endpoint", strict...),
			"m v=0 1\nm v=2 1\n", "[line 1 no: m v=1 1\n]", ReasonLine},
		"aged": {Options{MaxAge: 20 * time.Millisecond, BatchLines: 3}, response(503, ""),
			"", "[age 3 : m v=0 1\nm v=1 1\nm v=2 1\n]", ReasonAge},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := new(slowGrave)
				c.o.DeadLetter = g
				w := testWriter(t, c.o, c.send)
				for i := range 3 {
					mustAppend(t, w, fmt.Sprintf("m v=%d 1\n", i))
				}
				ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
				defer cancel()
				err := w.Close(ctx)
				got := ""
				var ue *UnsentError
				if errors.As(err, &ue) {
					for _, b := range ue.Batches {
						got += string(b.Data)
						clear(b.Data[:cap(b.Data)])
					}
				}
				if got != c.unsent {
					t.Errorf("handed back %q, want %q", got, c.unsent)
				}
				var be *BatchError
				if !errors.As(err, &be) || be.Reason != c.reason {
					t.Errorf("Close: %v", err)
				}
				audit(t, &w.engine)
				if st := w.Stats(); st.Pending.Lines != 0 || st.ByReason[c.reason].Lines == 0 {
					t.Errorf("stats %+v", st)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if d := fmt.Sprint(g.lost); d != c.dead || g.changed {
					t.Errorf("dead letters %s, want %s; changed %v", d, c.dead, g.changed)
				}
				audit(t, &w.engine)
			})
		})
	}
}

// TestHandedBackIsTheCallersOwn: a request that does not end continues to read its own
// lines, not those that the caller got back.
func TestHandedBackIsTheCallersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(grave)
		late := ""
		w := testWriter(t, Options{DeadLetter: g}, func(_ context.Context, b *seam.Body, r *seam.Response) {
			time.Sleep(time.Hour)
			late = string(b.Data)
			r.Status = 422
		})
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		var ue *UnsentError
		if err := w.Close(ctx); !errors.As(err, &ue) || ue.Lines != 1 {
			t.Fatalf("Close: %v", err)
		}
		clear(ue.Batches[0].Data)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if late != "m v=1 1\n" || len(g.lost) > 0 {
			t.Errorf("the request read %q, dead letters %q", late, g.lost)
		}
	})
}

// TestFurtherClose: every further Close of a Writer returns the same as the first.
func TestFurtherClose(t *testing.T) {
	w := testWriter(t, Options{}, acker)
	mustClose(t, w)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range 100 {
		if err := w.Close(ended); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCloseAfterTheLastDrop: Close ends when the last lines are dropped because of their
// age.
func TestCloseAfterTheLastDrop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(_ context.Context, _ *seam.Body, r *seam.Response) {
			time.Sleep(10 * time.Second)
			r.Status = 204
		}
		w := testWriter(t, Options{MaxAge: time.Second, BatchLines: 1, MaxInFlight: 1}, slow)
		mustAppend(t, w, "m v=1 1\nm v=2 1\n")
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		start := time.Now()
		var be *BatchError
		if err := w.Close(ctx); !errors.As(err, &be) || be.Reason != ReasonAge || time.Since(start) > time.Minute {
			t.Errorf("Close after %v: %v", time.Since(start), err)
		}
	})
}

// TestCloseLateReplay: a request for lines from disk that ends while Close writes other lines
// to disk leaves its lines there, too.
func TestCloseLateReplay(t *testing.T) {
	const old, fresh = 5, 400
	var body []byte
	for i := range old {
		body = append(body, numberedLine(i)+"\n"...)
	}
	first := []byte("first v=1 1\n")
	now := time.Now()
	dir := filled(t, spool.Batch{Body: first, Lines: 1, SealedAt: now.Add(-time.Hour)}, spool.Batch{Body: body, Lines: old, SealedAt: now})
	late, sent, fetched := make(chan struct{}), make(chan struct{}), make(chan struct{})
	// The rate makes the old lines come after the new ones.
	o := Options{Overflow: Spill, BatchLines: 1, MaxInFlight: 2, MaxAge: 2 * time.Hour, Spool: SpoolOptions{ReplayRate: 4 * len(first)}}
	w := startWriter(t, spoolConfig(t, dir, o, func(ctx context.Context, b *seam.Body, r *seam.Response) {
		switch {
		case bytes.Equal(b.Lines, first):
			r.Status = 204
		case bytes.Equal(b.Lines, body):
			close(sent)
			<-late
			r.Err = errors.New("broken off")
		default:
			<-fetched // so that a sender is free for the old lines
			select {
			case <-sent:
				black(ctx, b, r)
			case <-time.After(time.Millisecond):
				r.Status = 204
			}
		}
	}))
	for w.Stats().Acked.Lines == 0 { // the first
		time.Sleep(time.Millisecond)
	}
	appendNumbered(t, w, old, old+fresh)
	for waiting := true; waiting; time.Sleep(time.Millisecond) {
		w.mu.Lock()
		waiting = w.disk.replays.n == 0
		w.mu.Unlock()
	}
	close(fetched)
	<-sent // the old lines are under way, in a request that does not hear of Close
	go func() {
		for w.disk.s.Counts().Waiting.Batches < fresh/8 && w.Stats().Pending.Lines > 0 {
			time.Sleep(10 * time.Microsecond)
		}
		close(late)
	}()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var se *SpooledError
	if err := w.Close(ctx); !errors.As(err, &se) {
		t.Errorf("Close: %v", err)
	}
	if st := w.Stats(); st.Pending.Lines != 0 || st.Spooled.Lines+st.Acked.Lines != 1+old+fresh {
		t.Errorf("%d lines are pending after Close, %d on disk, %d acked of %d", st.Pending.Lines, st.Spooled.Lines, st.Acked.Lines, 1+old+fresh)
	}
	audit(t, &w.engine)
}
