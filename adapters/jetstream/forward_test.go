package pwjetstream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient/batch"
)

func itoa(n int) string { return strconv.Itoa(n) }

// appendLines appends the lines with those ids.
func appendLines(t testing.TB, w *batch.Writer, from, to int, tags string) {
	t.Helper()
	var lines []byte
	for id := from; id < to; id++ {
		lines = fmt.Appendf(lines, "m,id=%d%s v=%di %d\n", id, tags, id, 1_700_000_000_000_000_000+id)
	}
	if err := w.Append(t.Context(), lines); err != nil {
		t.Error(err)
	}
}

// pending returns how many messages a consumer has not acked.
func pending(t testing.TB, js jetstream.JetStream) uint64 {
	c, err := js.Consumer(t.Context(), "points", "forwarders")
	if err != nil {
		return 1
	}
	i := c.CachedInfo()
	return i.NumPending + uint64(i.NumAckPending)
}

// Lines go through the stream as they are, and bad ones become dead letters.
func TestThrough(t *testing.T) {
	js := newCluster(t, 1, 8<<20).connect()
	streams(t, js, 1)
	s := newStore(t)
	c := clientOf(t, s.URL)
	sink := newSink(t, js, pwjetstream.SinkOptions{})
	w := newWriter(t, c, sink, batch.Options{BatchLines: 100, MaxInFlight: 8})
	appendLines(t, w, 0, 5000, "")
	appendLines(t, w, 5000, 5007, ",bad=1")
	appendLines(t, w, 5007, 5100, "")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.Stats().Acked.Lines; got != 5100 || s.count() != 0 {
		t.Fatalf("%d acked, %d stored before anything is forwarded", got, s.count())
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{})
	eventually(t, "all messages are acked", func() bool { return f.Stats().Stored == 51 })
	stats := stop()
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stats})
	if s.count() != 5093 || stats.Rejected.Lines != 7 || stats.Acked.Lines != 5093 || stats.Returned != 0 {
		t.Errorf("%d stored, %+v", s.count(), stats)
	}
	if n := pending(t, js); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	if s.encoding["gzip"] < 51 {
		t.Errorf("encodings %v", s.encoding)
	}
	dead := messages(t, js, "dead")
	if len(dead) != 1 {
		t.Fatalf("%d dead letters", len(dead))
	}
	text := string(dead[0].Data)
	if !strings.HasPrefix(text, "# line 1: retention, status 400: partial write: points beyond") || strings.Count(text, "\nm,id=500") != 7 {
		t.Errorf("dead letter %q", text)
	}
	if h := dead[0].Header; h.Get("Pointwire-Database") != "d" || h.Get("Pointwire-Precision") != "ns" || h.Get("Pointwire-Stream") != "points" {
		t.Errorf("header %v", h)
	}
}

// A Writer with a spool counts the same through a Sink that is away for a while.
func TestSpoolBefore(t *testing.T) {
	cl := newCluster(t, 1, 8<<20)
	js := cl.connect()
	streams(t, js, 1)
	s := newStore(t)
	c := clientOf(t, s.URL)
	sink := newSink(t, js, pwjetstream.SinkOptions{})
	o := batch.Options{BatchLines: 100, Overflow: batch.WriteAhead, Spool: batch.SpoolOptions{Dir: t.TempDir() + "/spool"}}
	o.Spool.MaxBytes = 1 << 30
	w := newWriter(t, c, sink, o)
	appendLines(t, w, 0, 1000, "")
	cl.stop(0)
	appendLines(t, w, 1000, 3000, "")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var spooled *batch.SpooledError
	if err := w.Close(ctx); !errors.As(err, &spooled) {
		t.Error(err)
	}
	first := w.Stats()
	cl.start(0)
	w = newWriter(t, c, sink, o)
	eventually(t, "what was on disk is published", func() bool { return w.Stats().Spooled.Lines+w.Stats().Pending.Lines == 0 })
	w.Close(t.Context())
	second := w.Stats()
	if first.Appended.Lines != 3000 || first.Acked.Lines+first.Spooled.Lines != 3000 || second.Acked != first.Spooled || second.Recovered != first.Spooled {
		t.Errorf("%+v\n%+v", first, second)
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{})
	eventually(t, "all is stored", func() bool { return s.count() == 3000 && f.Stats().InFlight == 0 && pending(t, js) == 0 })
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stop()})
	if got := sink.Stats(); got.Published.Lines+got.Repeated.Lines != first.Acked.Lines+second.Acked.Lines {
		t.Errorf("%+v, acked %d and %d", got, first.Acked.Lines, second.Acked.Lines)
	}
}

// While the server is down messages go back to the stream, and none is lost.
func TestServerDown(t *testing.T) {
	js := newCluster(t, 1, 8<<20).connect()
	streams(t, js, 1)
	s := newStore(t)
	c := clientOf(t, s.URL)
	sink := newSink(t, js, pwjetstream.SinkOptions{})
	w := newWriter(t, c, sink, batch.Options{BatchLines: 50})
	appendLines(t, w, 0, 1000, "")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.setDown(true)
	failures := make(chan error, 1000)
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{TryFor: 50 * time.Millisecond, AckWait: time.Second, OnError: func(err error) {
		select {
		case failures <- err:
		default:
		}
	}})
	eventually(t, "messages are returned", func() bool { return f.Stats().Returned >= 4 })
	if f.Stats().Acked.Lines != 0 {
		t.Errorf("%+v", f.Stats())
	}
	s.setDown(false)
	eventually(t, "all is stored", func() bool { return f.Stats().Stored == 20 })
	stats := stop()
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stats})
	if s.count() != 1000 || stats.Acked.Lines != 1000 || stats.Redelivered == 0 || len(failures) == 0 {
		t.Errorf("%d stored, %+v", s.count(), stats)
	}
}

// Run ends with its context while the server hangs, and leaves no goroutine behind.
func TestStops(t *testing.T) {
	js := newCluster(t, 1, 8<<20).connect()
	streams(t, js, 1)
	s := newStore(t)
	s.mu.Lock() // the server hangs
	c := clientOf(t, s.URL)
	sink := newSink(t, js, pwjetstream.SinkOptions{})
	w := newWriter(t, c, sink, batch.Options{BatchLines: 10})
	appendLines(t, w, 0, 100, "")
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, stop := forward(t, js, c, pwjetstream.ForwarderOptions{})
	eventually(t, "messages are under way", func() bool { return f.Stats().InFlight == 4 })
	start := time.Now()
	stats := stop()
	s.mu.Unlock()
	if took := time.Since(start); took > 30*time.Second || stats.Returned != 4 { // at once, on a quiet machine
		t.Errorf("%v, %+v", took, stats)
	}
	stacks := make([]byte, 1<<20)
	eventually(t, "goroutines end", func() bool {
		return !bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("pwjetstream.(*Forwarder)"))
	})
	f, stop = forward(t, js, c, pwjetstream.ForwarderOptions{})
	eventually(t, "all is stored", func() bool { return f.Stats().Stored == 10 })
	account(t, []pwjetstream.SinkStats{sink.Stats()}, []pwjetstream.ForwarderStats{stop()})
}

// The leader of the stream is killed while lines are written and forwarded, and comes back.
func TestLeaderKilled(t *testing.T) {
	cl := newCluster(t, 3, 8<<20)
	in, out := cl.connect(), cl.connect()
	streams(t, in, 3)
	s := newStore(t)
	c := clientOf(t, s.URL)
	sink := newSink(t, in, pwjetstream.SinkOptions{})
	w := newWriter(t, c, sink, batch.Options{BatchLines: 50, MaxDelay: 20 * time.Millisecond, MaxInFlight: 8})
	f1, stop1 := forward(t, out, c, pwjetstream.ForwarderOptions{AckWait: 2 * time.Second})
	f2, stop2 := forward(t, out, c, pwjetstream.ForwarderOptions{AckWait: 2 * time.Second})
	quit := make(chan struct{})
	n := 0
	var writing sync.WaitGroup
	writing.Go(func() {
		for ; ; n += 100 {
			select {
			case <-quit:
				return
			case <-time.After(5 * time.Millisecond):
				appendLines(t, w, n, n+100, "")
			}
		}
	})
	for _, stream := range []string{"points", "dead"} {
		eventually(t, "lines are stored", func() bool { return s.count() > 1000 })
		leader := cl.leader(in, stream)
		before := f1.Stats().Acked.Lines + f2.Stats().Acked.Lines
		cl.stop(leader)
		eventually(t, "lines are forwarded without it", func() bool { return f1.Stats().Acked.Lines+f2.Stats().Acked.Lines > before+500 })
		cl.start(leader)
		eventually(t, "it is back", func() bool {
			stream, err := in.Stream(t.Context(), "points")
			if err != nil || stream.CachedInfo().Cluster == nil {
				return false
			}
			current := 0
			for _, r := range stream.CachedInfo().Cluster.Replicas {
				if r.Current {
					current++
				}
			}
			return current == 2
		})
	}
	close(quit)
	writing.Wait()
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	eventually(t, "nothing is pending", func() bool {
		return pending(t, out) == 0 && f1.Stats().InFlight+f2.Stats().InFlight == 0
	})
	all := []pwjetstream.ForwarderStats{stop1(), stop2()}
	ws, ss := w.Stats(), sink.Stats()
	if ws.Acked.Lines != uint64(n) || ws.Appended != ws.Acked || s.count() != n {
		t.Errorf("%d lines appended, %d acked, %d stored", n, ws.Acked.Lines, s.count())
	}
	if ss.Published.Lines+ss.Repeated.Lines != ws.Acked.Lines {
		t.Errorf("%+v, acked %v", ss, ws.Acked)
	}
	unconfirmed := all[0].Unconfirmed.Lines + all[1].Unconfirmed.Lines
	if unconfirmed == 0 && all[0].Redelivered+all[1].Redelivered == 0 {
		account(t, []pwjetstream.SinkStats{ss}, all)
	}
	t.Logf("%d lines, %d attempts to publish failed, %d and %d messages delivered again, %d unconfirmed", n, ss.Failures, all[0].Redelivered, all[1].Redelivered, unconfirmed)
}
