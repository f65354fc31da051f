//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package batch

import "os"

// openNoFollow is no flag: here only the check of the path before opening finds links.
const openNoFollow = 0

// lockFile does nothing: package syscall has no lock here that ends with the process.
func lockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }
