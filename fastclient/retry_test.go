package fastclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
)

// faked runs a test with a client over pipes and under a fake clock.
func faked(t *testing.T, o Options, replies []influxtest.Reply, f func(t *testing.T, s *influxtest.Server, c *Client)) {
	synctest.Test(t, func(t *testing.T) {
		s, dial := influxtest.NewPipe(t, replies...)
		o.Dial = dial
		c := client(t, s, o)
		f(t, s, c)
		c.Close()
		s.Close()
	})
}

func TestRetries(t *testing.T) {
	busy, ok := influxtest.Error(503, "busy"), influxtest.Status(204)
	broken, gone := influxtest.Error(500, "timeout"), influxtest.Drop()
	tests := []struct {
		name    string
		policy  *RetryPolicy
		replies []influxtest.Reply
		opts    []WriteOption
		tries   int
		err     error
	}{
		{"off by default", nil, []influxtest.Reply{busy, ok}, nil, 1, ErrUnavailable},
		{"503", &RetryPolicy{}, []influxtest.Reply{busy, busy, ok}, nil, 3, nil},
		{"per call", nil, []influxtest.Reply{busy, ok}, []WriteOption{Retry(RetryPolicy{})}, 2, nil},
		{"not this call", &RetryPolicy{}, []influxtest.Reply{busy, ok}, []WriteOption{NoRetry()}, 1, ErrUnavailable},
		{"attempts", &RetryPolicy{MaxAttempts: 2}, []influxtest.Reply{busy, busy, ok}, nil, 2, ErrUnavailable},
		{"429", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(429, "slow"), ok}, nil, 2, nil},
		{"500 thrice", &RetryPolicy{}, []influxtest.Reply{broken, broken, broken, broken, ok}, nil, 4, ErrUnavailable},
		{"500 for ever", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(500, "retention policy not found: x"), ok}, nil, 1, ErrUnavailable},
		{"400", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(400, "no"), ok}, nil, 1, ErrBadRequest},
		{"401", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(401, "no"), ok}, nil, 1, ErrUnauthorized},
		{"partial", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(400, "partial write: x dropped=1"), ok}, nil, 1, ErrBadRequest},
		{"403", &RetryPolicy{}, []influxtest.Reply{influxtest.Error(403, "disable write!"), ok}, nil, 1, ErrForbidden},
		{"403 by choice", &RetryPolicy{Also: []int{403}}, []influxtest.Reply{influxtest.Error(403, "disable write!"), ok}, nil, 2, nil},
		{"ambiguous", &RetryPolicy{}, []influxtest.Reply{gone, ok}, nil, 1, transport.ErrNoResponse},
		{"ambiguous, timestamps", &RetryPolicy{}, []influxtest.Reply{gone, ok}, []WriteOption{Idempotent()}, 2, nil},
		{"ambiguous, always", &RetryPolicy{Ambiguous: AmbiguousAlways}, []influxtest.Reply{gone, ok}, nil, 2, nil},
		{"ambiguous, never", &RetryPolicy{Ambiguous: AmbiguousNever}, []influxtest.Reply{gone, ok}, []WriteOption{Idempotent()}, 1, transport.ErrNoResponse},
		{"garbage", &RetryPolicy{Ambiguous: AmbiguousAlways}, []influxtest.Reply{influxtest.Garbage(), ok}, nil, 1, transport.ErrMalformed},
		{"for ever busy", &RetryPolicy{}, []influxtest.Reply{busy}, nil, -1, ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			faked(t, Options{Retry: tt.policy}, tt.replies, func(t *testing.T, s *influxtest.Server, c *Client) {
				start := time.Now()
				err := c.Write(t.Context(), []byte("m f=1 1\n"), tt.opts...)
				if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
					t.Errorf("%v, want %v", err, tt.err)
				}
				n := len(s.Requests())
				if tt.tries > 0 && n != tt.tries || tt.tries < 0 && n < 10 {
					t.Errorf("%d attempts, want %d", n, tt.tries)
				}
				took := time.Since(start)
				if n == 1 && took != 0 || took > 3*time.Minute {
					t.Errorf("took %v", took)
				}
				if st := c.Stats(); st.Requests != uint64(n) || st.Retries != uint64(n-1) {
					t.Errorf("%+v", st)
				}
			})
		})
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Retry = &RetryPolicy{}
		replies := []influxtest.Reply{influxtest.Body(503, "", "Retry-After", "7"), influxtest.Status(204)}
		faked(t, o, replies, func(t *testing.T, s *influxtest.Server, c *Client) {
			start := time.Now()
			if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil || time.Since(start) != 7*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
		// The date form has whole seconds; the fake clock starts at one.
		date := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			at := time.Now().Add(9 * time.Second).UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
			influxtest.Body(429, "", "Retry-After", at).Play(c, r)
		})
		faked(t, o, []influxtest.Reply{date, influxtest.Status(204)}, func(t *testing.T, s *influxtest.Server, c *Client) {
			start := time.Now()
			if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil || time.Since(start) != 9*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		})
	})
}

// A wait that the deadline forbids is not begun; a cancelled one ends at once.
func TestRetryEndsWithContext(t *testing.T) {
	busy := []influxtest.Reply{influxtest.Body(503, "", "Retry-After", "60")}
	faked(t, Options{Retry: &RetryPolicy{}}, busy, func(t *testing.T, s *influxtest.Server, c *Client) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		if err := c.Write(ctx, []byte("m f=1 1\n")); !errors.Is(err, ErrUnavailable) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.Write(ctx, []byte("m f=1 1\n")); err == nil || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestDelays(t *testing.T) {
	busy := &ServerError{Status: 503}
	var p RetryPolicy
	p.MaxElapsed = -1
	var top time.Duration
	for _, attempt := range []int{1, 2, 3, 8, 9, 30, 31, 63, 64, 1 << 30} {
		bound := 30 * time.Second
		if attempt < 8 {
			bound = 250 * time.Millisecond << (attempt - 1)
		}
		for range 1000 {
			d, again := p.delay(busy, attempt, time.Now(), false)
			if !again || d < 0 || d > bound {
				t.Fatalf("attempt %d: %v %v", attempt, d, again)
			}
			top = max(top, d)
		}
	}
	if top < 20*time.Second {
		t.Errorf("the longest of many is %v", top)
	}
	for asked, want := range map[time.Duration]time.Duration{time.Second: time.Second, 9 * time.Minute: 5 * time.Minute} {
		if d, again := p.delay(&ServerError{Status: 503, RetryAfter: asked}, 1, time.Now(), false); d != want || !again {
			t.Errorf("asked for %v: %v, %v", asked, d, again)
		}
	}
}

func TestSplit(t *testing.T) {
	const limit = 300
	picky := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		if len(r.Body) > limit {
			influxtest.Error(413, "Request Entity Too Large").Play(c, r)
			return
		}
		influxtest.Status(204).Play(c, r)
	})
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintf(&lines, "m s=\"a\nb\",f=%di %d\n", i, i)
	}
	s := influxtest.New(t, picky)
	splits := 0
	c := client(t, s, Options{Retry: &RetryPolicy{}, Hooks: &Hooks{Split: func(SplitEvent) { splits++ }}})
	if err := c.Write(t.Context(), []byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	var stored strings.Builder
	for _, r := range s.Requests() {
		if len(r.Body) <= limit {
			stored.Write(r.Body)
		}
	}
	if stored.String() != lines.String() {
		t.Error("the lines are not the same, or not in order")
	}
	if st := c.Stats(); splits == 0 || st.Splits != uint64(splits) {
		t.Errorf("%d splits, %+v", splits, st)
	}
	// One line is too long, the others are written.
	bad := lines.String() + "m s=\"" + strings.Repeat("x", limit) + "\"\n"
	if err := c.Write(t.Context(), []byte(bad)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	for _, o := range []WriteOption{NoRetry(), Retry(RetryPolicy{NoSplit: true})} {
		before := len(s.Requests())
		if err := c.Write(t.Context(), []byte(lines.String()), o); !errors.Is(err, ErrTooLarge) || len(s.Requests()) != before+1 {
			t.Error(err)
		}
	}
}

func TestHooksAndLog(t *testing.T) {
	var log strings.Builder
	var events []string
	add := func(format string, v ...any) { events = append(events, fmt.Sprintf(format, v...)) }
	hooks := &Hooks{
		Dial:         func(e DialEvent) { add("dial %v", e.Err) },
		GotConn:      func(e ConnEvent) { add("conn %v %d", e.Reused, e.Stale) },
		WroteRequest: func(n int64) { add("wrote %v", n > 100) },
		FirstByte:    func(d time.Duration) { add("first %v", d >= 0) },
		Done:         func(e DoneEvent) { add("done %s %d %d %d", e.Op, e.Attempt, e.Status, e.Raw) },
		Retry:        func(e RetryEvent) { add("retry %s %d", e.Op, e.Attempt) },
	}
	s := influxtest.New(t, influxtest.Error(503, "busy"), influxtest.Status(204))
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "time", "took", "delay", "addr":
			return slog.Attr{}
		}
		return a
	}}))
	c := client(t, s, Options{Hooks: hooks, Logger: logger, Retry: &RetryPolicy{MinDelay: 1, MaxDelay: 1}})
	if err := c.Write(t.Context(), []byte("m f=1 1\n")); err != nil {
		t.Fatal(err)
	}
	want := "dial <nil>|conn false 0|wrote true|first true|done write 1 503 8|retry write 1|conn true 0|wrote true|first true|done write 2 204 8"
	if got := strings.Join(events, "|"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	wantLog := `level=DEBUG msg=write attempt=1 status=503 bytes=8 wire=8 error="fastclient: write: status 503: busy"
level=WARN msg=retry op=write attempt=1 error="fastclient: write: status 503: busy"
level=DEBUG msg=write attempt=2 status=204 bytes=8 wire=8
`
	if log.String() != wantLog {
		t.Errorf("%s\nwant %s", log.String(), wantLog)
	}
	st := c.Stats()
	if st.Requests != 2 || st.Writes != 1 || st.RawBytes != 16 || st.RetriesBusy != 1 || st.Dials != 1 || st.Reuses != 1 || st.Conns != 1 || st.Idle != 1 || len(st.Endpoints) != 1 || !st.Endpoints[0].Up {
		t.Errorf("%+v", st)
	}
}

// TestNoRetryOfRefusedHandshakes checks that a server which does not speak TLS is asked
// once.
func TestNoRetryOfRefusedHandshakes(t *testing.T) { both(t, testNoRetryOfRefusedHandshakes) }

func testNoRetryOfRefusedHandshakes(t *testing.T, base Options) {
	plain := httptest.NewUnstartedServer(http.NotFoundHandler())
	plain.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	plain.Start()
	defer plain.Close()
	dials := 0
	base.Database, base.Addr = "d", "https"+strings.TrimPrefix(plain.URL, "http")
	base.Hooks = &Hooks{Dial: func(DialEvent) { dials++ }}
	base.Retry = &RetryPolicy{MinDelay: 1, MaxDelay: 1, MaxAttempts: 3}
	c, err := New(base)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.Write(t.Context(), []byte("m f=1 1\n"))
	var e *TransportError
	if !errors.As(err, &e) || e.Phase != PhaseTLS || e.Ambiguous || Retryable(err) || dials != 1 {
		t.Errorf("%v after %d dials, retryable %v: %+v", err, dials, Retryable(err), e)
	}
}
