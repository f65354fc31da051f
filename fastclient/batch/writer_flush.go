package batch

import (
	"context"
	"errors"
	"slices"
)

// keptVerdicts is how many errors are kept for the next Flush. The last one
// stands for all that came after it.
const keptVerdicts = 64

// A verdictLog holds the errors that no Flush has returned yet.
type verdictLog struct {
	errs     []*BatchError
	returned uint64 // up to this batch
}

func (l *verdictLog) add(e BatchError) {
	if len(l.errs) < keptVerdicts {
		l.errs = append(l.errs, &e)
		return
	}
	// The error may have been returned already, so it is replaced, not changed.
	last := l.errs[keptVerdicts-1]
	e.Lines += last.Lines
	e.More = last.More + 1
	l.errs[keptVerdicts-1] = &e
}

// since appends the errors of the batches after from, up to and with to.
func (l *verdictLog) since(dst []error, from, to uint64) []error {
	for _, e := range l.errs {
		if e.Seq > from && (e.Seq <= to || e.More > 0) {
			dst = append(dst, e)
		}
	}
	return dst
}

// forget drops the errors of the batches up to seq.
func (l *verdictLog) forget(seq uint64) {
	l.errs = slices.DeleteFunc(l.errs, func(e *BatchError) bool { return e.Seq <= seq })
}

// A barrier is a Flush that waits for the batches up to a number.
type barrier struct {
	from, to uint64
	left     int // batches not settled
	passed   chan struct{}
}

// pass takes note that the batch seq is settled.
func (x *waiters) pass(seq uint64) {
	if x == nil {
		return
	}
	for _, b := range x.barriers {
		if seq <= b.to {
			if b.left--; b.left == 0 {
				close(b.passed)
			}
		}
	}
}

// expects reports whether a Flush waits for the batch seq.
func (x *waiters) expects(seq uint64) bool {
	if x == nil {
		return false
	}
	return slices.ContainsFunc(x.barriers, func(b *barrier) bool { return seq <= b.to })
}

// lost keeps an error for the next Flush.
func (e *engine) lost(err BatchError) { e.verdicts.add(err) }

// Flush sends what was appended before it and waits until the server has given
// its verdict on all of it. It returns nil only if every line that was settled
// since the Flush before is stored; else the errors, joined: a *[BatchError] for
// what was rejected, dropped or is uncertain, and a *[PendingError] if ctx ended first, or the
// client was closed. What is pending then stays queued, and its verdict is for the
// next Flush.
//
// One Flush returns an error, and no other does. Of goroutines that share a Writer the
// first to flush gets the errors about lines of all of them; another one's Flush may
// return nil although lines that it appended are lost. Where each has to know of its own,
// give each a Writer, or look at the lines in a [DeadLetter].
//
// While the server is down, Flush waits: it does not make attempts come sooner.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	if w.closing {
		w.mu.Unlock()
		return ErrWriterClosed
	}
	if w.open != nil {
		w.seal()
	}
	b := &barrier{from: w.verdicts.returned, to: w.seq, left: w.live, passed: make(chan struct{})}
	if b.left > 0 {
		w.waiters.barriers = append(w.waiters.barriers, b)
		w.mu.Unlock()
		select {
		case <-b.passed:
		case <-ctx.Done():
		case <-w.waiters.end:
		}
		w.mu.Lock()
		w.waiters.barriers = slices.DeleteFunc(w.waiters.barriers, func(o *barrier) bool { return o == b })
	}
	defer w.mu.Unlock()
	errs := w.verdicts.since(nil, b.from, b.to)
	if b.left > 0 {
		return errors.Join(append(errs, &PendingError{
			Batches: b.left, Count: w.ledger.pending, Err: w.cause(ctx), LastErrors: w.lastErrors(),
		})...)
	}
	w.verdicts.returned = max(w.verdicts.returned, b.to)
	oldest := w.verdicts.returned
	for _, other := range w.waiters.barriers {
		oldest = min(oldest, other.from)
	}
	w.verdicts.forget(oldest)
	return errors.Join(errs...)
}

// cause says why a call of Flush or Close ends with lines pending.
func (e *engine) cause(ctx context.Context) error {
	if e.ended != nil {
		return e.ended
	}
	return ctx.Err()
}
