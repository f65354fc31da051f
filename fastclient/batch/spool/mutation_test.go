package spool

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// TestMutations leaves out each sync and rename of the shipped code in
// turn, and holds that the crash test finds that.
func TestMutations(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("slow")
	}
	for _, m := range slices.Sorted(maps.Keys(operations(t))) {
		t.Run(m, func(t *testing.T) {
			for seed := range uint64(60) {
				if found := withoutOperation(t, m, seed); found != "" {
					t.Logf("seed %d: %s", seed, found)
					return
				}
			}
			t.Error("nothing fails without it")
		})
	}
}

// operations returns the syncs and renames of random runs, each with the function that calls
// it.
func operations(t *testing.T) map[string]bool {
	found := map[string]bool{}
	for seed := range uint64(40) {
		w := newWorld(seeded{t, seed}, seed)
		w.d.lost = func(op, caller string) bool {
			if op == "sync" || op == "syncDir" || op == "rename" {
				found[op+" by "+caller] = true
			}
			return false
		}
		w.run(60, 0, false, func(*memDisk) {})
	}
	return found
}

// withoutOperation runs the crash test without an operation and returns what failed.
func withoutOperation(t *testing.T, m string, seed uint64) (found string) {
	defer func() {
		if r := recover(); r != nil {
			text, ok := r.(failure)
			if !ok {
				panic(r)
			}
			found = string(text)
		}
	}()
	w := newWorld(finder{}, seed)
	w.d.lost = func(op, caller string) bool { return op+" by "+caller == m }
	w.run(60, 4, false, func(d *memDisk) {
		d.lost = w.d.lost
		w.check(d, nil)
	})
	return ""
}

// A failure is what a mutation made fail.
type failure string

type finder struct{}

func (finder) Helper() {}

func (finder) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }
