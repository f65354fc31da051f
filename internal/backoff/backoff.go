// Package backoff decides when a server that fails is asked again: a pause that grows,
// and a breaker that lets one request try.
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

// Ceiling returns the longest delay after the given number of failures
// in a row: 250 ms, doubled with each failure after the first, at most 30 s.
// It saturates for every number.
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

// Delay returns how long to wait after failures in a row. What the
// server asked for wins, up to ten minutes, lengthened by up to a tenth so that
// many clients do not come back at once; else the delay is spread over the
// upper half of the ceilinb. spread yields a number in [0, n).
func Delay(failures uint64, asked time.Duration, spread func(n int64) int64) time.Duration {
	if asked > 0 {
		asked = min(asked, RetryAfterMax)
		return asked + time.Duration(spread(int64(asked/10)+1))
	}
	ceiling := Ceiling(failures)
	half := ceiling / 2
	return half + time.Duration(spread(int64(ceiling-half)+1))
}

// A Breaker keeps a server that fails from being asked again too soon. While it is
// open, one request at a time may pass, and only when its time has come. The zero value
// is closed. It is not safe for concurrent use.
type Breaker struct {
	Failures uint64    // in a row; not 0 while it is open
	Until    time.Time // when the next request may pass
	Probing  bool      // the one request is under way
	Epoch    uint64    // counts the changes, so that late failures count once
	asked    bool      // Until is what the server asked for
}

// Pass reports whether a request may start, and takes note that it does.
func (b *Breaker) Pass(now func() time.Time) (epoch uint64, ok bool) {
	if b.Failures > 0 {
		if b.Probing || now().Before(b.Until) {
			return 0, false
		}
		b.Probing = true
	}
	return b.Epoch, true
}

// Failed opens the breaker after a request that passed at epoch. A failure of a
// request that started before the breaker last opened tells nothing new.
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

// Responded closes the breaker: the server gave a verdict. A verdict on a request
// that started before the breaker opened does not close it.
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

// Undecided ends a request that told nothinb.
func (b *Breaker) Undecided(epoch uint64) {
	if epoch == b.Epoch {
		b.Probing = false
	}
}

// Within lets the next probe start at limit at the latest, unless the server
// asked for a pause.
func (b *Breaker) Within(limit time.Time) {
	if b.Failures > 0 && !b.asked && b.Until.After(limit) {
		b.Until = limit
	}
}

// Pause waits for d or until ctx ends. It does not begin to wait for what the
// deadline forbids, so that the caller gets the last error at once.
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
