package batch

import (
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// This file counts. A ledger has an account for each outcome of lines, and writerCounters
// count requests and refusals; both are copied into Stats under the engine's lock.

// A Count is a number of lines and their size, uncompressed and with line feeds.
type Count struct {
	Lines, Bytes uint64
}

func (c *Count) add(lines, bytes int) {
	c.Lines += uint64(lines)
	c.Bytes += uint64(bytes)
}

func (c *Count) sub(lines, bytes int) {
	c.Lines -= uint64(lines)
	c.Bytes -= uint64(bytes)
}

func (c Count) plus(d Count) Count { return Count{c.Lines + d.Lines, c.Bytes + d.Bytes} }

func (c Count) minus(d Count) Count { return Count{c.Lines - d.Lines, c.Bytes - d.Bytes} }

func countOf(c spool.Count) Count { return Count{c.Lines, c.Bytes} }

// Stats is the state of a [Writer] at one moment. The lines always add up:
//
//	Appended + Recovered = Acked + Rejected + Uncertain + Dropped + Pending + Spooled
//
// After Close, Spooled is what the next Writer of the directory has as Recovered. If Close
// returned an error of the disk, such as one that is full, batches that were acked may come
// again, and Recovered may be more.
type Stats struct {
	Appended Count // accepted by an append
	Acked    Count // stored by the server
	Rejected Count // refused by the server for good; none of them is stored
	// Uncertain counts the lines of requests of which the server refused some without
	// naming them, and they were not found: each line may be stored or not. See
	// [Isolation].
	Uncertain Count
	Dropped   Count // dropped by the Writer
	Pending   Count // in the open batch, waiting, or under way
	// Recovered counts the lines that the Writer found on disk, and Spooled those that
	// are only there now.
	Recovered, Spooled Count

	// ByReason divides Rejected, Uncertain and Dropped by reason. Index it with a Reason.
	ByReason [numReasons]Count

	// Lines and points that an append refused: because they are invalid or too long,
	// because there was no memory for them, or for another reason.
	RefusedInvalid, RefusedOverflow, RefusedOther uint64

	Sealed uint64 // number of the last sealed batch
	// Settled is the number up to which no batch has lines that are pending. With a spool
	// it may fall: lines that are only on disk are not pending, and are again when they are
	// read back.
	Settled uint64

	Queued     int // requests waiting
	InFlight   int // requests under way
	Requests   uint64
	NoResponse uint64 // requests without a response
	// Status counts the responses by the first digit of their status.
	Status  [6]uint64
	Retried uint64 // requests whose lines had to be sent again later
	Splits  uint64 // requests divided because of their size
	// RawBytes and WireBytes are the sizes of all requests before and after
	// compression.
	RawBytes, WireBytes uint64
	// Latency counts the requests by the time that they took. Its Quantile method has the
	// median and the like.
	Latency Latency
	// RequestTime is the total time that the requests of Latency took.
	RequestTime time.Duration

	Memory      int // bytes of slabs for lines, and of what compression may take
	MemoryLimit int
	Blocked     uint64        // appends that had to wait
	BlockedFor  time.Duration // total time that they waited

	Down     bool      // the server fails, and is tried again at RetryAt
	Failures uint64    // failures in a row
	RetryAt  time.Time // zero unless Down
	// LastErrors are the servers whose last request failed, and why.
	LastErrors []ServerFailure

	// OldestPending is when the oldest batch in memory got its first line; zero without one.
	OldestPending time.Time
	// Spool is the state of the directory, and SpoolRecovery what was found in it. Without a
	// spool, Spool.MaxBytes is 0.
	// OtherTargets counts lines in it that go elsewhere, see [SpoolOptions], or cannot be
	// read; they are within Spooled. SpoolErr is why the disk takes nothing at the moment.
	Spool         spool.Stats
	SpoolRecovery spool.Recovery
	OtherTargets  Count
	SpoolErr      error

	EventsLost       uint64
	DeadLetterErrors uint64
}

// A ledger counts every accepted line in one account. Every method moves lines from one
// account to another, so the equation of [Stats] holds at every moment. The lock of its
// owner guards it.
type ledger struct {
	appended  Count
	recovered Count
	pending   Count
	spooled   Count
	acked     Count
	byReason  [numReasons]Count
}

func (l *ledger) accept(lines, bytes int) {
	l.appended.add(lines, bytes)
	l.pending.add(lines, bytes)
}

func (l *ledger) ack(lines, bytes int) {
	l.pending.sub(lines, bytes)
	l.acked.add(lines, bytes)
}

func (l *ledger) lose(reason Reason, lines, bytes int) {
	l.pending.sub(lines, bytes)
	l.byReason[reason].add(lines, bytes)
}

// spool moves lines from memory to disk.
func (l *ledger) spool(lines, bytes int) {
	l.pending.sub(lines, bytes)
	l.spooled.add(lines, bytes)
}

// unspool moves lines from disk to memory.
func (l *ledger) unspool(lines, bytes int) {
	l.spooled.sub(lines, bytes)
	l.pending.add(lines, bytes)
}

// recover enters lines that were found on disk.
func (l *ledger) recover(c Count) {
	l.recovered, l.spooled = l.recovered.plus(c), l.spooled.plus(c)
}

// loseSpooled enters lines that the disk has lost.
func (l *ledger) loseSpooled(c Count) {
	l.spooled = Count{l.spooled.Lines - c.Lines, l.spooled.Bytes - c.Bytes}
	l.byReason[ReasonSpool] = l.byReason[ReasonSpool].plus(c)
}

// enter moves the lines of span to the account of its outcome. Those that are sent again
// stay pending.
func (l *ledger) enter(span *verdict.Span) {
	switch span.Outcome {
	case verdict.Rejected, verdict.Uncertain:
		l.lose(Reason(span.Reason), span.Lines, span.To-span.From)
	case verdict.Acked:
		l.ack(span.Lines, span.To-span.From)
	}
}

// rejected returns the sum of the reasons for which the server refused lines.
func (l *ledger) rejected() (c Count) {
	for reason := ReasonLine; reason < numReasons; reason++ {
		if reason.Rejected() {
			c = c.plus(l.byReason[reason])
		}
	}
	return c
}

// dropped returns the sum of the reasons for which the Writer dropped lines.
func (l *ledger) dropped() (c Count) {
	for reason := ReasonLine; reason < numReasons; reason++ {
		if !reason.Rejected() && reason != ReasonUncertain {
			c = c.plus(l.byReason[reason])
		}
	}
	return c
}

func (l *ledger) copyTo(s *Stats) {
	s.Appended, s.Acked, s.Pending = l.appended, l.acked, l.pending
	s.Rejected, s.Dropped, s.ByReason = l.rejected(), l.dropped(), l.byReason
	s.Uncertain = l.byReason[ReasonUncertain]
	s.Recovered, s.Spooled = l.recovered, l.spooled
}

// writerCounters are the other counters. The lock of their owner guards them.
type writerCounters struct {
	invalid, overflow, other uint64
	blocked                  uint64
	blockedFor               time.Duration
	requests, noResponse     uint64
	status                   [6]uint64
	retried, splits          uint64
	raw, wire                uint64
	latency                  Latency
	requestTime              time.Duration
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

func (c *writerCounters) responded(b *seam.Body, r *seam.Response, took time.Duration) {
	c.requests++
	c.raw += uint64(b.Raw)
	c.wire += uint64(len(b.Data))
	if r.Status == 0 {
		c.noResponse++
	} else {
		c.status[min(r.Status/100, len(c.status)-1)]++
	}
	c.latency.add(took)
	c.requestTime += took
}

func (c *writerCounters) copyTo(s *Stats) {
	s.RefusedInvalid, s.RefusedOverflow, s.RefusedOther = c.invalid, c.overflow, c.other
	s.Requests, s.NoResponse, s.Status = c.requests, c.noResponse, c.status
	s.Retried, s.Splits, s.RawBytes, s.WireBytes = c.retried, c.splits, c.raw, c.wire
	s.Latency, s.RequestTime = c.latency, c.requestTime
	s.Blocked, s.BlockedFor, s.DeadLetterErrors = c.blocked, c.blockedFor, c.deadLetterErrors
}
