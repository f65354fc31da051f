// Package fast makes HTTP/1.1 exchanges, one at a time on each connection. It writes
// and parses HTTP with fasthttp but keeps its own connections: fasthttp's pool can
// neither wait nor dial under a context, and its cleaning goroutine sleeps on after the
// last connection is closed.
//
// An exchange runs in the goroutine that called Do. fast.go drives it: acquire a
// connection, send, receive, give the connection back. pool.go keeps the connections and
// conn.go dials and checks them; header.go handles responses that fasthttp would
// misread; body.go reads streamed bodies.
//
// Its invariants:
//   - An exchange owns its connection from acquire to finish. Only a streamed body
//     holds it longer, until the body ends or is closed.
//   - The end of the context closes the connection, so nothing waits longer than
//     the context. A connection whose abort may have begun is never kept.
//   - A connection is kept only after a complete response with no byte after it.
//   - A plain exchange allocates nothing.
package fast

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/pointwire/pointwire/internal/transport"
)

// keptBuffer is the largest response buffer that is kept for another exchange.
const keptBuffer = 128 << 10

// A Transport is a [transport.Doer] on fasthttp, with its own connections.
type Transport struct {
	o         transport.Options
	n         transport.Counters
	pool      *pool
	hc        fasthttp.HostClient
	base      string // scheme and host
	exchanges sync.Pool
}

var _ transport.Doer = (*Transport)(nil)

// New returns a Transport. It connects at the first request.
func New(o transport.Options) *Transport {
	t := &Transport{o: o.WithDefaults()}
	t.pool = newPool(&t.o, &t.n)
	t.base = "http://" + o.Host
	if o.TLS != nil {
		t.base = "https://" + o.Host
	}
	t.hc = fasthttp.HostClient{
		Addr:      o.Addr,
		IsTLS:     o.TLS != nil,
		Transport: roundTripper{t},
		// One attempt: this layer does not know which requests may be sent twice.
		MaxIdemponentCallAttempts: 1,
		ReadBufferSize:            t.o.MaxHeader,
		WriteBufferSize:           16 << 10,
		DisablePathNormalizing:    true,
		NoDefaultUserAgentHeader:  true,
		SecureErrorLogMessage:     true,
	}
	return t
}

// An exchange is one request and its response, from Do until the response is closed.
// Buffered exchanges are pooled, with their buffers.
type exchange struct {
	t    *Transport
	req  fasthttp.Request
	resp fasthttp.Response
	uri  []byte

	ctx    context.Context
	stream bool
	body   []byte // of a response that is not streamed
	cut    bool   // body is only the beginning
	c      *conn
	br     *bufio.Reader
	stop   func() bool // of the context's AfterFunc, nil if there is none
	whole  bool        // body is all of a streamed one
	reused bool
	last   bool // the connection must not be kept
	fail   *transport.Error
	// abort is the connection's, so that Close can interrupt a Read of the body.
	abort atomic.Pointer[func()]
}

// exchangeKey is the user value of the request under which RoundTrip finds its exchange.
type exchangeKey struct{}

func (t *Transport) newExchange(ctx context.Context, req *transport.Request) *exchange {
	x, _ := t.exchanges.Get().(*exchange)
	if x == nil {
		x = &exchange{t: t}
		x.req.SetUserValue(exchangeKey{}, x)
	}
	x.ctx, x.stream = ctx, req.Stream
	x.fail, x.reused, x.last, x.cut, x.whole, x.stop = nil, false, false, false, false, nil
	x.body = x.body[:0]
	h := &x.req.Header
	h.Reset()
	h.SetNoDefaultContentType(true)
	h.SetMethod(req.Method)
	x.uri = append(append(x.uri[:0], t.base...), req.URI...)
	x.req.SetRequestURIBytes(x.uri)
	x.req.SetBodyRaw(req.Body)
	if t.o.UserAgent != "" {
		h.SetUserAgent(t.o.UserAgent)
	}
	set := func(key, value string) {
		if value != "" {
			h.Set(key, value)
		}
	}
	set(fasthttp.HeaderAuthorization, req.Authorization)
	set(fasthttp.HeaderContentType, req.ContentType)
	set(fasthttp.HeaderContentEncoding, req.ContentEncoding)
	set(fasthttp.HeaderAcceptEncoding, req.AcceptEncoding)
	set(fasthttp.HeaderAccept, req.Accept)
	for _, f := range req.Header {
		h.Set(f.Key, f.Value)
	}
	x.resp.StreamBody = true // buffer keeps the limit of a buffered body
	return x
}

// Header returns the first value of a header of the response.
func (x *exchange) Header(name string) string { return string(x.resp.Header.Peek(name)) }

// HasHeader reports whether the response has a header.
func (x *exchange) HasHeader(name string) bool { return len(x.resp.Header.PeekAll(name)) > 0 }

// Free releases a finished exchange. A streamed exchange is left to the garbage
// collector, since its reader may still hold it.
func (x *exchange) Free() {
	x.req.ResetBody()
	x.ctx, x.c, x.br = nil, nil, nil
	if x.stream || cap(x.body) > keptBuffer {
		return
	}
	x.t.exchanges.Put(x)
}

// Do sends req and fills resp.
func (t *Transport) Do(ctx context.Context, req *transport.Request, resp *transport.Response) error {
	t.n.Exchanges.Add(1)
	x := t.newExchange(ctx, req)
	if err := t.hc.Do(&x.req, &x.resp); err != nil {
		fail := x.fail
		if fail == nil { // fasthttp refused the request itself
			fail = &transport.Error{Phase: transport.PhaseWait, Addr: t.o.Addr, Err: err}
		}
		x.Free()
		if ctx.Err() != nil {
			t.n.Cancels.Add(1)
		}
		return fail
	}
	*resp = transport.Response{Status: x.resp.StatusCode(), Reused: x.reused, Held: x}
	// fasthttp's length of a body that has neither a length nor chunks, also of none.
	resp.UntilClose = x.resp.Header.ContentLength() == -2 && resp.Status != 204 && resp.Status != 304
	x.req.SetBodyRaw(nil)
	if !x.stream {
		resp.Body, resp.Truncated = x.body, x.cut
	} else if x.c != nil {
		resp.Stream = &body{x: x, src: x.resp.BodyStream()}
	} else if x.whole {
		resp.Stream = transport.NewWholeBody(x.body, nil)
	}
	return nil
}

// Stats returns the counters.
func (t *Transport) Stats() transport.Stats {
	s := t.n.Snapshot()
	s.Conns, s.Idle = t.pool.size()
	return s
}

// Drain keeps no connection from now on.
func (t *Transport) Drain() { t.pool.drain() }

// Close ends everything.
func (t *Transport) Close() error {
	t.pool.shut()
	return nil
}

// roundTripper is called by fasthttp to carry out the exchange.
type roundTripper struct{ t *Transport }

func (r roundTripper) RoundTrip(_ *fasthttp.HostClient, req *fasthttp.Request, _ *fasthttp.Response) (bool, error) {
	x := req.UserValue(exchangeKey{}).(*exchange)
	if x.fail = x.carryOut(); x.fail != nil {
		return false, x.fail
	}
	return false, nil
}

// carryOut is run for callers that may recover from a panic of a hook: the connection, of
// which nobody knows what it holds, is closed, and its place in the pool is free again.
func (x *exchange) carryOut() *transport.Error {
	done := false
	defer func() {
		if !done && x.c != nil {
			if x.br == nil {
				x.br = x.t.hc.AcquireReader(x.c)
			}
			x.finish(false)
		}
	}()
	fail := x.run()
	done = true
	return fail
}

// run carries out the exchange. When it returns nil and the response has a streamed
// body, the connection stays with x; otherwise run has given it back.
func (x *exchange) run() *transport.Error {
	t := x.t
	c, stale, fail := t.pool.acquire(x.ctx)
	if fail != nil {
		return fail
	}
	x.c, x.reused = c, !c.idle.IsZero()
	if x.reused {
		t.n.Reuses.Add(1)
	}
	if f := t.o.Hooks.GotConn; f != nil {
		var idle time.Duration
		if x.reused {
			idle = time.Since(c.idle)
		}
		f(x.reused, idle, stale)
	}
	// From here the end of the context closes the connection, which ends whatever
	// wait is under way. A deadline would not do: the next phase overwrites it.
	if x.ctx.Done() != nil {
		x.stop = context.AfterFunc(x.ctx, c.abort)
	}
	c.sock.Begin(t.o.TLS == nil)
	x.br = t.hc.AcquireReader(c)
	if !x.reused {
		if err := c.spoke(); err != nil {
			return x.broken(transport.PhaseHeader, err)
		}
	}

	early := false
	if err := x.send(); err != nil {
		if early = x.early(err); !early {
			return x.broken(transport.PhaseWrite, err)
		}
		t.n.EarlyReplies.Add(1)
	} else if err := x.receive(); err != nil {
		return x.broken(transport.PhaseHeader, err)
	}
	if src := x.resp.BodyStream(); x.stream && src != nil {
		if x.last = x.last || early; !x.last && x.arrived() {
			x.whole = true
			err := x.buffer(src)
			x.resp.CloseBodyStream()
			if err != nil {
				return x.broken(transport.PhaseBody, x.meaning(err))
			}
			x.finish(!x.resp.ConnectionClose())
			return nil
		}
		c.sock.Stream(t.o.ReadTimeout)
		x.abort.Store(&c.abort)
		return nil
	}
	x.finish(!early && !x.resp.ConnectionClose())
	return nil
}

// arrived reports whether all of a body that is streamed is in the reader's buffer. It is
// then read at once, so that a small response keeps no connection until it is read.
func (x *exchange) arrived() bool {
	p, _ := x.br.Peek(x.br.Buffered())
	if n := x.resp.Header.ContentLength(); n != -1 {
		return n >= 0 && n <= len(p)
	}
	return chunksEnd(p)
}

// send writes the request.
func (x *exchange) send() error {
	t, c := x.t, x.c
	start := time.Time{}
	if t.o.WriteTimeout > 0 {
		start = time.Now().Add(t.o.WriteTimeout)
	}
	if err := c.SetWriteDeadline(start); err != nil {
		return err
	}
	bw := t.hc.AcquireWriter(c)
	err := x.req.Write(bw)
	if err == nil {
		err = bw.Flush()
	}
	bw.Reset(nil) // forgets the error and the connection
	t.hc.ReleaseWriter(bw)
	t.n.Written.Add(uint64(c.sock.Written))
	if err == nil && t.o.Hooks.Wrote != nil {
		t.o.Hooks.Wrote(c.sock.Written)
	}
	return err
}

// receive reads the response's header and, unless it is streamed, its body.
func (x *exchange) receive() error {
	t, c := x.t, x.c
	var now, deadline time.Time
	if t.o.HeaderTimeout > 0 || t.o.Hooks.FirstByte != nil {
		now = time.Now()
	}
	if t.o.HeaderTimeout > 0 {
		deadline = now.Add(t.o.HeaderTimeout)
	}
	err := c.SetReadDeadline(deadline)
	if err == nil {
		_, err = x.br.Peek(1)
	}
	if err == io.EOF || err == io.ErrClosedPipe { // of net.Pipe
		return transport.ErrNoResponse
	}
	if err != nil {
		return err
	}
	if t.o.Hooks.FirstByte != nil {
		t.o.Hooks.FirstByte(time.Since(now))
	}
	return x.read()
}

// read reads the header and, unless it is streamed, the body.
//
// If the response arrived while the request was still being sent, only a refusal
// counts: no other response can be about a request that the server does not have yet.
// It might respond to no request at all, and then every later response on this
// connection would be taken for that of the next request.
func (x *exchange) read() error {
	interim, err := awaitFinal(x.br)
	if err != nil {
		return err
	}
	br, err := x.header()
	if err == nil {
		err = x.resp.ReadLimitBody(br, 0)
	}
	if err != nil && cleanHeader(br) {
		err = x.resp.ReadLimitBody(br, 0)
	}
	if err == nil && x.c.sock.Ahead && !interim {
		if x.last = true; x.resp.StatusCode() < 400 {
			err = transport.ErrMalformed
			x.resp.CloseBodyStream()
		}
	}
	if src := x.resp.BodyStream(); err == nil && !x.stream && src != nil {
		err = x.buffer(src)
		x.resp.CloseBodyStream()
	}
	return x.meaning(err)
}

// header waits for the header of the response and returns the reader to parse it from. It
// refuses a header that fasthttp would read otherwise than it is.
func (x *exchange) header() (*bufio.Reader, error) {
	head, err := peekHeader(x.br)
	switch {
	case err == bufio.ErrBufferFull:
		return x.br, transport.ErrResponseTooLarge
	case err == io.EOF:
		return x.br, io.ErrUnexpectedEOF
	case err != nil:
		return x.br, err
	}
	valid, bare := fieldNames(head)
	if !valid {
		return x.br, transport.ErrMalformed
	}
	if bare {
		x.last = true // the reader may hold bytes of what follows
		return withCRLF(x.br, head), nil
	}
	return x.br, nil
}

// buffer reads a body that is not streamed. It keeps the beginning of a refusal that is
// too long. Any other response that is too long is an error, since its beginning would be
// taken for the whole.
func (x *exchange) buffer(src io.Reader) error {
	limit := x.t.o.MaxBody
	for {
		if len(x.body) == cap(x.body) {
			x.body = append(x.body, make([]byte, min(max(512, len(x.body)), limit+1-len(x.body)))...)[:len(x.body)]
		}
		n, err := src.Read(x.body[len(x.body):min(cap(x.body), limit+1)])
		x.body = x.body[:len(x.body)+n]
		if len(x.body) > limit {
			x.body, x.cut, x.last = x.body[:limit], true, true
			if x.resp.StatusCode() < 300 {
				return transport.ErrResponseTooLarge
			}
			return nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// meaning reduces an error of fasthttp to its cause, without the bytes that it quotes.
func (x *exchange) meaning(err error) error {
	if err == nil || err == transport.ErrResponseTooLarge || err == transport.ErrMalformed {
		return err // early, so that the common case allocates nothing
	}
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		return transport.ErrResponseTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF): // in the body, or in the header
		return transport.ErrTruncated
	case isTransient(err):
		return err
	case x.c != nil && x.c.ended && endCut(x.br):
		return transport.ErrTruncated // within the framing of a chunk, of which fasthttp has no error
	}
	return transport.ErrMalformed
}

// isTransient reports whether err is an error of the connection, not of the bytes on it.
func isTransient(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t)
}

// early looks for a response after sending the request failed with cause. It reports
// whether there is a refusal: no other response can be about a request that the server
// has not read.
func (x *exchange) early(cause error) bool {
	if x.ctx.Err() != nil || x.t.pool.isClosed() {
		return false
	}
	wait := transport.EarlyReply
	if transport.IsTimeout(cause) {
		// The server stopped reading. If it has not responded by now, it will not.
		if x.c.sock.Peek() != transport.Data {
			return false
		}
	}
	if x.c.SetReadDeadline(time.Now().Add(wait)) != nil {
		return false
	}
	return x.read() == nil && x.resp.StatusCode() >= 400
}

// finish gives the connection back, to be kept or closed.
func (x *exchange) finish(keep bool) {
	// Bytes after the response would be taken for the beginning of the next one.
	keep = keep && !x.last && x.br.Buffered() == 0
	x.t.hc.ReleaseReader(x.br)
	x.br = nil
	// An AfterFunc that has begun will close the connection.
	if x.stop != nil && !x.stop() {
		keep = false
	}
	if c := x.c; keep {
		x.t.pool.release(c)
	} else {
		x.t.pool.discard(c)
	}
	x.c = nil
}

// broken ends an exchange that failed after it got a connection.
func (x *exchange) broken(phase transport.Phase, err error) *transport.Error {
	written := x.c.sock.Written
	x.finish(false)
	return &transport.Error{
		Phase: phase, Addr: x.t.o.Addr, Reused: x.reused, Written: written,
		Ambiguous: written > 0 && (x.reused || !transport.HandshakeRefused(err)),
		Err:       transport.Cause(x.ctx, x.t.pool.isClosed(), err),
	}
}
