package fastclient

import (
	"context"
	"errors"
	"strings"
	"sync"
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

// Many calls that meet the same failure are one failure, and a call that began
// before the server was found down neither opens nor shuts the way for a probe.
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
		for _, epoch := range epochs[:29] {
			h.report(epoch, errBusy)
		}
		if _, ok := h.admit(); ok || h.up() {
			t.Error("a server that is down is tried at once")
		}
		time.Sleep(backoff.First)
		probe, ok := h.admit()
		if !ok {
			t.Fatal("30 failures at once keep a server down for longer than one does")
		}
		h.report(epochs[29], errBusy)
		if _, ok := h.admit(); ok {
			t.Error("a second probe, let through by a late failure")
		}
		h.report(epochs[28], nil)
		if h.up() {
			t.Error("a late success makes the server up")
		}
		h.report(probe, context.Canceled)
		if probe, ok = h.admit(); !ok {
			t.Fatal("a probe that was cancelled keeps the next one back")
		}
		h.report(probe, errRefused)
		if !h.up() {
			t.Error("a server that responded to a probe is down")
		}
	})
}

// twoServers returns a client of two servers.
func twoServers(t *testing.T, o Options) (c *Client, a, b *influxtest.Server) {
	t.Helper()
	a, b = influxtest.New(t), influxtest.New(t)
	o.Addrs = []string{b.URL}
	return client(t, a, o), a, b
}

func writeOne(t *testing.T, c *Client) error {
	t.Helper()
	return c.Write(t.Context(), []byte("m f=1 1\n"))
}

// A call goes to the next server when one is down, comes back when that one responds to a
// probe, and asks the one that is due first when all are down.
func TestFailover(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		c, a, b := twoServers(t, o)
		if err := writeOne(t, c); err != nil || len(a.Requests()) != 1 || len(b.Requests()) != 0 {
			t.Fatalf("%v, %d and %d requests", err, len(a.Requests()), len(b.Requests()))
		}
		a.Play(influxtest.Error(503, "busy"))
		for range 3 {
			if err := writeOne(t, c); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(b.Requests()); n != 3 || len(a.Requests()) != 2 || c.Stats().Failovers != 1 {
			t.Errorf("%d and %d requests, %d failovers", len(a.Requests()), n, c.Stats().Failovers)
		}
		b.Play(influxtest.Error(503, "busy"))
		var server *ServerError
		for range 3 {
			if err := writeOne(t, c); !errors.As(err, &server) {
				t.Fatalf("%v of servers that are down", err)
			}
		}
		a.Play(influxtest.Status(204))
		b.Play(influxtest.Status(204))
		for range 2 {
			if err := writeOne(t, c); err != nil {
				t.Errorf("%v after the servers came back", err)
			}
		}
	})
}

// What one server refuses no other is asked.
func TestNoFailover(t *testing.T) {
	c, a, b := twoServers(t, Options{})
	a.Play(influxtest.Error(400, "unable to parse"))
	if err := writeOne(t, c); !errors.Is(err, ErrBadRequest) {
		t.Error(err)
	}
	a.Play(influxtest.Drop())
	var lost *TransportError
	if err := writeOne(t, c); !errors.As(err, &lost) || !lost.Ambiguous {
		t.Errorf("%v", err)
	}
	if n := len(b.Requests()); n != 0 {
		t.Errorf("%d requests to the other server", n)
	}
	if err := c.Write(t.Context(), []byte("m f=1 1\n"), Idempotent()); err != nil || len(b.Requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(b.Requests()))
	}
}

func TestRoundRobin(t *testing.T) {
	c, a, b := twoServers(t, Options{Balance: RoundRobin})
	for range 10 {
		if err := writeOne(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.Requests()) != 5 || len(b.Requests()) != 5 {
		t.Errorf("%d and %d requests", len(a.Requests()), len(b.Requests()))
	}
}

// A write is sent to every server; which of them did not take it says the error.
func TestReplicate(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Balance = Replicate
		c, a, b := twoServers(t, o)
		if err := writeOne(t, c); err != nil || len(a.Requests()) != 1 || len(b.Requests()) != 1 {
			t.Fatalf("%v, %d and %d requests", err, len(a.Requests()), len(b.Requests()))
		}
		b.Play(influxtest.Error(503, "busy"))
		err := writeOne(t, c)
		var r *ReplicaError
		var server *ServerError
		if !errors.As(err, &r) || r.Failed != 1 || r.Errs[0] != nil || !errors.As(r.Errs[1], &server) || !Retryable(err) || !strings.Contains(err.Error(), "busy") {
			t.Errorf("%v", err)
		}
		if s := c.Stats().Endpoints; len(s) != 2 || !s[0].Up || s[1].Up {
			t.Errorf("%+v", s)
		}
	})
}

// What one server of a set refuses as it is, it gets in another form, and the others
// do not get again.
func TestReplicateRefused(t *testing.T) {
	lines := strings.Repeat("measurement field=123456789 1500000000000000000\n", 100)
	stored := func(s *influxtest.Server) (n int, body string) {
		for _, r := range s.Requests() {
			if r.Header.Get("X-Refused") == "" {
				body += string(r.Body)
			}
		}
		return len(s.Requests()), body
	}
	refusing := func(status int, refuses func(r *influxtest.Request) bool) influxtest.Reply {
		return influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			if refuses(r) {
				r.Header.Set("X-Refused", "yes")
				influxtest.Error(status, "no").Play(c, r)
				return
			}
			influxtest.Status(204).Play(c, r)
		})
	}
	both(t, func(t *testing.T, o Options) {
		o.Balance, o.Compression.Always, o.Retry = Replicate, true, &RetryPolicy{}
		c, a, b := twoServers(t, o)
		b.Play(refusing(415, func(r *influxtest.Request) bool { return r.Header.Get("Content-Encoding") != "" }))
		for i := range 3 {
			if err := c.Write(t.Context(), []byte(lines)); err != nil {
				t.Fatal(err)
			}
			n, got := stored(a)
			if n != i+1 || got != strings.Repeat(lines, n) || a.Last().Header.Get("Content-Encoding") != "gzip" {
				t.Errorf("415: the server that took it was sent %d requests", n)
			}
			if n, got := stored(b); n != i+2 || got != strings.Repeat(lines, i+1) {
				t.Errorf("415: the server that refused it was sent %d requests", n)
			}
		}

		c, a, b = twoServers(t, o)
		b.Play(refusing(413, func(r *influxtest.Request) bool { return len(r.Body) > len(lines)/3 }))
		if err := c.Write(t.Context(), []byte(lines)); err != nil {
			t.Fatal(err)
		}
		if n, got := stored(a); n != 1 || got != lines {
			t.Errorf("413: the server that took it was sent %d requests", n)
		}
		if n, got := stored(b); n != 7 || got != lines {
			t.Errorf("413: the server that refused it was sent %d requests, and stored %d of %d bytes", n, len(got), len(lines))
		}
		if st := c.Stats(); st.Writes != 1 || st.Splits != 3 {
			t.Errorf("%+v", st)
		}
		b.Play(influxtest.Error(413, "no"))
		var r *ReplicaError
		if err := c.Write(t.Context(), []byte(lines)); !errors.As(err, &r) || r.Failed != 1 || !errors.Is(r.Errs[1], ErrTooLarge) {
			t.Errorf("%.200v", err)
		}
		if n, _ := stored(a); n != 2 {
			t.Errorf("413 for ever: the server that took it was sent %d requests", n)
		}
	})
}

// Calls that meet servers that are down at the same time, while they come and go,
// end with a response or with an error that says so.
func TestFailoverTogether(t *testing.T) {
	c, a, b := twoServers(t, Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				err := writeOne(t, c)
				var server *ServerError
				if err != nil && !errors.As(err, &server) && !errors.Is(err, errNoEndpoint) {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		a.Play(influxtest.Error(503, "busy"))
		b.Play(influxtest.Error(503, "busy"))
		a.Play(influxtest.Status(204))
		b.Play(influxtest.Status(204))
	}
	all.Wait()
	for range 3 {
		if err := writeOne(t, c); err != nil {
			t.Error(err)
		}
	}
}
