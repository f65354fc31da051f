//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package transport

import "syscall"

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
