package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// telegraf: after a partial write with a gap (a, b and e of abcde stored), f is
// never sent and e is sent again.
func TestPartialWriteWithAGap(t *testing.T) {
	g := new(grave)
	s := newScript(v3("partial write of line protocol occurred", seam.RefusedLine{Number: 3, Message: "c is bad", Text: ""}, seam.RefusedLine{Number: 4, Message: "d is bad", Text: ""}), acker)
	inBubble(t, Options{DeadLetter: g, BatchLines: 5}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\ne v=1 1\n")
		synctest.Wait()
		mustAppend(t, w, "f v=1 1\ng v=1 1\nh v=1 1\n")
		err := w.Flush(context.Background())
		var be *BatchError
		if !errors.As(err, &be) || be.Reason != ReasonLine || be.Message != "c is bad" {
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
	s := newScript(v3("parsing failed", seam.RefusedLine{Number: 2, Message: "x", Text: ""}), v3("parsing failed", seam.RefusedLine{Number: 3, Message: "y", Text: ""}), acker)
	inBubble(t, Options{DeadLetter: g}, s, func(t *testing.T, w *Writer) {
		mustAppend(t, w, "a v=1 1\nb v=\"1\n2\" 1\nc v=1 1\nd v=1 1\ne v=1 1\n")
		w.Flush(context.Background())
		if st := w.Stats(); st.Acked.Lines != 3 || st.ByReason[ReasonLine].Lines != 2 {
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

// If the servers of 1.x and 2.x do not name the line, halving the batch finds it.
func TestIsolationFindsExactlyTheBadLines(t *testing.T) {
	for _, api := range []seam.API{seam.V1, seam.V2} {
		g := new(grave)
		server := &moodyServer{api: api, rng: rand.New(rand.NewPCG(1, 2)), stored: map[int]string{}}
		send := func(_ context.Context, b *seam.Body, r *seam.Response) {
			server.mu.Lock()
			defer server.mu.Unlock()
			r.API = api
			server.take(b.Data, r)
		}
		synctest.Test(t, func(t *testing.T) {
			w := testWriter(t, Options{DeadLetter: g}, send)
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
				t.Error("Flush returns no error about the bad lines")
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
