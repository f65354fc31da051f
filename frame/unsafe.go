//go:build !purego

package frame

import "unsafe"

// viewString returns the bytes of b as a string. The string is used while b is
// not changed, and kept by nobody.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
