//go:build unix

package measure

import (
	"syscall"
	"time"
)

// cpuTime returns the user and system time of all threads of this process. It includes
// garbage collection.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
