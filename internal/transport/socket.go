package transport

import (
	"crypto/tls"
	"net"
	"syscall"
	"time"
)

// A Socket is the connection below TLS: it counts, keeps the progress deadline
// of streamed bodies, and can be asked whether anything has arrived.
type Socket struct {
	net.Conn
	Written  int64         // bytes since Begin
	Progress time.Duration // pause allowed before each Read, 0 = deadline stands
	Ahead    bool          // something arrived before the end of the request was written
	armed    time.Time
	raw      syscall.RawConn // nil when the connection shows no descriptor
	probe    prober
	draining bool // Read returns errNothing instead of waiting
	watching bool // look for responses while a request is written
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

// Begin prepares for a request. With watch the socket looks for what arrives before all
// of it is written, if it takes more than one Write; under TLS that may be anything.
func (s *Socket) Begin(watch bool) {
	s.Written, s.Progress = 0, 0
	s.watching, s.Ahead = watch, false
}

// atOnce is the longest piece of a request that is written in one go.
const atOnce = 16 << 10

// Write writes p and counts it.
func (s *Socket) Write(p []byte) (n int, err error) {
	if s.watching && (s.Written > 0 || len(p) > atOnce) {
		if len(p) > atOnce { // the last byte waits for the look
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

// Read reads within what Stream allows.
func (s *Socket) Read(p []byte) (int, error) {
	if s.draining && s.Peek() == Nothing {
		return 0, errNothing
	}
	if s.Progress > 0 {
		// A deadline is moved when a sixteenth of it has passed, so that a
		// fast stream does not pay for a timer at every read.
		if now := time.Now(); now.Sub(s.armed) > s.Progress/16 {
			s.armed = now
			if err := s.Conn.SetReadDeadline(now.Add(s.Progress)); err != nil {
				return 0, err
			}
		}
	}
	return s.Conn.Read(p)
}

// Stream makes every further Read wait at most d.
func (s *Socket) Stream(d time.Duration) {
	s.Progress, s.armed = d, time.Time{}
	if d == 0 {
		s.Conn.SetReadDeadline(time.Time{})
	}
}

// An Arrival is what is known of what the server sent.
type Arrival uint8

// What Peek finds.
const (
	Nothing Arrival = iota // the connection is open and silent
	Data                   // something arrived
	Gone                   // closed or broken
	Unknown                // the socket cannot be asked
)

// Peek tells what has arrived without reading it.
func (s *Socket) Peek() Arrival {
	if s.raw == nil {
		return Unknown
	}
	return s.probe.look(s.raw)
}

type nothingError struct{}

func (nothingError) Error() string   { return "nothing to read" }
func (nothingError) Timeout() bool   { return true }
func (nothingError) Temporary() bool { return true } // else crypto/tls keeps the error

var errNothing net.Error = nothingError{}

// OnlyTickets lets t, the TLS connection above s, read what has arrived without waiting
// for more. TLS 1.3 servers send session tickets unasked, which the read consumes; a
// closing alert or bytes of a response make it return otherwise.
func (s *Socket) OnlyTickets(t *tls.Conn) bool {
	if t.SetReadDeadline(time.Time{}) != nil {
		return false
	}
	s.Progress = 0
	s.draining = true
	var one [1]byte
	n, err := t.Read(one[:])
	s.draining = false
	return n == 0 && err == net.Error(errNothing)
}
