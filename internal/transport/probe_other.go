//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package transport

import (
	"sync"
	"syscall"
)

// A prober cannot look at sockets on these systems, so package fast trusts a kept
// connection for the time unprobed only.
type prober struct{}

func (*prober) init()                        {}
func (*prober) look(syscall.RawConn) Arrival { return Unknown }

// A taker is never ready on these systems, so a NotedReader reads without it.
type taker struct{}

func (*taker) init(*sync.Mutex, func(int, error)) {}
func (*taker) ready() bool                        { return false }
func (*taker) take(*Socket, []byte) (int, error)  { panic("unreachable") }
