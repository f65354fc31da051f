package fuzz

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/jsonscan"
)

// A reply is a response as a server sends it, and as net/http reads it.
type reply struct {
	raw    []byte
	status int
	header http.Header
	body   []byte // decompressed, as far as possible
	framed bool   // the response is complete as far as HTTP can tell
	whole  bool   // and its body can be decompressed
	sized  bool   // it has a Content-Length
	odd    bool   // net/http cannot judge it
	// alone reports that nothing follows the response and that the connection may be
	// reused.
	alone bool
}

// readReply reads raw with net/http.
func readReply(raw []byte, method string) reply {
	r := reply{raw: raw}
	text, ok := tame(raw)
	r.odd = !ok
	in := bufio.NewReader(bytes.NewReader(text))
	var resp *http.Response
	for {
		var err error
		if resp, err = http.ReadResponse(in, &http.Request{Method: method}); err != nil {
			return r
		}
		if resp.StatusCode >= 200 || resp.StatusCode <= 101 && resp.StatusCode != 100 {
			break
		}
	}
	r.status, r.header = resp.StatusCode, resp.Header
	r.odd = r.odd || r.status < 100 // net/http returns such a status, the client refuses it
	compressed, err := io.ReadAll(resp.Body)
	r.body, r.framed, r.whole = compressed, err == nil, err == nil
	r.sized = resp.ContentLength >= 0 && resp.Header.Get("Content-Length") != ""
	_, err = in.Peek(1)
	r.alone = r.framed && err == io.EOF && !resp.Close && (r.sized || resp.TransferEncoding != nil)
	if e := strings.ToLower(resp.Header.Get("Content-Encoding")); (e == "gzip" || e == "x-gzip") && len(compressed) > 0 {
		z, err := gzip.NewReader(bytes.NewReader(compressed))
		if err == nil {
			r.body, err = io.ReadAll(z)
		}
		r.whole = r.whole && err == nil
	}
	return r
}

// tame returns raw without the bytes of a header that the client ignores and net/http does
// not, see README.md. It reports false if a header has control bytes outside of values,
// which the two may read differently.
func tame(raw []byte) ([]byte, bool) {
	raw = bytes.TrimLeft(raw, "\r\n")
	end := len(raw)
	for _, empty := range []string{"\r\n\r\n", "\n\r\n", "\n\n"} {
		if i := bytes.Index(raw, []byte(empty)); i >= 0 {
			end = min(end, i)
		}
	}
	tame := bytes.Clone(raw)
	name := true
	for i, c := range raw[:end] {
		switch {
		case c == '\n':
			name = true
		case c == ':':
			name = false
		case c >= ' ' && c != 0x7f || c == '\r' || c == '\t':
		case name:
			return raw, false
		default:
			tame[i] = ' '
		}
	}
	return tame, true
}

// A liar is a server in memory. It responds to the first request of a round with a given
// text, and to every other with good, whatever the connection.
type liar struct {
	reply atomic.Pointer[reply] // for the next request
	good  string
	dials atomic.Int64
	conns atomic.Int64 // open connections
}

// A pipeConn is an end of a pipe in memory. Like TCP, it accepts deadlines after the other
// end is closed.
type pipeConn struct{ net.Conn }

func (c pipeConn) SetDeadline(t time.Time) error      { c.Conn.SetDeadline(t); return nil }
func (c pipeConn) SetReadDeadline(t time.Time) error  { c.Conn.SetReadDeadline(t); return nil }
func (c pipeConn) SetWriteDeadline(t time.Time) error { c.Conn.SetWriteDeadline(t); return nil }

// dial connects a client.
func (l *liar) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	l.dials.Add(1)
	l.conns.Add(1)
	go func() {
		defer l.conns.Add(-1)
		defer server.Close()
		in := bufio.NewReader(server)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
			if reply := l.reply.Swap(nil); reply == nil {
				if _, err := io.WriteString(server, l.good); err != nil {
					return
				}
			} else if _, err := server.Write(reply.raw); err != nil || reply.bareLF() || !reply.alone && !reply.more() {
				return
			}
		}
	}()
	return pipeConn{client}, nil
}

// more reports whether something follows the response on a connection that could otherwise
// be reused.
func (r *reply) more() bool {
	return r.framed && r.sized && r.header.Get("Connection") == "" && !r.bareLF()
}

// bareLF reports whether a line of the header ends without a carriage return, see
// README.md.
func (r *reply) bareLF() bool {
	head, _, _ := bytes.Cut(r.raw, []byte("\r\n\r\n"))
	return bytes.Count(head, []byte("\n")) != bytes.Count(head, []byte("\r\n"))
}

const secondRow = `{"results":[{"statement_id":0,"series":[{"name":"second","columns":["a"],"values":[[42]]}]}]}`

// newLiar returns a client of a liar.
func newLiar(f *testing.F) (*liar, *fastclient.Client) {
	l := &liar{good: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(secondRow)) + "\r\n\r\n" + secondRow}
	c, err := fastclient.New(fastclient.Options{
		Addr: "http://liar:8086", Database: "db", Dial: l.dial,
		HeaderTimeout: 3 * time.Second, ReadTimeout: 3 * time.Second, WriteTimeout: 3 * time.Second,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	return l, c
}

// call has the server respond raw to a call of the client, and compares the outcome with
// that of net/http and the slow reader.
func (l *liar) call(t *testing.T, c *fastclient.Client, raw []byte, op uint8, plain bool) {
	method := "POST"
	if op%5 == 4 {
		method = "GET"
	}
	want := readReply(raw, method)
	l.reply.Store(&want)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	start := time.Now()
	var err error
	switch op % 5 {
	case 0:
		if err = c.Write(ctx, []byte("m f=1 1\n")); err == nil {
			requireSuccess(t, want, want.framed)
			if !want.odd && want.status != 204 && len(bytes.TrimSpace(want.body)) > 0 && !emptyObject(want.body) {
				t.Fatalf("%q acknowledges a write", raw)
			}
		}
	case 1, 2:
		err = l.query(ctx, t, c, want, plain)
	case 3:
		var body io.ReadCloser
		if body, err = c.QueryRaw(ctx, "q"); err != nil {
			break
		}
		var got []byte
		got, err = io.ReadAll(body)
		body.Close()
		if err == nil {
			requireSuccess(t, want, want.whole)
			if !want.odd && !bytes.Equal(got, want.body) {
				t.Fatalf("%q has the body %q, want %q", raw, got, want.body)
			}
		}
	case 4:
		if _, err = c.Ping(ctx); err == nil {
			requireSuccess(t, want, want.framed)
		}
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Fatalf("op %d of %q took %v: %v", op%5, raw, d, err)
	}
	requireTyped(t, raw, err)
	var server *fastclient.ServerError
	unacknowledged := op%5 == 0 && errors.Is(err, fastclient.ErrNotAcknowledged)
	if errors.As(err, &server) && !want.odd && !unacknowledged && (want.status != server.Status && want.status != 0 || server.Status >= 200 && server.Status <= 299 && want.header.Get("Content-Encoding") == "") {
		t.Fatalf("%q has status %d, the client says %d: %v", raw, want.status, server.Status, err)
	}
	if !want.odd && want.framed && (want.status < 200 || want.status > 299) && err == nil {
		t.Fatalf("%q with status %d is taken as success", raw, want.status)
	}

	// The next call must get the next response, whatever the one before left behind.
	l.reply.Store(nil)
	res, err := c.Query(ctx, "q")
	if err != nil {
		var transport *fastclient.TransportError
		if !errors.As(err, &transport) {
			t.Fatalf("after %q: %v", raw, err)
		}
		return // the connection was closed meanwhile
	}
	n := 0
	for row, err := range res.Rows() {
		var v int64
		if err == nil {
			v, err = row.Int(0)
		}
		if n++; err != nil || v != 42 || row.Series().Name != "second" || n > 1 {
			t.Fatalf("after %q the response is %v, %v", raw, v, err)
		}
	}
	if n != 1 {
		t.Fatalf("after %q the response has %d rows", raw, n)
	}
}

// emptyObject reports whether body is an object without members.
func emptyObject(body []byte) bool {
	inside, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte("{"))
	return ok && string(bytes.TrimSpace(inside)) == "}"
}

// query reads rows and compares them with those of the slow reader.
func (l *liar) query(ctx context.Context, t *testing.T, c *fastclient.Client, want reply, plain bool) error {
	res, err := c.Query(ctx, "q")
	if err != nil {
		return err
	}
	events, _, err := scan(res.Scanner())
	for range res.Rows() {
		// This comes last, since it closes the result.
	}
	a := readResponse(want.body, false)
	wantEvents := numberSeries(a.events)
	if err == nil {
		requireSuccess(t, want, want.whole)
		if !want.odd && (a.end != complete || !slices.Equal(events, wantEvents)) {
			t.Fatalf("%q (%s) gives\n%s\nwant\n%s", want.raw, a.end, strings.Join(events, "\n"), strings.Join(wantEvents, "\n"))
		}
		return nil
	}
	// The client asks for chunks, so a document that promises another is not the last.
	if plain && want.whole && want.status/100 == 2 && a.end == complete && !a.pending && len(want.body) > 0 {
		t.Fatalf("%q is a whole response, but the client says: %v", want.raw, err)
	}
	return err
}

// requireSuccess fails unless want is a complete response that reports success.
func requireSuccess(t *testing.T, want reply, whole bool) {
	t.Helper()
	if want.odd {
		return
	}
	if want.status < 200 || want.status > 299 || !whole {
		t.Fatalf("%q is taken as success: net/http says %d, whole %v", want.raw, want.status, whole)
	}
}

// requireTyped fails unless err has one of the documented types and a text of bounded
// length.
func requireTyped(t *testing.T, raw []byte, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var (
		server    *fastclient.ServerError
		transport *fastclient.TransportError
		syntax    *jsonscan.SyntaxError
		read      *jsonscan.ReadError
		size      *jsonscan.RowSizeError
	)
	if !errors.As(err, &server) && !errors.As(err, &transport) && !errors.As(err, &syntax) && !errors.As(err, &read) && !errors.As(err, &size) {
		t.Fatalf("%q: error of type %T: %v", raw, err, err)
	}
	if len(err.Error()) > 8<<10 {
		t.Fatalf("%q: the error has %d bytes", raw, len(err.Error()))
	}
	_ = fastclient.Retryable(err)
	_ = fastclient.RetryDelay(err)
}

// httpResponse frames a body.
func httpResponse(status uint16, fields string, body []byte, framing uint8) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %03d X\r\n", status%1000)
	for line := range strings.SplitSeq(fields, "\n") {
		if line = strings.TrimSuffix(line, "\r"); line != "" {
			b.WriteString(line + "\r\n")
		}
	}
	if framing>>3&1 != 0 {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(body)
		w.Close()
		body = z.Bytes()
		b.WriteString("Content-Encoding: gzip\r\n")
	}
	cut := framing>>4&1 != 0
	switch framing & 7 {
	case 0, 1, 2:
		n := len(body)
		if cut {
			n += 7
		}
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", n, body)
	case 3, 4:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		size := 1 + int(framing>>5)*int(framing>>5)*9
		for len(body) > 0 {
			n := min(size, len(body))
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
			body = body[n:]
		}
		if !cut {
			b.WriteString("0\r\n\r\n")
		}
	case 5:
		fmt.Fprintf(&b, "Connection: close\r\n\r\n%s", body)
	case 6:
		fmt.Fprintf(&b, "\r\n%s", body)
	case 7: // more than was announced
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body)/2, body)
	}
	return b.Bytes()
}

// plainFields reports whether no field concerns the form of the response.
func plainFields(fields string) bool {
	for line := range strings.SplitSeq(fields, "\n") {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !strings.HasPrefix(name, "X-") && name != "Content-Type" && name != "Retry-After" {
			return line == ""
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) || strings.ContainsAny(name, " :()<>@,;\\\"/[]?={}") || value == "" {
			return false
		}
	}
	return true
}

// FuzzResponse sends well-formed and truncated responses of any status, fields and body.
func FuzzResponse(f *testing.F) {
	for i, b := range bodies {
		for op := range uint8(4) {
			f.Add(uint16(200), "Content-Type: application/json", []byte(b), uint8(i*8+i), op)
			f.Add(uint16(200), "Content-Type: application/json\nX-Influxdb-Version: 1.8.10", []byte(b), uint8(i), op+1)
		}
		f.Add([]uint16{204, 400, 401, 404, 413, 429, 500, 503}[i%8], "Retry-After: 3", []byte(b), uint8(i), uint8(0))
	}
	for i, s := range []string{
		`{"error":"partial write: unable to parse 'x': missing fields dropped=1"}`, `{"error":"partial write: points beyond retention policy dropped=99999999999999999999"}`,
		`{"code":"invalid","message":"unable to parse","line":7}`, `{"error":"x","data":[{"original_line":"x","line_number":1,"error_message":"bad"}]}`,
		`{"error":1}`, `{"error":{"a":[1]}}`, `[`, `{"data":{"line_number":-1}}`, `{"error":"` + "\xff" + `"}`,
	} {
		f.Add([]uint16{400, 422, 500}[i%3], "X-Influxdb-Error: y", []byte(s), uint8(i), uint8(0))
	}
	f.Add(uint16(301), "Location: http://user:pw@elsewhere/x", []byte(nil), uint8(0), uint8(0))
	f.Add(uint16(204), "Transfer-Encoding: chunked", []byte(nil), uint8(6), uint8(0))
	f.Add(uint16(100), "", []byte(nil), uint8(6), uint8(0))
	l, c := newLiar(f)
	f.Fuzz(func(t *testing.T, status uint16, fields string, body []byte, framing, op uint8) {
		if len(body) > 16<<10 || len(fields) > 4<<10 {
			return
		}
		l.call(t, c, httpResponse(status, fields, body, framing), op, plainFields(fields))
	})
}

// FuzzHTTP sends any bytes as a response.
func FuzzHTTP(f *testing.F) {
	for op := range uint8(5) {
		for i, s := range []string{
			"", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 X\r\n\r\n",
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n{}", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
			"HTTP/1.1 200 OK\r\n X: y\r\n\r\n", "HTTP/1.1 200 OK\r\nX\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
			"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nabcde", "HTTP/1.1 304 X\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n{}", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nTrailer: z\r\n\r\n", "\x16\x03\x01",
		} {
			if i%5 == int(op) || i < 12 {
				f.Add([]byte(s), op)
			}
		}
	}
	l, c := newLiar(f)
	f.Fuzz(func(t *testing.T, raw []byte, op uint8) {
		if len(raw) > 16<<10 {
			return
		}
		l.call(t, c, raw, op, false)
	})
}
