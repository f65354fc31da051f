//go:build !purego

package frame

import "unsafe"

// viewString returns b as a string without copying it. Callers drop the string
// before b changes.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
