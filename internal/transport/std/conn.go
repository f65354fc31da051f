package std

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// transport makes a transport of net/http that is as careful about connections as
// package fast.
func (t *Transport) transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            t.dial,
		TLSClientConfig:        t.o.TLS,
		TLSHandshakeTimeout:    t.o.TLSTimeout,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    t.o.MaxConns,
		MaxConnsPerHost:        t.o.MaxConns, // needed beside slots: a dial outlives a cancelled request
		IdleConnTimeout:        t.o.IdleTimeout,
		MaxResponseHeaderBytes: int64(t.o.MaxHeader),
		ForceAttemptHTTP2:      true,
	}
}

func (t *Transport) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if addr == t.canonical { // and not the address of a proxy
		network, addr = t.o.Network, t.o.Addr
	}
	ctx, cancel := transport.Limit(ctx, t.o.DialTimeout)
	defer cancel()
	// net/http stops counting a connection before it closes it, so MaxConnsPerHost
	// alone would let one more be open for that moment.
	select {
	case t.conns <- struct{}{}:
	case <-ctx.Done():
		return nil, &transport.Error{Phase: transport.PhaseDial, Addr: addr, Err: ctx.Err()}
	case <-t.ctx.Done():
		return nil, &transport.Error{Phase: transport.PhaseDial, Addr: addr, Err: transport.ErrClosed}
	}
	start := time.Now()
	c, err := t.o.Dialer()(ctx, network, addr)
	if f := t.o.Hooks.Dial; f != nil {
		f(addr, time.Since(start), err)
	}
	if err != nil {
		<-t.conns
		return nil, &transport.Error{Phase: transport.PhaseDial, Addr: addr, Err: err}
	}
	t.n.Dials.Add(1)
	return newConn(c, t.conns), nil
}

// A conn is a connection that net/http opened. It makes up for two weaknesses of
// net/http. A goroutine tells net/http that the server closed an idle connection or
// wrote to it, which can be too late for a request that is about to use the connection;
// take looks at the socket itself. And net/http drops an early response when it cannot
// send the rest of the request; Write waits for that response.
//
// That goroutine may have read bytes and not yet looked at them when an exchange takes
// the connection. mu decides to whom they belong: bytes that it reads before take are
// noted in unasked, and take finds the others in the socket. Bytes that net/http already
// holds in its buffer then are recognised by heard, which is false until something is
// read for the exchange.
type conn struct {
	*transport.Socket
	read    *transport.NotedReader
	created time.Time
	mu      sync.Mutex               // of read, used and over; held by take while it looks at the socket
	used    bool                     // an exchange has had it
	over    bool                     // something came after an exchange and before the next
	user    atomic.Pointer[exchange] // nil while idle
	unasked atomic.Bool              // something was read while idle
	heard   atomic.Bool              // something was read for user
	ahead   atomic.Bool              // a response came before its request was sent whole
	conns   chan struct{}            // of the Transport
	once    sync.Once
	gone    chan struct{} // closed by Close
}

func newConn(nc net.Conn, conns chan struct{}) *conn {
	c := &conn{Socket: transport.NewSocket(nc), conns: conns, gone: make(chan struct{}), created: time.Now()}
	c.read = c.Socket.Noted(&c.mu, c.note)
	return c
}

// Read reads, and ends the connection with the first bytes that come while it is idle:
// net/http would write them to the standard logger before it closes the connection.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.read.Read(p)
	if c.over {
		return 0, io.EOF
	}
	return n, err
}

// note notes the outcome of a Read. c.mu is held.
func (c *conn) note(n int, err error) {
	x := c.user.Load()
	switch {
	case x != nil && n > 0:
		c.heard.Store(true)
	case x != nil && err == io.EOF:
		x.cut.Store(true)
	case x == nil && n > 0:
		c.unasked.Store(true)
		c.over = c.over || c.used
	}
}

// Write holds an error back until net/http has read a response that may be on its way.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Socket.Write(p)
	if x := c.user.Load(); err != nil && x != nil {
		t := time.NewTimer(transport.EarlyReply)
		defer t.Stop()
		select {
		case <-x.responded:
		case <-c.gone:
		case <-t.C:
		}
	}
	return n, err
}

func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.gone)
		err = c.Socket.Conn.Close()
		<-c.conns
	})
	return err
}

// take gives x the connection that net/http chose. It reports whether the connection can
// carry a request, and closes it if not: then net/http or Do tries another.
func (x *exchange) take(nc net.Conn, reused bool) bool {
	t, secret := nc.(*tls.Conn)
	if secret {
		x.secure.Store(t)
		if t.ConnectionState().NegotiatedProtocol == "h2" {
			return true // many exchanges share it, and it is never silent
		}
		nc = t.NetConn()
	}
	c, ok := nc.(*conn)
	if !ok {
		return true // it belongs to a client that the caller brought
	}
	if !c.use(x, reused, secret) {
		c.Close() // without c.mu, since it waits for a Read that may want it
		return false
	}
	x.conn = c
	return true
}

// use makes x the user of c, and reports whether c can carry its request.
func (c *conn) use(x *exchange, reused, secret bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if reused {
		// Under TLS, the bytes may be a late session ticket. Giving up a good
		// connection costs less than mistaking an alert for a ticket.
		state := c.Peek()
		if state == transport.Gone || state == transport.Data || c.unasked.Load() || c.ahead.Load() ||
			x.t.o.Lifetime > 0 && time.Since(c.created) > x.t.o.Lifetime {
			return false
		}
	} else if !secret && (c.Peek() == transport.Data || c.unasked.Load()) {
		x.spoke.Store(true)
		return false
	}
	c.heard.Store(false)
	c.used = true
	c.user.Store(x)
	return true
}

// put is called when net/http has kept the connection. The next exchange may have taken it
// already: what is read then is for that one.
func (x *exchange) put() {
	if x.conn != nil && x.conn.user.Load() == x {
		x.conn.unasked.Store(false)
		x.conn.user.CompareAndSwap(x, nil)
	}
}
