package batch

import (
	"context"
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/line"
)

// This file gives an engine an open batch for each of several places. The engine fills one
// batch at a time, engine.open; turn puts that aside, in its route, and takes up another one.
// A batch that is put aside has lines, and is sealed by the same rules as the open one.
//
// A slab has one open batch at most, after sealed ones. When that is sealed, another place may
// use the rest of the slab, so that many small batches share few slabs.
//
// A place that does not exist gets a pause of its own: its parts are passed over, and those of
// other places are sent.
//
// Invariants, with the engine's lock held: the table has at most max routes; no batch put
// aside is empty; a slab in rooms has no open batch, and some that is not settled. Without
// the lock, no open batch is empty.

// putRouted is put for lines that go to several places. Lines that have no place to go are
// left out, and the others accepted.
func (e *engine) putRouted(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	x := e.routing
	s := x.scratch.Get().(*runs)
	lines = x.divide(s, lines, n)
	at := 0
	for i := range s.list {
		r := &s.list[i]
		var k int
		k, err = e.putTo(ctx, s.keys[r.from:r.to], lines[at:r.end], r.lines)
		accepted += k
		at = r.end
		if err != nil {
			break
		}
	}
	if s.bad > 0 {
		e.mu.Lock()
		e.counters.invalid += uint64(s.bad)
		if err != nil {
			e.counters.refuse(n-s.bad-accepted, err)
		}
		e.mu.Unlock()
		err = &countedError{errors.Join(s.err, err)}
	}
	if cap(s.buf)+cap(s.keys)+cap(s.texts) <= keptScratch {
		x.scratch.Put(s)
	}
	return accepted, err
}

// turn makes the batch of the place with that key the open one. The lock is held.
func (e *engine) turn(key []byte) error {
	x := e.routing
	if r := x.current; r != nil && r.inTable && string(key) == r.key {
		return nil
	}
	r := x.table[string(key)]
	if r == nil {
		p, err := e.place(x.names(key))
		if err != nil {
			return err
		}
		r = x.newRoute(string(key), p)
		for x.crowded(r.size() + batchBytes) {
			e.closeRoute(x.recent.prev)
		}
		x.enter(r)
	} else {
		r.prev.next, r.next.prev = r.next, r.prev
	}
	r.prev, r.next = &x.recent, x.recent.next
	r.prev.next, r.next.prev = r, r
	e.use(r)
	return nil
}

// use puts the open batch aside and takes up that of r, none for nil.
func (e *engine) use(r *route) {
	x := e.routing
	if c := x.current; c != nil {
		if e.open != nil && e.open.lines == 0 {
			e.discardOpen()
		}
		c.batch, c.until, c.due, c.sealed = e.open, e.openUntil, e.due, e.sealed
	}
	if x.current = r; r == nil {
		e.open, e.due = nil, false
		return
	}
	e.open, e.openUntil, e.due, e.sealed = r.batch, r.until, r.due, r.sealed
	r.batch = nil
}

// closeRoute seals the batch of r and takes r out of the table.
func (e *engine) closeRoute(r *route) {
	e.use(r)
	if e.open != nil && e.open.lines == 0 {
		e.discardOpen()
	}
	if e.open != nil {
		e.seal()
	}
	x := e.routing
	x.current = nil
	x.leave(r)
	r.refs++
	x.release(r)
}

// full reports whether there are too many small batches.
func (e *engine) full() bool { return e.routing.bytes > e.routing.limit && e.live > 0 }

// room returns a slab for a batch that begins with the first of lines: one that other batches
// use too if they leave as much as the place is likely to fill.
func (e *engine) room(lines []byte) *slab {
	if e.full() {
		return nil
	}
	x := e.routing
	need := min(line.Len(lines), e.o.BatchBytes)
	if s := x.takeRoom(max(need, 2*e.sealed, e.o.BatchBytes/4)); s != nil {
		return s
	}
	if s := e.slabs.take(); s != nil {
		return s
	}
	return x.takeRoom(need)
}

// sealForMemory seals the open batch that was not used for the longest time, so that its slab
// has room for others. It reports false if there is none, or if that would not help.
func (e *engine) sealForMemory() bool {
	x := e.routing
	if x == nil || e.full() {
		return false
	}
	for r := x.recent.prev; r != &x.recent; r = r.prev {
		if r.batch != nil {
			e.use(r)
			e.seal()
			return true
		}
	}
	return false
}

// sealAll seals every open batch. The lock is held.
func (e *engine) sealAll() {
	if e.open != nil {
		e.seal()
	}
	if x := e.routing; x != nil {
		for r := x.recent.prev; r != &x.recent; r = r.prev {
			if r.batch != nil {
				e.use(r)
				e.seal()
			}
		}
	}
}

// eachOpen calls f for every open batch. The lock is held.
func (e *engine) eachOpen(f func(b *slabBatch) bool) {
	if e.open != nil && !f(e.open) || e.routing == nil {
		return
	}
	for r := e.routing.recent.next; r != &e.routing.recent; r = r.next {
		if r.batch != nil && !f(r.batch) {
			return
		}
	}
}

// oldestOpen returns when the first of the open batches got its first line; zero without one.
func (e *engine) oldestOpen() (at time.Time) {
	e.eachOpen(func(b *slabBatch) bool {
		if at.IsZero() || b.opened.Before(at) {
			at = b.opened
		}
		return true
	})
	return at
}

// sealDue seals the open batches that are due. While every server is down they go on to fill,
// and one of them is for the next probe. The lock is held.
func (e *engine) sealDue() {
	x := e.routing
	if x == nil {
		return
	}
	down := e.allDown()
	if e.open != nil && e.due && !down {
		e.seal()
	}
	for r := x.recent.prev; r != &x.recent; r = r.prev {
		if r.batch == nil || !r.due {
			continue
		}
		if !down {
			e.use(r)
			e.seal()
		} else if e.open == nil || !e.due {
			e.use(r)
		}
	}
}

// agedRoutes is aged for the batches of several places.
func (e *engine) agedRoutes() {
	x, now, next, due, open := e.routing, time.Now(), time.Hour, false, false
	e.use(nil) // all of them are aside now
	for r := x.recent.prev; r != &x.recent; r = r.prev {
		if r.batch == nil {
			continue
		}
		if left := r.until.Sub(now); left > 0 {
			open, next = true, min(next, left)
			continue
		}
		if e.o.MaxAge > 0 {
			if r.due { // it must not grow for ever, see aged
				e.use(r)
				e.seal()
				continue
			}
			r.until = r.until.Add(e.o.MaxAge / 10)
			next = min(next, r.until.Sub(now))
		}
		r.due, open, due = true, true, true
	}
	switch {
	case due:
		e.waiters.wake()
		e.disk.wake()
	case !open && e.live == 0:
		e.slabs.trim(len(e.targets)*e.o.MaxInFlight + 2)
		return
	}
	if next < time.Hour {
		e.waiters.armAge(max(next, 0) + 1)
	}
}

// paused reports whether a place does not exist, and is not asked for now.
func (x *routing) paused(p *seam.Place, now time.Time) bool {
	if len(x.pauses) == 0 || p == nil {
		return false
	}
	return now.Before(x.pauses[p.Lasting].until)
}

// sendable returns the first part of l whose place has no pause.
func (e *engine) sendable(l *partList) *part {
	p := l.head
	if e.routing == nil || len(e.routing.pauses) == 0 || p == nil {
		return p
	}
	now, first := time.Now(), p
	for p != nil && e.routing.paused(p.batch.route.at(), now) {
		p = p.next
	}
	if p != first {
		e.armBreaker(nil)
	}
	return p
}

// resumeIn returns the time until the first pause is over, if that is before next.
func (e *engine) resumeIn(now time.Time, next time.Duration) time.Duration {
	if e.routing != nil {
		for _, p := range e.routing.pauses {
			if d := p.until.Sub(now); d > 0 && (next == 0 || d < next) {
				next = d
			}
		}
	}
	return next
}

// pausePlace gives the place of p a pause if the server says that it does not exist. It
// reports whether it did, so that the server gets no pause for it.
func (e *engine) pausePlace(p *part, plan *verdict.Plan, r *seam.Response) bool {
	x, place, now := e.routing, p.batch.route.at(), time.Now()
	if x == nil || place == nil {
		return false
	}
	if plan.Action != verdict.ActMissing {
		if _, known := x.pauses[place.Lasting]; known && !plan.Wait {
			delete(x.pauses, place.Lasting)
			if e.disk != nil {
				e.disk.skipUntil = now
				e.disk.wake()
			}
		}
		return false
	}
	e.counters.retried++
	if x.paused(place, now) {
		return true // by another request at the same time
	}
	was, known := x.pauses[place.Lasting]
	if !known && len(x.pauses) >= maxPauses {
		clear(x.pauses)
	}
	was.failures++
	delay := backoff.Delay(was.failures, r.RetryAfter, e.spread)
	was.until = now.Add(delay)
	x.pauses[place.Lasting] = was
	e.disk.wake()
	e.emit(Event{
		Kind: EventRetry, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Status: r.Status,
		Message: complaint.Clip(r.Shown(r.Message)), Err: r.Err, Delay: delay, To: p.batch.route.destination(),
	})
	return true
}

// resume ends all pauses: Close makes one more attempt.
func (x *routing) resume() {
	if x != nil {
		for key, p := range x.pauses {
			p.until = time.Time{}
			x.pauses[key] = p
		}
	}
}
