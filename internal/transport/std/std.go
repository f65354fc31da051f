// Package std makes exchanges with net/http, for servers that are reached over HTTP/2 or
// through a proxy. It is slower than package fast.
//
// std.go carries out an exchange: it takes a slot, gives the request to net/http, watches
// its progress by httptrace, and reads the response. errors.go translates net/http's
// errors. conn.go wraps the connections that net/http opens, to make up for what net/http
// does not check.
//
// Its invariants:
//   - An exchange holds a slot from wait to end, so at most MaxConns run at once.
//   - net/http never repeats a request that may have been sent.
//   - A connection that is unusable, or on which the server spoke before it was
//     asked, is closed before anything is sent over it.
package std

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// A Transport is a [transport.Doer] on net/http.
type Transport struct {
	o    transport.Options
	n    transport.Counters
	base string
	// canonical is the address that net/http asks to dial for the server.
	canonical string
	client    *http.Client
	own       *http.Transport // nil when the caller brought the client
	slots     chan struct{}   // holds one for each exchange under way
	conns     chan struct{}   // holds one for each connection of own, and each being dialled
	drained   atomic.Bool     // no connection is kept
	mu        sync.Mutex      // of users
	users     int             // exchanges under way
	ctx       context.Context // ends with Close
	close     context.CancelFunc
}

var _ transport.Doer = (*Transport)(nil)

// New returns a Transport over client, or over a transport made from o if client
// is nil. Redirects are never followed.
func New(o transport.Options, client *http.Client) *Transport {
	t := &Transport{o: o.WithDefaults(), base: "http://" + o.Host}
	if o.TLS != nil {
		t.base = "https://" + o.Host
	}
	t.canonical = o.Host
	if _, _, err := net.SplitHostPort(o.Host); err != nil {
		port := "80"
		if o.TLS != nil {
			port = "443"
		}
		t.canonical = net.JoinHostPort(strings.Trim(o.Host, "[]"), port)
	}
	t.slots = make(chan struct{}, t.o.MaxConns)
	t.conns = make(chan struct{}, t.o.MaxConns)
	t.ctx, t.close = context.WithCancel(context.Background())
	var c http.Client
	if client != nil {
		c = *client
	} else {
		t.own = t.transport()
		c.Transport = t.own
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.client = &c
	return t
}

// Do sends req and fills resp.
func (t *Transport) Do(ctx context.Context, req *transport.Request, resp *transport.Response) error {
	t.n.Exchanges.Add(1)
	x := &exchange{t: t, caller: ctx, responded: make(chan struct{})}
	if err := t.wait(ctx); err != nil {
		return x.failed(transport.PhaseWait, err)
	}
	t.use(1)
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.stop = context.AfterFunc(t.ctx, func() { x.cancel(transport.ErrClosed) })
	response, err := x.send(req)
	for err != nil && x.stale.Swap(false) && !x.spoke.Load() && x.ctx.Err() == nil {
		response, err = x.send(req) // nothing was sent over a connection found unusable
	}
	close(x.responded)
	if err != nil {
		failed := x.failed(x.phase(), err)
		if x.spoke.Load() && (!x.got.Load() || failed.Written == 0) {
			// Nothing was sent, though net/http may have read the body.
			failed = &transport.Error{Phase: transport.PhaseHeader, Addr: t.o.Addr, Err: transport.ErrMalformed}
		}
		x.end()
		return failed
	}
	// A response that came before the server had the whole request counts only if it
	// is a refusal: it may respond to no request at all. HTTP/2 is exempt, since each
	// response names its request.
	ahead := response.StatusCode < 400 && response.ProtoMajor == 1 && x.ahead.Load()
	if response.StatusCode < 100 || response.StatusCode > 599 || ahead || x.unheard.Load() || !fieldNames(response.Header) {
		response.Body.Close()
		failed := x.failed(transport.PhaseHeader, transport.ErrMalformed)
		x.end()
		return failed
	}
	*resp = transport.Response{Status: response.StatusCode, Reused: x.reused.Load(), Held: header(response.Header)}
	resp.UntilClose = response.ProtoMajor == 1 && response.ContentLength < 0 && len(response.TransferEncoding) == 0
	x.src = response.Body
	if response.ProtoMajor == 2 {
		// While the rest of a request waits for the server's flow control, net/http
		// does not look at the context, neither in sending nor in reading.
		x.unblock = context.AfterFunc(x.ctx, func() { response.Body.Close() })
	}
	if req.Stream {
		if response.Body == http.NoBody {
			x.end()
			return nil
		}
		if n := response.ContentLength; n >= 0 && n <= smallBody {
			resp.Stream = x.readSmall()
			return nil
		}
		resp.Stream = x
		return nil
	}
	return x.buffer(resp)
}

func (t *Transport) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.ctx.Err() != nil {
		return transport.ErrClosed
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	default:
	}
	t.n.Waits.Add(1)
	var late <-chan time.Time
	if wait := t.o.PoolWait(ctx); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &transport.BusyError{Conns: t.o.MaxConns, Err: ctx.Err()}
	case <-t.ctx.Done():
		return transport.ErrClosed
	case <-late:
		return &transport.BusyError{Conns: t.o.MaxConns, Err: transport.ErrPoolExhausted}
	}
}

// Stats returns the counters. Only a client that the caller brought knows its idle
// connections, so Conns counts just those in use then.
func (t *Transport) Stats() transport.Stats {
	s := t.n.Snapshot()
	used := len(t.slots)
	s.Conns = used
	if t.own != nil {
		s.Conns = len(t.conns)
		s.Idle = max(0, s.Conns-used)
	}
	return s
}

// Drain keeps no connection from now on. Those of the caller's client are left to it.
func (t *Transport) Drain() {
	t.drained.Store(true)
	t.use(0)
}

// use counts exchanges. If a drained t closed before the last, net/http would forget responses.
func (t *Transport) use(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users += n; t.users == 0 && t.drained.Load() && t.own != nil {
		t.own.CloseIdleConnections()
	}
}

// Close ends everything. If the caller brought the client, only its idle connections
// are closed.
func (t *Transport) Close() error {
	t.close()
	t.client.CloseIdleConnections()
	return nil
}

// fieldNames reports whether every name of a header is a token: net/http takes
// "Content-Length : 5" for a field of another name (RFC 9112, section 5.1).
func fieldNames(h http.Header) bool {
	for name := range h {
		if strings.ContainsAny(name, " \t") {
			return false
		}
	}
	return true
}

// A header is the part of a response of net/http that a Response keeps.
type header http.Header

func (h header) Header(name string) string  { return http.Header(h).Get(name) }
func (h header) HasHeader(name string) bool { return len(http.Header(h).Values(name)) > 0 }
func (h header) Free()                      {}

// An exchange is one request, and the body of its response.
type exchange struct {
	t      *Transport
	caller context.Context
	ctx    context.Context // ends with the caller's context, with Close, or at a limit
	cancel context.CancelCauseFunc
	stop   func() bool
	// unblock stops the end of ctx from closing the body of a response over HTTP/2.
	unblock func() bool

	got, wrote, first, reused atomic.Bool
	ahead                     atomic.Bool // a response came before the whole request was sent
	unheard                   atomic.Bool // the response was read before the request had a connection
	spoke                     atomic.Bool // the server sent something before the request
	stale                     atomic.Bool // the last connection from net/http was unusable
	cut                       atomic.Bool // the server ended the connection
	written                   atomic.Int64
	wroteAt                   atomic.Int64

	secure    atomic.Pointer[tls.Conn] // nil without TLS
	conn      *conn                    // nil over a client that the caller brought
	responded chan struct{}            // closed when net/http has responded

	once   sync.Once
	mu     sync.Mutex
	closed atomic.Bool
	src    io.ReadCloser
	err    error
}

func (x *exchange) send(req *transport.Request) (*http.Response, error) {
	var url strings.Builder
	url.WriteString(x.t.base)
	url.Write(req.URI)
	limits := &phaseTimer{expire: func() { x.cancel(transport.ErrTimeout) }}
	defer limits.end()
	hooks := x.t.o.Hooks
	size := int64(len(req.Body)) // net/http may call back when req is the caller's again
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			ok := x.take(i.Conn, i.Reused)
			if x.stale.Store(!ok); !ok {
				x.t.n.Stale.Add(1)
				return
			}
			x.got.Store(true)
			if x.conn != nil {
				// Attempts before this one sent nothing. A client that the caller
				// brought may have read the body before.
				x.written.Store(0)
			}
			x.reused.Store(i.Reused)
			if i.Reused {
				x.t.n.Reuses.Add(1)
			}
			if hooks.GotConn != nil {
				hooks.GotConn(i.Reused, i.IdleTime, 0)
			}
			limits.next(x.t.o.WriteTimeout)
		},
		PutIdleConn: func(error) { x.put() },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err != nil {
				return
			}
			x.wrote.Store(true)
			x.wroteAt.Store(time.Now().UnixNano())
			if hooks.Wrote != nil {
				hooks.Wrote(x.written.Load())
			}
			limits.next(x.t.o.HeaderTimeout)
		},
		GotFirstResponseByte: func() {
			// net/http calls this in the goroutine that reads the connection, so
			// nothing was read in between.
			x.first.Store(true)
			unheard := x.conn != nil && !x.conn.heard.Load()
			ahead := x.written.Load() < size
			if unheard {
				x.unheard.Store(true)
			}
			if ahead {
				x.ahead.Store(true)
			}
			if (ahead || unheard) && x.conn != nil {
				x.conn.ahead.Store(true)
			}
			if hooks.FirstByte != nil {
				hooks.FirstByte(time.Duration(time.Now().UnixNano() - x.wroteAt.Load()))
			}
		},
	})
	body := &countedReader{bytes.NewReader(req.Body), x}
	r, err := http.NewRequestWithContext(ctx, req.Method, url.String(), body)
	if err != nil {
		return nil, err
	}
	r.ContentLength = int64(len(req.Body))
	// net/http repeats a POST only if nothing of it was sent, and needs GetBody for
	// that. It would repeat a GET even after it was sent, so a GET has a body, if an
	// empty one, without GetBody.
	if req.Method == http.MethodPost {
		r.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(&countedReader{bytes.NewReader(req.Body), x}), nil
		}
	}
	set := func(key, value string) {
		if value != "" {
			r.Header.Set(key, value)
		}
	}
	r.Header.Set("User-Agent", x.t.o.UserAgent)
	set("Authorization", req.Authorization)
	set("Content-Type", req.ContentType)
	set("Content-Encoding", req.ContentEncoding)
	set("Accept-Encoding", req.AcceptEncoding)
	set("Accept", req.Accept)
	for _, f := range req.Header {
		r.Header.Set(f.Key, f.Value)
	}
	response, err := x.t.client.Do(r)
	if err == nil && x.stale.Load() {
		// net/http had this response in its buffer when take closed the connection.
		response.Body.Close()
		return nil, transport.ErrMalformed
	}
	return response, err
}

// A countedReader counts the bytes of the body as net/http reads them.
type countedReader struct {
	*bytes.Reader
	x *exchange
}

func (r *countedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.x.written.Add(int64(n))
	r.x.t.n.Written.Add(uint64(n))
	return n, err
}

// WriteTo replaces that of the bytes.Reader, whose bytes would not be counted.
func (r *countedReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

// smallBody is the largest streamed body of known length that is read at once.
const smallBody = 8 << 10

// readSmall reads the body to its end and returns it, so that it keeps no connection.
func (x *exchange) readSmall() *transport.WholeBody {
	if d := x.t.o.ReadTimeout; d > 0 {
		timer := time.AfterFunc(d, func() { x.cancel(transport.ErrTimeout) })
		defer timer.Stop()
	}
	p, err := io.ReadAll(x)
	x.Close()
	return transport.NewWholeBody(p, err)
}

// buffer reads the body of a response that is not streamed.
func (x *exchange) buffer(resp *transport.Response) error {
	// Read starts the time anew with every byte; all of them have it once.
	if d := x.t.o.ReadTimeout; d > 0 {
		timer := time.AfterFunc(d, func() { x.cancel(transport.ErrTimeout) })
		defer timer.Stop()
	}
	p, err := io.ReadAll(io.LimitReader(x, int64(x.t.o.MaxBody)+1))
	if err != nil {
		x.Close()
		return err
	}
	if len(p) > x.t.o.MaxBody {
		if resp.Status < 300 {
			failed := x.failed(transport.PhaseBody, transport.ErrResponseTooLarge)
			x.Close()
			return failed
		}
		p, resp.Truncated = p[:x.t.o.MaxBody], true
	}
	x.Close()
	resp.Body = p
	return nil
}

// Read reads from the body. Each Read waits at most ReadTimeout.
func (x *exchange) Read(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed.Load() {
		return 0, transport.ErrBodyClosed
	}
	if x.err != nil {
		return 0, x.err
	}
	if d := x.t.o.ReadTimeout; d > 0 {
		timer := time.AfterFunc(d, func() { x.cancel(transport.ErrTimeout) })
		defer timer.Stop()
	}
	n, err := x.src.Read(p)
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		x.err = io.EOF
	case x.closed.Load():
		x.err = transport.ErrBodyClosed
	default:
		x.err = x.failed(transport.PhaseBody, err)
	}
	x.src.Close()
	x.end()
	return n, x.err
}

// Close ends the body and interrupts a Read under way.
func (x *exchange) Close() error {
	if x.closed.Swap(true) {
		return nil
	}
	if !x.mu.TryLock() {
		x.cancel(transport.ErrBodyClosed)
		x.mu.Lock()
	}
	defer x.mu.Unlock()
	if x.err == nil {
		var buf [transport.DrainBytes]byte
		timer := time.AfterFunc(transport.DrainTime, func() { x.cancel(transport.ErrBodyClosed) })
		io.ReadFull(x.src, buf[:])
		timer.Stop()
		x.src.Close()
	}
	x.end()
	return nil
}

// end gives the slot back. Calls after the first do nothing.
func (x *exchange) end() {
	x.once.Do(func() {
		x.stop()
		if x.unblock != nil {
			x.unblock()
		}
		x.cancel(nil)
		<-x.t.slots
		x.t.use(-1)
	})
}
