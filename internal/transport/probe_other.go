//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package transport

import "syscall"

// A prober cannot look at sockets on these systems, so package fast trusts a kept
// connection for the time unprobed only.
type prober struct{}

func (*prober) init()                        {}
func (*prober) look(syscall.RawConn) Arrival { return Unknown }
