package fastclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
)

// hostRows is a response with rows whose field is a host.
func hostRows(host string, n int) influxtest.Reply {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,[%d,"%s"]`, i, host)
	}
	return influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[` + b.String()[1:] + `]}]}]}`)
}

// each runs Each and returns what the loop sees of every server, in order.
func each(t *testing.T, ctx context.Context, c *Client, opts ...QueryOption) (list []string) {
	for r, err := range c.Each(ctx, "SELECT f FROM m", opts...) {
		one := strings.TrimSuffix(strings.TrimPrefix(r.Addr, "http://"), ":1")
		rows := 0
		for row, rowErr := range r.Rows() {
			if rowErr != nil {
				if err == nil {
					one += " within:" + rowErr.Error()
				} else if !errors.Is(rowErr, errors.Unwrap(err)) && !strings.Contains(rowErr.Error(), err.Error()) {
					t.Errorf("the error of the server is %v, of its rows %v", err, rowErr)
				}
				continue
			}
			if got, _ := row.String(1); got != one[:1] {
				t.Errorf("a row of %s is said to be of %s", got, one[:1])
			}
			rows++
		}
		if err != nil {
			one += " " + err.Error()
		}
		list = append(list, fmt.Sprint(one, " ", rows))
	}
	return list
}

// TestEach checks that every server is asked at the same time, that the rows of each are its
// own, and that the first response comes first.
func TestEach(t *testing.T) {
	for _, balance := range []Balance{Failover, RoundRobin, Replicate, Shard} {
		piped(t, Options{Balance: balance}, 3, func(t *testing.T, c *Client, s []*influxtest.Server) {
			s[0].Play(late(3*time.Second, hostRows("a", 5)))
			s[1].Play(late(time.Second, hostRows("b", 20000)))
			s[2].Play(late(2*time.Second, hostRows("c", 1)))
			start := time.Now()
			got := each(t, t.Context(), c)
			if want := []string{"b 20000", "c 1", "a 5"}; !slices.Equal(got, want) || time.Since(start) != 3*time.Second {
				t.Errorf("%q after %v", got, time.Since(start))
			}
		})
	}
}

// TestEachFails checks that a server which fails is said, in the pair and in its rows, and that
// the others go on: one that refuses, one that breaks off, and one within its response.
func TestEachFails(t *testing.T) {
	piped(t, Options{}, 5, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(late(time.Second, influxtest.Error(401, "no")))
		s[1].Play(late(2*time.Second, influxtest.Drop()))
		s[2].Play(late(3*time.Second, influxtest.JSON(`{"results":[{"statement_id":0,"error":"database not found: d"}]}`)))
		s[3].Play(late(4*time.Second, hostRows("d", 2)))
		s[4].Play(late(5*time.Second, influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[[1,"e"]`)))
		got := each(t, t.Context(), c)
		want := []string{
			"a fastclient: query: status 401: no 0", "b fastclient: query: header b:1: connection closed before a response 0",
			"c within:jsonscan: statement 0: database not found: d 0", "d 2",
			"e within:jsonscan: read response at offset 92: unexpected EOF 1",
		}
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Errorf("got  %q\nwant %q", got, want)
				break
			}
		}
		// b is down now, and up again for a probe.
		s[1].Play(late(0, hostRows("b", 1)))
		time.Sleep(time.Second)
		for r, err := range c.Each(t.Context(), "SELECT f FROM m") {
			if strings.Contains(r.Addr, "b") && err != nil {
				t.Errorf("%v of a server that is up again", err)
			}
		}
	})
}

// TestEachDown checks that a server which does not even respond to probes is said to be down,
// without a query to it.
func TestEachDown(t *testing.T) {
	piped(t, Options{}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(influxtest.Func(influxtest.Error(503, "busy").Play))
		s[1].Play(hostRows("b", 1))
		each(t, t.Context(), c)
		got := each(t, t.Context(), c)
		slices.Sort(got)
		if len(got) != 2 || !strings.HasPrefix(got[0], "a fastclient: query: wait a:1: the server is down") || got[1] != "b 1" {
			t.Errorf("%q", got)
		}
		n := 0
		for _, r := range s[0].Requests() {
			if r.Path == "/query" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d queries to a server that is down", n)
		}
	})
}

// TestEachEnds checks that the context ends all queries, that a loop which is left ends those
// it has not seen, and that nothing stays open.
func TestEachEnds(t *testing.T) {
	piped(t, Options{}, 3, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(hangs)
		s[1].Play(hostRows("b", 1))
		s[2].Play(influxtest.StallBody(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[[1,"c"]`))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		ended := 0
		for r, err := range c.Each(ctx, "SELECT f FROM m") {
			for _, rowErr := range r.Rows() {
				if err == nil {
					err = rowErr
				}
			}
			if errors.Is(err, context.DeadlineExceeded) {
				ended++
			}
		}
		if ended != 2 || time.Since(start) != time.Second {
			t.Errorf("%d queries ended with the context, after %v", ended, time.Since(start))
		}
		s[0].Play(hangs)
		start = time.Now()
		for r, err := range c.Each(t.Context(), "SELECT f FROM m") {
			if strings.Contains(r.Addr, "b") && err == nil {
				break
			}
		}
		synctest.Wait()
		if st := c.Stats(); st.Conns != st.Idle || time.Since(start) > 5*time.Millisecond {
			t.Errorf("%d connections, %d idle, after %v", st.Conns, st.Idle, time.Since(start))
		}
		func() {
			defer func() {
				if recover() != "stop" {
					t.Error("no panic")
				}
			}()
			for range c.Each(t.Context(), "SELECT f FROM m") {
				panic("stop")
			}
		}()
		synctest.Wait()
		if st := c.Stats(); st.Conns != st.Idle {
			t.Errorf("after a panic: %d connections, %d idle", st.Conns, st.Idle)
		}
	})
}

// TestEachOptions checks that options are for each server, and that an option which is wrong
// is the error of all.
func TestEachOptions(t *testing.T) {
	piped(t, Options{Retry: &RetryPolicy{}}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(influxtest.Error(503, "busy"), influxtest.Status(204), hostRows("a", 1))
		s[1].Play(hostRows("b", 3000))
		got := each(t, t.Context(), c, Database("e"), MaxBytes(5000))
		slices.Sort(got)
		if len(got) != 2 || got[0] != "a 1" || !strings.Contains(got[1], "response exceeds the limit") {
			t.Errorf("%.200q", got)
		}
		if db := s[1].Last().Form.Get("db"); db != "e" {
			t.Errorf("database %q", db)
		}
		n := 0
		for _, err := range c.Each(t.Context(), "SELECT f FROM m", Chunked(-1)) {
			var e *OptionError
			if !errors.As(err, &e) {
				t.Errorf("%v", err)
			}
			n++
		}
		if n != 2 {
			t.Errorf("%d pairs", n)
		}
	})
}

// TestEachWhileServersChange checks that the servers are those of the moment of the call.
func TestEachWhileServersChange(t *testing.T) {
	changing(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		for i, one := range s {
			one.Play(late(time.Second, hostRows(string(rune('a'+i)), 1)))
		}
		var got []string
		var all sync.WaitGroup
		all.Go(func() { got = each(t, t.Context(), c) })
		synctest.Wait()
		if err := c.SetEndpoints("http://c:1"); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		slices.Sort(got)
		if !slices.Equal(got, []string{"a 1", "b 1"}) {
			t.Errorf("%q", got)
		}
		if got := each(t, t.Context(), c); !slices.Equal(got, []string{"c 1"}) {
			t.Errorf("%q", got)
		}
	})
}

// TestEachSQL checks that a query for InfluxDB 3 goes to each server, too.
func TestEachSQL(t *testing.T) {
	piped(t, Options{Balance: Shard, Database: "d"}, 3, func(t *testing.T, c *Client, s []*influxtest.Server) {
		for i, one := range s {
			one.Play(jsonl(fmt.Sprintf("{\"f\":%d}\n", i)))
		}
		var got []int64
		for r, err := range c.Each(t.Context(), "SELECT f FROM m", SQL()) {
			if err != nil {
				t.Fatal(err)
			}
			for row, err := range r.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				v, _ := row.Int(0)
				got = append(got, v)
			}
		}
		if slices.Sort(got); !slices.Equal(got, []int64{0, 1, 2}) {
			t.Errorf("rows of %v", got)
		}
	})
}
