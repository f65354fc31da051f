package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// unprobed is how long a kept connection is trusted when there is no way to
// look at its socket: on other systems, and under a custom dialer.
const unprobed = time.Second

// A conn is a connection of the pool.
type conn struct {
	net.Conn // *Socket or *tls.Conn above it
	sock     *Socket
	abort    func() // closes the socket; may be called at any time
	created  time.Time
	idle     time.Time // when it was last given back, zero before
	place    int       // in pool.open
}

// newConn wraps a connection. Closing the socket and not the TLS connection
// is what makes abort prompt: tls.Conn.Close may wait for its last alert.
func newConn(sock *Socket, top net.Conn) *conn {
	return &conn{Conn: top, sock: sock, created: time.Now(), abort: func() { sock.Conn.Close() }}
}

// usable reports whether a kept connection can carry another request: that the
// server has neither closed it nor said anything unasked.
func (c *conn) usable(now time.Time) bool {
	switch c.sock.Peek() {
	case Nothing:
		return true
	case Data:
		t, ok := c.Conn.(*tls.Conn)
		return ok && c.sock.OnlyTickets(t)
	case Unknown:
		return now.Sub(c.idle) < unprobed
	}
	return false
}

// speaks reports whether the server said something on a new connection before it was
// asked.
func (c *conn) speaks() bool {
	if c.sock.Peek() != Data {
		return false
	}
	t, ok := c.Conn.(*tls.Conn)
	return !ok || !c.sock.OnlyTickets(t)
}

// dial connects and shakes hands, under ctx and the limits of o.
func dial(ctx context.Context, o *Options) (*conn, *Error) {
	start := time.Now()
	c, err := dialPhases(ctx, o)
	if o.Hooks.Dial != nil {
		var cause error
		if err != nil {
			cause = err
		}
		o.Hooks.Dial(o.Addr, time.Since(start), cause)
	}
	return c, err
}

func dialPhases(ctx context.Context, o *Options) (*conn, *Error) {
	dctx, cancel := Limit(ctx, o.DialTimeout)
	nc, err := o.Dialer()(dctx, o.Network, o.Addr)
	cancel()
	if err != nil {
		return nil, &Error{Phase: PhaseDial, Addr: o.Addr, Err: Cause(ctx, false, err)}
	}
	sock := NewSocket(nc)
	if o.TLS == nil {
		return newConn(sock, sock), nil
	}
	t := tls.Client(sock, o.TLS)
	hctx, cancel := Limit(ctx, o.TLSTimeout)
	err = t.HandshakeContext(hctx)
	if err != nil && hctx.Err() != nil {
		err = hctx.Err()
	}
	cancel()
	if err != nil {
		nc.Close()
		return nil, &Error{Phase: PhaseTLS, Addr: o.Addr, Err: Cause(ctx, false, err)}
	}
	sock.Written = 0
	return newConn(sock, t), nil
}
