package batch

import (
	"context"
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/lp"
)

// A SyncWriter gathers lines and sends them in batches, as a bufio.Writer gathers bytes:
// on the calling goroutine, when a batch is full and at Flush. It is the counterpart of
// [Writer] for scripts and tools: it treats lines, responses and failures in the same way
// and has no goroutine. What it could not send it keeps.
//
// It ignores the [Options] about time, memory and order: it holds at most two batches. It
// calls OnEvent on the calling goroutine.
//
// Two goroutines must not use a SyncWriter at once.
type SyncWriter struct {
	engine
	s    *sending
	last error // why the last attempt failed
}

// NewSyncWriter returns a SyncWriter that sends through c like [NewWriter], one batch at
// a time. With several servers and [fastclient.RoundRobin], each batch goes to the next
// server that is up.
func NewSyncWriter(c *fastclient.Client, o Options) (*SyncWriter, error) {
	config, err := newConfig(seam.Of(c), o, false)
	if err != nil {
		return nil, err
	}
	return newSyncWriter(config)
}

func newSyncWriter(p config) (*SyncWriter, error) {
	p.o.MaxInFlight, p.o.Overflow = 1, DropNewest
	_, encoders := compress.Bound(p.compressor, 1, 0)
	p.o.MaxMemory = 2*p.o.BatchBytes + p.senderBytes() + encoders
	b := new(SyncWriter)
	if err := b.init(p); err != nil {
		return nil, err
	}
	b.s = b.newSending(p.targets[0].newSender())
	return b, nil
}

// Append accepts lines of line protocol like [Writer.Append]. When batches are full it
// sends them. After a transient failure it tries again until ctx ends or Options.RetryFor
// is over; the *[AppendError] then says how many lines it nevertheless accepted, to be
// sent later.
func (b *SyncWriter) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, b, lines)
}

// AppendPoints accepts anything that writes itself as line protocol, and returns like
// [SyncWriter.Append].
func (b *SyncWriter) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, b, points)
}

// Encode accepts the points that f gives to the encoder, like [Writer.Encode], and
// returns like [SyncWriter.Append].
func (b *SyncWriter) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, b, f)
}

func (b *SyncWriter) put(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	for {
		k, err := b.engine.put(ctx, lines, n)
		accepted += k
		sendErr := b.send(ctx)
		if sendErr != nil {
			return accepted, sendErr
		}
		if !errors.Is(err, ErrOverflow) {
			return accepted, err
		}
		// There was no memory for the rest; now there is.
		for ; k > 0; k-- {
			lines = lines[line.Len(lines):]
			n--
		}
	}
}

// errGaveUp is part of every error of a SyncWriter that keeps lines for later.
var errGaveUp = errors.New("batch: given up for now")

// send sends what is sealed, and returns nil when nothing of it is left. It makes at
// least one attempt, unless ctx ends or the server asked for a longer pause than the call
// may take. A delay that grew in earlier calls is cut short.
func (b *SyncWriter) send(ctx context.Context) error {
	w, out := &b.engine, b.targets[0]
	if w.queue.n == 0 {
		return nil
	}
	b.s.ctx.parent = ctx
	defer b.s.ctx.close()
	var last time.Time // end of the attempts of this call, zero for no limit
	if w.o.RetryFor > 0 {
		last = time.Now().Add(w.o.RetryFor)
	}
	tried := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.mu.Lock()
		if w.queue.n == 0 {
			w.mu.Unlock()
			return nil
		}
		g := &out.breaker
		if !tried && !last.IsZero() {
			g.Within(last)
		}
		shut, until := g.Failures > 0, g.Until
		w.mu.Unlock()
		if wait := time.Until(until); shut && wait > 0 {
			if !last.IsZero() && until.After(last) || !backoff.Pause(ctx, wait) {
				return errors.Join(errGaveUp, ctx.Err(), b.last)
			}
		}
		w.mu.Lock()
		j, ok := w.take(out)
		w.mu.Unlock()
		if ok {
			tried = true
			w.sendPart(out, b.s, j)
			b.last = b.s.reply.Failure
		}
		if w.ended != nil {
			return errors.Join(errGaveUp, w.ended)
		}
		w.events.deliver()
	}
}

// Flush sends what was appended before it. It returns nil only if all of that, and
// everything settled since the last Flush, is stored. Otherwise it returns the joined
// errors: a *[BatchError] for rejected lines, and a *[PendingError] with the reason if
// something could not be sent, which stays for the next Flush.
func (b *SyncWriter) Flush(ctx context.Context) error {
	w := &b.engine
	if w.closing {
		return ErrWriterClosed
	}
	if w.open != nil {
		w.seal()
	}
	err := b.send(ctx)
	errs := w.verdicts.since(nil, w.verdicts.returned, w.seq)
	w.verdicts.errs = nil
	if err != nil {
		errs = append(errs, &PendingError{
			Batches: w.live, Count: w.ledger.pending, Err: err, LastErrors: w.lastErrors(),
		})
	}
	return errors.Join(errs...)
}

// Close flushes, and refuses new lines. It returns what it cannot send in an
// *[UnsentError]. A second Close returns the same.
func (b *SyncWriter) Close(ctx context.Context) error {
	w := &b.engine
	if w.closing {
		return w.closeErr
	}
	if w.open != nil {
		w.seal()
	}
	w.targets[0].breaker.Within(time.Now())
	err := b.send(ctx)
	w.closing, w.aborted = true, true
	w.cancel()
	errs := w.verdicts.since(nil, w.verdicts.returned, w.seq)
	if unsent := w.giveBack(err); unsent != nil {
		errs = append(errs, unsent)
	}
	w.closeErr = errors.Join(errs...)
	return w.closeErr
}

// Buffered returns the lines that are appended and not yet settled.
func (b *SyncWriter) Buffered() Count { return b.ledger.pending }

// Stats returns the state at this moment. It may be called after Close.
func (b *SyncWriter) Stats() Stats { return b.stats() }
