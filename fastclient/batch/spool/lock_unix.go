//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package spool

import (
	"os"
	"syscall"
)

// permissions says that files have permissions for owner, group and others.
const permissions = true

// lockFile locks f until unlockFile, or until it is closed in every process that has it.
func lockFile(f *os.File) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
		case syscall.EINTR:
		case syscall.EWOULDBLOCK:
			return ErrLocked
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

func syncOpenDir(dir *os.File) error { return dir.Sync() }

// unlinked reports that no name leads to f any more.
func unlinked(f *os.File) bool {
	var st syscall.Stat_t
	err := syscall.Fstat(int(f.Fd()), &st)
	return err == syscall.ESTALE || err == nil && st.Nlink == 0
}
