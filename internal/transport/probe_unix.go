//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package transport

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// A prober looks at a socket's receive queue without taking anything from it. It keeps
// its closure and buffer so that a look allocates nothing.
type prober struct {
	peek func(fd uintptr)
	n    int
	err  error
	one  [1]byte
}

func (p *prober) init() {
	p.peek = func(fd uintptr) {
		for {
			p.n, _, p.err = syscall.Recvfrom(int(fd), p.one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			if p.err != syscall.EINTR {
				return
			}
		}
	}
}

func (p *prober) look(raw syscall.RawConn) Arrival {
	if raw.Control(p.peek) != nil {
		return Gone
	}
	switch {
	case p.err == syscall.EAGAIN || p.err == syscall.EWOULDBLOCK:
		return Nothing
	case p.err != nil || p.n == 0:
		return Gone
	}
	return Data
}

// A taker is the Read of a NotedReader. It makes the same system calls as Conn.Read, and
// holds the lock during each that does not wait. It keeps its closure, so that a Read
// allocates nothing.
type taker struct {
	read func(fd uintptr) (done bool)
	p    []byte
	n    int
	err  error
}

func (t *taker) init(mu *sync.Mutex, note func(n int, err error)) {
	t.read = func(fd uintptr) bool {
		mu.Lock()
		defer mu.Unlock()
		for t.n, t.err = syscall.Read(int(fd), t.p); t.err == syscall.EINTR; {
			t.n, t.err = syscall.Read(int(fd), t.p)
		}
		switch {
		case t.err == syscall.EAGAIN || t.err == syscall.EWOULDBLOCK:
			return false // the runtime waits, without the lock
		case t.err != nil:
			t.n = 0
		case t.n == 0:
			t.err = io.EOF
		}
		note(t.n, t.err)
		return true
	}
}

func (t *taker) ready() bool { return t.read != nil }

func (t *taker) take(s *Socket, p []byte) (int, error) {
	t.p, t.n, t.err = p, 0, nil
	err := s.raw.Read(t.read)
	t.p = nil
	if err != nil { // the socket was closed, or its deadline passed
		if op, ok := err.(*net.OpError); ok {
			op.Op = "read"
		}
		return 0, err
	}
	if t.err != nil && t.err != io.EOF {
		return 0, &net.OpError{Op: "read", Net: s.LocalAddr().Network(), Source: s.LocalAddr(), Addr: s.RemoteAddr(),
			Err: os.NewSyscallError("read", t.err)}
	}
	return t.n, t.err
}
