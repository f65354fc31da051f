package transport_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
	"github.com/pointwire/pointwire/internal/transport/fast"
	"github.com/pointwire/pointwire/internal/transport/std"
)

// A maker makes a Doer of one implementation.
type maker func(transport.Options) transport.Doer

// over runs a test with both implementations of Doer.
func over(t *testing.T, f func(t *testing.T, open maker)) {
	t.Run("fasthttp", func(t *testing.T) {
		f(t, func(o transport.Options) transport.Doer { return fast.New(o) })
	})
	t.Run("net/http", func(t *testing.T) {
		defer log.SetOutput(log.Writer())
		log.SetOutput(io.Discard) // net/http reports a second response in the segment of the first
		f(t, func(o transport.Options) transport.Doer { return std.New(o, nil) })
	})
}

// settled waits until there are no more goroutines than before.
func settled(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}

// TestReplies plays every kind of response twice to one client, so that the second
// exchange meets what the first left on the connection.
func TestReplies(t *testing.T) {
	tests := []struct {
		name   string
		reply  influxtest.Reply
		status int
		body   string
		err    error // of Do or of reading
		conns  int   // used by two exchanges
	}{
		{"chunked", influxtest.Chunked(doertest.Doc[:5], doertest.Doc[5:]), 200, doertest.Doc, nil, 1},
		{"length", influxtest.JSON(doertest.Doc), 200, doertest.Doc, nil, 1},
		{"cut chunk", influxtest.CutChunk(doertest.Doc), 200, doertest.Doc, transport.ErrTruncated, 2},
		{"no last chunk", influxtest.NoLastChunk(doertest.Doc), 200, doertest.Doc, transport.ErrTruncated, 2},
		{"short length", influxtest.ShortBody(doertest.Doc), 200, doertest.Doc, transport.ErrTruncated, 2},
		{"until close", influxtest.UntilClose(doertest.Doc), 200, doertest.Doc, nil, 2},
		{"until close, cut", influxtest.UntilClose(doertest.Doc[:9]), 200, doertest.Doc[:9], nil, 2},
		{"cut gzip", influxtest.CutGzip(doertest.Doc), 200, influxtest.Compress(doertest.Doc)[:len(influxtest.Compress(doertest.Doc))/2], nil, 1},
		{"garbage", influxtest.Garbage(), 0, "", transport.ErrMalformed, 2},
		{"503", influxtest.Error(503, "busy"), 503, "{\"error\":\"busy\"}\n", nil, 1},
		{"204", influxtest.Status(204), 204, "", nil, 1},
		{"204 chunked", influxtest.NoContentChunked(), 204, "", nil, 1},
		{"100 then 200", influxtest.Continue(influxtest.JSON(doertest.Doc)), 200, doertest.Doc, nil, 1},
		{"two lengths", influxtest.TwoLengths(doertest.Doc), 0, "", transport.ErrMalformed, 2},
		{"drop", influxtest.Drop(), 0, "", transport.ErrNoResponse, 2},
		{"big header", influxtest.BigHeader(20000), 0, "", transport.ErrResponseTooLarge, 2},
		{"redirect", influxtest.Status(307, "Location", "http://elsewhere.example/write"), 307, "", nil, 1},
		{"empty chunked", influxtest.Chunked(), 200, "", nil, 1},
	}
	over(t, func(t *testing.T, open maker) {
		for _, tt := range tests {
			for _, stream := range []bool{true, false} {
				name := tt.name
				if !stream {
					name += ", buffered"
				}
				t.Run(name, func(t *testing.T) {
					s := influxtest.New(t, tt.reply)
					d := open(doertest.To(s))
					defer d.Close()
					for range 2 {
						req := doertest.Query()
						req.Stream = stream
						status, body, err := doertest.Fetch(t.Context(), d, req)
						if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
							t.Fatalf("error %v, want %v", err, tt.err)
						}
						if err != nil && !stream {
							continue // a broken response is not handed out in part
						}
						if status != tt.status || body != tt.body {
							t.Errorf("got %d %q, want %d %q", status, body, tt.status, tt.body)
						}
					}
					if n := s.Accepted(); n != tt.conns {
						t.Errorf("%d connections for two exchanges, want %d", n, tt.conns)
					}
					if n := len(s.Requests()); n != 2 {
						t.Errorf("the server saw %d requests, want 2", n)
					}
				})
			}
		}
	})
}

func TestResetIsAnError(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.DropHard())
		d := open(doertest.To(s))
		defer d.Close()
		_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
		var e *transport.Error
		if !errors.As(err, &e) || !e.Ambiguous || e.Written == 0 {
			t.Fatalf("%#v", err)
		}
		if n := len(s.Requests()); n != 1 {
			t.Errorf("sent %d times", n)
		}
	})
}

// TestNothingIsSentTwice includes GET: a statement that changes data would be carried
// out twice.
func TestNothingIsSentTwice(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		for _, method := range []string{"GET", "POST"} {
			t.Run(method, func(t *testing.T) {
				s := influxtest.New(t, influxtest.Status(204), influxtest.Drop())
				d := open(doertest.To(s))
				defer d.Close()
				if _, _, err := doertest.Fetch(t.Context(), d, &transport.Request{Method: method, URI: []byte("/ping")}); err != nil {
					t.Fatal(err)
				}
				_, _, err := doertest.Fetch(t.Context(), d, &transport.Request{Method: method, URI: []byte("/query?q=x")})
				if err == nil {
					t.Fatal("no error")
				}
				if n := len(s.Requests()); n != 2 {
					t.Errorf("the server saw %d requests, want 2", n)
				}
			})
		}
	})
}

func TestEarlyRefusal(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.Refuse(413, `{"error":"Request Entity Too Large"}`))
		d := open(doertest.To(s))
		defer d.Close()
		body := strings.Repeat("m f=1 1\n", 1<<20) // 8 MiB: more than sockets hold
		for i := range 10 {
			status, text, err := doertest.Fetch(t.Context(), d, doertest.Post(body))
			if err != nil || status != 413 || !strings.Contains(text, "Too Large") {
				t.Fatalf("try %d: %d %q %v", i, status, text, err)
			}
		}
	})
}

// closing returns a reply that responds and then closes the connection unannounced. It
// sends to done afterwards.
func closing(done chan<- struct{}) influxtest.Reply {
	return influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
		influxtest.Status(204).Play(c, r)
		c.Close()
		done <- struct{}{}
	})
}

func TestStaleConnections(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		cert := influxtest.NewCert(t, "server")
		for _, secure := range []bool{false, true} {
			name := "plain"
			if secure {
				name = "tls"
			}
			t.Run(name, func(t *testing.T) {
				done := make(chan struct{}, 1)
				s := influxtest.New(t, closing(done))
				if secure {
					s = influxtest.NewTLS(t, doertest.ServerTLS(cert), closing(done))
				}
				o := doertest.To(s)
				if secure {
					o.TLS = doertest.ClientTLS(cert)
				}
				d := open(o)
				defer d.Close()
				for i := range 40 {
					status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
					if err != nil || status != 204 {
						t.Fatalf("try %d: %d %v", i, status, err)
					}
					<-done
				}
				if n := len(s.Requests()); n != 40 {
					t.Errorf("the server saw %d requests, want 40", n)
				}
			})
		}
	})
}

// TestUnsolicitedResponse checks that bytes sent on an idle connection are not taken for
// the response to the next request.
func TestUnsolicitedResponse(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		cert := influxtest.NewCert(t, "server")
		for _, secure := range []bool{false, true} {
			name := "plain"
			if secure {
				name = "tls"
			}
			t.Run(name, func(t *testing.T) {
				go408, said := make(chan struct{}), make(chan struct{})
				first := influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
					influxtest.Status(204).Play(c, r)
					<-go408
					c.Send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
					c.Close()
					close(said)
				})
				s := influxtest.New(t, first, influxtest.Status(204))
				if secure {
					s = influxtest.NewTLS(t, doertest.ServerTLS(cert), first, influxtest.Status(204))
				}
				o := doertest.To(s)
				if secure {
					o.TLS = doertest.ClientTLS(cert)
				}
				d := open(o)
				defer d.Close()
				for i := range 2 {
					status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
					if err != nil || status != 204 {
						t.Fatalf("request %d: %d %v", i, status, err)
					}
					if i == 0 {
						close(go408)
						<-said
					}
				}
			})
		}
	})
}

// TestTLSKeepAlive checks that a TLS connection is kept when only session tickets have
// arrived on it.
func TestTLSKeepAlive(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		cert := influxtest.NewCert(t, "server")
		s := influxtest.NewTLS(t, doertest.ServerTLS(cert))
		o := doertest.To(s)
		o.TLS = doertest.ClientTLS(cert)
		d := open(o)
		defer d.Close()
		for range 20 {
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.Accepted(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
}

func TestTLSIsChecked(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.NewTLS(t, doertest.ServerTLS(influxtest.NewCert(t, "server")))
		o := doertest.To(s)
		o.TLS = doertest.ClientTLS(influxtest.NewCert(t, "another"))
		d := open(o)
		defer d.Close()
		_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
		doertest.MustPhase(t, err, transport.PhaseTLS)
		if s.Last() != nil {
			t.Error("a request was sent to a server that could not be verified")
		}
	})
}

func TestUnixSocket(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.NewUnix(t, t.TempDir()+"/i.sock")
		d := open(transport.Options{Network: "unix", Addr: s.Addr, Host: "localhost"})
		defer d.Close()
		for range 3 {
			if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
				t.Fatal(err)
			}
		}
		if s.Accepted() != 1 || s.Last().Host != "localhost" {
			t.Errorf("%d connections, host %q", s.Accepted(), s.Last().Host)
		}
	})
}

func TestNobodyListens(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		l.Close()
		d := open(transport.Options{Network: "tcp", Addr: addr, Host: addr})
		defer d.Close()
		_, _, err = doertest.Fetch(t.Context(), d, doertest.Post("m f=1"))
		doertest.MustPhase(t, err, transport.PhaseDial)
		if e := err.(*transport.Error); e.Ambiguous || strings.Count(e.Error(), addr) != 1 {
			t.Errorf("ambiguous %v: %v", e.Ambiguous, e)
		}
	})
}

// TestStaleAndNobodyListens checks that a request that finds an unusable connection, and
// then no server, fails instead of being tried forever.
func TestStaleAndNobodyListens(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t)
		o := doertest.To(s)
		o.Lifetime = 1 // the connection is too old for a second request
		var dials atomic.Int32
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials.Add(1) > 1 {
				return nil, errors.New("nobody listens")
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		d := open(o)
		defer d.Close()
		if _, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, _, err := doertest.Fetch(ctx, d, doertest.Post("m f=1"))
		doertest.MustPhase(t, err, transport.PhaseDial)
		if n := dials.Load(); ctx.Err() != nil || n > 3 {
			t.Errorf("%d dials, %v", n, err)
		}
	})
}

// TestBodyLimit checks that a refusal that is too long keeps its status and its
// beginning, and that a success that is too long is an error.
func TestBodyLimit(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		long := strings.Repeat("x", 165_000)
		s := influxtest.New(t, influxtest.Body(400, long), influxtest.Body(200, long), influxtest.Body(400, long[:64<<10]))
		d := open(doertest.To(s))
		defer d.Close()
		var resp transport.Response
		if err := d.Do(t.Context(), doertest.Post("m f=1"), &resp); err != nil || resp.Status != 400 || !resp.Truncated || len(resp.Body) != 64<<10 {
			t.Fatalf("%v, status %d, %d bytes", err, resp.Status, len(resp.Body))
		}
		resp.Close()
		if err := d.Do(t.Context(), doertest.Post("m f=1"), &resp); !errors.Is(err, transport.ErrResponseTooLarge) {
			t.Fatal(err)
		}
		if err := d.Do(t.Context(), doertest.Post("m f=1"), &resp); err != nil || resp.Truncated || len(resp.Body) != 64<<10 {
			t.Fatalf("%v, %d bytes", err, len(resp.Body))
		}
		resp.Close()
	})
}

// TestCutAnywhere checks that a response that breaks off anywhere is ErrTruncated and not
// ErrMalformed: the request may be sent again if that does no harm.
func TestCutAnywhere(t *testing.T) {
	const whole = "HTTP/1.1 204 No Content\r\nContent-Type: application/json\r\nX-Influxdb-Version: 1.8.10\r\n\r\n"
	over(t, func(t *testing.T, open maker) {
		for cut := range len(whole) {
			s := influxtest.New(t, influxtest.RawClose(whole[:cut]))
			d := open(doertest.To(s))
			_, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m f=1 1\n"))
			want := transport.ErrTruncated
			if cut == 0 {
				want = transport.ErrNoResponse
			}
			var e *transport.Error
			if !errors.Is(err, want) || !errors.As(err, &e) || !e.Ambiguous {
				t.Errorf("cut at %d: %v", cut, err)
			}
			d.Close()
		}
	})
}
