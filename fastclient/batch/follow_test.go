package batch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// following runs a test with n servers, of which the client has the first ones. Those in down
// refuse connections.
func following(t *testing.T, o fastclient.Options, n, first int, f func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, down []atomic.Bool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		down := make([]atomic.Bool, n)
		c, servers := pipeSet(t, o, down)
		for _, s := range servers {
			s.Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
				time.Sleep(10 * time.Millisecond)
				influxtest.Status(204).Play(c, r)
			}))
		}
		if err := c.SetEndpoints(serverNames(0, first)...); err != nil {
			t.Fatal(err)
		}
		f(t, c, servers, down)
		c.Close()
		for _, s := range servers {
			s.Close()
		}
	})
}

func serverNames(from, to int) (list []string) {
	for ; from < to; from++ {
		list = append(list, fmt.Sprintf("http://server%d:8086", from))
	}
	return list
}

// got returns how often each line came to the servers.
func got(servers []*influxtest.Server) map[string]int {
	n := map[string]int{}
	for _, s := range servers {
		for _, r := range s.Requests() {
			for line := range strings.Lines(string(r.Body)) {
				n[line]++
			}
		}
	}
	return n
}

func requests(servers []*influxtest.Server) (n []int) {
	for _, s := range servers {
		n = append(n, 0)
		for _, r := range s.Requests() {
			if r.Path == "/write" {
				n[len(n)-1]++
			}
		}
	}
	return n
}

// running fails the test unless the senders are those of the targets.
func running(t *testing.T, w *Writer, targets, inFlight int) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.senders != targets*inFlight || len(w.targets) != targets || w.o.MaxInFlight != inFlight {
		t.Errorf("%d senders to %d servers, %d each, want %d", w.senders, len(w.targets), w.o.MaxInFlight, targets*inFlight)
	}
}

// TestWriterFollows checks that a Writer sends to the servers of the moment, all lines once,
// and that the senders to a server that was removed end.
func TestWriterFollows(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.RoundRobin, fastclient.Failover} {
		following(t, fastclient.Options{Balance: balance}, 4, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
			w, err := NewWriter(c, Options{BatchLines: 1})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			fill := func(addrs []string, want []bool) {
				t.Helper()
				if err := c.SetEndpoints(addrs...); err != nil {
					t.Fatal(err)
				}
				if targets := len(addrs); balance == fastclient.RoundRobin {
					running(t, w, targets, 2)
				} else {
					running(t, w, 1, 2)
				}
				before := requests(s)
				for range 40 {
					mustAppend(t, w, fmt.Sprintf("m v=1 %d\n", n))
					n++
				}
				if err := w.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				for i, k := range requests(s) {
					if k -= before[i]; k > 0 != want[i] {
						t.Errorf("balance %d, servers %q: server %d got %d requests", balance, addrs, i, k)
					}
				}
				audit(t, &w.engine)
			}
			first := balance == fastclient.Failover // of the servers alone
			fill(serverNames(0, 1), []bool{true, false, false, false})
			fill(serverNames(0, 3), []bool{true, !first, !first, false})
			fill(serverNames(1, 3), []bool{false, true, !first, false})
			fill(serverNames(3, 4), []bool{false, false, false, true})
			fill(serverNames(0, 4), []bool{true, !first, !first, !first})
			for line, k := range got(s) {
				if k != 1 {
					t.Errorf("%q came %d times", line, k)
				}
			}
			if st := w.Stats(); st.Acked.Lines != uint64(n) || len(got(s)) != n {
				t.Errorf("%d lines of %d are acked, %d came", st.Acked.Lines, n, len(got(s)))
			}
			mustClose(t, w)
			if err := c.SetEndpoints(serverNames(0, 1)...); err != nil { // nobody follows
				t.Error(err)
			}
		})
	}
}

// TestWriterLeavesRemovedServer checks that lines which a server did not take go to the others
// when it is removed, and that it is no more among those that fail.
func TestWriterLeavesRemovedServer(t *testing.T) {
	for _, balance := range []fastclient.Balance{fastclient.RoundRobin, fastclient.Failover} {
		following(t, fastclient.Options{Balance: balance}, 2, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, down []atomic.Bool) {
			w, err := NewWriter(c, Options{BatchLines: 1})
			if err != nil {
				t.Fatal(err)
			}
			down[0].Store(true)
			for i := range 10 {
				mustAppend(t, w, fmt.Sprintf("m v=1 %d\n", i))
			}
			time.Sleep(10 * time.Second)
			if st := w.Stats(); st.Pending.Lines != 10 || len(st.LastErrors) != 1 || !st.Down {
				t.Errorf("%+v", st)
			}
			if err := c.SetEndpoints("http://server1:8086"); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); balance == fastclient.RoundRobin && took > time.Second || took > 31*time.Second {
				t.Errorf("balance %d: the lines waited for %v", balance, took)
			}
			if st := w.Stats(); st.Acked.Lines != 10 || len(st.LastErrors) != 0 || st.Down || len(got(s)) != 10 {
				t.Errorf("%+v", st)
			}
			mustClose(t, w)
		})
	}
}

// TestWriterFollowsUnderWay checks that a request to a server which is removed ends as it would
// have, and counts.
func TestWriterFollowsUnderWay(t *testing.T) {
	for _, reply := range []influxtest.Reply{influxtest.Status(204), influxtest.Error(503, "busy"), influxtest.Drop()} {
		following(t, fastclient.Options{Balance: fastclient.RoundRobin}, 2, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
			s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
				time.Sleep(time.Second)
				reply.Play(c, r)
			}))
			w, err := NewWriter(c, Options{BatchLines: 1})
			if err != nil {
				t.Fatal(err)
			}
			mustAppend(t, w, "m v=1 1\n")
			synctest.Wait()
			if err := c.SetEndpoints("http://server1:8086"); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if st := w.Stats(); st.Acked.Lines != 1 {
				t.Errorf("%+v", st)
			}
			running(t, w, 1, 2)
			mustClose(t, w)
		})
	}
}

// TestFollowMemory checks that the servers of a Writer have the requests under way for which
// its memory suffices, and that there cannot be more servers than that.
func TestFollowMemory(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.RoundRobin, Compression: fastclient.Compression{Always: true}}, 40, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		w, err := NewWriter(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []struct{ servers, inFlight int }{{2, 2}, {16, 1}, {2, 2}, {5, 2}, {28, 1}} {
			if err := c.SetEndpoints(serverNames(0, n.servers)...); err != nil {
				t.Fatal(err)
			}
			running(t, w, n.servers, n.inFlight)
			if st := w.Stats(); st.Memory > st.MemoryLimit || w.slabs.budget <= n.servers*n.inFlight {
				t.Errorf("%d servers: memory %d of %d, %d slabs", n.servers, st.Memory, st.MemoryLimit, w.slabs.budget)
			}
		}
		var oe *fastclient.OptionError
		if err := c.AddEndpoint("http://server39:8086"); err == nil {
			err = c.SetEndpoints(serverNames(0, 40)...)
			if !errors.As(err, &oe) || oe.Field != "Options.MaxMemory" {
				t.Errorf("40 servers: %v", err)
			}
		} else {
			t.Error(err)
		}
		running(t, w, 29, 1)
		mustClose(t, w)
		if err := c.SetEndpoints(serverNames(0, 40)...); err != nil {
			t.Errorf("after Close: %v", err)
		}
		w, err = NewWriter(c, Options{MaxInFlight: 3, MaxMemory: 512 << 20})
		if err != nil {
			t.Fatal(err)
		}
		running(t, w, 40, 3)
		mustClose(t, w)
		if err := c.SetEndpoints(serverNames(0, 2)...); err != nil {
			t.Fatal(err)
		}
		w, err = NewWriter(c, Options{MaxInFlight: 3, MaxMemory: 32 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetEndpoints(serverNames(0, 9)...); !errors.As(err, &oe) || len(c.Stats().Endpoints) != 2 {
			t.Errorf("the number of requests that was asked for is not kept: %v", err)
		}
		running(t, w, 2, 3)
		mustClose(t, w)
	})
}

// TestFollowWithFullMemory checks that a new server gets the lines for which there was no other,
// and that memory is within its limit afterwards.
func TestFollowWithFullMemory(t *testing.T) {
	o := fastclient.Options{Balance: fastclient.RoundRobin, Compression: fastclient.Compression{Always: true}}
	following(t, o, 12, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, down []atomic.Bool) {
		w, err := NewWriter(c, Options{BatchBytes: 64 << 10, MaxMemory: 4 << 20, Overflow: DropNewest})
		if err != nil {
			t.Fatal(err)
		}
		down[0].Store(true)
		line := "m v=\"" + strings.Repeat("x", 10000) + "\" %d\n"
		n := 0
		for ; err == nil; n++ {
			err = w.Append(t.Context(), fmt.Appendf(nil, line, n))
		}
		n--
		if !errors.Is(err, ErrOverflow) || n < 150 {
			t.Fatalf("%v after %d lines", err, n)
		}
		if err := c.SetEndpoints(serverNames(1, 12)...); err != nil {
			t.Fatal(err)
		}
		most := w.Stats().Memory
		if bound := w.o.MaxMemory + 22*w.senderBytes(); most > bound {
			t.Errorf("memory %d of %d right after the change", most, bound)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		audit(t, &w.engine)
		if st := w.Stats(); st.Acked.Lines != uint64(n) || st.Memory > st.MemoryLimit {
			t.Errorf("%d of %d acked, memory %d of %d", st.Acked.Lines, n, st.Memory, st.MemoryLimit)
		}
		running(t, w, 11, 2)
		mustClose(t, w)
	})
}

// TestReplicaWriterPinsServers checks that the servers of a client cannot change while each of
// them has a queue.
func TestReplicaWriterPinsServers(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.Replicate}, 3, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		if _, err := NewReplicaWriter(c, Options{MaxMemory: 1 << 20}, NeedAll); err == nil {
			t.Fatal("a Writer without memory")
		}
		w, err := NewReplicaWriter(c, Options{}, NeedAll)
		if err != nil {
			t.Fatal(err)
		}
		var oe *fastclient.OptionError
		if err := c.AddEndpoint("http://server2:8086"); !errors.As(err, &oe) || oe.Field != "Addrs" || len(c.Stats().Endpoints) != 2 {
			t.Errorf("%v", err)
		}
		if err := c.SetEndpoints(serverNames(0, 2)...); err != nil {
			t.Errorf("the same servers: %v", err)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := c.AddEndpoint("http://server2:8086"); err != nil {
			t.Errorf("after Close: %v", err)
		}
		if err := new(ReplicaWriter).Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestFollowReplays checks that lines on disk are sent when more servers leave each of them
// one request at a time, which a sender of new lines made otherwise.
func TestFollowReplays(t *testing.T) {
	o := fastclient.Options{Balance: fastclient.RoundRobin, Compression: fastclient.Compression{Off: true}}
	following(t, o, 3, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, down []atomic.Bool) {
		w, err := NewWriter(c, Options{
			BatchBytes: 16 << 10, MaxMemory: 600 << 10, Overflow: Spill,
			Spool: SpoolOptions{Dir: t.TempDir(), Options: spool.Options{MaxBytes: 64 << 20}},
		})
		if err != nil {
			t.Fatal(err)
		}
		running(t, w, 1, 2)
		down[0].Store(true)
		for i := range 200 {
			mustAppend(t, w, fmt.Sprintf("m v=\"%s\" %d\n", strings.Repeat("x", 5000), i))
		}
		time.Sleep(20 * time.Second)
		if st := w.Stats(); st.Spooled.Lines == 0 {
			t.Fatalf("%+v", st)
		}
		if err := c.SetEndpoints(serverNames(1, 3)...); err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		w.o.MaxInFlight = 1 // as with many servers
		for _, target := range w.targets {
			target.limit = 1
		}
		w.waiters.wake()
		w.mu.Unlock()
		time.Sleep(time.Minute)
		if st := w.Stats(); st.Acked.Lines != 200 || st.Spooled.Lines != 0 {
			t.Errorf("%+v", st)
		}
		audit(t, &w.engine)
		if err := w.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestShardWriterPinsServers checks that the servers of a client cannot change while each has
// a part of the series, nor under a Writer of a client that was one server.
func TestShardWriterPinsServers(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.Shard}, 3, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		one, err := NewWriter(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		shards, err := NewShardWriter(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []interface{ Close(context.Context) error }{one, shards, nil} {
			var oe *fastclient.OptionError
			err := c.AddEndpoint("http://server2:8086")
			if w == nil {
				if err != nil {
					t.Errorf("after Close: %v", err)
				}
				continue
			}
			if !errors.As(err, &oe) || oe.Field != "Addrs" || len(c.Stats().Endpoints) != 1 {
				t.Errorf("%T: %v", w, err)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestFollowRoutes checks that there cannot be more servers than leave memory for the routes
// of a Writer.
func TestFollowRoutes(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.RoundRobin}, 9, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		w, err := NewWriter(c, Options{MaxInFlight: 3, MaxMemory: 32 << 20, Route: RouteOptions{DatabaseTag: "db"}})
		if err != nil {
			t.Fatal(err)
		}
		var oe *fastclient.OptionError
		if err := c.SetEndpoints(serverNames(0, 3)...); !errors.As(err, &oe) || oe.Field != "Options.Route.Max" {
			t.Errorf("3 servers: %v", err)
		}
		running(t, w, 2, 3)
		if err := c.SetEndpoints(serverNames(0, 1)...); err != nil {
			t.Errorf("1 server: %v", err)
		}
		running(t, w, 1, 3)
		mustClose(t, w)
	})
}

// TestSinkDoesNotFollow checks that a Writer with a Sink goes on giving its batches there.
func TestSinkDoesNotFollow(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.RoundRobin}, 3, 1, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		put := 0
		w, err := NewWriter(c, Options{Sink: SinkFunc(func(context.Context, *Sealed) error { put++; return nil })})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetEndpoints(serverNames(1, 3)...); err != nil {
			t.Fatal(err)
		}
		if err := w.Append(t.Context(), []byte("m v=1 1\n")); err != nil {
			t.Fatal(err)
		}
		mustClose(t, w)
		if n := requests(s); put != 1 || n[0]+n[1]+n[2] != 0 {
			t.Errorf("%d batches in the sink, requests %v", put, n)
		}
	})
}

// TestRemovedIsNoFailure: a server that fails after it was removed is not among the last errors.
func TestRemovedIsNoFailure(t *testing.T) {
	following(t, fastclient.Options{Balance: fastclient.Failover}, 2, 2, func(t *testing.T, c *fastclient.Client, s []*influxtest.Server, _ []atomic.Bool) {
		s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			time.Sleep(2 * time.Second)
			influxtest.Error(503, "busy").Play(c, r)
		}))
		w, err := NewWriter(c, Options{BatchLines: 1})
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, w, "m v=1 1\n")
		time.Sleep(time.Second)
		if err := c.RemoveEndpoint("http://server0:8086"); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if l := w.Stats().LastErrors; len(l) > 0 {
			t.Error("a server that was removed is among the last errors:", l)
		}
		mustClose(t, w)
	})
}
