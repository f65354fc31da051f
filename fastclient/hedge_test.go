package fastclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
)

const usualTime = 20 * time.Millisecond

// hedging runs a test with a client that hedges after three times the usual time, which the
// first server has taught it, for writes and for queries. Both servers respond to queries
// with no rows and to writes with 204.
func hedging(t *testing.T, o Options, f func(t *testing.T, c *Client, s []*influxtest.Server)) {
	if o.Hedge == (Hedge{}) {
		o.Hedge = Hedge{After: 3, Share: 1}
	}
	piped(t, o, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		for _, one := range s {
			one.Play(late(usualTime, influxtest.Status(204)))
		}
		for range 2 * paceWarm {
			if err := c.Write(t.Context(), oneLine, Idempotent()); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range s {
			one.Play(late(usualTime, noRows))
		}
		for range 2 * paceWarm {
			if err := c.Exec(t.Context(), "SELECT f FROM m", Idempotent()); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range s {
			one.Play(late(usualTime, influxtest.Status(204)))
		}
		f(t, c, s)
	})
}

// bodies returns the bodies of the writes that a server got, less those of the beginning.
func bodies(s *influxtest.Server) (list []string) {
	for _, r := range writes(s) {
		if !bytes.Equal(r.Body, oneLine) {
			list = append(list, string(r.Body))
		}
	}
	return list
}

// TestHedge checks that a write which takes three times as long as usual is sent to the other
// server, whose response counts, and that the connection of the first one is closed.
func TestHedge(t *testing.T) {
	hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(hangs)
		lines := []byte("m f=2 2\n")
		start := time.Now()
		if err := c.Write(t.Context(), lines); err != nil {
			t.Fatal(err)
		}
		copy(lines, "changed!") // the caller has its bytes again
		if took := time.Since(start); took != 3*usualTime+usualTime {
			t.Errorf("a write to a server that hangs took %v", took)
		}
		for _, one := range s {
			if got := bodies(one); len(got) != 1 || got[0] != "m f=2 2\n" {
				t.Errorf("a server got %q", got)
			}
		}
		synctest.Wait()
		st := c.Stats()
		if st.Hedged != 1 || st.HedgeWon != 1 || st.Writes != 2*paceWarm+1 || st.Failovers != 0 || st.Cancels != 1 {
			t.Errorf("%+v", st)
		}
		if e := st.Endpoints[0]; e.Conns-e.Idle != 0 || !e.WritesUp {
			t.Errorf("after one attempt that lost: %+v", e)
		}
		before := s[0].Accepted()
		s[0].Play(late(usualTime, influxtest.Status(204)))
		if err := c.Write(t.Context(), []byte("m f=3 3\n")); err != nil || s[0].Accepted() != before+1 {
			t.Errorf("%v; the next write opened %d connections", err, s[0].Accepted()-before)
		}
	})
}

// TestHedgeNothingUnsafe checks which requests are sent twice.
func TestHedgeNothingUnsafe(t *testing.T) {
	write := func(lines string, opts ...WriteOption) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error { return c.Write(ctx, []byte(lines), opts...) }
	}
	query := func(q string, opts ...QueryOption) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			r, err := c.Query(ctx, q, opts...)
			if err == nil {
				r.Close()
			}
			return err
		}
	}
	for _, get := range []bool{false, true} {
		for name, tt := range map[string]struct {
			call   func(context.Context, *Client) error
			hedged bool
		}{
			"lines with timestamps":    {write("m f=1 2\nm f=2 3\n"), true},
			"compressed ones":          {write(strings.Repeat("m f=1 2\n", 1000)), true},
			"one without":              {write("m f=1 2\nm f=2\n"), false},
			"one that is marked":       {write("m f=1\n", Idempotent()), true},
			"one that is invalid":      {write("m f=1 2\nm, 3\n"), false},
			"an open quote":            {write("m f=1 2\nm f=\"a 3\n"), false},
			"points":                   {func(ctx context.Context, c *Client) error { return writePoints(ctx, c, true) }, true},
			"points without times":     {func(ctx context.Context, c *Client) error { return writePoints(ctx, c, false) }, false},
			"a query":                  {query("SELECT f FROM m"), get},
			"one that is marked, too":  {query("SELECT f INTO n FROM m", Idempotent()), true},
			"one that writes":          {query("SELECT f INTO n FROM m"), false},
			"one that writes below":    {query("select f\ninto\nn from m"), false},
			"two statements":           {query("SELECT f FROM m; DROP DATABASE d"), false},
			"a statement that deletes": {query("DROP DATABASE d"), false},
			"SHOW":                     {query(" show databases"), get},
			"a ping":                   {func(ctx context.Context, c *Client) error { _, err := c.Ping(ctx); return err }, false},
		} {
			t.Run(fmt.Sprint(name, get), func(t *testing.T) {
				hedging(t, Options{UseGET: get, Compression: Compression{Always: true}}, func(t *testing.T, c *Client, s []*influxtest.Server) {
					s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
						time.Sleep(time.Second)
						reply(c, r)
					}))
					s[1].Play(influxtest.Func(reply))
					before := len(s[1].Requests())
					if err := tt.call(t.Context(), c); err != nil {
						t.Error(err)
					}
					if n := len(s[1].Requests()) - before; n != int(c.Stats().Hedged) || (n == 1) != tt.hedged {
						t.Errorf("%d requests to the other server, %d are counted", n, c.Stats().Hedged)
					}
				})
			})
		}
	}
}

func writePoints(ctx context.Context, c *Client, stamped bool) error {
	type row struct {
		F int64 `lp:"f"`
	}
	type timed struct {
		F    int64     `lp:"f"`
		Time time.Time `lp:",timestamp"`
	}
	if stamped {
		return WriteStructs(ctx, c, nil, []timed{{1, time.Unix(1, 0)}})
	}
	return WriteStructs(ctx, c, nil, []row{{1}})
}

// TestHedgeVerdicts checks what the responses of two servers mean for a write, in all orders
// of those that matter. The first server is asked at 0, the second one at 60 ms.
func TestHedgeVerdicts(t *testing.T) {
	const soon, later = 10 * time.Millisecond, 200 * time.Millisecond
	stored := influxtest.Status(204)
	refused := influxtest.Error(400, "unable to parse 'm f': missing fields")
	partial := influxtest.Error(400, "partial write: points beyond retention policy dropped=1")
	busy, denied, limited := influxtest.Error(503, "busy"), influxtest.Error(401, "no"), influxtest.Error(429, "slow down")
	foreign := influxtest.Raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 20\r\n\r\n<html>a proxy</html>")
	none := func(err error) bool { return err == nil }
	status := func(n int) func(error) bool {
		return func(err error) bool {
			var e *ServerError
			return errors.As(err, &e) && e.Status == n
		}
	}
	for _, tt := range []struct {
		name          string
		first, second influxtest.Reply
		ok            func(error) bool
		took          time.Duration
		won           uint64 // whether the second one counts
		failed        string // whether the servers have failed
	}{
		{"the second is slower", late(100*time.Millisecond, stored), late(later, stored), none, 100 * time.Millisecond, 0, "0 0"},
		{"the second stores", hangs, late(soon, stored), none, 60*time.Millisecond + soon, 1, "0 0"},
		{"the second refuses lines", hangs, late(soon, refused), status(400), 60*time.Millisecond + soon, 1, "0 0"},
		{"the second stores a part", hangs, late(soon, partial), status(400), 60*time.Millisecond + soon, 1, "0 0"},
		{"the second is busy", late(later, stored), late(soon, busy), none, later, 0, "0 1"},
		{"the second breaks off", late(later, stored), late(soon, influxtest.Drop()), none, later, 0, "0 1"},
		{"the second denies", late(later, stored), late(soon, denied), none, later, 0, "0 0"},
		{"a proxy responds for the second", late(later, stored), late(soon, foreign), none, later, 0, "0 0"},
		{"the second limits", late(later, stored), late(soon, limited), none, later, 0, "0 0"},
		{"the first fails late", late(later, busy), late(later, stored), none, 60*time.Millisecond + later, 1, "1 0"},
		{"the first breaks off late", late(later, influxtest.Drop()), late(later, stored), none, 60*time.Millisecond + later, 1, "1 0"},
		{"the first limits late", late(later, limited), late(later, stored), none, 60*time.Millisecond + later, 1, "0 0"},
		{"the first refuses", late(later, refused), late(later, stored), status(400), later, 0, "0 0"},
		{"the first fails, the second denies", late(later, busy), late(soon, denied), status(401), later, 1, "1 0"},
		{"both fail", late(later, busy), late(later, busy), status(503), 60*time.Millisecond + later, 0, "1 1"},
		{"both limit", late(later, limited), late(later, limited), status(429), 60*time.Millisecond + later, 0, "0 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
				s[0].Play(tt.first)
				s[1].Play(tt.second)
				before := c.Stats()
				start := time.Now()
				err := c.Write(t.Context(), []byte("m f=2 2\n"))
				if took := time.Since(start); !tt.ok(err) || took != tt.took {
					t.Errorf("%v after %v, want %v", err, took, tt.took)
				}
				synctest.Wait()
				st := c.Stats()
				if st.Hedged != 1 || st.HedgeWon != tt.won || st.Requests != before.Requests+2 || (st.Writes != before.Writes) != (err == nil) {
					t.Errorf("%+v", st)
				}
				if failed := fmt.Sprint(c.servers()[0].writes.g.Failures, c.servers()[1].writes.g.Failures); failed != tt.failed {
					t.Errorf("failures: %s, want %s", failed, tt.failed)
				}
				if n := len(bodies(s[0])) + len(bodies(s[1])); n != 2 {
					t.Errorf("%d writes", n)
				}
			})
		})
	}
}

// TestHedgeTie checks what counts if an attempt got its response although the other one had
// decided: lines that any server stored are stored, and of two responses one is left open.
func TestHedgeTie(t *testing.T) {
	refused := &ServerError{Op: "write", Status: 400}
	failed := &TransportError{Op: "write", Phase: PhaseDial, Err: ErrTimeout}
	maybe := &TransportError{Op: "write", Phase: PhaseHeader, Ambiguous: true, Err: ErrTimeout}
	for _, tt := range []struct {
		name          string
		winner        int
		first, second error
		stream        bool
		err           error
		used          int
	}{
		{"both stored, the first before", 1, nil, nil, false, nil, 1},
		{"both stored, the second before", 2, nil, nil, false, nil, 2},
		{"stored after a refusal", 2, nil, refused, false, nil, 1},
		{"the stream of the first is cancelled", 2, nil, refused, true, refused, 2},
		{"refused, and stored by the second", 1, refused, nil, false, nil, 2},
		{"failed, and perhaps stored by the second", 0, failed, maybe, false, failed, 1},
	} {
		c, err := New(Options{Addr: "http://a:1", Addrs: []string{"http://b:1"}})
		if err != nil {
			t.Fatal(err)
		}
		var open [3]transport.WholeBody
		one := &call{op: "write", resp: transport.Response{Status: 1, Stream: &open[1]}}
		one.req.Stream = tt.stream
		r := &race{call: one.second(), ctx: t.Context(), to: trial{e: c.servers()[1]}, winner: tt.winner, err: tt.second}
		r.call.resp = transport.Response{Status: 2, Stream: &open[2]}
		if tt.first != nil {
			one.resp = transport.Response{}
		}
		if tt.second != nil {
			r.call.resp = transport.Response{Status: 2}
		}
		h := hedged{err: tt.first, first: tt.first}
		c.judge(r, one, &h)
		if h.maybe != (tt.second == maybe) || h.err != tt.err || tt.err == nil && one.resp.Status != tt.used || c.Stats().HedgeWon != uint64(tt.used-1) {
			t.Errorf("%s: %v, the response of %d", tt.name, h.err, one.resp.Status)
		}
		for i, err := range [...]error{1: tt.first, 2: tt.second} {
			if i == 0 || err != nil {
				continue
			}
			_, readErr := open[i].Read(make([]byte, 1))
			if closed := errors.Is(readErr, ErrClosed); closed != (tt.err != nil || i != tt.used) {
				t.Errorf("%s: the response of %d is closed: %v", tt.name, i, closed)
			}
		}
		c.Close()
	}
}

// TestHedgeAmbiguous checks that a failure says that a server may have stored the lines.
func TestHedgeAmbiguous(t *testing.T) {
	for _, replies := range [][2]influxtest.Reply{
		{late(time.Second, influxtest.Drop()), late(usualTime, influxtest.Error(503, "busy"))},
		{late(time.Second, influxtest.Drop()), late(2*time.Second, influxtest.Drop())},
	} {
		hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
			s[0].Play(replies[0])
			s[1].Play(replies[1])
			err := c.Write(t.Context(), []byte("m f=2 2\n"))
			var e *TransportError
			if !errors.As(err, &e) || !e.Ambiguous {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestHedgeShare checks that no more than a share of the requests is hedged, and that there
// is no hedge before it is earned.
func TestHedgeShare(t *testing.T) {
	piped(t, Options{Hedge: Hedge{After: 2, Share: 0.1}}, 2, func(t *testing.T, c *Client, s []*influxtest.Server) {
		var n atomic.Int64
		s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			if n.Add(1)%2 == 0 && n.Load() > paceWarm {
				time.Sleep(500 * time.Millisecond) // and so is usual after a while
			}
			influxtest.Status(204).Play(c, r)
		}))
		for i := range 400 {
			if err := c.Write(t.Context(), []byte("m f=2 2\n")); err != nil {
				t.Fatal(err)
			}
			if st := c.Stats(); st.Hedged > uint64(i+1)/10 {
				t.Fatalf("%d of %d writes were hedged", st.Hedged, i+1)
			}
		}
		if st := c.Stats(); st.Hedged < 2 || st.HedgeWon != st.Hedged {
			t.Errorf("%d were hedged, %d won", st.Hedged, st.HedgeWon)
		}
	})
}

// TestHedgeFindsServersDown checks that a server which hangs is left after some attempts that
// lost, although none of them failed, and one that is slow and alive is not.
func TestHedgeFindsServersDown(t *testing.T) {
	hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(hangs)
		n := 0
		for c.servers()[0].writes.up() && n < 1000 {
			if err := c.Write(t.Context(), []byte("m f=2 2\n")); err != nil {
				t.Fatal(err)
			}
			n++
		}
		if c.servers()[0].writes.up() || n < 2 || n > 20 {
			t.Errorf("a server that hangs is up %v after %d writes", c.servers()[0].writes.up(), n)
		}
		if !c.servers()[0].queries.up() {
			t.Error("writes that hang take the server from queries")
		}
	})
	hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		var n atomic.Int64
		s[0].Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			d := usualTime
			if n.Add(1)%3 == 0 {
				d = 700 * time.Millisecond
			}
			late(d, influxtest.Status(204)).Play(c, r)
		}))
		for range 300 {
			if err := c.Write(t.Context(), []byte("m f=2 2\n")); err != nil {
				t.Fatal(err)
			}
			if !c.servers()[0].writes.up() {
				t.Fatal("a server that responds to most writes is down")
			}
		}
		if st := c.Stats(); st.HedgeWon < 20 {
			t.Errorf("%d hedges won", st.HedgeWon)
		}
	})
}

// TestHedgedQuery checks that the rows of a response that won are read to their end, that its
// connection is used again, and that the context of the call still ends it.
func TestHedgedQuery(t *testing.T) {
	hedging(t, Options{UseGET: true}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		doc := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","f"],"values":[` +
			strings.Repeat(`[1,2],`, 20000) + `[1,2]]}]}]}`
		s[0].Play(hangs)
		s[1].Play(late(usualTime, influxtest.Chunked(doc[:1000], doc[1000:])))
		for range 3 {
			r, err := c.Query(t.Context(), "SELECT f FROM m")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, err := range r.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if n != 20001 {
				t.Errorf("%d rows", n)
			}
		}
		synctest.Wait()
		if st := c.Stats(); st.HedgeWon != 3 || s[1].Accepted() > 2 || s[0].Open() > 1 {
			t.Errorf("%d won, %d connections were opened to the other server, %d are open to the first", st.HedgeWon, s[1].Accepted(), s[0].Open())
		}
		s[1].Play(influxtest.StallBody(doc[:5000]))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := c.Query(ctx, "SELECT f FROM m")
		if err != nil {
			t.Fatal(err)
		}
		err = nil
		for _, rowErr := range r.Rows() {
			err = rowErr
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stalled response: %v", err)
		}
	})
}

// TestHedgeEnds checks that a call which is hedged ends with its context, and with Close.
func TestHedgeEnds(t *testing.T) {
	hedging(t, Options{}, func(t *testing.T, c *Client, s []*influxtest.Server) {
		s[0].Play(hangs)
		s[1].Play(hangs)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := c.Write(ctx, []byte("m f=2 2\n")); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.AfterFunc(100*time.Millisecond, func() { c.Close() })
		start = time.Now()
		if err := c.Write(t.Context(), []byte("m f=2 2\n")); !errors.Is(err, ErrClosed) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if st := c.Stats(); st.Hedged != 2 || st.HedgeWon != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestHedgeOptions(t *testing.T) {
	for _, tt := range []struct {
		o     Options
		field string
	}{
		{Options{Hedge: Hedge{After: 0.5}}, "Hedge.After"},
		{Options{Hedge: Hedge{After: math.NaN()}}, "Hedge.After"},
		{Options{Hedge: Hedge{Share: 0.1}}, "Hedge.After"},
		{Options{Hedge: Hedge{After: 2, Share: 1.5}}, "Hedge.Share"},
		{Options{Hedge: Hedge{After: 2, Share: math.NaN()}}, "Hedge.Share"},
		{Options{Hedge: Hedge{After: 2}, Balance: Replicate}, "Hedge"},
	} {
		var e *OptionError
		if _, err := New(tt.o); !errors.As(err, &e) || e.Field != tt.field {
			t.Errorf("%+v: %v", tt.o.Hedge, err)
		}
	}
}
