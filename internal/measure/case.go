// Package measure times contenders against each other. All run in one process and take
// turns round by round, so that disturbances of the machine meet all of them.
//
// A Case is a piece of work and its contenders (case.go). Run checks each contender's
// outcome, times those that are right, and returns a Result for each (run.go), with
// medians and confidence intervals from interval.go. result.go and matrix.go print
// results; goal.go compares them with the goals of the design; environment.go describes
// the machine. A contender whose outcome is wrong is never timed.
package measure

import (
	"errors"
	"fmt"
	"time"
)

// A Case is one piece of work and the contenders that do it.
type Case struct {
	Suite string
	Name  string
	// Unit is the unit that figures are given per, such as "point", "value", "cell"
	// or "request".
	Unit string
	// Units is the number of units in one run. Bytes is the number of bytes of text
	// that a run writes or reads; it may be 0.
	Units, Bytes int
	// Base names the contender that ratios compare with.
	Base string
	// CPU makes the ratios those of processor time. It is for work whose wall time
	// includes waiting for another process.
	CPU bool
	// Warm runs each contender once before its turn. The collection before the turn
	// empties pools, and this restores the steady state.
	Warm bool
	// ExtraUnit is the unit of Op.Extra, such as "MB of heap".
	ExtraUnit string
	Ops       []Op
	// Close stops whatever the case started. It may be nil.
	Close func()
}

// An Op is one contender, made ready for a case.
type Op struct {
	Contender string
	Version   string
	// Skip, if not empty, says why the contender cannot run here, such as "not
	// installed". Tables show it, and Check and Run may be nil.
	Skip string
	// Check does the work once and returns an error if the outcome is not the
	// expected one. A contender that fails is shown as wrong and not timed.
	Check func() error
	// Run does the work once.
	Run func() error
	// Renew, if not nil, makes the contender anew before each turn, outside the timed
	// part. It is for chance that lasts as long as the contender, such as the buffers
	// that a kernel gives to a connection.
	Renew func() error
	// Extra, if not nil, measures something other than time, once, before the rounds.
	Extra func() (float64, error)
	// CPU, if not nil, returns the processor time of the other process that does the
	// work. The allocations are then unknown.
	CPU func() time.Duration
}

// A Suite makes the cases of one kind of work.
type Suite struct {
	Name  string
	About string
	// Names are the names of its cases, in order.
	Names []string
	// Cases makes the cases whose names want accepts. Published figures are measured
	// at size 1; tests use less.
	Cases func(size float64, want func(name string) bool) ([]Case, error)
}

// The errors of Check that report a wrong outcome wrap ErrWrong.
var ErrWrong = errors.New("wrong")

// Differ returns nil if got equals want, and otherwise an ErrWrong that shows where they
// begin to differ.
func Differ(got, want []byte) error {
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	if n == len(got) && n == len(want) {
		return nil
	}
	near := func(b []byte) []byte { return b[min(len(b), max(0, n-20)):min(len(b), n+40)] }
	return fmt.Errorf("%w at byte %d: %q instead of %q", ErrWrong, n, near(got), near(want))
}

// Scale returns n times size, but at least low.
func Scale(n int, size float64, low int) int { return max(low, int(float64(n)*size)) }

// cpuTime returns the processor time of this process, and of the other process that does
// the work, if there is one.
func (op *Op) cpuTime() time.Duration {
	if op.CPU != nil {
		return cpuTime() + op.CPU()
	}
	return cpuTime()
}
