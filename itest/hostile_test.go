package itest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// An attack is what a hostile server sends to every request, until the connection ends.
type attack struct {
	name string
	send func(w io.Writer) error
	// streams tells that a call which keeps nothing may read it as long as its context
	// lasts, and drips that every call may.
	streams, drips bool
}

const (
	chunkedOK  = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Influxdb-Version: 1.8.10\r\nTransfer-Encoding: chunked\r\n"
	firstRow   = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[0,0]`
	largeError = 4 << 20
)

// chunk returns text as an HTTP chunk.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// endless sends head once and text for ever, in chunks of 64 KiB.
func endless(header, head, text string) func(io.Writer) error {
	block := []byte(chunk(strings.Repeat(text, 1+(64<<10)/len(text))))
	return func(w io.Writer) error {
		_, err := io.WriteString(w, chunkedOK+header+"\r\n"+chunk(head))
		for err == nil {
			_, err = w.Write(block)
		}
		return err
	}
}

// sized sends a response of known length.
func sized(status, header, body string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "HTTP/1.1 %s\r\nX-Influxdb-Version: 1.8.10\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
		return err
	}
}

// drip sends head at once, and text for ever, a byte at a time.
func drip(head, text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, head)
		for i := 0; err == nil; i++ {
			time.Sleep(20 * time.Millisecond)
			_, err = w.Write([]byte{text[i%len(text)]})
		}
		return err
	}
}

// bomb returns text n times, in gzip.
func bomb(head, text string, n int) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, head)
	for range n {
		io.WriteString(z, text)
	}
	z.Close()
	return b.String()
}

func attacks() []attack {
	numbers := `{"error":"x","data":[` + strings.Repeat("0,", largeError/2-20) + `0]}`
	objects := `{"error":"partial write of line protocol occurred","data":[` + strings.Repeat(`{"a":{}},`, largeError/9-20) + `{}]}`
	zipped := "Content-Encoding: gzip\r\n"
	wide := `{"results":[{"series":[{"name":"m","columns":["c"` + strings.Repeat(`,"c"`, 2_000_000) + `],"values":[[0` + strings.Repeat(`,0`, 2_000_000) + `]]}]}]}`
	return []attack{
		{"error tree 400", sized("400 Bad Request", "", numbers), false, false},
		{"error tree 503", sized("503 Service Unavailable", "", numbers), false, false},
		{"error objects 400", sized("400 Bad Request", "", objects), false, false},
		{"error tree 200", sized("200 OK", "", numbers), false, false},
		{"error bomb 400", sized("400 Bad Request", zipped, bomb(`{"error":"x","data":[`, strings.Repeat("0,", 1<<20), 100)), false, false},
		{"endless rows", endless("", firstRow, ",[0,0]"), true, false},
		{"endless text", endless("", firstRow+`,[0,"`, "x"), true, false},
		{"endless series", endless("", `{"results":[{"series":[{"columns":["a"],"values":[[0]]}`, `,{"columns":["a"],"values":[[0]]}`), true, false},
		{"endless tags", endless("", `{"results":[{"series":[{"columns":["a"],"tags":{"a":"b"`, `,"c":"d"`), true, false},
		{"endless columns", endless("", `{"results":[{"series":[{"columns":["a"`, `,"a"`), true, false},
		{"endless statements", endless("", `{"results":[{"statement_id":0}`, `,{"statement_id":0}`), true, false},
		{"endless messages", endless("", `{"results":[{"messages":[{"level":"warning","text":"x"}`, `,{"level":"warning","text":"x"}`), true, false},
		{"endless nesting", endless("", `{"results":[{"x":`, `[`), true, false},
		{"endless documents", endless("", `{"results":[{"error":"x"}]}`+"\n", `{"error":"x"}`+"\n"), true, false},
		{"endless space", endless("", `{"results":[`, " "), true, false},
		{"row bomb", sized("200 OK", zipped, bomb(firstRow, strings.Repeat(",[0,0]", 1<<17), 400)), true, false},
		{"wide row", sized("200 OK", "", wide), false, false},
		{"drip 400", drip("HTTP/1.1 400 Bad Request\r\nX-Influxdb-Version: 1.8.10\r\nContent-Length: 100000\r\n\r\n{\"error\":\"", "x"), true, true},
		{"drip 503", drip("HTTP/1.1 503 Unavailable\r\nX-Influxdb-Version: 1.8.10\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), true, true},
		{"drip 200", drip(chunkedOK+"\r\n"+chunk(firstRow), "6\r\n,[0,0]\r\n"), true, true},
		{"drip header", drip("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), true, true},
		{"endless header", func(w io.Writer) error {
			_, err := io.WriteString(w, "HTTP/1.1 200 OK\r\n")
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(w, "X-%d: %0100d\r\n", i, i)
			}
			return err
		}, false, false},
		{"endless interim", func(w io.Writer) error {
			block := []byte(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 1000))
			for {
				if _, err := w.Write(block); err != nil {
					return err
				}
			}
		}, true, true},
		{"silence", drip("", ""), true, true},
	}
}

// hostileServer serves an attack to every connection.
type hostileServer struct {
	l    net.Listener
	send atomic.Pointer[attack]
	all  sync.WaitGroup
}

func startHostile(t *testing.T) *hostileServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &hostileServer{l: l}
	s.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() {
				defer conn.Close()
				buf := make([]byte, 64<<10)
				if _, err := conn.Read(buf); err != nil {
					return
				}
				s.all.Go(func() { // what is sent meanwhile is read away, and the end seen
					io.Copy(io.Discard, conn)
					conn.Close()
				})
				if a := s.send.Load(); a.name == "silence" {
					io.Copy(io.Discard, conn)
				} else if a.send(conn) == nil {
					time.Sleep(50 * time.Millisecond)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.all.Wait()
	})
	return s
}

// A hostileCall is a public call that ends with ctx.
type hostileCall struct {
	name    string
	streams bool // it keeps nothing of the response, or tries until its context ends
	call    func(ctx context.Context, c *fastclient.Client) error
}

type hostileRow struct {
	Time time.Time `lp:",timestamp"`
	V    float64   `lp:"v"`
}

func hostileCalls() []hostileCall {
	line := []byte("m v=1 1\n")
	query := func(read func(*fastclient.Result) error) func(context.Context, *fastclient.Client) error {
		return func(ctx context.Context, c *fastclient.Client) error {
			r, err := c.Query(ctx, "SELECT v FROM m")
			if err != nil {
				return err
			}
			defer r.Close()
			return read(r)
		}
	}
	return []hostileCall{
		{"Ping", false, func(ctx context.Context, c *fastclient.Client) error { _, err := c.Ping(ctx); return err }},
		{"Capabilities", false, func(ctx context.Context, c *fastclient.Client) error { _, err := c.Capabilities(ctx); return err }},
		{"Write", false, func(ctx context.Context, c *fastclient.Client) error { return c.Write(ctx, line) }},
		{"WriteFrom", false, func(ctx context.Context, c *fastclient.Client) error {
			_, err := c.WriteFrom(ctx, bytes.NewReader(line))
			return err
		}},
		{"WriteEncoder", false, func(ctx context.Context, c *fastclient.Client) error {
			var e lp.Encoder
			e.Point("m")
			e.Int("v", 1)
			e.EndTimestamp(1)
			return c.WriteEncoder(ctx, &e)
		}},
		{"Rows", true, query(func(r *fastclient.Result) error {
			for _, err := range r.Rows() {
				if err != nil && !jsonscan.Recoverable(err) {
					return err
				}
			}
			return nil
		})},
		{"Frames", true, query(func(r *fastclient.Result) error {
			for _, err := range r.Frames() {
				if err != nil && !jsonscan.Recoverable(err) {
					return err
				}
			}
			return nil
		})},
		{"JSON", false, query(func(r *fastclient.Result) error { _, err := r.JSON(); return err })},
		{"Statements", true, query(func(r *fastclient.Result) error {
			for _, err := range r.Statements() {
				if err != nil {
					return err
				}
			}
			return nil
		})},
		{"QueryRaw", true, func(ctx context.Context, c *fastclient.Client) error {
			body, err := c.QueryRaw(ctx, "SELECT v FROM m")
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.Copy(io.Discard, body)
			return err
		}},
		{"QueryInto", false, func(ctx context.Context, c *fastclient.Client) error {
			_, err := fastclient.QueryInto(ctx, c, []hostileRow(nil), "SELECT v FROM m")
			return err
		}},
		{"QueryFrames", false, func(ctx context.Context, c *fastclient.Client) error {
			_, err := c.QueryFrames(ctx, "SELECT v FROM m")
			return err
		}},
		{"Exec", true, func(ctx context.Context, c *fastclient.Client) error { return c.Exec(ctx, "DROP SERIES FROM m") }},
		{"ShowDatabases", false, func(ctx context.Context, c *fastclient.Client) error {
			_, err := admin.ShowDatabases(ctx, c)
			return err
		}},
		{"ShowTagValues", false, func(ctx context.Context, c *fastclient.Client) error {
			_, err := admin.ShowTagValues(ctx, c, []string{"a"}, admin.ShowOptions{})
			return err
		}},
		{"Writer", true, func(ctx context.Context, c *fastclient.Client) error {
			w, err := batch.NewWriter(c, batch.Options{MaxMemory: 8 << 20})
			if err != nil {
				return err
			}
			err = w.Append(ctx, line)
			return errors.Join(err, w.Close(ctx))
		}},
		{"SyncWriter", true, func(ctx context.Context, c *fastclient.Client) error {
			w, err := batch.NewSyncWriter(c, batch.Options{MaxMemory: 8 << 20, RetryFor: -1})
			if err != nil {
				return err
			}
			err = w.Append(ctx, line)
			return errors.Join(err, w.Close(ctx))
		}},
	}
}

// TestHostile makes every public call to a server that means harm. None may take more
// memory than its bound, whatever the server sends, and each ends with its context.
func TestHostile(t *testing.T) {
	const (
		long   = 2 * time.Second        // of a call that should end before
		short  = 150 * time.Millisecond // of one that need not
		slack  = 3 * time.Second        // of a machine under load
		budget = 96 << 20               // of the heap, garbage included: nothing held may be near it
	)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(48 << 20))
	list := attacks()
	s := startHostile(t)
	for _, netHTTP := range []bool{false, true} {
		for _, a := range list {
			s.send.Store(&a)
			for _, call := range hostileCalls() {
				name := fmt.Sprintf("%s/%s/nethttp=%v", a.name, call.name, netHTTP)
				c, err := fastclient.New(fastclient.Options{
					Addr: "http://" + s.l.Addr().String(), Database: "d", NetHTTP: netHTTP,
					MaxResponseBytes: 2 << 20, ReadTimeout: 10 * time.Second,
					Compression: fastclient.Compression{Responses: fastclient.ResponsesGzip},
				})
				if err != nil {
					t.Fatal(err)
				}
				limit := long
				if a.drips || a.streams && call.streams || strings.Contains(call.name, "Writer") {
					limit = short
				}
				runtime.GC()
				peak := watchHeap()
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				start := time.Now()
				err = call.call(ctx, c)
				took := time.Since(start)
				cancel()
				c.Close()
				if n := peak(); n > budget {
					t.Errorf("%s: %d MB of heap, %.100v", name, n>>20, err)
				}
				if limit == long && errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%s: only the context ended it: %.100v", name, err)
				}
				if took > limit+slack {
					t.Errorf("%s: ended after %v, %.100v", name, took, err)
				}
				if text := fmt.Sprint(err); len(text) > 64<<10 {
					t.Errorf("%s: an error text of %d bytes", name, len(text))
				}
			}
		}
	}
}

// watchHeap samples the heap until the function it returns is called, which returns how
// much it grew at most.
func watchHeap() (peak func() uint64) {
	read := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, most := read(), uint64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(2 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				most = max(most, read())
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		most = max(most, read())
		return most - min(most, before)
	}
}
