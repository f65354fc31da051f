package fastclient

import (
	"math/bits"
	"time"
)

// The delays of a Writer between attempts at one server.
const (
	backoffFirst  = 250 * time.Millisecond
	backoffMax    = 30 * time.Second
	retryAfterMax = 10 * time.Minute
)

// backoffCeiling returns the longest delay after the given number of failures
// in a row: 250 ms, doubled with each failure after the first, at most 30 s.
// It saturates for every number.
func backoffCeiling(failures uint64) time.Duration {
	if failures == 0 {
		return 0
	}
	doublings := failures - 1
	if doublings >= uint64(bits.Len64(uint64(backoffMax/backoffFirst))) {
		return backoffMax
	}
	return min(backoffFirst<<doublings, backoffMax)
}

// backoffDelay returns how long to wait after failures in a row. What the
// server asked for wins, up to ten minutes, lengthened by up to a tenth so that
// many clients do not come back at once; else the delay is spread over the
// upper half of the ceiling. spread yields a number in [0, n).
func backoffDelay(failures uint64, asked time.Duration, spread func(n int64) int64) time.Duration {
	if asked > 0 {
		asked = min(asked, retryAfterMax)
		return asked + time.Duration(spread(int64(asked/10)+1))
	}
	ceiling := backoffCeiling(failures)
	half := ceiling / 2
	return half + time.Duration(spread(int64(ceiling-half)+1))
}

// requestTimeout is the time one exchange may take: a fixed part and what the
// body needs at 100 KiB/s.
func requestTimeout(base time.Duration, size int) time.Duration {
	return base + time.Duration(size)*time.Second/(100<<10)
}

// A gate keeps a server that fails from being asked again too soon. While it is
// shut, one request at a time may pass, and only when its time has come.
type gate struct {
	failures uint64
	until    time.Time
	asked    bool   // until is what the server asked for
	probing  bool   // the one request is under way
	epoch    uint64 // counts the changes, so that late failures count once
}

// pass reports whether a request may start, and takes note that it does.
func (g *gate) pass(now func() time.Time) (epoch uint64, ok bool) {
	if g.failures > 0 {
		if g.probing || now().Before(g.until) {
			return 0, false
		}
		g.probing = true
	}
	return g.epoch, true
}

// failed shuts the gate after a request that passed at epoch. A failure of a
// request that started before the gate was last shut tells nothing new.
func (g *gate) failed(epoch uint64, now time.Time, asked time.Duration, spread func(int64) int64) (shut bool) {
	if epoch != g.epoch {
		return false
	}
	g.epoch++
	g.probing = false
	if g.failures+1 != 0 {
		g.failures++
	}
	g.asked = asked > 0
	g.until = now.Add(backoffDelay(g.failures, asked, spread))
	return true
}

// answered opens the gate: the server gave a verdict. A verdict on a request
// that started before the gate was shut does not open it.
func (g *gate) answered(epoch uint64) (opened bool) {
	if epoch != g.epoch {
		return false
	}
	opened = g.failures > 0
	if opened {
		g.epoch++
	}
	g.failures, g.probing, g.asked = 0, false, false
	return opened
}

// undecided ends a request that told nothing.
func (g *gate) undecided(epoch uint64) {
	if epoch == g.epoch {
		g.probing = false
	}
}

// within lets the next probe start at limit at the latest, unless the server
// asked for a pause.
func (g *gate) within(limit time.Time) {
	if g.failures > 0 && !g.asked && g.until.After(limit) {
		g.until = limit
	}
}
