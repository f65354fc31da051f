//go:build !purego

package frame

// appendAllocs is the most allocations for the lines of a frame.
const appendAllocs = 0
