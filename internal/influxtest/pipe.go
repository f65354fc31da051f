package influxtest

import (
	"context"
	"net"
)

// A pipeListener accepts connections that are pipes in memory, so that every wait can run
// under the clock of testing/synctest.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	close(l.done)
	return nil
}

func (*pipeListener) Addr() net.Addr { return pipeAddr{} }

// NewPipe starts a server in memory. The returned function dials it.
func NewPipe(tb TB, replies ...Reply) (*Server, func(ctx context.Context, network, addr string) (net.Conn, error)) {
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	s := serve(l, "http://pipe:8086", nil, replies)
	tb.Cleanup(s.Close)
	return s, func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()
		select {
		case l.conns <- server:
			return client, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
}
