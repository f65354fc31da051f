package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// This file declares the goroutines that wait for an engine: senders, appends and calls of
// Flush, and how they are woken.

// waiters are the goroutines that wait in a Writer: senders for work, appends for memory,
// calls of Flush for batches to be settled. They also hold the timers of its clock. The
// engine's lock guards them. A nil *waiters has nobody waiting.
type waiters struct {
	work         sync.Cond     // a sender may have something to do
	memory       chan struct{} // closed when memory is free again; nil when nobody waits
	barriers     []*barrier
	end          chan struct{} // closed when nothing can be sent any more
	ageTimer     *time.Timer
	ageArmed     bool
	breakerTimer *time.Timer
}

// wake wakes the senders.
func (x *waiters) wake() {
	if x != nil {
		x.work.Broadcast()
	}
}

// memoryFree wakes the appends that wait for memory.
func (x *waiters) memoryFree() {
	if x != nil && x.memory != nil {
		close(x.memory)
		x.memory = nil
	}
}

// over wakes everybody, because nothing can be sent any more.
func (x *waiters) over() {
	if x != nil {
		close(x.end)
	}
}

// armAge makes the clock look at the open batch after d, or earlier if it is set already.
func (x *waiters) armAge(d time.Duration) {
	if x != nil && !x.ageArmed {
		x.ageArmed = true
		x.ageTimer.Reset(d)
	}
}

// whileWorking is the context of a put that does not wait for memory while the disk fails and
// every server is down, and returns errStuck then.
type whileWorking struct{ context.Context }

var errStuck = errors.New("batch: the disk fails and the server is down")

// A barrier is a Flush that waits until the batches up to a number are settled.
type barrier struct {
	from, to uint64
	left     int // batches that are not settled
	passed   chan struct{}
}

// pass records that the batch seq is settled.
func (x *waiters) pass(seq uint64) {
	if x == nil {
		return
	}
	for _, b := range x.barriers {
		if seq <= b.to {
			if b.left--; b.left == 0 {
				close(b.passed)
			}
		}
	}
}

// expects reports whether a Flush waits for the batch seq.
func (x *waiters) expects(seq uint64) bool {
	if x == nil {
		return false
	}
	return slices.ContainsFunc(x.barriers, func(b *barrier) bool { return seq <= b.to })
}
