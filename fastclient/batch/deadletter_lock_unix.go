//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package batch

import (
	"os"
	"syscall"
)

// openNoFollow makes opening a symbolic link an error, ELOOP.
const openNoFollow = syscall.O_NOFOLLOW

// lockFile locks f until unlockFile, or until it is closed in every process that has it.
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

// unlockFile ends the lock. To close f is not enough: a process that this one is starting
// has f, too, until it runs its program.
func unlockFile(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != syscall.EINTR {
			return err
		}
	}
}
