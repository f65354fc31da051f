package batch

import (
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// SpoolOptions say where a [Writer] under [Spill] or [WriteAhead] keeps batches on disk, in
// a directory of package spool. One Writer has a directory at a time. The next Writer of it
// goes on with what the last one left, also after a crash.
//
// Every batch is stored with its target: the path and query of its request without
// credentials, such as /write?db=metrics&precision=s. A Writer sends only the batches of its
// own target. Others stay on disk and are counted in Stats.OtherTargets; lpbench replay
// sends them.
//
// Under [WriteAhead] each write to the disk takes up to 100 bytes beside Options.MaxMemory
// until its lines are settled. A write has the lines of all appends that wait at the time,
// so this matters only where one goroutine appends lines one by one.
type SpoolOptions struct {
	// Dir is the directory. Its parent must exist.
	Dir string
	// Options of the spool: MaxBytes is required, and at least four times BatchBytes.
	// SyncInterval bounds how long a crash of the machine may reach back.
	spool.Options
	// SyncBatches makes an append under [WriteAhead] return only when its lines survive a
	// crash of the machine. Appends that wait at the same time share a sync.
	SyncBatches bool
	// Order says whether new lines pass those on disk: they do by default, and do not if
	// Options.Ordered is set.
	Order ReplayOrder
	// ReplayRate bounds the bytes of lines per second that come back from disk; 0 does not
	// bound them.
	ReplayRate int
}

// A ReplayOrder says in which order a [Writer] sends new lines and those on disk.
type ReplayOrder uint8

const (
	// FreshFirst sends new lines first. With MaxInFlight above 1, the first sender to each
	// server sends only new lines, and the others those on disk first.
	FreshFirst ReplayOrder = iota
	// OldestFirst sends lines in the order of their batches: while lines are on disk, new
	// ones go there too. Up to MaxInFlight batches that had to be sent again may be late.
	OldestFirst
)

// check returns the field of o that is wrong and why, or nothing.
func (s *SpoolOptions) check(o *Options) (field, reason string) {
	switch {
	case o.Overflow < Spill && s.Dir != "":
		return "Spool.Dir", "needs Overflow to be Spill or WriteAhead"
	case o.Overflow < Spill:
		return "", ""
	case s.Dir == "":
		return "Spool.Dir", "is required for Spill and WriteAhead"
	case s.MaxBytes < 4*int64(o.BatchBytes):
		return "Spool.MaxBytes", "is less than four times BatchBytes"
	case s.SyncBatches && o.Overflow != WriteAhead:
		return "Spool.SyncBatches", "needs WriteAhead"
	case s.Order > OldestFirst:
		return "Spool.Order", "is not a declared ReplayOrder"
	case s.ReplayRate < 0:
		return "Spool.ReplayRate", "is negative"
	}
	return "", ""
}

// spillAge is how long lines wait in memory under Spill, unless MaxDelay is nearly as long.
const spillAge = 5 * time.Second

// spillAfter returns how long lines wait in memory under Spill.
func (o *Options) spillAfter() time.Duration { return max(spillAge, o.MaxDelay+o.MaxDelay/2) }
