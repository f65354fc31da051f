package measure

import (
	"runtime"
	"runtime/debug"
)

// Allocs returns how many objects a run of f allocates once its buffers have
// their size. It is the least mean of some blocks of so many runs: what f allocates
// is in each block, and what the runtime allocates for itself, such as pools made
// anew after a collection, only adds to some.
func Allocs(runs int, f func() error) (float64, error) {
	const blocks = 5
	var least uint64
	for b := range blocks {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if err := f(); err != nil {
				return 0, err
			}
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; b == 0 || n < least {
			least = n
		}
	}
	return float64(least) / float64(runs), nil
}

// PeakHeap returns by how many MB the heap grew at most while f ran, at the
// moments at which f calls look and at its end. Garbage that is not yet collected
// is part of it.
func PeakHeap(f func(look func()) error) (float64, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	runtime.GC() // the first leaves what pools held to the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	peak := before
	look := func() {
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	err := f(look)
	look()
	return float64(peak-before) / 1e6, err
}
