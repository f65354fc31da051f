//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package batch

import (
	"os"
	"syscall"
)

// openNoFollow makes opening a symbolic link an error, ELOOP.
const openNoFollow = syscall.O_NOFOLLOW

// lockFile locks f until it is closed.
func lockFile(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return ErrDeadLetterLocked
		default:
			return err
		}
	}
}
