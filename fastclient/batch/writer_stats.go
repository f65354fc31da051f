package batch

import (
	"errors"
	"math/bits"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// Stats is the state of a [Writer] at one moment. The lines always add up:
//
//	Appended = Acked + Rejected + Uncertain + Dropped + Pending
type Stats struct {
	Appended Count // taken by an append
	Acked    Count // stored by the server
	Rejected Count // refused by the server for good: none of them is stored
	// Uncertain is of requests of which the server refused lines that it did not name
	// and that were not found: each line may be stored or not. See [Isolation].
	Uncertain Count
	Dropped   Count // dropped by the Writer
	Pending   Count // being filled, waiting, or under way

	// Lost is what is in Rejected, Uncertain and Dropped, by reason. Index it with a
	// Loss.
	Lost [numLosses]Count

	// Lines and points that no append took: not valid, too long or without room.
	RefusedInvalid, RefusedOverflow, RefusedOther uint64

	Sealed  uint64 // number of the last sealed batch
	Settled uint64 // every batch up to this number is acked, rejected or dropped

	Queued   int // requests waiting
	InFlight int // requests under way
	Requests uint64
	NoAnswer uint64 // requests without an answer
	// Status counts the answers by the hundreds of their status.
	Status  [6]uint64
	Retried uint64 // requests whose lines were to be sent again later
	Splits  uint64 // requests divided because of their size
	// RawBytes and WireBytes are the sizes of all requests before and after
	// compression.
	RawBytes, WireBytes uint64
	// Latency counts requests by their time: Latency[i] those that took less
	// than 1 ms << i, and not less than half of that; the last one all others.
	Latency [16]uint64

	Memory      int // bytes of slabs in existence, for lines, and of what compression may take
	MemoryLimit int
	Blocked     uint64        // appends that had to wait
	BlockedFor  time.Duration // in all

	Down     bool      // the server fails, and is asked again at RetryAt
	Failures uint64    // in a row
	RetryAt  time.Time // zero unless Down
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure

	EventsLost       uint64
	DeadLetterErrors uint64
}

// writerCounters are the counters beside the ledger. They are guarded by their
// owner's lock.
type writerCounters struct {
	invalid, overflow, other uint64
	blocked                  uint64
	blockedFor               time.Duration
	requests, noAnswer       uint64
	status                   [6]uint64
	retried, splits          uint64
	raw, wire                uint64
	latency                  [16]uint64
	deadLetterErrors         uint64
}

func (c *writerCounters) refuse(n int, err error) {
	var point *lp.PointError
	switch {
	case errors.As(err, &point):
		c.invalid += uint64(n)
	case errors.Is(err, fastclient.ErrLineTooLong):
		c.invalid += uint64(n)
	case errors.Is(err, ErrOverflow):
		c.overflow += uint64(n)
	default:
		c.other += uint64(n)
	}
}

func (c *writerCounters) answered(b *seam.Body, r *seam.Response, took time.Duration) {
	c.requests++
	c.raw += uint64(b.Raw)
	c.wire += uint64(len(b.Data))
	if r.Status == 0 {
		c.noAnswer++
	} else {
		c.status[min(r.Status/100, len(c.status)-1)]++
	}
	c.latency[min(bits.Len64(uint64(took/time.Millisecond)), len(c.latency)-1)]++
}

func (c *writerCounters) fill(s *Stats) {
	s.RefusedInvalid, s.RefusedOverflow, s.RefusedOther = c.invalid, c.overflow, c.other
	s.Requests, s.NoAnswer, s.Status = c.requests, c.noAnswer, c.status
	s.Retried, s.Splits, s.RawBytes, s.WireBytes = c.retried, c.splits, c.raw, c.wire
	s.Latency = c.latency
	s.Blocked, s.BlockedFor, s.DeadLetterErrors = c.blocked, c.blockedFor, c.deadLetterErrors
}

func (l *ledger) fill(s *Stats) {
	s.Appended, s.Acked, s.Pending = l.appended, l.acked, l.pending
	s.Rejected, s.Dropped, s.Lost = l.rejected(), l.dropped(), l.losses
	s.Uncertain = l.losses[LossUncertain]
}

// Stats returns the state of the Writer at this moment. It may be called after
// Close.
func (w *Writer) Stats() Stats { return w.stats() }

func (e *engine) stats() Stats {
	var s Stats
	s.EventsLost = e.events.dropped()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ledger.fill(&s)
	e.counters.fill(&s)
	s.Sealed, s.Settled = e.seq, e.settledUpTo()
	s.Queued, s.InFlight = e.queue.n, e.flying.n
	s.Memory, s.MemoryLimit = e.slabs.made*e.slabs.size+e.packing, e.o.MaxMemory
	s.LastErrors = e.lastErrors()
	for _, out := range e.outlets {
		g := &out.gate
		if g.Failures == 0 {
			continue
		}
		if !s.Down || g.Until.Before(s.RetryAt) {
			s.RetryAt, s.Failures = g.Until, g.Failures
		}
		s.Down = true
	}
	return s
}

// lastErrors returns the servers whose last request failed.
func (e *engine) lastErrors() (list []ServerFailure) {
	for _, out := range e.outlets {
		list = out.failed.appendTo(list)
	}
	return list
}

// settledUpTo returns the number up to which all batches are settled.
func (e *engine) settledUpTo() uint64 {
	oldest := e.seq + 1
	if p := e.queue.head; p != nil {
		oldest = min(oldest, p.batch.seq)
	}
	if p := e.flying.head; p != nil {
		oldest = min(oldest, p.batch.seq)
	}
	return oldest - 1
}
