package batch

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// closeGrace is how long Close waits for what should have ended with its
// context: a request, the user's functions.
const closeGrace = 50 * time.Millisecond

// Close refuses new lines, sends the others until ctx ends, and ends the
// goroutines of the Writer. It returns nil if every line since the last Flush is
// stored; else the errors, joined: a *[BatchError] for what was rejected, dropped
// or is uncertain, and an *[UnsentError] that hands back what could not be sent.
//
// Close returns soon after ctx ended, whatever the server does. A server that is
// down is tried once more at once, unless it asked for a pause. A further Close
// waits for the first one and returns the same.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	if w.closing {
		w.mu.Unlock()
		select {
		case <-w.closed: // whatever became of ctx
			return w.closeErr
		default:
		}
		select {
		case <-w.closed:
			return w.closeErr
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.closing = true
	if w.open != nil {
		w.seal()
	}
	for _, out := range w.outlets {
		out.gate.Within(time.Now())
	}
	w.waiters.roomFree()
	w.waiters.wake()
	w.mu.Unlock()

	select {
	case <-w.idle:
	case <-ctx.Done():
		w.abort()
	}
	close(w.quit)
	w.ticking.Wait()
	w.cancel()
	w.mu.Lock()
	w.concludeJudged()
	w.mute = true
	errs := w.verdicts.since(nil, w.verdicts.returned, w.seq)
	unsent := w.giveBack(w.cause(ctx))
	w.mu.Unlock()
	w.endEvents(ctx)
	if unsent != nil {
		errs = append(errs, unsent)
	}
	w.closeErr = errors.Join(errs...)
	close(w.closed)
	return w.closeErr
}

// abort ends the requests under way and waits a little for their senders.
func (w *Writer) abort() {
	w.mu.Lock()
	w.aborted = true
	w.waiters.wake()
	w.mu.Unlock()
	w.cancel()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-w.idle:
	case <-grace.C:
	}
}

// giveBack takes all lines that are left out of the Writer, because of err. The
// lock is held.
func (e *engine) giveBack(err error) *UnsentError {
	u := &UnsentError{Err: err, LastErrors: e.lastErrors()}
	for e.queue.n+e.flying.n > 0 {
		p := e.queue.head
		if q := e.flying.head; p == nil || q != nil && q.before(p) {
			p = q
		}
		data := p.data[:len(p.data):len(p.data)]
		if p.list == &e.flying {
			data = bytes.Clone(data) // a sender that does not end still reads it
		}
		p.list.remove(p)
		b := p.batch
		u.add(p.lines, len(p.data))
		u.Batches = append(u.Batches, Batch{
			Seq: b.seq, Lines: p.lines, Bytes: len(p.data), SealedAt: b.sealed, Data: data,
		})
		e.ledger.lose(LossUnsent, p.lines, len(p.data))
		if e.waiters.expects(b.seq) {
			e.lost(BatchError{Seq: b.seq, Lines: p.lines, Loss: LossUnsent})
		}
		e.settled(b)
	}
	if u.Lines == 0 {
		return nil
	}
	return u
}

// endEvents waits until the user's function has seen the last event, but not
// much longer than ctx.
func (w *Writer) endEvents(ctx context.Context) {
	w.events.stop()
	if w.events.wake == nil {
		return
	}
	select {
	case <-w.events.done:
		return
	case <-ctx.Done():
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-w.events.done:
	case <-grace.C:
	}
}
