package transport_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// TestChunkFraming: what ends within the framing of a chunk was cut short, and what is
// no framing is malformed.
func TestChunkFraming(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	bodies := []string{"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX: y\r\nExpires: never\r\n\r\n"}
	over(t, func(t *testing.T, open maker) {
		run := func(raw string) error {
			s := influxtest.New(t, influxtest.RawClose(head+raw))
			d := open(doertest.To(s))
			defer d.Close()
			req := doertest.Query()
			req.Stream = true
			_, _, err := doertest.Fetch(t.Context(), d, req)
			return err
		}
		for _, whole := range bodies {
			for n := range len(whole) {
				if err := run(whole[:n]); !errors.Is(err, transport.ErrTruncated) {
					t.Errorf("cut after %q: %v, want ErrTruncated", whole[:n], err)
				}
			}
			if err := run(whole); err != nil {
				t.Error(err)
			}
		}
		for _, raw := range []string{"z\r\nhello\r\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "-1\r\n", "fffffffffffffffff\r\n", strings.Repeat("0", 100) + "\r\n", "5\r\nhelloXX0\r\n\r\n"} {
			if err := run(raw); !errors.Is(err, transport.ErrMalformed) {
				t.Errorf("%.20q: %v, want ErrMalformed", raw, err)
			}
		}
	})
}

// TestHeaderForms: header lines that end in LF alone are a header as any, and do not
// wait for the time limit; a space before the colon is no header (RFC 9112, section 5.1).
func TestHeaderForms(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		for _, c := range []struct {
			raw string
			ok  bool
		}{
			{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
			{"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", true},
			{"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok", true},
			{"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", false},
			{"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length\t: 2\r\n\r\nok", false},
			{"HTTP/1.1 200 OK\r\n: 2\r\nContent-Length: 2\r\n\r\nok", false},
			{"HTTP/1.1 200 OK\r\nX Y: 2\r\nContent-Length: 2\r\n\r\nok", false},
			{"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok", true},
		} {
			s := influxtest.New(t, influxtest.Raw(c.raw))
			o := doertest.To(s)
			o.HeaderTimeout = 5 * time.Second
			d := open(o)
			start := time.Now()
			status, body, err := doertest.Fetch(t.Context(), d, doertest.Query())
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("%q: took %v", c.raw, took)
			}
			if c.ok && (err != nil || status != 200 || body != "ok") {
				t.Errorf("%q: %d %q, %v", c.raw, status, body, err)
			}
			if !c.ok && !errors.Is(err, transport.ErrMalformed) {
				t.Errorf("%q: %d %q, %v, want ErrMalformed", c.raw, status, body, err)
			}
			d.Close()
		}
	})
}

// TestUntilClose holds which responses say where their body ends.
func TestUntilClose(t *testing.T) {
	over(t, func(t *testing.T, open maker) {
		for name, tt := range map[string]struct {
			reply influxtest.Reply
			until bool
		}{
			"chunks":         {influxtest.Chunked(doertest.Doc), false},
			"no chunks":      {influxtest.Chunked(), false},
			"a length":       {influxtest.JSON(doertest.Doc), false},
			"a length of 0":  {influxtest.JSON(""), false},
			"none":           {influxtest.UntilClose(doertest.Doc), true},
			"none, and none": {influxtest.UntilClose(""), true},
			"HTTP/1.0":       {influxtest.RawClose("HTTP/1.0 200 OK\r\n\r\n" + doertest.Doc), true},
			"no body":        {influxtest.Status(204), false},
			"a long body":    {influxtest.Chunked(strings.Repeat(doertest.Doc, 10_000)), false},
			"a long length":  {influxtest.JSON(strings.Repeat(doertest.Doc, 10_000)), false},
		} {
			for _, stream := range []bool{true, false} {
				if !stream && strings.Contains(name, "long") {
					continue // it is too long to be kept
				}
				s := influxtest.New(t, tt.reply)
				d := open(doertest.To(s))
				req := doertest.Query()
				req.Stream = stream
				var resp transport.Response
				if err := d.Do(t.Context(), req, &resp); err != nil {
					t.Errorf("%s: %v", name, err)
				} else if resp.UntilClose != tt.until {
					t.Errorf("%s, streamed %v: UntilClose is %v", name, stream, resp.UntilClose)
				}
				resp.Close()
				d.Close()
			}
		}
	})
}
