//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package transport

import "syscall"

// A prober cannot look at sockets here; kept connections are trusted for as
// long as unprobed says.
type prober struct{}

func (*prober) init()                        {}
func (*prober) look(syscall.RawConn) Arrival { return Unknown }
