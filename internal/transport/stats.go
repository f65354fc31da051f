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
	EarlyReplies uint64 // answers that arrived before the request was sent
	Cancels      uint64 // exchanges ended by their context
	Written      uint64 // bytes handed to connections
	Conns, Idle  int    // open connections, and those not in use
}

type counters struct {
	exchanges, dials, reuses, stale, waits, early, cancels, written atomic.Uint64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Exchanges: c.exchanges.Load(), Dials: c.dials.Load(), Reuses: c.reuses.Load(),
		Stale: c.stale.Load(), Waits: c.waits.Load(), EarlyReplies: c.early.Load(),
		Cancels: c.cancels.Load(), Written: c.written.Load(),
	}
}

// Hooks are called at the events of an exchange, in its goroutine. Any may be
// nil.
type Hooks struct {
	Dial    func(addr string, took time.Duration, err error)
	GotConn func(reused bool, idle time.Duration, stale int)
	Wrote   func(wire int64)
	// FirstByte is called when the first byte of the answer has arrived, with
	// the time since the request was sent.
	FirstByte func(took time.Duration)
}
