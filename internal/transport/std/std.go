// Package std makes exchanges with net/http, for servers behind HTTP/2 or a proxy. It
// costs more than package fast.
package std

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
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
	slots     chan struct{}
	conns     chan struct{}   // holds one for each connection of own, and each being dialled
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
		t.canonical = net.JoinHostPort(strings.Trim(o.Host, "[]"), map[bool]string{true: "443", false: "80"}[o.TLS != nil])
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
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.stop = context.AfterFunc(t.ctx, func() { x.cancel(transport.ErrClosed) })
	response, err := x.send(req)
	for err != nil && x.stale.Swap(false) && !x.spoke.Load() && x.ctx.Err() == nil {
		response, err = x.send(req) // nothing was sent over a connection found unusable
	}
	close(x.responded)
	if err != nil {
		failed := x.failed(x.phase(), err)
		if x.spoke.Load() && failed.Written == 0 {
			failed = &transport.Error{Phase: transport.PhaseHeader, Addr: t.o.Addr, Err: transport.ErrMalformed}
		}
		x.end()
		return failed
	}
	// Of a response to a request that the server does not have yet only a refusal counts:
	// it may be the response to nothing. Over HTTP/2 each response names its request.
	ahead := response.StatusCode < 400 && response.ProtoMajor == 1 && x.ahead.Load()
	if response.StatusCode < 100 || response.StatusCode > 599 || ahead || !fieldNames(response.Header) {
		response.Body.Close()
		failed := x.failed(transport.PhaseHeader, transport.ErrMalformed)
		x.end()
		return failed
	}
	*resp = transport.Response{Status: response.StatusCode, Reused: x.reused.Load(), Held: header(response.Header)}
	x.src = response.Body
	if response.ProtoMajor == 2 {
		// net/http does not look at the context while the rest of a request waits
		// for the server's leave, and then neither does the reading.
		x.unblock = context.AfterFunc(x.ctx, func() { response.Body.Close() })
	}
	if req.Stream {
		if response.Body == http.NoBody {
			x.end()
			return nil
		}
		if n := response.ContentLength; n >= 0 && n <= smallBody {
			resp.Stream = x.readSmall() // it keeps no connection until it is read
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

// Stats returns the counters. The connections of a client the caller brought are
// known to it alone: of them only those in use are counted.
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

// Close ends everything. The connections of a client the caller brought are
// closed only if they are idle.
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

// smallBody is the largest streamed body of known length that is read at once.
const smallBody = 8 << 10

// A smallReader is a streamed body that was read at once.
type smallReader struct {
	*bytes.Reader
	err    error // after it
	closed atomic.Bool
}

func (x *exchange) readSmall() *smallReader {
	if d := x.t.o.ReadTimeout; d > 0 {
		timer := time.AfterFunc(d, func() { x.cancel(transport.ErrTimeout) })
		defer timer.Stop()
	}
	p, err := io.ReadAll(x)
	if err == nil {
		err = io.EOF
	}
	x.Close()
	return &smallReader{Reader: bytes.NewReader(p), err: err}
}

// Read reads until the body is closed.
func (s *smallReader) Read(p []byte) (int, error) {
	if s.closed.Load() {
		return 0, transport.ErrBodyClosed
	}
	if s.Len() == 0 && len(p) > 0 {
		return 0, s.err
	}
	return s.Reader.Read(p)
}

// WriteTo is hidden: it would not look at closed.
func (s *smallReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{s})
}

// Close makes further reads fail.
func (s *smallReader) Close() error {
	s.closed.Store(true)
	return nil
}

// A header is all that is kept of a response of net/http's.
type header http.Header

func (h header) Header(name string) string  { return http.Header(h).Get(name) }
func (h header) HasHeader(name string) bool { return len(http.Header(h).Values(name)) > 0 }
func (h header) Free()                      {}

// An exchange is one request, and the body of its response.
type exchange struct {
	t      *Transport
	caller context.Context
	ctx    context.Context // ends with the caller's, the client's and the limits
	cancel context.CancelCauseFunc
	stop   func() bool
	// unblock keeps the end of ctx from closing the body of a response over HTTP/2.
	unblock func() bool

	got, wrote, first, reused atomic.Bool
	ahead                     atomic.Bool // a response came before all of the request was sent
	spoke                     atomic.Bool // the server said something before it was asked
	stale                     atomic.Bool // the connection taken last was unusable
	cut                       atomic.Bool // the server ended the connection
	written                   atomic.Int64
	wroteAt                   atomic.Int64

	conn      *conn         // nil over a client that the caller brought
	responded chan struct{} // closed when net/http has responded

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
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			ok := x.take(i.Conn, i.Reused)
			if x.stale.Store(!ok); !ok {
				x.t.n.Stale.Add(1)
				return
			}
			x.got.Store(true)
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
			x.first.Store(true)
			if x.written.Load() < int64(len(req.Body)) {
				x.ahead.Store(true)
				if x.conn != nil {
					x.conn.ahead.Store(true)
				}
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
	// net/http repeats a POST only if nothing of it was sent, and needs to
	// rewind its body for that. It repeats a GET after it was sent, unless its
	// body, even an empty one, cannot be rewound.
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
	return x.t.client.Do(r)
}

// A phaseTimer runs the limits of sending and of waiting for the header one
// after the other. net/http may still report having sent the request when the
// response is already there, so that an ended timer must stay ended.
type phaseTimer struct {
	expire func()
	mu     sync.Mutex
	timer  *time.Timer
	ended  bool
}

func (l *phaseTimer) next(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	if d > 0 && !l.ended {
		l.timer = time.AfterFunc(d, l.expire)
	}
}

func (l *phaseTimer) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.next(0)
}

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

// WriteTo is hidden: it would hide the bytes from the counter.
func (r *countedReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

func (x *exchange) phase() transport.Phase {
	switch {
	case x.wrote.Load():
		return transport.PhaseHeader
	case x.got.Load():
		return transport.PhaseWrite
	}
	return transport.PhaseDial
}

// What net/http and crypto/tls say of failures for which they export no error. TestTexts
// has them say each: the texts are those of Go 1.26 and no promise of Go.
const (
	saysHeaderLimit = "server response headers exceeded"
	saysTLSTimeout  = "TLS handshake timeout"
	saysStreamError = "stream error: " // begins the text of a failed stream of HTTP/2
	saysTLS         = "tls: "          // is in the text of every error of a handshake
	saysClosedIdle  = "server closed idle connection"
	saysTrailer     = "unexpected EOF reading trailer"
)

// saysFraming reports whether text is what net/http says of chunks that are none.
func saysFraming(text string) bool {
	for _, s := range [...]string{
		"invalid byte in chunk length", "malformed chunked encoding", "http chunk length too large",
		"empty hex number for chunk length", "chunked encoding contains too much non-data", "header line too long",
	} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

func (x *exchange) failed(phase transport.Phase, err error) *transport.Error {
	if x.caller.Err() != nil {
		x.t.n.Cancels.Add(1)
	}
	if x.ctx != nil && x.ctx.Err() != nil {
		err = context.Cause(x.ctx)
	}
	var known *transport.Error
	var whole *url.Error
	if errors.As(err, &known) {
		phase, err = known.Phase, known.Err
	} else if errors.As(err, &whole) {
		err = whole.Err // without the URL, which may hold a password or a statement
	}
	switch text := err.Error(); {
	case strings.Contains(text, saysHeaderLimit):
		err = transport.ErrResponseTooLarge
	case strings.Contains(text, saysTLSTimeout):
		phase, err = transport.PhaseTLS, transport.ErrTimeout
	case strings.HasPrefix(text, saysStreamError) && phase == transport.PhaseBody: // the server ended it
		err = transport.ErrTruncated
	case strings.HasPrefix(text, saysStreamError) && phase == transport.PhaseHeader:
		err = transport.ErrNoResponse
	case phase == transport.PhaseHeader && x.first.Load() && x.cut.Load() && !transport.IsTimeout(err):
		err = transport.ErrTruncated // net/http takes the last piece of a line for a line
	case phase == transport.PhaseHeader && x.first.Load() && !transport.IsTimeout(err) && !errors.Is(err, io.ErrUnexpectedEOF):
		err = transport.ErrMalformed
	case phase == transport.PhaseBody && strings.Contains(text, saysTrailer):
		err = transport.ErrTruncated
	case phase == transport.PhaseBody && saysFraming(text):
		err = transport.ErrMalformed
	case phase == transport.PhaseDial && strings.Contains(text, saysTLS):
		phase = transport.PhaseTLS
	case phase == transport.PhaseHeader && (errors.Is(err, io.EOF) || strings.Contains(text, saysClosedIdle)):
		err = transport.ErrNoResponse
	}
	sent := x.written.Load()
	return &transport.Error{
		Phase: phase, Addr: x.t.o.Addr, Reused: x.reused.Load(), Written: sent,
		Ambiguous: phase >= transport.PhaseHeader || sent > 0,
		Err:       transport.Cause(x.caller, x.t.ctx.Err() != nil, err),
	}
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

// Read reads the body, waiting at most ReadTimeout at a time.
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

// end gives the slot back, once.
func (x *exchange) end() {
	x.once.Do(func() {
		x.stop()
		if x.unblock != nil {
			x.unblock()
		}
		x.cancel(nil)
		<-x.t.slots
	})
}
