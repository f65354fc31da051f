package batch

import (
	"context"
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// This file moves parts from memory to disk: when memory runs low, when lines have waited
// for spillAge, in OldestFirst while older lines are on disk, and on Close. A part whose
// batch is on disk already is given back to it, without a byte written.

// memoryLow reports whether appends will soon wait for memory.
func (e *engine) memoryLow() bool {
	left := e.slabs.budget - e.slabs.made + len(e.slabs.free)
	return left < max(1, e.slabs.budget/4) || e.waiters.memory != nil
}

// spillDue returns when the oldest lines will have waited too long, or zero.
func (e *engine) spillDue() time.Time {
	if e.disk.ahead {
		return time.Time{}
	}
	switch p := e.spillable(); {
	case e.routing != nil:
		return e.routedSpillDue()
	case p != nil:
		return p.batch.opened.Add(e.o.spillAfter())
	case e.open != nil:
		return e.open.opened.Add(e.o.spillAfter())
	}
	return time.Time{}
}

// spillable returns the first part that waits and does not precede what is on disk, or nil.
func (e *engine) spillable() *part {
	p := e.queue.head
	for p != nil && p.batch.seq < e.disk.from {
		p = p.next
	}
	return p
}

// toSpill returns the part that goes to disk next, or nil. The lock is held.
func (e *engine) toSpill() *part {
	d := e.disk
	if b := d.oldest; b != nil && !b.intact() && (d.ahead || b.seq <= d.syncTo) {
		for p := e.queue.head; p != nil && p.batch.seq <= b.seq; p = p.next {
			if p.batch == b {
				return p // it must be on disk, and cannot be logged any more
			}
		}
	}
	if e.closing && (d.err == nil || !e.allDown()) {
		return nil // the senders have them until Close puts the rest
	}
	at := e.spillDue()
	late := !at.IsZero() && !time.Now().Before(at) || e.closing // to see whether the disk works again
	if late && e.spillable() == nil && e.open != nil {
		e.seal()
	}
	p := e.spillable()
	if late && e.routing != nil {
		p = e.sealLate(p)
	}
	if d.from == 0 && !late && !e.memoryLow() {
		return nil
	}
	if p == nil || p.batch.listed && d.ahead {
		return nil // it is logged first
	}
	if d.o.Order == OldestFirst && d.from == 0 {
		d.from = p.batch.seq
	}
	return p
}

// spill moves one part to disk, and reports whether it did.
func (w *Writer) spill() bool {
	d := w.disk
	w.mu.Lock()
	defer w.mu.Unlock()
	if d.failing() {
		return false
	}
	p := w.toSpill()
	if p == nil {
		if errors.Is(d.err, spool.ErrFull) && d.retryAt.IsZero() {
			w.wrote(nil) // acks made room, and nothing needs it
		}
		return false
	}
	if !w.moveToDisk(p, &w.queue) {
		p.logged = false
		w.waiters.wake()
		return false
	}
	return true
}

// moveToDisk puts a part on disk, or gives it back if all of it is there, and reports whether
// it left memory. If the disk fails it goes back to the list. The lock is held, and released
// meanwhile.
func (w *Writer) moveToDisk(p *part, back *partList) bool {
	d := w.disk
	p.list.remove(p)
	d.moving.insert(p)
	returned := p.batch.onlyOnDisk()
	w.mu.Unlock()
	var err error
	if !returned || !w.giveUp(p.batch) {
		err = w.putPart(p)
	}
	w.mu.Lock()
	d.moving.remove(p)
	if err != nil {
		back.insert(p)
	} else {
		w.leave(p)
	}
	w.wrote(err)
	w.reconcile()
	return err == nil
}

// giveUp gives the frames of b, which hold all of it, back to the spool, and reports whether
// they are there. If the directory was removed they are not.
func (e *engine) giveUp(b *slabBatch) bool {
	d := e.disk
	before := d.s.Counts()
	for _, seq := range b.frames {
		d.s.Return(seq)
	}
	after := d.s.Counts()
	back := countOf(after.Waiting).minus(countOf(before.Waiting))
	e.mu.Lock()
	defer e.mu.Unlock()
	// Gone counts frames whose lines are in memory still.
	d.lost = d.lost.plus(countOf(after.Gone).minus(countOf(before.Gone)))
	b.frames = b.frames[:0]
	if back.Lines == uint64(b.lines) {
		return true
	}
	e.ledger.recover(back) // the whole batch is written again
	return false
}

// putPart writes p to disk. Nobody else changes its lines.
func (e *engine) putPart(p *part) error {
	d, b := e.disk, p.batch
	f := d.frame(b, p.data, p.lines)
	if body, encoding := p.compressed(); encoding != spool.Plain {
		f.Body, f.Encoding = body, encoding
	} else {
		e.pack(&f)
	}
	err := d.s.Put(&f)
	if err != nil || len(b.frames) == 0 {
		return err
	}
	// What was durable stays durable: the old frames go only when the new one is.
	if d.s.Sync(context.Background()) != nil {
		b.frames = b.frames[:0] // they come again, too
	}
	return nil
}

// leave enters p, which is on disk now, as spooled. The lock is held.
func (e *engine) leave(p *part) {
	d, b := e.disk, p.batch
	e.ledger.spool(p.lines, len(p.data))
	if b.replay == nil || b.replay.own.Lines > 0 {
		d.own.add(p.lines, len(p.data))
	}
	d.waiting = true
	e.emit(Event{Kind: EventSpooled, Seq: b.seq, Lines: p.lines, Bytes: len(p.data)})
	e.partSettled(b)
	e.waiters.wake()
}

// keep leaves p to the disk when the Writer is closed, and reports whether it could. The
// lock is held, and released meanwhile; the goroutine has ended.
func (e *engine) keep(p *part) bool {
	d, b := e.disk, p.batch
	if d == nil {
		return false
	}
	returned, from := b.onlyOnDisk(), p.list
	from.remove(p)
	d.moving.insert(p)
	e.mu.Unlock()
	var err error
	if !returned || !e.giveUp(b) {
		err = e.putPart(p)
	}
	e.mu.Lock()
	d.moving.remove(p)
	if err != nil {
		from.insert(p)
		e.wrote(err)
		return false
	}
	e.leave(p)
	return true
}

// keepReplays leaves the parts from disk that wait to the disk. Those that it does not take
// wait in queue.
func (e *engine) keepReplays() {
	if e.disk == nil {
		return
	}
	for l := &e.disk.replays; l.n > 0; {
		if p := l.head; !e.keep(p) {
			l.remove(p)
			e.queue.insert(p)
		}
	}
}

// routedSpillDue is spillDue.
func (e *engine) routedSpillDue() (at time.Time) {
	at = e.oldestOpen()
	for p := e.spillable(); p != nil; p = p.next {
		if at.IsZero() || p.batch.opened.Before(at) {
			at = p.batch.opened
		}
	}
	if !at.IsZero() {
		at = at.Add(e.o.spillAfter())
	}
	return at
}

// sealLate seals the open batches that have waited too long, and returns the part that has
// waited longest, or p, the first one that may go to disk.
func (e *engine) sealLate(p *part) *part {
	late := time.Now().Add(-e.o.spillAfter())
	e.use(nil)
	for r := e.routing.recent.prev; r != &e.routing.recent; r = r.prev {
		if r.batch != nil && !r.batch.opened.After(late) {
			e.use(r)
			e.seal()
		}
	}
	if p == nil {
		p = e.spillable()
	}
	for q := p; q != nil; q = q.next {
		if q.batch.opened.Before(p.batch.opened) && !(q.batch.listed && e.disk.ahead) {
			p = q
		}
	}
	return p
}
