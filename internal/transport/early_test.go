package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// TestResponseBeforeTheFirstRequest checks that bytes that arrived before the first
// request are not taken for its response. Every later response on the connection would
// be taken for that of the next request.
func TestResponseBeforeTheFirstRequest(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		said := make(chan struct{})
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, noContent)
				said <- struct{}{}
				go io.Copy(io.Discard, c)
			}
		}()
		addr := l.Addr().String()
		d := open(transport.Options{Network: "tcp", Addr: addr, Host: addr, Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				<-said // and it has arrived
			}
			return c, err
		}})
		defer d.Close()
		for range 2 {
			status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m v=1 1\n"))
			var e *transport.Error
			if !errors.As(err, &e) || status != 0 || e.Ambiguous {
				t.Errorf("%d %v", status, err)
			}
		}
	})
}

// TestResponseAfterTheResponse sends a second response together with the first one. It
// must not be taken for the response to the second request.
func TestResponseAfterTheResponse(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		twice := influxtest.Raw(noContent + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		for range 50 {
			s := influxtest.New(t, twice, influxtest.Status(503))
			d := open(doertest.To(s))
			if status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m v=1 1\n")); status != 204 || err != nil {
				t.Errorf("%d %v", status, err)
			}
			status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m v=2 2\n"))
			if !(status == 503 && err == nil || errors.Is(err, transport.ErrMalformed)) {
				t.Errorf("the second request: %d %v", status, err)
			}
			d.Close()
			s.Close()
		}
	})
}

// TestResponseAheadOfTheRequest checks that a success that arrives while the request is
// still being sent is an error, and that a refusal counts.
func TestResponseAheadOfTheRequest(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		early := func(response string) influxtest.Reply {
			return influxtest.Reply{Early: true, Play: func(c *influxtest.Conn, _ *influxtest.Request) {
				c.Send(response)
				c.Stall()
			}}
		}
		s := influxtest.New(t, early(noContent), early("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"), influxtest.Status(204))
		d := open(doertest.To(s))
		defer d.Close()
		large := doertest.Post(strings.Repeat("m v=1 1\n", 24<<20/8)) // more than the system buffers
		var e *transport.Error
		if status, _, err := doertest.Fetch(t.Context(), d, large); !errors.Is(err, transport.ErrMalformed) || !errors.As(err, &e) || !e.Ambiguous {
			t.Errorf("an early 204: %d %v", status, err)
		}
		if status, _, err := doertest.Fetch(t.Context(), d, large); status != 413 || err != nil {
			t.Errorf("an early 413: %d %v", status, err)
		}
		for range 3 {
			if status, _, err := doertest.Fetch(t.Context(), d, large); status != 204 || err != nil {
				t.Errorf("a 204: %d %v", status, err)
			}
		}
		if n := s.Accepted(); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
}

// TestHeaderLimit checks that the limit of the header can be raised.
func TestHeaderLimit(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		s := influxtest.New(t, influxtest.BigHeader(40_000))
		o := doertest.To(s)
		for limit, ok := range map[int]bool{0: false, 64 << 10: true} {
			o.MaxHeader = limit
			d := open(o)
			status, _, err := doertest.Fetch(t.Context(), d, doertest.Post("m v=1 1\n"))
			if ok && (err != nil || status != 204) || !ok && !errors.Is(err, transport.ErrResponseTooLarge) {
				t.Errorf("limit %d: %d %v", limit, status, err)
			}
			d.Close()
		}
	})
}

// TestNoStatus plays invalid statuses: a response with one is not a success, whatever
// its body says.
func TestNoStatus(t *testing.T) {
	for _, line := range []string{"000 OK", "0 OK", "00 OK", "099 OK", "0200 OK", "600 OK", "999 OK", "2040 OK", "1111 OK"} {
		t.Run(line, func(t *testing.T) {
			over(t, func(t *testing.T, open maker) {
				s := influxtest.New(t, influxtest.RawClose("HTTP/1.1 "+line+"\r\nContent-Length: 2\r\n\r\n{}"))
				d := open(doertest.To(s))
				defer d.Close()
				for _, req := range []*transport.Request{doertest.Post("m v=1 1"), doertest.Query()} {
					var e *transport.Error
					if status, body, err := doertest.Fetch(context.Background(), d, req); !errors.As(err, &e) || e.Phase != transport.PhaseHeader {
						t.Errorf("status %d, %q, error %v", status, body, err)
					}
				}
			})
		})
	}
}

// TestInterim plays interim responses before the final one.
func TestInterim(t *testing.T) {
	for _, c := range []struct{ before, line string }{
		{"HTTP/1.1 100 Continue\r\n\r\n", "204 No Content"},
		{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", "204 No Content"},
		{"HTTP/1.1 100 Continue\r\n\r\n", "000 OK"},
	} {
		over(t, func(t *testing.T, open maker) {
			s := influxtest.New(t, influxtest.Raw(c.before+"HTTP/1.1 "+c.line+"\r\n\r\n"))
			d := open(doertest.To(s))
			defer d.Close()
			status, _, err := doertest.Fetch(context.Background(), d, doertest.Post("m v=1 1"))
			if good := c.line[0] == '2'; good != (err == nil && status == 204) {
				t.Errorf("%q: status %d, %v", c, status, err)
			}
		})
	}
}

// TestInterimMalformed plays interim responses with a malformed header: the empty line
// that seems to end the header may lie in the middle of something else.
func TestInterimMalformed(t *testing.T) {
	for _, header := range []string{"inue\r\n", ": x\r\n", "A: b\r\nc\r\n", " A: b\r\n"} {
		over(t, func(t *testing.T, open maker) {
			s := influxtest.New(t, influxtest.RawClose("HTTP/1.1 100 Continue\r\n"+header+"\r\nHTTP/1.1 204 No Content\r\n\r\n"))
			d := open(doertest.To(s))
			defer d.Close()
			if status, _, err := doertest.Fetch(context.Background(), d, doertest.Post("m v=1 1")); err == nil {
				t.Errorf("%q: status %d and no error", header, status)
			}
		})
	}
}
