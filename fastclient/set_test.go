package fastclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// A piper is servers a, b, … in memory, of which a client may have some.
type piper struct {
	servers []*influxtest.Server
	dials   map[string]func(context.Context, string, string) (net.Conn, error)
}

func newPiper(t *testing.T, n int) *piper {
	p := &piper{dials: map[string]func(context.Context, string, string) (net.Conn, error){}}
	for i := range n {
		s, dial := influxtest.NewPipe(t)
		p.servers = append(p.servers, s)
		p.dials[string(rune('a'+i))+":1"] = dial
	}
	return p
}

func (p *piper) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return p.dials[addr](ctx, network, addr)
}

func (p *piper) close() {
	for _, s := range p.servers {
		s.Close()
	}
}

// changing runs a test with servers a to d, of which the client has a and b.
func changing(t *testing.T, o Options, f func(t *testing.T, c *Client, s []*influxtest.Server)) {
	both(t, func(t *testing.T, base Options) {
		synctest.Test(t, func(t *testing.T) {
			p := newPiper(t, 4)
			o := o
			o.NetHTTP, o.Dial, o.Database = base.NetHTTP, p.dial, "d"
			o.Addr, o.Addrs = "http://a:1", []string{"http://b:1"}
			c, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			f(t, c, p.servers)
			c.Close()
			p.close()
		})
	})
}

func names(c *Client) string {
	var list []string
	for _, e := range c.Stats().Endpoints {
		list = append(list, strings.TrimSuffix(strings.TrimPrefix(e.Addr, "http://"), ":1"))
	}
	return strings.Join(list, " ")
}

// TestSetEndpoints checks that calls go to the servers of the moment, that one which stays
// keeps its connections and its health, and that counters do not go back.
func TestSetEndpoints(t *testing.T) {
	changing(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		view := c.WithDatabase("e")
		s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			influxtest.Error(503, "busy").Play(c, r)
		}))
		write := func() {
			t.Helper()
			if err := view.Write(t.Context(), oneLine); err != nil {
				t.Fatal(err)
			}
		}
		write()
		before := c.Stats()
		if err := c.SetEndpoints("http://c:1", "http://a:1", "http://b:1"); err != nil || names(c) != "c a b" {
			t.Fatalf("%v, servers %s", err, names(c))
		}
		write()
		if len(writes(s[2])) != 1 || len(writes(s[0])) != 1 || len(writes(s[1])) != 1 {
			t.Errorf("%d, %d and %d writes", len(writes(s[0])), len(writes(s[1])), len(writes(s[2])))
		}
		if e := c.Stats().Endpoints; e[1].WritesUp || !e[2].WritesUp || e[2].Conns != 1 {
			t.Errorf("a and b after the change: %+v", e)
		}
		if err := view.RemoveEndpoint("http://c:1"); err != nil || names(c) != "a b" {
			t.Fatalf("%v, servers %s", err, names(c))
		}
		write()
		synctest.Wait()
		if len(writes(s[1])) != 2 || s[1].Accepted() != 1 || s[2].Open() != 0 {
			t.Errorf("%d writes over %d connections, %d are open to a server that was removed", len(writes(s[1])), s[1].Accepted(), s[2].Open())
		}
		if st := c.Stats(); st.Dials < before.Dials+1 || st.WireBytes <= before.WireBytes || st.Reuses < 1 {
			t.Errorf("before %+v\nafter %+v", before, st)
		}
		if err := c.AddEndpoint("http://d:1"); err != nil || names(c) != "a b d" {
			t.Errorf("%v, servers %s", err, names(c))
		}
		if err := c.SetEndpoints("http://d:1"); err != nil || names(c) != "d" {
			t.Errorf("%v, servers %s", err, names(c))
		}
		write() // a set of one, again
		if len(writes(s[3])) != 1 {
			t.Errorf("%d writes", len(writes(s[3])))
		}
		if len(c.removed) != 0 {
			t.Errorf("%d servers are kept without need", len(c.removed))
		}
	})
}

// TestSetEndpointsErrors checks that nothing changes after an error.
func TestSetEndpointsErrors(t *testing.T) {
	c, err := New(Options{Addr: "http://a:1", Addrs: []string{"http://b:1"}, Username: "u", Password: NewSecret("p")})
	if err != nil {
		t.Fatal(err)
	}
	bad := func(what string, err error) {
		t.Helper()
		var e *OptionError
		if !errors.As(err, &e) || e.Field != "Addrs" || names(c) != "a b" {
			t.Errorf("%s: %v, servers %s", what, err, names(c))
		}
	}
	bad("none", c.SetEndpoints())
	bad("empty", c.SetEndpoints("http://a:1", ""))
	bad("one twice", c.SetEndpoints("http://a:1", "http://c:1", "http://a:1/"))
	if _, err := New(Options{Addr: "http://a:1", Addrs: []string{"http://a:1/"}}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("New with a server twice: %v", err)
	}
	bad("a port", c.SetEndpoints("http://c:65536"))
	bad("another user", c.SetEndpoints("http://x:p@c:1"))
	bad("another password", c.AddEndpoint("http://u:x@c:1"))
	bad("parameters", c.AddEndpoint("http://c:1?db=d"))
	bad("there already", c.AddEndpoint("http://a:1/"))
	bad("not there", c.RemoveEndpoint("http://c:1"))
	if err := c.RemoveEndpoint("http://b:1"); err != nil {
		t.Error(err)
	}
	var e *OptionError
	if err := c.RemoveEndpoint("http://a:1"); !errors.As(err, &e) {
		t.Errorf("the last one: %v", err)
	}
	if err := c.AddEndpoint("http://u:p@b:1"); err != nil {
		t.Error(err)
	}
	bad("of a probe", c.alone(c.servers()[0], &c.servers()[0].writes).AddEndpoint("http://c:1"))
	c.Close()
	if err := c.AddEndpoint("http://c:1"); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	plain, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.AddEndpoint("http://u:p@c:1"); !errors.As(err, &e) {
		t.Errorf("a user that the client has not: %v", err)
	}
	plain.Close()
}

// TestRemoveEndpointUnderWay checks that requests to a server end as they would have when it
// is removed, that their connections are closed then, and that Close still ends them.
func TestRemoveEndpointUnderWay(t *testing.T) {
	for _, closes := range []bool{false, true} {
		changing(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
			goOn := make(chan struct{})
			s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
				if r.Path == "/query" {
					c.Send(influxtest.ChunkedHead() + influxtest.ChunkedBody(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time"],"values":[[1]`))
				}
				select {
				case <-goOn:
				case <-time.After(time.Hour):
				}
				if r.Path == "/query" {
					c.Send(influxtest.ChunkedBody(`,[2]]}]}]}`) + "0\r\n\r\n")
					return
				}
				influxtest.Status(204).Play(c, r)
			}))
			var all sync.WaitGroup
			var wrote, read error
			rows := 0
			all.Go(func() { wrote = c.Write(t.Context(), oneLine) })
			all.Go(func() {
				r, err := c.Query(t.Context(), "SELECT f FROM m")
				if err != nil {
					t.Error(err)
					return
				}
				for _, err := range r.Rows() {
					if read = err; err == nil {
						rows++
					}
				}
			})
			synctest.Wait()
			if err := c.RemoveEndpoint("http://a:1"); err != nil {
				t.Fatal(err)
			}
			if err := c.Write(t.Context(), oneLine); err != nil || len(writes(s[1])) != 1 {
				t.Errorf("%v", err)
			}
			if err := c.AddEndpoint("http://a:1"); err != nil || len(c.removed) != 1 {
				t.Errorf("%v; %d servers have something under way", err, len(c.removed))
			}
			if closes {
				c.Close()
				all.Wait()
				if !errors.Is(wrote, ErrClosed) || !errors.Is(read, ErrClosed) {
					t.Errorf("after Close: %v, %v", wrote, read)
				}
				close(goOn)
				return
			}
			close(goOn)
			all.Wait()
			synctest.Wait()
			if wrote != nil || read != nil || rows != 2 {
				t.Errorf("%v, %v, %d rows", wrote, read, rows)
			}
			if s[0].Open() != 0 {
				t.Errorf("%d connections are open", s[0].Open())
			}
			if c.Stats(); len(c.removed) != 0 {
				t.Errorf("%d servers are kept", len(c.removed))
			}
		})
	}
}

// TestRetain checks that an attempt at a server which was removed and forgotten meanwhile is
// made, counted once, and ended by Close.
func TestRetain(t *testing.T) {
	changing(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		if err := c.Write(t.Context(), oneLine); err != nil {
			t.Fatal(err)
		}
		a := c.servers()[0]
		if err := c.SetEndpoints("http://b:1"); err != nil || len(c.removed) > 0 {
			t.Fatalf("%v, %d are kept", err, len(c.removed))
		}
		send := func() error {
			one := call{op: "write", path: []byte("/write?db=d"), only: a}
			one.req.Method, one.req.Body = "POST", oneLine
			err := c.do(t.Context(), &one)
			if err == nil {
				one.resp.Close()
			}
			return err
		}
		for range 2 {
			if err := send(); err != nil || c.Stats().Dials != uint64(s[0].Accepted()) {
				t.Errorf("%v, %d dials of %d", err, c.Stats().Dials, s[0].Accepted())
			}
		}
		s[0].Play(hangs)
		time.AfterFunc(time.Second, func() { c.Close() })
		if err := send(); !errors.Is(err, ErrClosed) {
			t.Errorf("during Close: %v", err)
		}
		if err := send(); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestRemoveEndsProbes checks that the probes of a server end when it is removed, and that a
// server which is added lets calls pass that wait for those which are down.
func TestRemoveEndsProbes(t *testing.T) {
	var probing atomic.Int32
	o := Options{Probe: func(ctx context.Context, c *Client) error {
		probing.Add(1)
		defer probing.Add(-1)
		<-ctx.Done()
		return ctx.Err()
	}}
	changing(t, o, func(t *testing.T, c *Client, s []*influxtest.Server) {
		busy := influxtest.Func(influxtest.Error(503, "busy").Play)
		s[0].Play(busy)
		s[1].Play(busy)
		if err := c.Write(t.Context(), oneLine); err == nil {
			t.Fatal("stored by servers that are down")
		}
		time.Sleep(time.Second)
		if n := probing.Load(); n != 2 {
			t.Fatalf("%d probes are under way", n)
		}
		start := time.Now()
		var wrote error
		done := make(chan struct{})
		go func() {
			wrote = c.Write(t.Context(), oneLine)
			close(done)
		}()
		synctest.Wait()
		if err := c.AddEndpoint("http://c:1"); err != nil {
			t.Fatal(err)
		}
		<-done
		if wrote != nil || time.Since(start) != 0 || len(writes(s[2])) != 1 {
			t.Errorf("%v after %v", wrote, time.Since(start))
		}
		if err := c.SetEndpoints("http://c:1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := probing.Load(); n != 0 {
			t.Errorf("%d probes of servers that were removed", n)
		}
		time.Sleep(time.Hour)
		if n := probing.Load(); n != 0 {
			t.Errorf("%d probes an hour later", n)
		}
	})
}

// TestSubsetChanges checks that a change of the servers moves few clients, as a new client
// would choose.
func TestSubsetChanges(t *testing.T) {
	addr := func(i int) string { return fmt.Sprintf("http://s%d:8086", i) }
	const servers, size = 12, 3
	moved := 0
	for i := range 200 {
		id := fmt.Sprint("collector-", i)
		o := Options{Addr: addr(0), Subset: Subset{Size: size, ID: id}}
		for i := 1; i < servers; i++ {
			o.Addrs = append(o.Addrs, addr(i))
		}
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		before := c.servers()
		if err := c.AddEndpoint(addr(servers)); err != nil {
			t.Fatal(err)
		}
		after := c.servers()
		if got := strings.Split(names(c), " "); len(got) != size || !slices.Equal(stats(c), subsetOf(t, id, size, servers+1)) {
			t.Errorf("%s uses %q", id, got)
		}
		kept := 0
		for _, e := range before {
			if slices.Contains(after, e) {
				kept++
			}
		}
		if kept < size {
			moved++
		}
		if kept < size-1 {
			t.Errorf("%s keeps %d of its servers", id, kept)
		}
		if err := c.RemoveEndpoint(addr(servers)); err != nil || !slices.Equal(stats(c), subsetOf(t, id, size, servers)) {
			t.Errorf("%s: %v, uses %q afterwards", id, err, stats(c))
		}
		c.Close()
	}
	if moved == 0 || moved > 200*size*2/(servers+1) {
		t.Errorf("%d of 200 clients moved", moved)
	}
}

func stats(c *Client) (addrs []string) {
	for _, e := range c.Stats().Endpoints {
		addrs = append(addrs, e.Addr)
	}
	return addrs
}

// TestChangesTogether checks that writes and queries all succeed while servers come and go.
func TestChangesTogether(t *testing.T) {
	for _, balance := range []Balance{Failover, RoundRobin, Replicate} {
		changing(t, Options{Balance: balance}, func(t *testing.T, c *Client, s []*influxtest.Server) {
			for _, one := range s {
				one.Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
					time.Sleep(time.Millisecond)
					reply(c, r)
				}))
			}
			stop := make(chan struct{})
			var all sync.WaitGroup
			for i := range 6 {
				all.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						var err error
						if i%2 == 0 {
							err = c.Write(t.Context(), oneLine)
						} else {
							err = c.Exec(t.Context(), "SELECT f FROM m")
						}
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			sets := [][]string{{"a"}, {"b", "c"}, {"a", "b", "c", "d"}, {"d"}, {"c", "a"}, {"d", "b"}}
			for i := range 120 {
				var addrs []string
				for _, host := range sets[i%len(sets)] {
					addrs = append(addrs, "http://"+host+":1")
				}
				if err := c.SetEndpoints(addrs...); err != nil {
					t.Error(err)
				}
				time.Sleep(1500 * time.Microsecond)
			}
			close(stop)
			all.Wait()
			synctest.Wait()
			if c.Stats(); len(c.removed) > 0 {
				t.Errorf("%d servers are kept", len(c.removed))
			}
			open := 0
			for _, one := range s {
				open += one.Open()
			}
			if st := c.Stats(); open != st.Conns {
				t.Errorf("%d connections are open, %d are counted", open, st.Conns)
			}
		})
	}
}

// TestHealthApart checks that a server which is down for queries takes writes, and the other
// way round, and that each kind has its probe.
func TestHealthApart(t *testing.T) {
	var asked [2]atomic.Int32
	probe := func(i int) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			asked[i].Add(1)
			return errors.New("still down")
		}
	}
	o := Options{Probe: probe(0), ProbeQueries: probe(1)}
	for _, kind := range []string{"/write", "/query"} {
		changing(t, o, func(t *testing.T, c *Client, s []*influxtest.Server) {
			asked[0].Store(0)
			asked[1].Store(0)
			s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
				if r.Path == kind {
					influxtest.Error(503, "no quorum").Play(c, r)
					return
				}
				reply(c, r)
			}))
			s[1].Play(influxtest.Func(reply))
			for range 3 {
				if err := c.Write(t.Context(), oneLine); err != nil {
					t.Error(err)
				}
				if err := c.Exec(t.Context(), "SELECT f FROM m"); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(time.Minute)
			if e := c.Stats().Endpoints[0]; e.Up || e.WritesUp != (kind != "/write") || e.QueriesUp != (kind != "/query") {
				t.Errorf("%s fails: %+v", kind, e)
			}
			if w, q := asked[0].Load(), asked[1].Load(); (w > 0) != (kind == "/write") || (q > 0) != (kind == "/query") {
				t.Errorf("%s fails: %d probes for writes, %d for queries", kind, w, q)
			}
			if n, m := len(s[0].Requests()), len(s[1].Requests()); n != 4 || m != 3 {
				t.Errorf("%s fails: %d and %d requests", kind, n, m)
			}
		})
	}
}
