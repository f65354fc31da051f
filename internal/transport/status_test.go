package transport_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestNoStatus plays statuses that are none: an answer with one is no success,
// whatever its body says.
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

// TestInterim plays answers before the answer.
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

// TestInterimMalformed plays an interim answer whose header is none: the end of
// what looks like a header may lie in the middle of something else.
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
