// Package backoff decides when a server that fails gets its next request.
//
// [Delay] gives the pause after a number of failures in a row. A [Breaker] applies it: its
// owner gets an epoch from Pass before a request, or reads Epoch for a request that is made
// in any case, and afterwards calls one of Failed, Responded and Undecided with it. [Pause]
// waits.
//
// Invariants of a Breaker: it is open while Failures is not 0; while it is open, it lets one
// request at a time pass, the probe; and of the requests of one epoch, only the first
// failure counts.
package backoff

import (
	"context"
	"math/bits"
	"time"
)

// The delays between attempts at one server.
const (
	First         = 250 * time.Millisecond
	Max           = 30 * time.Second
	RetryAfterMax = 10 * time.Minute // the longest that a server may ask for
)

// Ceiling returns the longest delay after a number of failures in a row: 250 ms, doubled
// with each failure after the first, and at most 30 s however many there are.
func Ceiling(failures uint64) time.Duration {
	if failures == 0 {
		return 0
	}
	doublings := failures - 1
	if doublings >= uint64(bits.Len64(uint64(Max/First))) {
		return Max
	}
	return min(First<<doublings, Max)
}

// Delay returns how long to wait after a number of failures in a row. If the server asked
// for a pause, that is the delay, up to ten minutes and lengthened by up to a tenth so that
// many clients do not come back at once. Otherwise the delay is spread over the upper half
// of the ceiling. spread returns a number in [0, n).
func Delay(failures uint64, asked time.Duration, spread func(n int64) int64) time.Duration {
	if asked > 0 {
		asked = min(asked, RetryAfterMax)
		return asked + time.Duration(spread(int64(asked/10)+1))
	}
	ceiling := Ceiling(failures)
	half := ceiling / 2
	return half + time.Duration(spread(int64(ceiling-half)+1))
}

// A Breaker keeps requests from a server that fails. While it is open, one request at a
// time may pass, and only after Until. The zero value is closed. It is not safe for
// concurrent use.
type Breaker struct {
	Failures uint64    // in a row; not 0 while it is open
	Until    time.Time // when the next request may pass
	Probing  bool      // a request that passed while it was open is under way
	Epoch    uint64    // counts failures and closings, so that late failures count once
	asked    bool      // the server asked for the pause until Until
}

// Pass reports whether a request may start, and records that it does.
func (b *Breaker) Pass(now func() time.Time) (epoch uint64, ok bool) {
	if !b.MayPass(now) {
		return 0, false
	}
	b.Probing = b.Failures > 0
	return b.Epoch, true
}

// MayPass reports whether a request may start, and changes nothing.
func (b *Breaker) MayPass(now func() time.Time) bool {
	return b.Failures == 0 || !b.Probing && !now().Before(b.Until)
}

// Failed opens the breaker after a request that passed at epoch, and reports whether the
// failure counts. A failure of a request that started before the breaker last opened or
// closed tells nothing new.
func (b *Breaker) Failed(epoch uint64, now time.Time, asked time.Duration, spread func(int64) int64) (opened bool) {
	if epoch != b.Epoch {
		return false
	}
	b.Epoch++
	b.Probing = false
	if b.Failures+1 != 0 {
		b.Failures++
	}
	b.asked = asked > 0
	b.Until = now.Add(Delay(b.Failures, asked, spread))
	return true
}

// Responded closes the breaker, because the server accepted or refused the request that
// passed at epoch. A response to a request that started before the breaker opened does not
// close it.
func (b *Breaker) Responded(epoch uint64) (closed bool) {
	if epoch != b.Epoch {
		return false
	}
	closed = b.Failures > 0
	if closed {
		b.Epoch++
	}
	b.Failures, b.Probing, b.asked = 0, false, false
	return closed
}

// Undecided ends a request that showed neither failure nor recovery.
func (b *Breaker) Undecided(epoch uint64) {
	if epoch == b.Epoch {
		b.Probing = false
	}
}

// Asked reports whether the server asked for the pause until Until.
func (b *Breaker) Asked() bool { return b.asked }

// Within lets the next probe start at limit at the latest, unless the server asked for a
// pause.
func (b *Breaker) Within(limit time.Time) {
	if b.Failures > 0 && !b.asked && b.Until.After(limit) {
		b.Until = limit
	}
}

// Pause waits for d and reports true, or false if ctx ends first. It returns false at once
// if the deadline comes before d is over, so that the caller gets the last error early.
func Pause(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
