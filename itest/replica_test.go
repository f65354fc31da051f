package itest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// eachPair runs f on every ordered pair of servers of two versions, with a client of both
// over each transport. Both servers have the database.
func eachPair(t *testing.T, second Config, o fastclient.Options, f func(t *testing.T, a, b *Server, c *fastclient.Client)) {
	starts := map[string]func(*testing.T, Config) *Server{"inprocess": startInProcess, "influxd": startInfluxd, "influxdb2": startInfluxDB2}
	pairs := map[string]string{"inprocess": "influxd", "influxd": "inprocess"}
	if second.fits2() { // both have the 1.x endpoint
		pairs = map[string]string{"inprocess": "influxd", "influxd": "influxdb2", "influxdb2": "inprocess"}
	}
	for first, other := range pairs {
		for name, netHTTP := range map[string]bool{"own": false, "nethttp": true} {
			t.Run(first+"/"+name, func(t *testing.T) {
				a, b := starts[first](t, Config{}), starts[other](t, second)
				newDatabase(t, a, "pair")
				newDatabase(t, b, "pair")
				o := o
				if is2(a) || is2(b) { // 1.x without authentication ignores the token
					o.Token = fastclient.NewSecret(Token)
				}
				o.Addr, o.Addrs, o.Database, o.NetHTTP = a.URL(), []string{b.URL()}, "pair", netHTTP
				c, err := fastclient.New(o)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				f(t, a, b, c)
			})
		}
	}
}

// stored returns the values of m on one server.
func stored(t *testing.T, s *Server) string {
	t.Helper()
	c := newClient(t, s, fastclient.Options{Database: "pair"})
	defer c.Close()
	var got []string
	for _, row := range raws(t, c, "SELECT v FROM m") {
		got = append(got, row[1])
	}
	return fmt.Sprint(got)
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

func restart(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
}

// TestFailover checks that calls go to the other server while the first is stopped, and come
// back to it.
func TestFailover(t *testing.T) {
	eachPair(t, Config{}, fastclient.Options{}, func(t *testing.T, a, b *Server, c *fastclient.Client) {
		writeLines(t, c, "m v=1 1\n")
		stop(t, a)
		writeLines(t, c, "m v=2 2\n")
		writeLines(t, c, "m v=3 3\n")
		if got := fmt.Sprint(raws(t, c, "SELECT v FROM m")); got != "[[2 2] [3 3]]" {
			t.Errorf("the response of the other server is %s", got)
		}
		if st := c.Stats(); st.Endpoints[0].Up || !st.Endpoints[1].Up || st.Failovers == 0 {
			t.Errorf("%+v", st)
		}
		restart(t, a)
		for end := time.Now().Add(30 * time.Second); !c.Stats().Endpoints[0].Up; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("nothing goes to the first server again")
			}
			writeLines(t, c, "other v=0 1\n")
		}
		writeLines(t, c, "m v=4 4\n")
		if got, want := stored(t, a)+stored(t, b), "[1 4][2 3]"; got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
		stop(t, a)
		stop(t, b)
		var e *fastclient.TransportError
		if err := c.Write(t.Context(), []byte("m v=5 5\n")); !errors.As(err, &e) || e.Ambiguous || !fastclient.Retryable(err) {
			t.Errorf("with no server running: %v", err)
		}
	})
}

// TestReplicate checks that every server of a replicated set stores every write that it can.
func TestReplicate(t *testing.T) {
	eachPair(t, Config{}, fastclient.Options{Balance: fastclient.Replicate}, func(t *testing.T, a, b *Server, c *fastclient.Client) {
		writeLines(t, c, "m v=1 1\n")
		stop(t, b)
		var r *fastclient.ReplicaError
		if err := c.Write(t.Context(), []byte("m v=2 2\n")); !errors.As(err, &r) || r.Failed != 1 || r.Errs[0] != nil || !fastclient.Retryable(err) {
			t.Errorf("with one server stopped: %v", err)
		}
		restart(t, b)
		writeLines(t, c, "m v=3 3\n")
		stop(t, a)
		if err := c.Write(t.Context(), []byte("m v=4 4\n")); !errors.As(err, &r) || r.Failed != 1 || r.Errs[1] != nil {
			t.Errorf("with the other stopped: %v", err)
		}
		restart(t, a)
		if got, want := stored(t, a)+stored(t, b), "[1 2 3][1 3 4]"; got != want {
			t.Errorf("stored %s, want %s", got, want)
		}
	})
}

// TestReplicateTooLarge checks that a server with a smaller body limit than the others gets
// the same lines.
func TestReplicateTooLarge(t *testing.T) {
	o := fastclient.Options{Balance: fastclient.Replicate, Retry: &fastclient.RetryPolicy{}}
	eachPair(t, Config{MaxBodySize: 20_000}, o, func(t *testing.T, a, b *Server, c *fastclient.Client) {
		writeLines(t, c, manyLines(10_000))
		if st := c.Stats(); st.Splits == 0 || st.Writes != 1 {
			t.Errorf("%+v", st)
		}
		for _, s := range []*Server{a, b} {
			one := newClient(t, s, fastclient.Options{Database: "pair"})
			if got := fmt.Sprint(raws(t, one, "SELECT count(v) FROM b")); got != "[[0 10000]]" {
				t.Errorf("%s stored %s", s.Version(), got)
			}
		}
	})
}
