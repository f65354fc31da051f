package fastclient

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/influxtest"
)

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

// A call goes to the next server when one is down, and comes back when that one responds
// to a probe. When all are down it waits for the outcome of probes.
func TestFailover(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		c, a, b := twoServers(t, o)
		if err := writeOne(t, c); err != nil || len(writes(a)) != 1 || len(writes(b)) != 0 {
			t.Fatalf("%v, %d and %d writes", err, len(writes(a)), len(writes(b)))
		}
		a.Play(influxtest.Error(503, "busy"))
		for range 3 {
			if err := writeOne(t, c); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(writes(b)); n != 3 || len(writes(a)) != 2 || c.Stats().Failovers != 1 {
			t.Errorf("%d and %d writes, %d failovers", len(writes(a)), n, c.Stats().Failovers)
		}
		b.Play(influxtest.Error(503, "busy"))
		for i := range 3 {
			err := writeOne(t, c)
			var server *ServerError
			if !errors.As(err, &server) || i > 0 && !errors.Is(err, errNoEndpoint) || !Retryable(err) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v of servers that are down", err)
			}
		}
		a.Play(influxtest.Status(204))
		b.Play(influxtest.Status(204))
		time.Sleep(2 * backoff.First) // a probe may just have been made
		for range 2 {
			if err := writeOne(t, c); err != nil {
				t.Errorf("%v after the servers came back", err)
			}
		}
	})
}

// writes returns the writes among the requests that a server got.
func writes(s *influxtest.Server) (list []*influxtest.Request) {
	for _, r := range s.Requests() {
		if r.Path == "/write" {
			list = append(list, r)
		}
	}
	return list
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
	time.Sleep(2 * backoff.First)
	for range 3 {
		if err := writeOne(t, c); err != nil {
			t.Error(err)
		}
	}
}
