//go:build purego

package frame

// viewString returns the bytes of b as a string.
func viewString(b []byte) string { return string(b) }
