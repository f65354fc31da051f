package batch

import (
	"context"
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file runs the spool of a Writer: one goroutine does everything that the disk is asked
// for. In each round it acks what is settled, logs what must be on disk (log.go), moves
// batches to disk (spill.go), and brings one back (replay.go).
//
// Invariants: the engine's lock guards the spooling, and is not held during an operation of
// the disk, except in Close when the goroutine has ended. Only that goroutine puts batches,
// and takes them from the spool. A batch in memory whose frames are on disk keeps them
// leased until it is settled, or until it is given back to the disk whole.

// newSpooling opens the spool of c.
func newSpooling(c *config, senders int) (*spooling, error) {
	s, err := spool.Open(c.o.Spool.Dir, c.o.Spool.Options)
	if err != nil {
		return nil, err
	}
	d := &spooling{
		s: s, o: c.o.Spool, ahead: c.o.Overflow == WriteAhead, target: []byte(c.path),
		work: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	d.start = s.Stats().LastSeq
	d.keepLines = 2 * (c.o.BatchBytes + slack)
	d.bodyLimit = 4 * compressedSize(c.o.BatchBytes)
	d.converted.New = func() any { return new([]byte) }
	for range c.spoolBuffers(senders) {
		d.slots = append(d.slots, new(replaySlot))
	}
	return d, nil
}

// startSpool reports what the spool holds and starts its goroutine.
func (w *Writer) startSpool() {
	d := w.disk
	if d == nil {
		return
	}
	w.mu.Lock()
	r := d.s.Recovery()
	w.reconcile()
	if n := w.ledger.recovered; n.Lines > 0 || damaged(r) != "" {
		w.emit(Event{Kind: EventRecovered, Lines: int(n.Lines), Bytes: int(n.Bytes), Message: damaged(r)})
	}
	if d.o.Order == OldestFirst && d.waiting {
		d.from = 1
	}
	w.mu.Unlock()
	go w.runSpool()
}

// runSpool is the goroutine.
func (w *Writer) runSpool() {
	d := w.disk
	defer close(d.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		for w.spoolRound() {
			select {
			case <-d.quit:
				return
			default:
			}
		}
		timer.Reset(w.nextRound())
		select {
		case <-d.work:
		case <-timer.C:
		case <-d.quit:
			return
		}
	}
}

// spoolRound does one piece of each kind of work, and reports whether there was any.
func (w *Writer) spoolRound() bool {
	did := w.ackSettled()
	did = w.returnPaused() || did
	did = w.log() || did
	did = w.spill() || did
	return w.fetch() || did
}

// nextRound returns how long the goroutine may sleep unless it is woken.
func (w *Writer) nextRound() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	d, now, next := w.disk, time.Now(), time.Hour
	until := func(at time.Time) {
		if left := at.Sub(now); left > 0 {
			next = min(next, left)
		}
	}
	if d.err != nil {
		until(d.retryAt)
	}
	if d.waiting {
		until(d.readAt)
		until(d.nextReplay)
	}
	if len(d.skipped) > 0 {
		until(d.skipUntil)
	}
	if at := w.spillDue(); !at.IsZero() {
		until(at)
	}
	for p := range w.inMemory {
		until(p.batch.opened.Add(w.o.spillAfter()))
	}
	d.next = now.Add(next)
	return next
}

// ackSettled acks the frames of settled batches.
func (w *Writer) ackSettled() bool {
	d := w.disk
	w.mu.Lock()
	acks := d.acks
	d.acks = d.acking[:0]
	d.acking = acks
	w.mu.Unlock()
	for i := len(acks) - 1; i >= 0; i-- {
		// The mark moves with the oldest frame of a batch, so that comes last. An error of
		// the disk means that lines may come again, which is harmless.
		d.s.Ack(acks[i])
	}
	if len(acks) == 0 {
		return false
	}
	w.mu.Lock()
	if errors.Is(d.err, spool.ErrFull) {
		d.retryAt = time.Time{}
	}
	w.mu.Unlock()
	return true
}

// wrote notes the outcome of an operation that writes. The lock is held.
func (e *engine) wrote(err error) {
	d := e.disk
	if err == nil {
		if d.err != nil && !d.noSync {
			d.err = nil
			e.emit(Event{Kind: EventSpoolWorks})
		}
		return
	}
	if d.err == nil || d.err.Error() != err.Error() {
		e.emit(Event{Kind: EventSpoolFailed, Err: err, Delay: diskPause})
	}
	d.err, d.retryAt = err, time.Now().Add(diskPause)
	e.answerLog()
	e.waiters.memoryFree() // for those that do not wait for a disk that fails
	e.waiters.wake()       // what could not be logged may be sent now
}

// synced notes the outcome of a sync. Until one succeeds, a disk that takes batches does not
// work: what is promised is durability. The lock is held.
func (e *engine) synced(err error) {
	e.disk.noSync = err != nil
	e.wrote(err)
}

// reconcile enters what the spool found and lost into the ledger. The lock is held.
func (e *engine) reconcile() {
	d := e.disk
	st := d.s.Counts()
	lost, found := countOf(st.Dropped), countOf(st.Recovered)
	lost = lost.plus(countOf(st.Damaged)).plus(countOf(st.Gone))
	d.waiting = st.Waiting.Batches > 0
	if n := found.minus(d.found); n != (Count{}) {
		e.ledger.recover(n)
		d.found = found
	}
	if n := lost.minus(d.lost); n != (Count{}) {
		d.lost = lost
		e.ledger.loseSpooled(n)
		e.keepError(BatchError{Seq: e.seq, Lines: int(n.Lines), Reason: ReasonSpool})
		e.emit(Event{Kind: EventDropped, Lines: int(n.Lines), Bytes: int(n.Bytes), Reason: ReasonSpool})
	}
}

// unpin ends the reading of a batch, which may have been settled meanwhile.
func (e *engine) unpin(b *slabBatch) {
	b.pinned = false
	if b.seq > 0 && b.parts == 0 {
		e.disk.settled(b)
		if !e.aborted {
			e.free(b)
		}
	}
}

// stopSpool ends the goroutine.
func (w *Writer) stopSpool() {
	if w.disk != nil {
		close(w.disk.quit)
		<-w.disk.done
	}
}

// closeSpool closes the spool after the last batch is settled or left to it, all of them or
// not, and returns an error that says what is on disk, or went wrong.
func (w *Writer) closeSpool(all bool) (err error) {
	d := w.disk
	if d == nil {
		return nil
	}
	w.ackSettled()
	err = d.s.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reconcile()
	d.ended = true
	if err != nil || !all {
		d.final = ErrWriterClosed
	}
	for _, wait := range d.waits {
		wait.c <- d.final
	}
	d.waits = nil
	if all := w.ledger.spooled; all.Lines > d.other.Lines {
		return errors.Join(w.spooledError(all.minus(d.other)), err)
	}
	return err
}

// ownSpooled says which lines of this Writer went to disk and are not settled; nil if there
// are none. The lock is held.
func (e *engine) ownSpooled() error {
	d := e.disk
	if d == nil {
		return nil
	}
	// If lines were lost, it is not known whose, but no more of them are left than there are.
	if left := e.ledger.spooled.minus(d.other); d.used == 0 && left.Lines < d.own.Lines {
		d.own = left
	}
	if d.own.Lines == 0 {
		return nil
	}
	return e.spooledError(d.own)
}

func (e *engine) spooledError(n Count) error {
	return &SpooledError{Count: n, Dir: e.disk.o.Dir, LastErrors: e.lastErrors()}
}

// Sync returns when every line that was appended before is stored, lost by a verdict, or
// durable on disk: it survives a crash of the machine. The error is that of ctx or of the
// disk, or [ErrNoSpool] for a Writer without a spool.
func (w *Writer) Sync(ctx context.Context) error {
	d := w.disk
	if d == nil {
		return ErrNoSpool
	}
	w.mu.Lock()
	if w.closing {
		w.mu.Unlock()
		return ErrWriterClosed
	}
	if !d.ahead {
		w.sealAll()
	}
	d.syncTo = w.seq
	if d.err != nil {
		d.retryAt = time.Time{}
	}
	wait := d.expect(w.ledger.appended.Lines, false)
	w.mu.Unlock()
	if err := w.awaitLog(ctx, wait); err != nil {
		return err
	}
	err := d.s.Sync(ctx)
	if !errors.Is(err, spool.ErrClosed) {
		return err
	}
	select { // Close came before, and has synced all
	case <-w.closed:
		return d.final
	case <-ctx.Done():
		return ctx.Err()
	}
}

// damaged describes what a Recovery found wrong, in a few words, or returns nothing.
func damaged(r spool.Recovery) string {
	var b []byte
	add := func(n uint64, one, many, rest string) {
		if n == 0 {
			return
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(printable.AppendCount(b, n, one, many), rest...)
	}
	add(uint64(r.TornBytes), "byte", "bytes", " of a batch that was not complete")
	add(uint64(r.QuarantinedFiles), "file", "files", " in quarantine")
	add(uint64(r.MissingFiles), "file", "files", " missing")
	add(r.Missing.Lines+r.Quarantined.Lines, "line", "lines", " lost")
	return string(b)
}
