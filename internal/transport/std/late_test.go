package std

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
	"github.com/pointwire/pointwire/internal/transport/doertest"
)

// A lateConn takes everything, and responds only after it was closed, as a connection does
// whose response is read while the request is cancelled.
type lateConn struct {
	net.Conn // of a pipe, for what is not below
	closed   chan struct{}
	once     sync.Once
	answer   io.Reader
	wrote    func()
}

func (c *lateConn) Write(p []byte) (int, error) {
	c.wrote()
	return len(p), nil
}

func (c *lateConn) Read(p []byte) (int, error) {
	<-c.closed
	return c.answer.Read(p)
}

func (c *lateConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// TestLateResponse cancels a request whose response arrives at that moment. net/http then
// calls back after Do has returned, when the request is the caller's again: with -race,
// this test fails if the callback reads it.
func TestLateResponse(t *testing.T) {
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan struct{})
		answer, server := io.Pipe()
		o := transport.Options{Network: "tcp", Addr: "late:1", Host: "late:1"}
		o.Hooks = &transport.Hooks{FirstByte: func(time.Duration) { close(first) }}
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			t.Cleanup(func() { far.Close() })
			return &lateConn{Conn: near, closed: make(chan struct{}), answer: answer, wrote: cancel}, nil
		}
		d := New(o, nil)
		go server.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n"))
		req := doertest.Post("m f=1 1\n")
		var resp transport.Response
		if err := d.Do(ctx, req, &resp); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Do: %v", err)
		}
		req.Body = nil
		<-first
		d.Close()
		cancel()
	}
}
