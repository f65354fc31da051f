// Package measure times contenders against each other: in one process, round
// by round in turn, so that whatever the machine does meets all of them.
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
	// Unit is what the figures are per: "point", "value", "cell", "request".
	Unit string
	// Units and Bytes are the number of units in one run, and of the bytes of
	// text that it makes or reads. Bytes may be 0.
	Units, Bytes int
	// Base names the contender whose time the ratios are of.
	Base string
	// CPU makes the ratio one of processor time, where waiting for another
	// process is part of the wall time.
	CPU bool
	// Warm runs each contender once before its turn: the collection before the
	// turn empties pools, and a steady state is what is measured.
	Warm bool
	// ExtraUnit is what Extra of its Ops is in, such as "MB of heap".
	ExtraUnit string
	Ops       []Op
	// Close ends what the case started. It may be nil.
	Close func()
}

// An Op is one contender, made ready for a case.
type Op struct {
	Contender string
	Version   string
	// Skip, if not empty, says why the contender cannot run here: what it needs
	// is not installed. It is shown so, and Check and Run may be nil.
	Skip string
	// Check does the work once and returns an error if the outcome differs from
	// what it has to be. Whoever fails is shown as wrong and not timed.
	Check func() error
	// Run does the work once.
	Run func() error
	// Renew, if not nil, makes the contender anew before each turn, outside of what
	// is timed. It is for what depends on chance that lasts as long as the
	// contender, such as the buffers that a kernel gives to a connection.
	Renew func() error
	// Extra, if not nil, measures what is no time, once, before the rounds.
	Extra func() (float64, error)
	// CPU returns the processor time that another process has used for this
	// contender, if it does the work: what it allocates is then unknown.
	CPU func() time.Duration
}

// A Suite makes the cases of one kind of work.
type Suite struct {
	Name  string
	About string
	// Names are the names of its cases, in order.
	Names []string
	// Cases makes the cases whose name passes want. Size 1 is the size that
	// published figures are measured at; tests use less.
	Cases func(size float64, want func(name string) bool) ([]Case, error)
}

// ErrWrong is wrapped by the errors of Check that are about the outcome.
var ErrWrong = errors.New("wrong")

// Differ returns nil if got equals want, and otherwise an ErrWrong that shows
// where they part.
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

// Scale returns n times size, and at least low.
func Scale(n int, size float64, low int) int { return max(low, int(float64(n)*size)) }

// cpuTime returns the processor time of whoever does the work.
func (op *Op) cpuTime() time.Duration {
	if op.CPU != nil {
		return cpuTime() + op.CPU()
	}
	return cpuTime()
}
