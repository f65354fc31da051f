package fastclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/jsonscan"
)

// decompressions runs f over both transports with every way to decompress a response.
func decompressions(t *testing.T, f func(t *testing.T, o Options)) {
	both(t, func(t *testing.T, o Options) {
		for name, how := range map[string]ResponseCompression{"gzip": ResponsesGzip, "pipelined": ResponsesPipelined} {
			o.Compression.Responses = how
			t.Run(name, func(t *testing.T) { f(t, o) })
		}
	})
}

// readRows returns the number of rows and the error that ended them.
func readRows(ctx context.Context, c *Client, opts ...QueryOption) (n int, err error) {
	r, err := c.Query(ctx, "SELECT 1", opts...)
	if err != nil {
		return 0, err
	}
	for _, err := range r.Rows() {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// compressed responds with wire as a body in gzip's format.
func compressed(wire string) influxtest.Reply {
	return influxtest.Body(200, wire, "Content-Type", "application/json", "Content-Encoding", "gzip")
}

// responseOf returns a response with n rows, which compression makes a few times smaller.
func responseOf(n int) string {
	var b strings.Builder
	b.WriteString(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[0,0]`)
	for i := range n - 1 {
		fmt.Fprintf(&b, ",[%d,%d]", 1500000000000000000+int64(i)*7919*7919, int64(i)*int64(i))
	}
	b.WriteString("]}]}]}\n")
	return b.String()
}

// A compressed response that is not whole is an error wherever it ends, and a damaged one is
// told from it.
func TestGzipCut(t *testing.T) {
	response := responseOf(50_000)
	wire := influxtest.Compress(response)
	damaged := []byte(wire)
	damaged[len(damaged)-6] ^= 1 // the sum
	decompressions(t, func(t *testing.T, o Options) {
		s := influxtest.New(t)
		c := client(t, s, o)
		for _, tt := range []struct {
			name string
			wire string
			err  error
		}{
			{"whole", wire, nil},
			{"nothing", "", io.ErrUnexpectedEOF},
			{"in its header", wire[:5], transport.ErrTruncated},
			{"after its header", wire[:12], transport.ErrTruncated},
			{"in the middle", wire[:len(wire)/2], transport.ErrTruncated},
			{"in its sum", wire[:len(wire)-3], transport.ErrTruncated},
			{"false sum", string(damaged), transport.ErrMalformed},
			{"not compressed", response, transport.ErrMalformed},
			{"whole again", wire, nil},
		} {
			s.Play(compressed(tt.wire))
			n, err := readRows(t.Context(), c)
			var e *TransportError
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || err != nil && tt.wire != "" && (!errors.As(err, &e) || e.Phase != PhaseBody) {
				t.Errorf("%s: %v after %d rows", tt.name, err, n)
			}
			if Retryable(err) != errors.Is(err, transport.ErrTruncated) {
				t.Errorf("%s: Retryable is %v of %v", tt.name, Retryable(err), err)
			}
			if err == nil && n != 50_000 {
				t.Errorf("%s: %d rows", tt.name, n)
			}
		}
		// The connection ends within the compressed body.
		s.Play(influxtest.RawClose(influxtest.ChunkedHead("Content-Encoding", "gzip") + influxtest.ChunkedBody(wire[:len(wire)/2])))
		if n, err := readRows(t.Context(), c); !errors.Is(err, transport.ErrTruncated) || n == 0 {
			t.Errorf("%v after %d rows", err, n)
		}
	})
}

// MaxBytes counts what was decompressed, to the byte.
func TestMaxBytes(t *testing.T) {
	response := responseOf(20_000)
	wire := influxtest.Compress(response)
	run := func(t *testing.T, o Options, reply influxtest.Reply) {
		s := influxtest.New(t, reply)
		c := client(t, s, o)
		for _, tt := range []struct {
			bound int64
			err   error
		}{
			{int64(len(response)), nil}, {int64(len(response)) - 1, ErrResponseTooLarge},
			{int64(len(wire)), ErrResponseTooLarge}, {1, ErrResponseTooLarge},
		} {
			n, err := readRows(t.Context(), c, MaxBytes(tt.bound))
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || Retryable(err) {
				t.Errorf("MaxBytes(%d) of %d: %v after %d rows", tt.bound, len(response), err, n)
			}
			r, err := c.QueryRaw(t.Context(), "SELECT 1", MaxBytes(tt.bound))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r)
			r.Close()
			if want := min(int(tt.bound), len(response)); len(body) != want || (err == nil) != (want == len(response)) {
				t.Errorf("MaxBytes(%d) of %d: %d bytes, %v", tt.bound, len(response), len(body), err)
			}
		}
	}
	both(t, func(t *testing.T, o Options) { run(t, o, influxtest.JSON(response)) })
	decompressions(t, func(t *testing.T, o Options) { run(t, o, compressed(wire)) })
}

// A few bytes that decompress to very many take no memory, by whatever bound.
func TestGzipBomb(t *testing.T) {
	const size = 96 << 20
	row := `{"results":[{"series":[{"columns":["a"],"values":[["`
	wire := influxtest.Compress(row + strings.Repeat("x", size))
	decompressions(t, func(t *testing.T, o Options) {
		s := influxtest.New(t, compressed(wire))
		o.MaxResponseBytes = 1 << 20
		c := client(t, s, o)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var long *jsonscan.RowSizeError
		if _, err := readRows(t.Context(), c); !errors.As(err, &long) {
			t.Errorf("without a bound: %v", err)
		}
		if _, err := readRows(t.Context(), c, MaxBytes(1<<20)); !errors.Is(err, ErrResponseTooLarge) {
			t.Errorf("MaxBytes: %v", err)
		}
		r, err := c.Query(t.Context(), "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.JSON(); !errors.Is(err, ErrResponseTooLarge) {
			t.Errorf("JSON: %v", err)
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > size {
			t.Errorf("%d bytes of memory", took)
		}
		// A refusal is no way around it.
		s.Play(influxtest.Body(500, wire, "Content-Encoding", "gzip"))
		var e *ServerError
		if _, err := readRows(t.Context(), c); !errors.As(err, &e) || !e.Truncated || len(e.Message) > complaint.MaxText {
			t.Errorf("a refusal: %.80v", err)
		}
	})
}

// A server that says nothing more in the middle of a response, compressed or not, holds the
// reader no longer than ReadTimeout, the context or Close.
func TestStallWithinResponse(t *testing.T) {
	response := responseOf(50_000)
	wire := influxtest.Compress(response)
	stall := func(head, body string) influxtest.Reply {
		return influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
			c.Send(head + influxtest.ChunkedBody(body))
			c.Stall()
		})
	}
	stalls := func(t *testing.T, o Options, reply influxtest.Reply) {
		o.ReadTimeout = 3 * time.Second
		faked(t, o, []influxtest.Reply{reply}, func(t *testing.T, s *influxtest.Server, c *Client) {
			start := time.Now()
			n, err := readRows(t.Context(), c)
			if took := time.Since(start); !errors.Is(err, ErrTimeout) || n == 0 || took != 3*time.Second {
				t.Errorf("%v after %d rows and %v", err, n, took)
			}
			start = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if n, err := readRows(ctx, c); !errors.Is(err, context.DeadlineExceeded) || n == 0 || time.Since(start) != time.Second {
				t.Errorf("%v after %d rows and %v", err, n, time.Since(start))
			}
			start = time.Now()
			r, err := c.Query(t.Context(), "SELECT 1")
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Second, func() { r.Close() })
			for _, err = range r.Rows() {
			}
			if !errors.Is(err, ErrClosed) || time.Since(start) != time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
			if n := c.Stats().Conns; n != 0 {
				t.Errorf("%d connections are left", n)
			}
		})
	}
	both(t, func(t *testing.T, o Options) {
		stalls(t, o, stall(influxtest.ChunkedHead(), response[:len(response)/2]))
	})
	decompressions(t, func(t *testing.T, o Options) {
		stalls(t, o, stall(influxtest.ChunkedHead("Content-Encoding", "gzip"), wire[:len(wire)/2]))
	})
}

// TestLevels: every level compresses what decompresses to the same, and level 1 is the default.
func TestLevels(t *testing.T) {
	lines := strings.Repeat("cpu,host=a usage=0.25 1500000000000000000\n", 500)
	for level := range 10 {
		s := influxtest.New(t)
		c := client(t, s, Options{Compression: Compression{Always: true, Level: level}})
		for range 3 {
			if err := c.Write(t.Context(), []byte(lines)); err != nil {
				t.Fatal(err)
			}
			r := s.Last()
			if r.Header.Get("Content-Encoding") != "gzip" || string(r.Body) != lines {
				t.Errorf("level %d: %v, %d bytes", level, r.Header, len(r.Body))
			}
		}
	}
}
