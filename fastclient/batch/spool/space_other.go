//go:build !(darwin || dragonfly || freebsd || linux)

package spool

import (
	"errors"
	"os"
)

// freeSpace fails: package syscall cannot tell here.
func freeSpace(*os.File) (int64, error) { return 0, errors.ErrUnsupported }
