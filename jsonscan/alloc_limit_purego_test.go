//go:build purego

package jsonscan

// Without unsafe, text that is handed out is a copy: one for each name and tag
// that differs from that of the series before, and one for each string of a row
// read into a struct.
const (
	seriesAllocs = 2
	structAllocs = 0.8
)
