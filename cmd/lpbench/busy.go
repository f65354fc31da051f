package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// warnOfLoad says on stderr if others use the processors too: figures are then worse than
// they could be, and vary.
func warnOfLoad(c console) {
	text, err := os.ReadFile("/proc/loadavg") // of Linux; elsewhere nothing is known
	if err != nil {
		return
	}
	if load, busy := overloaded(string(text), runtime.NumCPU()); busy {
		fmt.Fprintf(c.progress.Writer(), "lpbench: the load of this machine is %s with %d cores: figures will vary, and ratios less so\n", load, runtime.NumCPU())
	}
}

// overloaded reads the average of the last minute, the first word of /proc/loadavg, and
// reports whether it exceeds the cores.
func overloaded(loadavg string, cores int) (load string, busy bool) {
	load, _, _ = strings.Cut(loadavg, " ")
	v, err := strconv.ParseFloat(load, 64)
	return load, err == nil && v > float64(cores)
}
