//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package spool

import "os"

// permissions says that modes do not tell who may read a file.
const permissions = false

// lockFile fails: package syscall has no lock here that ends with the process.
func lockFile(*os.File) error { return ErrNoLock }

func unlockFile(*os.File) error { return nil }

// syncOpenDir does nothing: directories cannot be synced here.
func syncOpenDir(*os.File) error { return nil }

// unlinked cannot be told here, where open files mostly cannot be removed.
func unlinked(*os.File) bool { return false }
