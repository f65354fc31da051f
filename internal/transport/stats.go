package transport

import (
	"sync/atomic"
	"time"
)

// Stats is a snapshot of the counters of a [Doer].
type Stats struct {
	Exchanges    uint64 // calls of Do
	Dials        uint64 // connections opened
	Reuses       uint64 // exchanges over a connection that had served another
	Stale        uint64 // kept connections found unusable before use
	Waits        uint64 // exchanges that waited for a connection
	EarlyReplies uint64 // refusals that arrived before the request was sent
	Cancels      uint64 // exchanges ended by their context
	Written      uint64 // bytes handed to connections
	Conns, Idle  int    // open connections, and how many of them are not in use
}

// Counters are the counters of a [Doer], named as in [Stats].
type Counters struct {
	Exchanges, Dials, Reuses, Stale, Waits, EarlyReplies, Cancels, Written atomic.Uint64
}

// Snapshot returns the counters as Stats, in which Conns and Idle are left 0.
func (c *Counters) Snapshot() Stats {
	return Stats{
		Exchanges: c.Exchanges.Load(), Dials: c.Dials.Load(), Reuses: c.Reuses.Load(),
		Stale: c.Stale.Load(), Waits: c.Waits.Load(), EarlyReplies: c.EarlyReplies.Load(),
		Cancels: c.Cancels.Load(), Written: c.Written.Load(),
	}
}

// Hooks are functions called at the events of an exchange, in its goroutine. Each may
// be nil.
type Hooks struct {
	Dial    func(addr string, took time.Duration, err error)
	GotConn func(reused bool, idle time.Duration, stale int)
	Wrote   func(wire int64)
	// FirstByte gets the time from the end of the request to the first byte of the
	// response.
	FirstByte func(took time.Duration)
}
