package main

import (
	"os"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/internal/workload"
)

// gather samples the counters of this host until they make at least least
// points, and adds trades points of the guide. Without /proc there are only
// trades.
func gather(least, trades int, progress *term.Progress) ([]kind, error) {
	kinds := []kind{newPoints(workload.Trades(trades, 1))}
	if _, err := os.Stat("/proc/stat"); err != nil || least == 0 {
		return kinds, nil
	}
	var (
		sampler   hostproc.Sampler
		sample    hostproc.Sample
		cpus      []hostproc.CPU
		memory    []hostproc.Memory
		disks     []hostproc.Disk
		networks  []hostproc.Network
		processes []hostproc.Process
		bar       = progress.Start("reading /proc", least)
	)
	defer bar.End()
	for n := 0; n < least; {
		if err := sampler.Read(&sample, time.Now()); err != nil {
			return nil, err
		}
		cpus = append(cpus, sample.CPUs...)
		memory = append(memory, sample.Memory)
		disks = append(disks, sample.Disks...)
		networks = append(networks, sample.Networks...)
		processes = append(processes, sample.Processes...)
		n += sample.Points()
		bar.Set(n)
	}
	kinds = append(kinds, newPoints(cpus), newPoints(memory), newPoints(processes))
	if len(disks) > 0 {
		kinds = append(kinds, newPoints(disks))
	}
	if len(networks) > 0 {
		kinds = append(kinds, newPoints(networks))
	}
	return kinds, nil
}
