//go:build race

package batch

// modelHistories is the number of random histories of a run: under the race
// detector each takes ten times as long.
const modelHistories = 1_000
