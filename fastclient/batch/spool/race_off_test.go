//go:build !race

package spool

// raceEnabled says that tests are slow.
const raceEnabled = false
