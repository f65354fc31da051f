//go:build !race

package batch

// modelHistories is the number of random histories of a run.
const modelHistories = 10_000
