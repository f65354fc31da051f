package batch

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/lp"
)

// This file runs an engine without goroutines. put fills batches, and sends them before it
// returns; send takes parts and sends them until none is left, pausing while the breaker is
// open. Flush and Close seal the open batch and call send.
//
// Invariants: one goroutine is in the SyncWriter at a time, so its fields and most of the
// engine are read without the lock. There is one target, and one request at a time.
// engine.waiters is nil. Between calls at most the lines that could not be sent, and an
// open batch, are pending: two batches of memory hold them.

// A SyncWriter gathers lines and sends them in batches, as a bufio.Writer gathers bytes:
// on the calling goroutine, when a batch is full and at Flush. It is the counterpart of
// [Writer] for scripts and tools: it treats lines, responses and failures in the same way
// and has no goroutine. It keeps the lines that it could not send for the next call.
//
// It ignores the [Options] MaxDelay, MaxMemory, MaxInFlight, Overflow and Ordered: it holds
// at most two batches. It calls OnEvent on the calling goroutine.
//
// Two goroutines must not use a SyncWriter at once, and it must not be copied.
type SyncWriter struct {
	engine
	s    *sending
	last error // why the last attempt failed
}

// NewSyncWriter returns a SyncWriter that sends through c like [NewWriter], one batch at
// a time. With several servers and [fastclient.RoundRobin], each batch goes to the next
// server that is up.
func NewSyncWriter(c *fastclient.Client, o Options) (*SyncWriter, error) {
	if o.Overflow >= Spill || o.Spool.Dir != "" {
		return nil, &fastclient.OptionError{Field: "Options.Spool", Reason: "needs a Writer"}
	}
	if o.Route.on() {
		return nil, errNoRoute
	}
	cfg, err := newConfig(seam.Of(c), o, false)
	if err != nil {
		return nil, err
	}
	return newSyncWriter(cfg)
}

func newSyncWriter(c config) (*SyncWriter, error) {
	c.o.MaxInFlight, c.o.Overflow = 1, DropNewest
	_, encoders := compress.Bound(c.compressor, 1, 0)
	c.o.MaxMemory = 2*c.o.BatchBytes + c.senderBytes() + encoders
	w := new(SyncWriter)
	if err := w.init(c); err != nil {
		return nil, err
	}
	w.s = w.newSending(c.targets[0].newSender())
	// A SyncWriter has no goroutine, so nobody notices if it is dropped without Close.
	runtime.AddCleanup(w, func(cancel context.CancelFunc) { cancel() }, w.cancel)
	return w, nil
}

// Append accepts lines of line protocol like [Writer.Append]. When batches are full it
// sends them. After a transient failure it tries again until ctx ends or Options.RetryFor
// is over. The *[AppendError] then says how many lines it has accepted nevertheless; they
// are sent later.
func (w *SyncWriter) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, w, lines)
}

// AppendPoints accepts anything that writes itself as line protocol, and returns like
// [SyncWriter.Append].
func (w *SyncWriter) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, w, points)
}

// Encode accepts the points that f gives to the encoder, like [Writer.Encode], and
// returns like [SyncWriter.Append].
func (w *SyncWriter) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, w, f)
}

func (w *SyncWriter) accept(ctx context.Context, lines []byte, n int) (accepted int, by servers, err error) {
	for {
		k, err := w.put(ctx, lines, n)
		accepted += k
		sendErr := w.send(ctx)
		if sendErr != nil {
			return accepted, 0, sendErr
		}
		if !errors.Is(err, ErrOverflow) {
			return accepted, 0, err
		}
		// There was no memory for the other lines; sending has freed some.
		lines, n = linesFrom(lines, k), n-k
	}
}

// awaitLogged has nothing to wait for: a SyncWriter has no spool.
func (w *SyncWriter) awaitLogged(context.Context, servers) error { return nil }

// errGaveUp is joined to every error of a call that keeps lines for later.
var errGaveUp = errors.New("batch: given up for now")

// send sends the sealed batches, and returns nil when none is left. It makes at least one
// attempt, unless ctx ends or the server asked for a longer pause than the call may take: a
// delay that grew in earlier calls is shortened to the time of this call.
func (w *SyncWriter) send(ctx context.Context) error {
	e := &w.engine
	if e.queue.n == 0 {
		return nil
	}
	t := w.targets[0]
	w.s.ctx.parent = ctx
	defer w.s.ctx.close()
	var last time.Time // end of the attempts of this call, zero for no limit
	if e.o.RetryFor > 0 {
		last = time.Now().Add(e.o.RetryFor)
	}
	tried := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.mu.Lock()
		if e.queue.n == 0 {
			e.mu.Unlock()
			return nil
		}
		b := &t.breaker
		if !tried && !last.IsZero() {
			b.Within(last)
		}
		open, until := b.Failures > 0, b.Until
		e.mu.Unlock()
		if wait := time.Until(until); open && wait > 0 {
			if !last.IsZero() && until.After(last) || !backoff.Pause(ctx, wait) {
				return errors.Join(errGaveUp, ctx.Err(), w.last)
			}
		}
		e.mu.Lock()
		j, ok := e.take(t, anyPart)
		e.mu.Unlock()
		if ok {
			tried = true
			e.sendPart(t, w.s, j)
			w.last = w.s.response.Failure
		}
		if e.ended != nil {
			return errors.Join(errGaveUp, e.ended)
		}
		e.events.deliver()
	}
}

// Flush sends what was appended before it. It returns nil only if all these lines, and
// those settled since the last Flush, are stored. Otherwise it returns the joined errors: a
// *[BatchError] for lines that were rejected, dropped or are uncertain, and a
// *[PendingError] if lines could not be sent; they stay for the next call.
func (w *SyncWriter) Flush(ctx context.Context) error {
	e := &w.engine
	if e.closing {
		return ErrWriterClosed
	}
	if !e.made() {
		return nil
	}
	if e.open != nil {
		e.seal()
	}
	err := w.send(ctx)
	errs := e.unreported.since(nil, e.unreported.returned, e.seq)
	e.unreported.errs = nil
	if err != nil {
		errs = append(errs, &PendingError{
			Batches: e.live, Count: e.ledger.pending, Err: err, LastErrors: e.lastErrors(),
		})
	}
	return errors.Join(errs...)
}

// Close flushes, and refuses new lines. It returns the lines that it cannot send in an
// *[UnsentError]. A second Close returns the same error.
func (w *SyncWriter) Close(ctx context.Context) error {
	e := &w.engine
	if e.closing || !e.made() {
		return e.closeErr
	}
	if e.open != nil {
		e.seal()
	}
	e.targets[0].breaker.Within(time.Now())
	err := w.send(ctx)
	e.closing, e.aborted = true, true
	e.stage.ended.Store(true)
	e.cancel()
	errs := e.unreported.since(nil, e.unreported.returned, e.seq)
	if unsent := e.giveBack(err); unsent != nil {
		errs = append(errs, unsent)
	}
	e.closeErr = errors.Join(errs...)
	return e.closeErr
}

// Buffered counts the lines that are appended and not settled yet.
func (w *SyncWriter) Buffered() Count { return w.ledger.pending }

// Stats returns the state at this moment. It may be called after Close.
func (w *SyncWriter) Stats() Stats { return w.stats() }
