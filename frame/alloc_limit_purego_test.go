//go:build purego

package frame

// appendAllocs is the most allocations for the lines of a frame. Without unsafe each
// text that is checked is copied.
const appendAllocs = 20_000

// seriesAllocs is the most allocations per series read. Its texts are copied.
const seriesAllocs = 3
