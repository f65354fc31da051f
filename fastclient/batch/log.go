package batch

import (
	"context"
	"slices"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/points"
)

// This file logs: it writes batches to disk that stay in memory. Under WriteAhead that is
// every batch, and the goroutine of the spool also logs the end of the open batch while an
// append waits for it. Under Spill it happens for Sync, and to lines that must stay in memory
// for longer than spillAge.
//
// Lines are numbered in the order of their appends, and logged in that order, so one number
// says what is logged: logPos. An append waits until it has reached its last line. While the
// disk fails nobody waits: appends return ErrNotLogged, and batches are sent from memory.
//
// Small appends would make small requests, or be compressed twice. So the end of the open
// batch is logged as it is, and the batch goes on to fill; if it is large, the batch is
// sealed, and what is logged is what is sent.
//
// If lines go to several places, those of a batch do not follow each other. So slabBatch.start
// says before which line a batch has none that is not logged, and all lines are logged before
// the smallest of these.

// sealLogged is the size from which the open batch is sealed to be logged.
const sealLogged = 32 << 10

// logPos returns how many lines, from the first append on, are logged or settled.
func (e *engine) logPos() uint64 {
	if e.routing != nil {
		return e.routedLogPos()
	}
	b := e.disk.oldest
	if b == nil {
		b = e.open
	}
	if b == nil || b.lines == 0 {
		return e.ledger.appended.Lines
	}
	return b.start + uint64(b.loggedLines)
}

// expect returns a wait for the lines before to. The lock is held.
func (d *spooling) expect(to uint64, synced bool) *logWait {
	var x *logWait
	if n := len(d.spare); n > 0 {
		x, d.spare = d.spare[n-1], d.spare[:n-1]
	} else {
		x = &logWait{c: make(chan error, 1)}
	}
	x.to, x.synced = to, synced
	if d.ended { // Close came between the append and this
		x.c <- d.final
		return x
	}
	d.waits = append(d.waits, x)
	d.wake()
	return x
}

// awaitLog waits for x, or for ctx.
func (w *Writer) awaitLog(ctx context.Context, x *logWait) (err error) {
	d := w.disk
	select {
	case err = <-x.c:
		w.mu.Lock()
	case <-ctx.Done():
		err = ctx.Err()
		w.mu.Lock()
		if i := slices.Index(d.waits, x); i >= 0 {
			d.waits = slices.Delete(d.waits, i, i+1)
		} else {
			<-x.c
		}
	}
	d.spare = append(d.spare, x)
	w.mu.Unlock()
	return err
}

// answerLog answers the waits that are over. The lock is held.
func (e *engine) answerLog() {
	d := e.disk
	if len(d.waits) == 0 {
		return
	}
	failing := d.failing()
	d.waits = slices.DeleteFunc(d.waits, func(x *logWait) bool {
		switch {
		case e.isLogged(x.to, x.synced):
			x.c <- nil
		case failing:
			x.c <- &notLogged{d.err}
		default:
			return false
		}
		return true
	})
}

func (w *Writer) accept(ctx context.Context, lines []byte, n int) (accepted int, by servers, err error) {
	accepted, err = w.put(ctx, lines, n)
	return accepted, 0, err
}

// put accepts lines as engine.put does.
func (w *Writer) put(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	d := w.disk
	if d == nil {
		return w.engine.put(ctx, lines, n)
	}
	if unit := w.stage.opt.Precision; unit != w.unit {
		buf := d.converted.Get().(*[]byte)
		defer d.converted.Put(buf)
		*buf = points.AppendConverted((*buf)[:0], lines, unit, w.unit)
		lines = *buf
	}
	return w.engine.put(ctx, lines, n)
}

// awaitLogged returns when what was accepted before is logged. It does not wait unless it is
// under WriteAhead.
func (w *Writer) awaitLogged(ctx context.Context, _ servers) error {
	x, err := w.expectLogged()
	if x == nil {
		return err
	}
	return w.awaitLog(ctx, x)
}

// expectLogged returns a wait for awaitLog until what was accepted before is logged, or nil
// and what awaitLogged returns without waiting.
func (w *Writer) expectLogged() (*logWait, error) {
	d := w.disk
	if d == nil || !d.ahead {
		return nil, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	to := w.ledger.appended.Lines
	switch {
	case d.ended:
		return nil, d.final
	case w.isLogged(to, d.o.SyncBatches):
		return nil, nil
	case d.failing():
		return nil, &notLogged{d.err}
	}
	return d.expect(to, d.o.SyncBatches), nil
}

// isLogged reports whether the lines before to are logged, and durable if synced is set. The
// lock is held.
func (e *engine) isLogged(to uint64, synced bool) bool {
	return to <= e.logPos() && (!synced || to <= e.disk.durable)
}

// log logs what is due up to the lines that exist now, and reports whether there was any.
func (w *Writer) log() (did bool) {
	d := w.disk
	w.mu.Lock()
	to := w.ledger.appended.Lines
	for !d.failing() {
		b := w.toLog(to)
		if b == nil {
			break
		}
		w.logBatch(b)
		did = true
		if !d.o.SyncBatches {
			w.answerLog()
		}
	}
	for !d.failing() {
		p := w.lateInMemory()
		if p == nil {
			break
		}
		w.logPart(p)
		did = true
	}
	// After a failure, nothing but those who wait may be left to ask the disk again.
	synced := d.o.SyncBatches && (d.err == nil || len(d.waits) > 0 && !d.failing())
	pos := w.logPos()
	if !synced || pos <= d.durable {
		w.answerLog()
		w.mu.Unlock()
		return did
	}
	w.mu.Unlock()
	err := d.s.Sync(context.Background())
	w.mu.Lock()
	if err == nil {
		d.durable = pos
	}
	w.synced(err)
	w.answerLog()
	w.mu.Unlock()
	return did
}

// toLog returns the next batch to log, up to line to, or nil. The lock is held.
func (w *Writer) toLog(to uint64) *slabBatch {
	d := w.disk
	for b := d.oldest; b != nil; b = b.younger {
		if (!d.ahead || b.start+uint64(b.loggedLines) >= to) && b.seq > d.syncTo {
			if w.routing == nil {
				return nil
			}
			continue // a younger one may have an older line
		}
		if b.intact() { // otherwise spill moves its parts
			return b
		}
	}
	b := w.toLogOpen()
	if !d.ahead || b == nil || b.loggedLines == b.lines || b.start+uint64(b.loggedLines) >= to || len(d.waits) == 0 {
		return nil
	}
	if b.logged == 0 && len(b.buf) >= sealLogged {
		w.seal()
	}
	return b
}

// logBatch logs the rest of b. The lock is held, and released meanwhile.
func (w *Writer) logBatch(b *slabBatch) {
	d := w.disk
	data, lines := b.buf[b.logged:len(b.buf):len(b.buf)], b.lines-b.loggedLines
	whole := b.seq > 0 && b.logged == 0
	to := w.ledger.appended.Lines
	f, err := w.putLeased(b, data, lines, whole || len(data) >= sealLogged)
	if err == nil {
		b.logged += len(data)
		b.loggedLines += lines
		b.start = to - uint64(b.loggedLines) // what comes later was appended later
		if b.listed && b.loggedLines == b.lines {
			d.unlist(b)
			w.waiters.wake()
		}
		if whole && f.Encoding != spool.Plain && b.parts > 0 {
			if b.body = d.keepBody(f.Body); b.body != nil {
				b.encoding = f.Encoding
			}
		}
	}
	w.logged(b, err)
}

// putLeased puts lines of b on disk, compressed or not, and pins b. The lock is held, and
// released meanwhile. Call logged afterwards.
func (w *Writer) putLeased(b *slabBatch, data []byte, lines int, compressed bool) (f spool.Batch, err error) {
	d := w.disk
	b.pinned, d.reading = true, b
	w.mu.Unlock()
	f = d.frame(b, data, lines)
	if compressed {
		w.pack(&f)
	}
	err = d.s.PutLeased(&f)
	w.mu.Lock()
	if err == nil {
		b.frames = append(b.frames, f.Seq)
	}
	return f, err
}

// logged ends what putLeased began. The lock is held.
func (w *Writer) logged(b *slabBatch, err error) {
	w.disk.reading = nil
	w.unpin(b)
	w.wrote(err)
	w.reconcile()
}

// lateInMemory returns a part in memory whose lines have waited for spillAge and are not on
// disk, or nil.
func (w *Writer) lateInMemory() *part {
	for p := range w.inMemory {
		b := p.batch
		if b.replay == nil && !p.logged && time.Since(b.opened) >= w.o.spillAfter() {
			return p
		}
	}
	return nil
}

// inMemory calls f for each part that spill leaves in memory under Spill: those under way,
// since a server may hang, and those that are to be sent before what is on disk.
func (w *Writer) inMemory(f func(*part) bool) {
	d := w.disk
	if d.ahead {
		return
	}
	for p := w.flying.head; p != nil; p = p.next {
		if !f(p) {
			return
		}
	}
	for p := w.queue.head; p != nil && (p.batch.seq < d.from || w.closing); p = p.next {
		if !f(p) {
			return
		}
	}
}

// logPart logs a part that stays in memory. The lock is held, and released meanwhile.
func (w *Writer) logPart(p *part) {
	b := p.batch
	p.logged = true
	switch {
	case b.onlyOnDisk():
	case b.intact() && b.listed:
		w.logBatch(b)
		p.logged = b.loggedLines == b.lines
	default:
		_, err := w.putLeased(b, p.data, p.lines, true)
		p.logged = err == nil
		w.logged(b, err)
	}
}

// pack compresses the body of f as it would be sent, unless it does not get smaller.
func (e *engine) pack(f *spool.Batch) {
	d := e.disk
	if e.compressor == nil || len(f.Body) < e.minCompress {
		return
	}
	if d.scratch == nil {
		d.scratch = make([]byte, 0, compressedSize(e.o.BatchBytes))
	}
	d.scratch = e.compressor.Append(d.scratch[:0], f.Body)
	if len(d.scratch) < len(f.Body) {
		f.Body = d.scratch
		if f.Encoding = spool.Gzip; e.compressor.Encoding() == spool.Zstd.String() {
			f.Encoding = spool.Zstd
		}
	}
}

// routedLogPos is logPos.
func (e *engine) routedLogPos() uint64 {
	pos := e.ledger.appended.Lines
	for b := e.disk.oldest; b != nil; b = b.younger {
		pos = min(pos, b.start+uint64(b.loggedLines))
	}
	e.eachOpen(func(b *slabBatch) bool {
		if b.loggedLines < b.lines {
			pos = min(pos, b.start+uint64(b.loggedLines))
		}
		return true
	})
	return pos
}

// toLogOpen returns the open batch that has the oldest line which is not logged, as
// engine.open. Without several places that is the only one.
func (w *Writer) toLogOpen() *slabBatch {
	x := w.routing
	if x == nil {
		return w.open
	}
	w.use(nil)
	var oldest *route
	for r := x.recent.next; r != &x.recent; r = r.next {
		b := r.batch
		if b != nil && b.loggedLines < b.lines && (oldest == nil || b.start+uint64(b.loggedLines) < oldest.batch.start+uint64(oldest.batch.loggedLines)) {
			oldest = r
		}
	}
	if oldest == nil {
		return nil
	}
	w.use(oldest)
	return w.open
}
