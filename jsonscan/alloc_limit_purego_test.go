//go:build purego

package jsonscan

// Without unsafe, each text that is handed out is a copy of its own: each name and tag
// that differs from the one of the previous series, and each string of a row that is
// read into a struct.
const (
	seriesAllocs = 2
	structAllocs = 0.8
	lineAllocs   = 30_000
)
