package fastclient

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/influxtest"
)

var (
	errBusy    = &ServerError{Op: "write", Status: 503}
	errRefused = &ServerError{Op: "write", Status: 400}
)

// Many calls that meet the same failure are one failure, and a call that began before the
// server was found down says nothing new.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h health
		var epochs []uint64
		for range 30 {
			epoch, ok := h.admit()
			if !ok {
				t.Fatal("a server that is up is not tried")
			}
			epochs = append(epochs, epoch)
		}
		for i, epoch := range epochs[:29] {
			if down := h.note(epoch, errBusy); down != (i == 0) {
				t.Errorf("failure %d of the same epoch counts: %v", i, down)
			}
		}
		if h.up() || h.g.Failures != 1 || time.Until(h.g.Until) > backoff.First {
			t.Errorf("30 failures at once: %+v", h.g)
		}
		h.note(epochs[29], nil)
		if h.up() {
			t.Error("a late success makes the server up")
		}
		h.ready = true // by a probe
		epoch, ok := h.admit()
		if !ok {
			t.Fatal("a server that responded to a probe is down")
		}
		h.note(epoch, context.Canceled)
		if !h.up() {
			t.Error("a call that was cancelled makes the server down")
		}
		h.note(epoch, errBusy)
		if h.up() || h.g.Failures != 2 {
			t.Errorf("the pauses begin anew after a probe: %+v", h.g)
		}
		h.ready = true
		epoch, _ = h.admit()
		h.note(epoch, errRefused)
		if !h.up() || h.g.Failures != 0 {
			t.Error("a server that responded is down")
		}
	})
}

// piped runs a test with a client of servers a, b, … in memory and under a fake clock.
func piped(t *testing.T, o Options, n int, f func(t *testing.T, c *Client, s []*influxtest.Server)) {
	both(t, func(t *testing.T, base Options) {
		synctest.Test(t, func(t *testing.T) {
			o := o
			o.NetHTTP, o.Database = base.NetHTTP, "d"
			o.Addr, o.Addrs = "", nil
			var servers []*influxtest.Server
			dials := map[string]func(context.Context, string, string) (net.Conn, error){}
			for i := range n {
				host := string(rune('a'+i)) + ":1"
				s, dial := influxtest.NewPipe(t)
				servers, dials[host] = append(servers, s), dial
				if i == 0 {
					o.Addr = "http://" + host
				} else {
					o.Addrs = append(o.Addrs, "http://"+host)
				}
			}
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				return dials[addr](ctx, network, addr)
			}
			c, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			f(t, c, servers)
			c.Close()
			for _, s := range servers {
				s.Close()
			}
		})
	})
}

// hangs is a server that takes requests and never responds.
var hangs = influxtest.Silent()

// TestHangingServer checks that a server which hangs is left after the deadline of a call,
// gets no write again until a probe has found it up, and that short deadlines add up.
func TestHangingServer(t *testing.T) {
	for _, limit := range []time.Duration{10 * time.Second, 300 * time.Millisecond} {
		piped(t, Options{}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
			s[0].Play(hangs)
			write := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				return c.Write(ctx, []byte("m f=1 1\n"))
			}
			lost := 0
			start := time.Now()
			for range 50 {
				if err := write(); err != nil {
					if lost++; !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("%v", err)
					}
				}
			}
			most := max(limit, slowAttempt+limit)
			if took := time.Since(start); took > most || lost != int(took/limit) {
				t.Errorf("50 writes took %v, %d were lost", took, lost)
			}
			if len(writes(s[0])) != lost || len(writes(s[1])) != 50-lost {
				t.Errorf("%d and %d writes", len(writes(s[0])), len(writes(s[1])))
			}
			if e := c.Stats().Endpoints; e[0].Up || !e[1].Up {
				t.Errorf("%+v", e)
			}
			time.Sleep(2 * time.Minute) // probes hang, too
			if err := write(); err != nil || len(writes(s[0])) != lost {
				t.Errorf("%v, %d writes to the server that hangs", err, len(writes(s[0])))
			}
			if n := len(s[0].Requests()) - lost; n < 3 || n > 12 {
				t.Errorf("%d probes in two minutes", n)
			}
			s[0].Play(influxtest.Status(204))
			time.Sleep(backoff.Max + probeTime)
			if err := write(); err != nil || len(writes(s[0])) != lost+1 {
				t.Errorf("%v, %d writes to the server that is back", err, len(writes(s[0])))
			}
		})
	}
}

// TestHangingBatch checks that a batch of a writer leaves a server which hangs after half
// of its time, and one which is slow not again.
func TestHangingBatch(t *testing.T) {
	piped(t, Options{}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		send := func() (time.Duration, error) {
			one := call{op: "write", path: []byte("/write"), idempotent: true, until: time.Now().Add(10 * time.Second)}
			one.req.Method, one.req.Body = "POST", []byte("m f=1 1\n")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			start := time.Now()
			err := c.failover(ctx, &one, 1)
			if err == nil {
				one.resp.Close()
			}
			return time.Since(start), err
		}
		if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil { // says nothing of batches
			t.Fatal(err)
		}
		s[0].Play(hangs)
		if took, err := send(); err != nil || took != 5*time.Second {
			t.Errorf("a server that hangs: %v after %v", err, took)
		}
		if took, err := send(); err != nil || took != 0 || len(writes(s[0])) != 2 {
			t.Errorf("the next batch: %v after %v", err, took)
		}
		// Both are alive and take 7 s to store a batch.
		slow := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			if r.Path == "/write" {
				time.Sleep(7 * time.Second)
			}
			influxtest.Status(204).Play(c, r)
		})
		s[0].Play(slow)
		s[1].Play(slow)
		time.Sleep(backoff.Max + probeTime)
		lost, before := 0, len(writes(s[0]))+len(writes(s[1]))
		for range 10 {
			if _, err := send(); err != nil {
				lost++
				time.Sleep(time.Second)
			}
		}
		if n := len(writes(s[0])) + len(writes(s[1])) - before; lost > 1 || n > 12 {
			t.Errorf("slow servers: %d of 10 batches lost, %d writes", lost, n)
		}
	})
}

// TestImpatientQueries checks that callers whose deadlines are too short do not take a
// server away from others that get their responses.
func TestImpatientQueries(t *testing.T) {
	piped(t, Options{}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		late := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			time.Sleep(50 * time.Millisecond)
			influxtest.JSON(`{"results":[{"statement_id":0}]}`).Play(c, r)
		})
		s[0].Play(late)
		s[1].Play(late)
		for i := range 200 {
			limit := 30 * time.Millisecond
			if i%5 == 4 {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			if err := c.Exec(ctx, "SELECT f FROM m", Idempotent()); err != nil && i%5 == 4 {
				t.Errorf("%v", err)
			}
			cancel()
		}
		if !c.servers()[0].queries.up() || len(s[1].Requests()) != 0 {
			t.Errorf("up %v, %d requests to the other", c.servers()[0].queries.up(), len(s[1].Requests()))
		}
	})
}

// TestBusyPool checks that a server is not taken for dead when the client's own
// connections are all in use, neither by a call nor by a probe.
func TestBusyPool(t *testing.T) {
	piped(t, Options{MaxConns: 1}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(influxtest.StallBody(`{"results":[`))
		r, err := c.Query(t.Context(), "SELECT f FROM m")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		if err := c.Exec(ctx, "SELECT f FROM m"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		cancel()
		if !c.servers()[0].queries.up() {
			t.Error("a wait for a connection makes the server down")
		}
		s[0].Play(influxtest.Error(503, "busy"), influxtest.Status(204))
		if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil || c.servers()[0].writes.up() {
			t.Errorf("%v, up %v", err, c.servers()[0].writes.up())
		}
		time.Sleep(2 * time.Second)
		if !c.servers()[0].writes.up() {
			t.Error("the probe of writes waits for a connection of queries")
		}
		r.Close()
	})
}

// TestAmbiguousFailover checks that the failure of the last server does not hide that one
// before it may have applied the write.
func TestAmbiguousFailover(t *testing.T) {
	piped(t, Options{}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(influxtest.Drop())
		s[1].Close()
		err := c.Write(t.Context(), []byte("m f=1 1\n"), Idempotent())
		var e *TransportError
		if !errors.As(err, &e) || !e.Ambiguous || len(writes(s[0])) != 1 {
			t.Errorf("%v: %+v", err, e)
		}
	})
}

// TestProbe checks that the probe of the user decides, with a client of the one server,
// and that its context ends with Close.
func TestProbe(t *testing.T) {
	var asked atomic.Int32
	var fail atomic.Bool
	fail.Store(true)
	o := Options{Probe: func(ctx context.Context, c *Client) error {
		asked.Add(1)
		if c.String() != "fastclient.Client{http://a:1 database=d}" {
			t.Errorf("the probe of %v", c)
		}
		defer c.Close() // leaves the connections alone
		if err := c.Exec(ctx, "SHOW CLUSTER"); err != nil {
			return err
		}
		if fail.Load() {
			return errors.New("a node is down")
		}
		return nil
	}}
	piped(t, o, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		fail.Store(true)
		asked.Store(0)
		shown := influxtest.JSON(`{"results":[{"statement_id":0}]}`)
		s[0].Play(influxtest.Error(503, "busy"), shown)
		for range 3 {
			if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if n := asked.Load(); n < 3 || n > 12 || c.servers()[0].writes.up() || len(writes(s[0])) != 1 {
			t.Errorf("%d probes, up %v, %d writes", n, c.servers()[0].writes.up(), len(writes(s[0])))
		}
		fail.Store(false)
		time.Sleep(backoff.Max)
		if !c.servers()[0].writes.up() {
			t.Error("not up after a probe that succeeded")
		}
		for _, r := range s[0].Requests()[1:] {
			if r.Form.Get("q") != "SHOW CLUSTER" {
				t.Errorf("a probe is %s %v", r.Path, r.Form)
			}
		}
	})
}

// TestCloseEndsProbes checks that Close ends a probe that hangs.
func TestCloseEndsProbes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probing := make(chan struct{}, 10)
		o := Options{Addr: "http://a:1", Addrs: []string{"http://b:1"}, Database: "d"}
		o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no way") }
		o.Probe = func(ctx context.Context, c *Client) error {
			probing <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}
		c, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), []byte("m f=1 1\n")); err == nil || !strings.Contains(err.Error(), "no way") {
			t.Errorf("%v", err)
		}
		<-probing
		start := time.Now()
		c.Close()
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %v", took)
		}
		if err := c.Write(t.Context(), []byte("m f=1 1\n")); !errors.Is(err, ErrClosed) || Retryable(err) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestPingBelowABasePath checks that a server which has no /ping below the base path is
// asked at the root, and that another refusal is the answer.
func TestPingBelowABasePath(t *testing.T) {
	for _, tt := range []struct {
		name  string
		reply influxtest.Reply
		paths string
		ok    bool
	}{
		{"VictoriaMetrics", influxtest.Body(400, `unsupported path requested: "/influx/ping"`), "/influx/ping /ping", true},
		{"a proxy", influxtest.Error(404, "no"), "/influx/ping /ping", true},
		{"not allowed", influxtest.Error(401, "no"), "/influx/ping", false},
		{"below the path", influxtest.Status(204), "/influx/ping", true},
	} {
		s := influxtest.New(t, tt.reply, influxtest.Status(204))
		c, err := New(Options{Addr: s.URL + "/influx"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Ping(t.Context())
		var paths []string
		for _, r := range s.Requests() {
			paths = append(paths, r.Path)
		}
		if got := strings.Join(paths, " "); got != tt.paths || (err == nil) != tt.ok {
			t.Errorf("%s: %v after %s", tt.name, err, got)
		}
		c.Close()
	}
}
