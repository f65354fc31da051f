//go:build !purego

package jsonscan

// The most allocations per series, and per row read into a struct with a string.
const (
	seriesAllocs = 0.08
	structAllocs = 0.05
	lineAllocs   = 0
)
