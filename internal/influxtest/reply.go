package influxtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A Reply is the server's reaction to one request.
type Reply struct {
	// Early plays the reply before the request's body is read.
	Early bool
	Play  func(c *Conn, r *Request)
}

// A Conn is the server's end of a connection, for custom replies.
type Conn struct {
	s      *Server
	raw    net.Conn
	top    net.Conn // raw, or TLS above it
	in     *bufio.Reader
	closed bool
}

// Send writes p unchanged.
func (c *Conn) Send(p string) { io.WriteString(c.top, p) }

// Close closes the connection in the ordinary way.
func (c *Conn) Close() {
	c.closed = true
	c.top.Close()
}

// Reset closes the connection so that the peer sees a connection reset.
func (c *Conn) Reset() {
	c.closed = true
	if t, ok := c.raw.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.raw.Close()
}

// Stall sends a value to [Server.Stalled] and waits until the peer or the test closes the
// connection.
func (c *Conn) Stall() {
	c.closed = true
	select {
	case c.s.stalled <- struct{}{}:
	default:
	}
	io.Copy(io.Discard, c.in)
}

func readerOf(p []byte) io.Reader { return bytes.NewReader(p) }

func head(status int, fields ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	b.WriteString("X-Influxdb-Version: 1.8.10\r\nX-Influxdb-Build: OSS\r\n")
	for i := 0; i+1 < len(fields); i += 2 {
		b.WriteString(fields[i] + ": " + fields[i+1] + "\r\n")
	}
	return b.String()
}

// Func responds by calling f.
func Func(f func(c *Conn, r *Request)) Reply { return Reply{Play: f} }

// Raw sends p unchanged.
func Raw(p string) Reply { return Func(func(c *Conn, _ *Request) { c.Send(p) }) }

// RawClose sends p unchanged and closes.
func RawClose(p string) Reply {
	return Func(func(c *Conn, _ *Request) { c.Send(p); c.Close() })
}

// Status responds with a status and no body. fields are alternating keys and values of
// header lines.
func Status(status int, fields ...string) Reply {
	if status == 204 {
		return Raw(head(status, fields...) + "\r\n")
	}
	return Body(status, "", fields...)
}

// Body responds with a body and its Content-Length.
func Body(status int, body string, fields ...string) Reply {
	return Raw(head(status, append(fields, "Content-Length", fmt.Sprint(len(body)))...) + "\r\n" + body)
}

// JSON responds 200 with a JSON body and its Content-Length.
func JSON(body string) Reply { return Body(200, body, "Content-Type", "application/json") }

// Error responds with an error in InfluxDB's form. The header repeats at most 1024 bytes
// of the message, in one line.
func Error(status int, message string) Reply {
	return Body(status, fmt.Sprintf("{\"error\":%q}\n", message), "Content-Type", "application/json",
		"X-Influxdb-Error", strings.ReplaceAll(message[:min(len(message), 1024)], "\n", " "))
}

// ChunkedBody frames parts as HTTP chunks, without the last chunk, which ends a body.
func ChunkedBody(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(p), p)
	}
	return b.String()
}

const lastChunk = "0\r\n\r\n"

// ChunkedHead is the head of a chunked response.
func ChunkedHead(fields ...string) string {
	return head(200, append(fields, "Content-Type", "application/json", "Transfer-Encoding", "chunked")...) + "\r\n"
}

// Chunked responds 200 with parts as HTTP chunks.
func Chunked(parts ...string) Reply {
	return Raw(ChunkedHead() + ChunkedBody(parts...) + lastChunk)
}

// Gzip responds 200 with body compressed, in HTTP chunks.
func Gzip(body string) Reply {
	return Raw(ChunkedHead("Content-Encoding", "gzip") + ChunkedBody(Compress(body)) + lastChunk)
}

// Compress returns body in gzip's format.
func Compress(body string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, body)
	z.Close()
	return b.String()
}

// CutGzip responds with a complete HTTP body whose gzip stream ends too early.
func CutGzip(body string) Reply {
	p := Compress(body)
	return Raw(ChunkedHead("Content-Encoding", "gzip") + ChunkedBody(p[:len(p)/2]) + lastChunk)
}

// CutChunk ends the connection within a chunk.
func CutChunk(body string) Reply {
	return RawClose(ChunkedHead() + fmt.Sprintf("%x\r\n%s", len(body)+10, body))
}

// NoLastChunk ends the connection between chunks.
func NoLastChunk(parts ...string) Reply { return RawClose(ChunkedHead() + ChunkedBody(parts...)) }

// ShortBody announces more bytes than it sends, and closes.
func ShortBody(body string) Reply {
	return RawClose(head(200, "Content-Length", fmt.Sprint(len(body)+10)) + "\r\n" + body)
}

// StallBody sends parts and then stalls.
func StallBody(parts ...string) Reply {
	return Func(func(c *Conn, _ *Request) {
		c.Send(ChunkedHead() + ChunkedBody(parts...))
		c.Stall()
	})
}

// StallHeader sends half a header and then stalls.
func StallHeader() Reply {
	return Func(func(c *Conn, _ *Request) {
		c.Send("HTTP/1.1 200 OK\r\nContent-")
		c.Stall()
	})
}

// Silent reads the request and never responds.
func Silent() Reply { return Func(func(c *Conn, _ *Request) { c.Stall() }) }

// Deaf reads only the request's header and never responds.
func Deaf() Reply {
	return Reply{Early: true, Play: func(c *Conn, _ *Request) {
		c.closed = true
		c.s.stalled <- struct{}{}
		<-c.s.free
	}}
}

// UntilClose responds without a length, and ends the body by closing.
func UntilClose(body string) Reply {
	return RawClose(head(200, "Connection", "close") + "\r\n" + body)
}

// Garbage responds with bytes that are not HTTP.
func Garbage() Reply { return RawClose("SSH-2.0-OpenSSH_9.2 secret-banner\r\n") }

// NoContentChunked responds 204 with a Transfer-Encoding, as some proxies do.
func NoContentChunked() Reply {
	return Raw(head(204, "Transfer-Encoding", "chunked") + "\r\n")
}

// Continue responds 100 before r.
func Continue(r Reply) Reply {
	return Func(func(c *Conn, req *Request) {
		c.Send("HTTP/1.1 100 Continue\r\n\r\n")
		r.Play(c, req)
	})
}

// TwoLengths responds with two different Content-Length headers.
func TwoLengths(body string) Reply {
	return RawClose(head(200, "Content-Length", fmt.Sprint(len(body)), "Content-Length", fmt.Sprint(len(body)+1)) + "\r\n" + body)
}

// Refuse responds before it reads the body and closes, as InfluxDB does when a body is too
// large.
func Refuse(status int, body string) Reply {
	return Reply{Early: true, Play: func(c *Conn, _ *Request) {
		c.Send(head(status, "Content-Length", fmt.Sprint(len(body)), "Connection", "close") + "\r\n" + body)
		c.Close()
	}}
}

// ThenClose plays r and then closes unannounced.
func ThenClose(r Reply) Reply {
	return Func(func(c *Conn, req *Request) {
		r.Play(c, req)
		c.Close()
	})
}

// ThenSay plays r and then sends p, which nobody asked for.
func ThenSay(r Reply, p string) Reply {
	return Func(func(c *Conn, req *Request) {
		r.Play(c, req)
		c.Send(p)
	})
}

// Drop closes without a response.
func Drop() Reply { return Func(func(c *Conn, _ *Request) { c.Close() }) }

// DropHard resets the connection without a response.
func DropHard() Reply { return Func(func(c *Conn, _ *Request) { c.Reset() }) }

// BigHeader responds 204 with a header of n bytes and more.
func BigHeader(n int) Reply { return Status(204, "X-Filler", strings.Repeat("x", n)) }

// Slow responds with parts and pauses before each; the connection is healthy all along. It
// is for tests under a fake clock.
func Slow(pause time.Duration, parts ...string) Reply {
	return Func(func(c *Conn, _ *Request) {
		c.Send(ChunkedHead())
		for _, p := range parts {
			time.Sleep(pause)
			c.Send(ChunkedBody(p))
		}
		c.Send(lastChunk)
	})
}
