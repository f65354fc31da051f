//go:build darwin || dragonfly || freebsd || linux

package spool

import (
	"os"
	"syscall"
)

// freeSpace returns how many bytes a user may still write to the file system of dir.
func freeSpace(dir *os.File) (int64, error) {
	var st syscall.Statfs_t
	for {
		switch err := syscall.Fstatfs(int(dir.Fd()), &st); err {
		case nil:
			return int64(st.Bavail) * int64(st.Bsize), nil
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
