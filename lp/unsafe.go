//go:build !purego

package lp

import "unsafe"

// This file and unsafe_purego.go, its exact negation, hold the uses of package
// unsafe in lp.

// viewString returns the bytes of b as a string, without a copy. It is safe as
// long as nobody writes to b while the string is in use: callers pass it down to
// functions that read it and keep nothing, see TestNothingKept.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sameString reports whether a and b are the same bytes in memory. It reads no
// memory.
func sameString(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b)
}
