//go:build purego

package lp

// viewString returns the bytes of b as a string.
func viewString(b []byte) string { return string(b) }

// sameString reports whether a and b are the same.
func sameString(a, b string) bool { return a == b }
