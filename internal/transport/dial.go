package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

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
	dctx, cancel := limit(ctx, o.DialTimeout)
	nc, err := dialFunc(o)(dctx, o.Network, o.Addr)
	cancel()
	if err != nil {
		return nil, &Error{Phase: PhaseDial, Addr: o.Addr, Err: cause(ctx, false, err)}
	}
	sock := newSocket(nc)
	if o.TLS == nil {
		return newConn(sock, sock), nil
	}
	t := tls.Client(sock, o.TLS)
	hctx, cancel := limit(ctx, o.TLSTimeout)
	err = t.HandshakeContext(hctx)
	if err != nil && hctx.Err() != nil {
		err = hctx.Err()
	}
	cancel()
	if err != nil {
		nc.Close()
		return nil, &Error{Phase: PhaseTLS, Addr: o.Addr, Err: cause(ctx, false, err)}
	}
	sock.written = 0
	return newConn(sock, t), nil
}

func dialFunc(o *Options) func(context.Context, string, string) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial
	}
	// Happy eyeballs and the system's resolver; no cache, so that a name may
	// move to another address.
	return (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
}

func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
