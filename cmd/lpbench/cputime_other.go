//go:build !unix

package main

import "time"

// cpuTime returns 0: this platform gives the processor time to no program
// without a system library.
func cpuTime() time.Duration { return 0 }
