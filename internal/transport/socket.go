package transport

import (
	"crypto/tls"
	"net"
	"syscall"
	"time"
)

// A socket is the connection below TLS: it counts, keeps the progress deadline
// of streamed bodies, and can be asked whether anything has arrived.
type socket struct {
	net.Conn
	written  int64
	progress time.Duration // pause allowed before each Read, 0 = deadline stands
	armed    time.Time
	raw      syscall.RawConn // nil when the connection shows no descriptor
	probe    prober
	draining bool // Read returns errNothing instead of waiting
	watching bool // look for answers while a request is written
	ahead    bool // something arrived before the end of the request was written
}

func newSocket(c net.Conn) *socket {
	s := &socket{Conn: c}
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			s.raw = raw
			s.probe.init()
		}
	}
	return s
}

// begin prepares for a request. With watch the socket looks for what arrives before all
// of it is written, if it takes more than one Write; under TLS that may be anything.
func (s *socket) begin(watch bool) {
	s.written, s.progress = 0, 0
	s.watching, s.ahead = watch, false
}

// atOnce is the longest piece of a request that is written in one go.
const atOnce = 16 << 10

func (s *socket) Write(p []byte) (n int, err error) {
	if s.watching && (s.written > 0 || len(p) > atOnce) {
		if len(p) > atOnce { // the last byte waits for the look
			n, err = s.Conn.Write(p[:len(p)-1])
			if s.written += int64(n); err != nil {
				return n, err
			}
			p = p[len(p)-1:]
		}
		s.ahead = s.ahead || s.peek() == data
	}
	k, err := s.Conn.Write(p)
	s.written += int64(k)
	return n + k, err
}

func (s *socket) Read(p []byte) (int, error) {
	if s.draining && s.peek() == nothing {
		return 0, errNothing
	}
	if s.progress > 0 {
		// A deadline is moved when a sixteenth of it has passed, so that a
		// fast stream does not pay for a timer at every read.
		if now := time.Now(); now.Sub(s.armed) > s.progress/16 {
			s.armed = now
			if err := s.Conn.SetReadDeadline(now.Add(s.progress)); err != nil {
				return 0, err
			}
		}
	}
	return s.Conn.Read(p)
}

// stream makes every further Read wait at most d.
func (s *socket) stream(d time.Duration) {
	s.progress, s.armed = d, time.Time{}
	if d == 0 {
		s.Conn.SetReadDeadline(time.Time{})
	}
}

type arrival uint8

const (
	nothing arrival = iota // the connection is open and silent
	data
	gone    // closed or broken
	unknown // the socket cannot be asked
)

func (s *socket) peek() arrival {
	if s.raw == nil {
		return unknown
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
// closing alert or bytes of an answer make it return otherwise.
func (s *socket) OnlyTickets(t *tls.Conn) bool {
	if t.SetReadDeadline(time.Time{}) != nil {
		return false
	}
	s.progress = 0
	s.draining = true
	var one [1]byte
	n, err := t.Read(one[:])
	s.draining = false
	return n == 0 && err == net.Error(errNothing)
}
