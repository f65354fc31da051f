package main

import (
	"runtime"
	"time"
)

// A cost is what a part of the way took: this process alone, not the server.
type cost struct {
	wall, cpu     time.Duration
	allocs, bytes uint64
}

// measure runs f and returns what it cost.
func measure(f func() error) (cost, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, began := cpuTime(), time.Now()
	err := f()
	c := cost{wall: time.Since(began), cpu: cpuTime() - cpu}
	runtime.ReadMemStats(&after)
	c.allocs, c.bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	return c, err
}
