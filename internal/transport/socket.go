package transport

import (
	"crypto/tls"
	"net"
	"sync"
	"syscall"
	"time"
)

// A Socket is the connection below TLS. It counts the bytes written, moves the read
// deadline of a streamed body as the body makes progress, and can tell whether anything
// has arrived without reading it.
//
// One exchange uses a Socket at a time; only closing its Conn is safe from elsewhere.
type Socket struct {
	net.Conn
	Written  int64           // bytes since Begin
	Progress time.Duration   // longest wait of each Read; 0 leaves the deadline alone
	Ahead    bool            // something arrived before the end of the request was written
	armed    time.Time       // when Read last moved the deadline
	raw      syscall.RawConn // nil when the connection shows no descriptor
	probe    prober
	draining bool // Read returns errNothing instead of waiting
	watching bool // Write looks for a response before the end of the request
}

// NewSocket returns a Socket over a new connection.
func NewSocket(c net.Conn) *Socket {
	s := &Socket{Conn: c}
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw = raw
			s.probe.init()
		}
	}
	return s
}

// Begin prepares for a request. With watch, Write sets Ahead if anything arrives before
// the end of a request that takes more than one Write. Do not watch under TLS, where
// a session ticket may arrive at any time.
func (s *Socket) Begin(watch bool) {
	s.Written, s.Progress = 0, 0
	s.watching, s.Ahead = watch, false
}

// atOnce is the longest piece of a request that Write hands on whole while it watches.
const atOnce = 16 << 10

// Write writes p and counts it. While it watches, it holds back the last byte of a long
// piece and looks for arrivals first: what has arrived by then came before the end of
// the request.
func (s *Socket) Write(p []byte) (n int, err error) {
	if s.watching && (s.Written > 0 || len(p) > atOnce) {
		if len(p) > atOnce {
			n, err = s.Conn.Write(p[:len(p)-1])
			if s.Written += int64(n); err != nil {
				return n, err
			}
			p = p[len(p)-1:]
		}
		s.Ahead = s.Ahead || s.Peek() == Data
	}
	k, err := s.Conn.Write(p)
	s.Written += int64(k)
	return n + k, err
}

// Read reads, and waits no longer than Stream allows.
func (s *Socket) Read(p []byte) (int, error) {
	if s.draining && s.Peek() == Nothing {
		return 0, errNothing
	}
	if s.Progress > 0 {
		// The deadline is moved only when a sixteenth of it has passed, so a fast
		// stream does not pay for a timer at every read.
		if now := time.Now(); now.Sub(s.armed) > s.Progress/16 {
			s.armed = now
			if err := s.Conn.SetReadDeadline(now.Add(s.Progress)); err != nil {
				return 0, err
			}
		}
	}
	return s.Conn.Read(p)
}

// Stream makes every further Read wait at most d, or without limit if d is 0.
func (s *Socket) Stream(d time.Duration) {
	s.Progress, s.armed = d, time.Time{}
	if d == 0 {
		s.Conn.SetReadDeadline(time.Time{})
	}
}

// An Arrival is the state of a socket's receive queue.
type Arrival uint8

// The results of Peek.
const (
	Nothing Arrival = iota // the connection is open and silent
	Data                   // something arrived
	Gone                   // closed or broken
	Unknown                // the socket cannot be asked
)

// Peek reports whether anything has arrived, without reading it.
func (s *Socket) Peek() Arrival {
	if s.raw == nil {
		return Unknown
	}
	return s.probe.look(s.raw)
}

// A NotedReader reads from a socket for a goroutine that reads all the time, and notes
// each Read under a lock. Where the system can be asked, bytes also leave the socket under
// this lock, so the holder of the lock finds them either by Peek or noted. Read does not
// hold the lock while it waits.
type NotedReader struct {
	s     *Socket
	mu    *sync.Mutex
	note  func(n int, err error)
	taker taker
}

// Noted returns a NotedReader of s, which calls note under mu after each Read. Only one
// Read may run at a time.
func (s *Socket) Noted(mu *sync.Mutex, note func(n int, err error)) *NotedReader {
	r := &NotedReader{s: s, mu: mu, note: note}
	switch s.Conn.(type) {
	case *net.TCPConn, *net.UnixConn: // any other Conn may have a Read of its own
		if s.raw != nil {
			r.taker.init(mu, note)
		}
	}
	return r
}

// Read reads from the Conn of the socket.
func (r *NotedReader) Read(p []byte) (int, error) {
	if r.taker.ready() && len(p) > 0 {
		return r.taker.take(r.s, p)
	}
	n, err := r.s.Conn.Read(p)
	r.mu.Lock()
	r.note(n, err)
	r.mu.Unlock()
	return n, err
}

type nothingError struct{}

func (nothingError) Error() string   { return "nothing to read" }
func (nothingError) Timeout() bool   { return true }
func (nothingError) Temporary() bool { return true } // else crypto/tls keeps the error

var errNothing net.Error = nothingError{}

// SkipTickets has t, the TLS connection above s, read the bytes that have arrived without
// waiting for more. It returns nil if they were only session tickets: TLS 1.3 servers
// send those unasked, and the read consumes them. Otherwise it returns the alert, the end
// of the connection, or [ErrMalformed] for bytes of a response.
func (s *Socket) SkipTickets(t *tls.Conn) error {
	if err := t.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	s.Progress = 0
	s.draining = true
	var one [1]byte
	n, err := t.Read(one[:])
	s.draining = false
	switch {
	case n > 0:
		return ErrMalformed
	case err == net.Error(errNothing):
		return nil
	}
	return err
}
