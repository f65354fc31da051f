package fastclient

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// Hooks are called at the events of requests, by the goroutine of the request and
// possibly by several at once. Each may be nil and then costs nothing. They must not
// panic.
type Hooks struct {
	Dial         func(DialEvent)
	GotConn      func(ConnEvent)
	WroteRequest func(wire int64)
	FirstByte    func(took time.Duration) // from the end of the request to the first byte of the response
	Done         func(DoneEvent)
	Retry        func(RetryEvent)
	Split        func(SplitEvent)
}

// A DialEvent is an attempt to connect, TLS handshake included.
type DialEvent struct {
	Addr string
	Took time.Duration
	Err  error
}

// A ConnEvent is a request that got its connection.
type ConnEvent struct {
	Reused bool
	Idle   time.Duration // how long the connection was unused
	Stale  int           // connections found unusable before it
}

// A DoneEvent is the end of one attempt. For a query that is the header of the response,
// not its last row.
type DoneEvent struct {
	Op        string // write, query or ping
	Addr      string
	Attempt   int // from 1
	Status    int // 0 without a response
	Raw, Wire int // bytes of the body before and after compression
	Took      time.Duration
	Err       error
}

// A RetryEvent is an attempt that will be followed by another one after Delay.
type RetryEvent struct {
	Op      string
	Attempt int
	Delay   time.Duration
	Err     error
}

// A SplitEvent is a body that was too large for the server and is sent in halves.
type SplitEvent struct{ Bytes int }

// transport returns the hooks of the transport's events.
func (h *Hooks) transport() *transport.Hooks {
	t := &transport.Hooks{Wrote: h.WroteRequest, FirstByte: h.FirstByte}
	if f := h.Dial; f != nil {
		t.Dial = func(addr string, took time.Duration, err error) { f(DialEvent{addr, took, err}) }
	}
	if f := h.GotConn; f != nil {
		t.GotConn = func(reused bool, idle time.Duration, stale int) { f(ConnEvent{reused, idle, stale}) }
	}
	return t
}

// Stats is a snapshot of the counters and connections of a client. Views of a client
// share them.
type Stats struct {
	Requests     uint64 // attempts made
	Writes       uint64 // bodies of lines acknowledged
	RawBytes     uint64 // bytes of the bodies of all attempts, before compression
	WireBytes    uint64 // bytes handed to connections
	Retries      uint64 // attempts after the first
	RetriesNet   uint64 // Retries after a failed connection
	RetriesBusy  uint64 // Retries after 429 or 503: the server was overloaded
	Splits       uint64 // bodies halved because the server found them too large
	Failovers    uint64 // attempts moved to another server
	Hedged       uint64 // attempts that were also made at another server, see [Hedge]
	HedgeWon     uint64 // those of which the other server's response counted
	Partial      uint64 // partial writes
	Dropped      uint64 // points that servers said they dropped in partial writes
	Dials        uint64 // connections opened
	Reuses       uint64 // requests over a connection that was used before
	Stale        uint64 // kept connections found unusable before use
	PoolWaits    uint64 // requests that waited for a connection
	EarlyReplies uint64 // refusals that arrived before the body was sent
	Cancels      uint64 // requests ended by their context
	Conns, Idle  int    // open connections, and those not in use
	Endpoints    []EndpointStats
}

// EndpointStats is the state of one server. It may be up for writes and down for queries,
// or the other way round.
type EndpointStats struct {
	Addr                string
	Up                  bool // for both
	WritesUp, QueriesUp bool
	Conns, Idle         int
}

// counters are those of Stats, named likewise.
type counters struct {
	requests, writes, raw, retries, retriesNet, retriesBusy, splits, failovers, hedged, hedgeWon, partial, dropped atomic.Uint64
}

// attempt counts an attempt with a body of raw bytes before compression.
func (n *counters) attempt(raw int, err error) {
	n.requests.Add(1)
	n.raw.Add(uint64(raw))
	if err == nil {
		return
	}
	var partial *PartialWriteError
	if errors.As(err, &partial) {
		n.partial.Add(1)
		n.dropped.Add(uint64(partial.Dropped))
	}
}

func (n *counters) retry(err error) {
	n.retries.Add(1)
	var server *ServerError
	if !errors.As(err, &server) {
		n.retriesNet.Add(1)
	} else if server.Status == 429 || server.Status == 503 {
		n.retriesBusy.Add(1)
	}
}
