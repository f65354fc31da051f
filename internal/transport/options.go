package transport

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// EarlyReply is how long to wait for a response after sending a request failed: the
// server may have refused it and closed the connection.
const EarlyReply = 250 * time.Millisecond

// Close reads at most this much of a response, for at most this long, to keep its
// connection. Reading more would cost more than a new connection.
const (
	DrainBytes = 512
	DrainTime  = 5 * time.Millisecond
)

// Options say where to connect and within which limits. A zero duration or size
// selects the default given beside the field; a negative duration means no limit.
type Options struct {
	Network string // tcp or unix
	Addr    string // host:port, or the path of the Unix socket
	Host    string // Host header, and the server's name for TLS
	TLS     *tls.Config
	// Dial replaces the dialer. It must honour its context.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	MaxConns    int           // connections open at once, 16
	PoolTimeout time.Duration // waiting for a connection of the pool; see PoolWait for 0
	IdleTimeout time.Duration // after which an idle connection is closed, 30 s
	Lifetime    time.Duration // after which a connection is not used again, 5 min

	DialTimeout   time.Duration // 5 s
	TLSTimeout    time.Duration // 5 s
	WriteTimeout  time.Duration // sending the whole request, 30 s
	HeaderTimeout time.Duration // from then to the end of the response's header, 30 s
	ReadTimeout   time.Duration // longest pause within the response's body, 30 s

	MaxBody   int // bytes of a response's body that is not streamed, 64 KiB
	MaxHeader int // bytes of a response's header, 16 KiB

	UserAgent string
	Hooks     *Hooks
}

// WithDefaults returns o with every zero limit replaced.
func (o Options) WithDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		} else if *d < 0 {
			*d = 0
		}
	}
	def(&o.IdleTimeout, 30*time.Second)
	def(&o.Lifetime, 5*time.Minute)
	def(&o.DialTimeout, 5*time.Second)
	def(&o.TLSTimeout, 5*time.Second)
	def(&o.WriteTimeout, 30*time.Second)
	def(&o.HeaderTimeout, 30*time.Second)
	def(&o.ReadTimeout, 30*time.Second)
	if o.MaxConns <= 0 {
		o.MaxConns = 16
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 64 << 10
	}
	if o.MaxHeader <= 0 {
		o.MaxHeader = 16 << 10
	}
	if o.Hooks == nil {
		o.Hooks = new(Hooks)
	}
	return o
}

// PoolWait returns the longest wait for a connection under ctx, 0 for no limit. Without a
// PoolTimeout it is 5 s, but a context with a deadline says itself how long to wait.
func (o *Options) PoolWait(ctx context.Context) time.Duration {
	if o.PoolTimeout != 0 {
		return max(0, o.PoolTimeout)
	}
	if _, ok := ctx.Deadline(); ok {
		return 0
	}
	return 5 * time.Second
}

// Dialer returns the function that opens a connection.
func (o *Options) Dialer() func(context.Context, string, string) (net.Conn, error) {
	if o.Dial != nil {
		return o.Dial
	}
	// This races IPv6 and IPv4 and asks the system's resolver. Nothing is cached,
	// so a name may move to another address.
	return (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
}

// Limit is context.WithTimeout, without a limit if d is 0 or negative.
func Limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
