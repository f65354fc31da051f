// Package influxtest is a server for tests, which responds as it is told: well, badly,
// late, too early or not at all. It runs in the test's process, on a loopback port, a
// Unix socket or pipes in memory, and records the requests.
//
// server.go accepts connections and plays one [Reply] for each request; reply.go has the
// replies. pipe.go is a network in memory for tests under a fake clock, cert.go makes
// certificates, and sink.go is a separate server that allocates nothing.
package influxtest

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

// TB is the part of testing.TB that the package needs.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server plays its replies in order, one for each request, and the last one
// for all further requests.
type Server struct {
	// URL is http://, https:// or unix:// with the address.
	URL string
	// Addr is host:port, the socket's path or "pipe".
	Addr string

	l       net.Listener
	tls     *tls.Config
	mu      sync.Mutex
	replies []Reply
	seen    []*Request
	conns   map[net.Conn]struct{}
	free    chan struct{} // closed by Close, which ends stalls
	once    sync.Once
	wg      sync.WaitGroup
	total   atomic.Int64
	stalled chan struct{} // one value for each stall that began
}

// A Request is a request as the server received it.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Host   string
	Wire   []byte     // body as sent
	Body   []byte     // body after gunzip
	Form   url.Values // parsed body, if it is application/x-www-form-urlencoded
	Conn   int        // number of its connection, from 1
}

// New starts a server on a loopback port, and closes it at the end of the test. Without
// replies it responds to every request with 204.
func New(tb TB, replies ...Reply) *Server {
	tb.Helper()
	s, err := Start(replies...)
	if err != nil {
		tb.Fatalf("influxtest: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server on a loopback port. The caller closes it.
func Start(replies ...Reply) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return serve(l, "http://"+l.Addr().String(), nil, replies), nil
}

// NewTLS starts a server that speaks TLS with config.
func NewTLS(tb TB, config *tls.Config, replies ...Reply) *Server {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("influxtest: %v", err)
	}
	s := serve(l, "https://"+l.Addr().String(), config, replies)
	tb.Cleanup(s.Close)
	return s
}

// NewUnix starts a server on a Unix socket at path.
func NewUnix(tb TB, path string, replies ...Reply) *Server {
	tb.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		tb.Fatalf("influxtest: %v", err)
	}
	s := serve(l, "unix://"+path, nil, replies)
	tb.Cleanup(s.Close)
	return s
}

func serve(l net.Listener, rawURL string, config *tls.Config, replies []Reply) *Server {
	s := &Server{
		URL: rawURL, Addr: l.Addr().String(), l: l, tls: config, replies: replies,
		conns: map[net.Conn]struct{}{}, free: make(chan struct{}), stalled: make(chan struct{}, 4096),
	}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.track(c)
		}
	})
	return s
}

// track serves c in a goroutine of its own.
func (s *Server) track(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.free:
		c.Close()
		return
	default:
	}
	s.conns[c] = struct{}{}
	n := int(s.total.Add(1))
	s.wg.Go(func() {
		s.serveConn(c, n)
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

func (s *Server) serveConn(raw net.Conn, number int) {
	top := raw
	if s.tls != nil {
		t := tls.Server(raw, s.tls)
		if t.Handshake() != nil {
			return
		}
		top = t
	}
	c := &Conn{s: s, raw: raw, top: top, in: bufio.NewReader(top)}
	for !c.closed {
		r, err := http.ReadRequest(c.in)
		if err != nil {
			return
		}
		req := &Request{
			Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header, Host: r.Host, Conn: number,
		}
		reply := s.next()
		if !reply.Early {
			if req.readBody(r.Body) != nil {
				return
			}
		}
		s.record(req)
		reply.Play(c, req)
	}
}

func (r *Request) readBody(body io.Reader) error {
	var err error
	if r.Wire, err = io.ReadAll(body); err != nil {
		return err
	}
	r.Body = r.Wire
	if r.Header.Get("Content-Encoding") == "gzip" {
		r.Body = Gunzip(r.Wire)
	}
	if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
		r.Form, err = url.ParseQuery(string(r.Body))
	}
	return err
}

// next returns the reply to the next request.
func (s *Server) next() Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.replies) == 0 {
		return Status(204)
	}
	r := s.replies[0]
	if len(s.replies) > 1 {
		s.replies = s.replies[1:]
	}
	return r
}

func (s *Server) record(r *Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	s.mu.Unlock()
}

// Play replaces the replies still to come.
func (s *Server) Play(replies ...Reply) {
	s.mu.Lock()
	s.replies = replies
	s.mu.Unlock()
}

// Requests returns the requests received so far.
func (s *Server) Requests() []*Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Request(nil), s.seen...)
}

// Last returns the last request received, or nil if there was none.
func (s *Server) Last() *Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 {
		return nil
	}
	return s.seen[len(s.seen)-1]
}

// Accepted returns the number of connections accepted so far.
func (s *Server) Accepted() int { return int(s.total.Load()) }

// Open returns the number of connections that neither side has closed, as far as the
// server knows.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Stalled gives one value each time a reply begins to stall.
func (s *Server) Stalled() <-chan struct{} { return s.stalled }

// Close closes every connection and waits for the server's goroutines.
func (s *Server) Close() {
	s.once.Do(func() {
		s.mu.Lock()
		close(s.free)
		for c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		s.l.Close()
	})
	s.wg.Wait()
}

// Gunzip returns p decompressed, or the beginning if p is damaged.
func Gunzip(p []byte) []byte {
	z, err := gzip.NewReader(readerOf(p))
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(z)
	return out
}
