//go:build !purego

package jsonscan

import "unsafe"

// viewString returns b as a string without copying it. The caller must never
// write to b again; seriesSlab only appends behind it. Held by
// TestSeriesOutlivesScanner.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
