//go:build !purego

package jsonscan

// The most allocations per row: of answers with many rows per series, of
// answers with one row per series, and into structs with a string.
const (
	rowAllocs    = 0.01
	seriesAllocs = 0.08
	structAllocs = 0.05
)
