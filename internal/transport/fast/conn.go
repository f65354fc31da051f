package fast

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// unprobed is how long a kept connection is trusted when there is no way to look at its
// socket: on systems without a prober, and under a custom dialer.
const unprobed = time.Second

// A conn is a connection of the pool.
type conn struct {
	net.Conn // *Socket or *tls.Conn above it
	sock     *transport.Socket
	abort    func() // closes the socket; may be called at any time
	created  time.Time
	idle     time.Time // when it was last given back, zero before
	place    int       // in pool.open
	ended    bool      // the server ended the connection
}

// newConn wraps a connection. Its abort closes the socket and not the TLS connection,
// because tls.Conn.Close may wait to send its last alert.
func newConn(sock *transport.Socket, top net.Conn) *conn {
	return &conn{Conn: top, sock: sock, created: time.Now(), abort: func() { sock.Conn.Close() }}
}

// Read reads, and remembers the end of the connection.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.ended = c.ended || err == io.EOF
	return n, err
}

// usable reports whether a kept connection can carry another request: the server has
// neither closed it nor sent anything unasked.
func (c *conn) usable(now time.Time) bool {
	switch c.sock.Peek() {
	case transport.Nothing:
		return true
	case transport.Data:
		t, ok := c.Conn.(*tls.Conn)
		return ok && c.sock.SkipTickets(t) == nil
	case transport.Unknown:
		return now.Sub(c.idle) < unprobed
	}
	return false
}

// spoke returns an error if the server has sent anything on a new connection before the
// first request: under TLS, the alert that refuses the handshake, or else ErrMalformed.
func (c *conn) spoke() error {
	if c.sock.Peek() != transport.Data {
		return nil
	}
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return transport.ErrMalformed
	}
	err := c.sock.SkipTickets(t)
	if err != nil && !transport.HandshakeRefused(err) {
		return transport.ErrMalformed
	}
	return err
}

// dial connects and completes the TLS handshake, under ctx and the limits of o.
func dial(ctx context.Context, o *transport.Options) (*conn, *transport.Error) {
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

func dialPhases(ctx context.Context, o *transport.Options) (*conn, *transport.Error) {
	dctx, cancel := transport.Limit(ctx, o.DialTimeout)
	nc, err := o.Dialer()(dctx, o.Network, o.Addr)
	cancel()
	if err != nil {
		return nil, &transport.Error{Phase: transport.PhaseDial, Addr: o.Addr, Err: transport.Cause(ctx, false, err)}
	}
	sock := transport.NewSocket(nc)
	if o.TLS == nil {
		return newConn(sock, sock), nil
	}
	t := tls.Client(sock, o.TLS)
	hctx, cancel := transport.Limit(ctx, o.TLSTimeout)
	err = t.HandshakeContext(hctx)
	if err != nil && hctx.Err() != nil {
		err = hctx.Err()
	}
	cancel()
	if err != nil {
		nc.Close()
		return nil, &transport.Error{Phase: transport.PhaseTLS, Addr: o.Addr, Err: transport.Cause(ctx, false, err)}
	}
	sock.Written = 0
	return newConn(sock, t), nil
}
