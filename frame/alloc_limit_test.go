//go:build !purego

package frame

// appendAllocs is the most allocations for the lines of a frame.
const appendAllocs = 0

// seriesAllocs is the most allocations per series read. Many series share a block of
// memory.
const seriesAllocs = 0.2
