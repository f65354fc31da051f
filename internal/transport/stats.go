package transport

import (
	"sync/atomic"
	"time"
)

// Stats is a snapshot of the counters of a [Doer].
type Stats struct {
	Exchanges    uint64 // calls of Do
	Dials        uint64 // connections opened
	Reuses       uint64 // exchanges over a connection that had served before
	Stale        uint64 // kept connections found unusable before use
	Waits        uint64 // exchanges that waited for a connection
	EarlyReplies uint64 // responses that arrived before the request was sent
	Cancels      uint64 // exchanges ended by their context
	Written      uint64 // bytes handed to connections
	Conns, Idle  int    // open connections, and those not in use
}

// Counters are what a [Doer] counts as it goes. The names are those of [Stats].
type Counters struct {
	Exchanges, Dials, Reuses, Stale, Waits, EarlyReplies, Cancels, Written atomic.Uint64
}

// Snapshot returns what was counted, without the connections that are open.
func (c *Counters) Snapshot() Stats {
	return Stats{
		Exchanges: c.Exchanges.Load(), Dials: c.Dials.Load(), Reuses: c.Reuses.Load(),
		Stale: c.Stale.Load(), Waits: c.Waits.Load(), EarlyReplies: c.EarlyReplies.Load(),
		Cancels: c.Cancels.Load(), Written: c.Written.Load(),
	}
}

// Hooks are called at the events of an exchange, in its goroutine. Any may be
// nil.
type Hooks struct {
	Dial    func(addr string, took time.Duration, err error)
	GotConn func(reused bool, idle time.Duration, stale int)
	Wrote   func(wire int64)
	// FirstByte is called when the first byte of the response has arrived, with
	// the time since the request was sent.
	FirstByte func(took time.Duration)
}
