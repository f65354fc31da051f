package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/lp"
)

// This file runs an engine with goroutines. Senders, MaxInFlight for each target, run in a
// loop: next waits for a part and takes it, and engine.sendPart sends it. A clock, tick,
// makes the open batch due when it is old enough and wakes the senders when a breaker may
// let a request pass. A third goroutine, of events, calls OnEvent. Flush puts up a barrier
// and waits for it; Close lets the senders finish, ends all goroutines, and gives back what
// is left.
//
// Invariants: w.mu is the engine's lock, and goroutines that wait are woken through
// w.waiters. The senders end when engine.over reports true, the clock when quit is closed.
// After Close has returned, only a sender whose request does not end may still run; it finds
// its part gone and settles nothing.

// A Writer accepts lines from many goroutines and sends them in batches from its own.
// Make one with [NewWriter], and end it with [Writer.Close]. It must not be copied.
//
// Once an append has accepted a line, the Writer sends it until the server has stored it
// or refused it for good, for as long as the process lives, or under [Spill] and
// [WriteAhead] for as long as the disk keeps it. A line may arrive more than
// once. It is then stored once, because lines without a timestamp are stamped when they
// are appended.
//
// Every line is counted: at every moment, the appended lines are the acked, rejected,
// uncertain, dropped, pending and spooled ones together, see [Stats]. Acked lines are stored, and
// rejected lines are not. The response leaves open whether uncertain lines are stored, see
// [Isolation].
//
// The lines of one goroutine keep their order within a batch. Batches are sent in order,
// but may be stored in a different order unless Options.Ordered is set. The order matters
// only to lines of the same series and timestamp.
//
// If the client is closed before the Writer, the Writer refuses new lines with
// [fastclient.ErrClosed], and Close returns what is left.
//
// All methods are safe for concurrent use.
type Writer struct {
	engine
	quit     chan struct{} // ends the clock
	ticking  sync.WaitGroup
	senders  int // that run
	started  bool
	idle     chan struct{} // closed when the last sender ends
	closed   chan struct{} // closed when Close is done
	unfollow func()        // ends the following of the client's servers
}

var (
	_ LineWriter = (*Writer)(nil)
	_ LineWriter = (*SyncWriter)(nil)
)

// NewWriter returns a Writer that sends through c, to the database and in the precision
// of c. With several servers and [fastclient.RoundRobin], each server gets its share of
// the batches; while one is down, the others get its share. When the servers of the client
// change, the Writer follows. Close the Writer before the client.
//
// The error is an *[fastclient.OptionError], or says why the client cannot write to its
// database.
func NewWriter(c *fastclient.Client, o Options) (*Writer, error) {
	cfg, err := newConfig(seam.Of(c), o, true)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(cfg)
	if err != nil {
		return nil, err
	}
	if o.Sink == nil { // or else the servers do not matter
		stop, err := seam.Of(c).Follow(true, !o.NoStamp, cfg.ids, follower{w})
		if err != nil {
			w.discard()
			return nil, err
		}
		w.unfollow = stop
	}
	w.startAll()
	return w, nil
}

// newWriter returns a Writer without its goroutines.
func newWriter(c config) (*Writer, error) {
	w := &Writer{quit: make(chan struct{}), idle: make(chan struct{}), closed: make(chan struct{}), unfollow: func() {}}
	if err := w.init(c); err != nil {
		return nil, err
	}
	if c.o.Overflow >= Spill {
		var err error
		if w.disk, err = newSpooling(&w.config, len(c.targets)*w.o.MaxInFlight); err != nil {
			w.cancel()
			return nil, err
		}
	}
	x := &waiters{end: make(chan struct{}), ageTimer: time.NewTimer(time.Hour), breakerTimer: time.NewTimer(time.Hour)}
	x.work.L = &w.mu
	x.ageTimer.Stop()
	x.breakerTimer.Stop()
	w.waiters = x
	return w, nil
}

// startAll starts the goroutines of w: the senders, the clock and, for OnEvent,
// the dispatcher.
func (w *Writer) startAll() {
	w.events.start()
	w.mu.Lock()
	w.started = true
	w.startSenders()
	w.mu.Unlock()
	w.startSpool()
	w.ticking.Add(1)
	go w.tick()
}

// discard gives up a Writer that was not started.
func (w *Writer) discard() {
	w.unfollow()
	w.cancel()
	if w.disk != nil {
		w.disk.s.Close()
	}
}

// startSenders starts the senders that do not run: MaxInFlight for each target. The lock is
// held.
func (w *Writer) startSenders() {
	for _, t := range w.targets {
		t.limit = w.o.MaxInFlight
		for i := range t.limit {
			if i == len(t.senders) {
				t.senders = append(t.senders, false)
			}
			if !t.senders[i] {
				t.senders[i] = true
				w.senders++
				go w.run(t, t.newSender(), i)
			}
		}
	}
}

// run is sender i to t. It sends parts until senders have nothing to do any more, or until
// there are to be fewer.
func (w *Writer) run(t *target, sender seam.Sender, i int) {
	s := w.newSending(sender)
	for {
		j, ok := w.next(t, i)
		if !ok {
			break
		}
		w.sendPart(t, s, j)
	}
	s.ctx.close()
	w.mu.Lock()
	if w.senders--; w.senders == 0 {
		close(w.idle)
	}
	w.mu.Unlock()
}

// next waits for a part that sender i may send to t, and takes it. It reports false when the
// sender ends.
func (w *Writer) next(t *target, i int) (j job, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.over() && i < t.limit {
		w.sealDue()
		if j, ok = w.take(t, roleOf(i, &w.o)); ok {
			return j, true
		}
		if !w.over() && i < t.limit { // take may have released the lock
			w.waiters.work.Wait()
		}
	}
	t.senders[i] = false
	return job{}, false
}

// tick is the clock: it wakes the senders when the open batch is old enough to be sent,
// and when a breaker lets a probe through.
func (w *Writer) tick() {
	defer w.ticking.Done()
	for {
		select {
		case <-w.waiters.ageTimer.C:
			w.mu.Lock()
			w.aged()
			w.mu.Unlock()
		case <-w.waiters.breakerTimer.C:
			w.mu.Lock()
			w.waiters.wake()
			w.mu.Unlock()
		case <-w.quit:
			w.waiters.ageTimer.Stop()
			w.waiters.breakerTimer.Stop()
			return
		}
	}
}

// aged makes the open batch due when its time is over. The next sender that finds nothing
// older to send seals it. While no sender may send, the batch continues to fill, so that
// an outage ends with few large requests. The timer is not reset for every batch: it may
// find a younger batch than the one it was set for.
func (w *Writer) aged() {
	w.waiters.ageArmed = false
	if w.routing != nil {
		w.agedRoutes()
		return
	}
	if w.open == nil {
		if w.live == 0 {
			w.slabs.trim(len(w.targets)*w.o.MaxInFlight + 2)
		}
		return
	}
	if left := time.Until(w.openUntil); left > 0 {
		w.waiters.armAge(left)
		return
	}
	if w.o.MaxAge > 0 {
		// Batches are dropped whole, so one that waits must not grow for ever: young
		// lines would be dropped with old ones.
		if w.due {
			w.seal()
			return
		}
		rest := w.o.MaxAge / 10
		w.openUntil = w.openUntil.Add(rest)
		w.waiters.armAge(time.Until(w.openUntil))
	}
	w.due = true
	w.waiters.wake()
	w.disk.wake() // if no request may be sent, it goes to disk
}

// Append accepts lines of line protocol with timestamps in the precision of the client.
// The last line may lack its line feed; empty lines and comments are left out. Append
// copies the lines and does not keep the slice.
//
// It checks that each line is complete: measurement, tags, fields with values, at most
// one timestamp. Spaces at the end are removed. Invalid lines are refused and the others
// accepted: the error is an *[AppendError] with the first reason. Append returns nil when
// the Writer has accepted every line. It waits only under [Block], and then no longer
// than ctx.
func (w *Writer) Append(ctx context.Context, lines []byte) error {
	return appendLines(ctx, w, lines)
}

// AppendPoints accepts anything that writes itself as line protocol: points, frames, your
// own types. An [lp.PrecisionAppender] writes its times in the precision of the client.
// AppendPoints checks and returns like [Writer.Append].
func (w *Writer) AppendPoints(ctx context.Context, points ...lp.Appender) error {
	return appendPoints(ctx, w, points)
}

// Encode accepts the points that f gives to the encoder. f runs on the calling goroutine
// without a lock. It must not keep the encoder, change its options or take its bytes.
// Points that the encoder refuses are left out and the others accepted: the error is an
// *[AppendError] with the first reason.
func (w *Writer) Encode(ctx context.Context, f func(*lp.Encoder)) error {
	return encodeLines(ctx, w, f)
}

// Flush sends what was appended before it and waits until all of it is settled. It
// returns nil only if every line that was settled since the last Flush is stored.
// Otherwise it returns the joined errors: a *[BatchError] for lines that were rejected,
// dropped or are uncertain, and a *[PendingError] if ctx ended first or the client was
// closed. Pending lines stay queued, and their errors are for the next Flush.
//
// Only one Flush returns an error. If several goroutines share a Writer, the first to flush
// gets the errors about the lines of all of them; the Flush of another may return nil
// although lines that it appended are lost. If each needs to know about its own lines, give
// each a Writer, or look at the lines in a [DeadLetter].
//
// While the server is down, Flush waits for the next attempt and does not cause one. With a
// spool it does not wait for lines that are on disk alone, and returns a *[SpooledError] as
// long as lines that were appended to this Writer are there. Lines under [WriteAhead] are in
// memory as well, for as long as there is room, and Flush waits for them.
func (w *Writer) Flush(ctx context.Context) error {
	w.mu.Lock()
	if !w.made() {
		w.mu.Unlock()
		return nil
	}
	if w.closing {
		w.mu.Unlock()
		return ErrWriterClosed
	}
	w.sealAll()
	b := &barrier{from: w.unreported.returned, to: w.seq, left: w.live - w.disk.live(), passed: make(chan struct{})}
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
	errs := w.unreported.since(nil, b.from, b.to)
	if b.left > 0 {
		return errors.Join(append(errs, &PendingError{
			Batches: b.left, Count: w.ledger.pending, Err: w.cause(ctx), LastErrors: w.lastErrors(),
		})...)
	}
	w.unreported.returned = max(w.unreported.returned, b.to)
	oldest := w.unreported.returned
	for _, other := range w.waiters.barriers {
		oldest = min(oldest, other.from)
	}
	w.unreported.forget(oldest)
	return errors.Join(append(errs, w.ownSpooled())...)
}

// closeGrace is how long Close waits after its context has ended, for requests and for the
// user's function to end.
const closeGrace = 50 * time.Millisecond

// Close refuses new lines, sends the others until ctx ends, and ends the goroutines of
// the Writer. It returns nil if every line since the last Flush is stored. Otherwise it
// returns the joined errors: a *[BatchError] for lines that were rejected, dropped or are
// uncertain, and an *[UnsentError] with what could not be sent.
//
// Close returns soon after ctx ends, whatever the server does. A server that is down gets
// one more attempt at once, unless it asked for a pause. A second Close waits for the
// first one and returns the same.
//
// With a spool, Close waits for no server that is down and sends nothing from disk. It puts
// the lines that are left there, however long the disk takes, and returns a *[SpooledError]
// with them and those that this Writer found there, but for Stats.OtherTargets: lines that
// nobody has looked at yet may be among them, and go elsewhere. An *[UnsentError] has those
// that the disk does not take.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	if !w.made() {
		w.mu.Unlock()
		return nil
	}
	if w.closing {
		w.mu.Unlock()
		select {
		case <-w.closed: // even if ctx has ended
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
	w.stage.ended.Store(true)
	w.sealAll()
	w.routing.resume()
	for _, t := range w.targets {
		t.breaker.Within(time.Now())
	}
	w.waiters.memoryFree()
	w.waiters.wake()
	w.mu.Unlock()
	w.unfollow()

	select {
	case <-w.idle:
	case <-ctx.Done():
		w.abort()
	}
	close(w.quit)
	w.ticking.Wait()
	w.cancel()
	w.stopSpool()
	w.mu.Lock()
	w.concludeJudged()
	w.mute = true
	errs := w.unreported.since(nil, w.unreported.returned, w.seq)
	unsent := w.giveBack(w.cause(ctx))
	w.mu.Unlock()
	if unsent != nil {
		errs = append(errs, unsent)
	}
	errs = append(errs, w.closeSpool(unsent == nil)) // ends appends of OnEvent that wait for the log
	w.endEvents(ctx)
	w.closeErr = errors.Join(errs...)
	close(w.closed)
	return w.closeErr
}

// abort ends the requests under way and waits briefly for their senders.
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

// endEvents waits until the user's function has been called with the last event, but at
// most closeGrace longer than ctx.
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

// Stats returns the state of the Writer at this moment. It may be called after
// Close.
func (w *Writer) Stats() Stats { return w.stats() }
