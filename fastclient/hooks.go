package fastclient

import (
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// Hooks are called at the events of requests, in the goroutine of the request
// and possibly of several at once. Any may be nil; a nil hook costs nothing.
type Hooks struct {
	Dial         func(DialEvent)
	GotConn      func(ConnEvent)
	WroteRequest func(wire int64)
	FirstByte    func(took time.Duration) // from the end of the request to the first byte of the answer
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
	Idle   time.Duration // how long it had not been used
	Stale  int           // connections found unusable before it
}

// A DoneEvent is the end of one attempt: for a query the header of the answer,
// not its last row.
type DoneEvent struct {
	Op        string // write, query or ping
	Addr      string
	Attempt   int // from 1
	Status    int // 0 without an answer
	Raw, Wire int // bytes of the body before and after packing
	Took      time.Duration
	Err       error
}

// A RetryEvent is an attempt that will be followed by another after Delay.
type RetryEvent struct {
	Op      string
	Attempt int
	Delay   time.Duration
	Err     error
}

// A SplitEvent is a body that was too large for the server and is sent in
// halves.
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
