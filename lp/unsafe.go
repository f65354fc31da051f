package lp

import "unsafe"

// viewString returns the bytes of b as a string, without a copy. It is safe as
// long as nobody writes to b while the string is in use: callers pass it down to
// functions that read it and keep nothing, see TestNothingKept.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
