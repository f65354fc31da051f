package batch

import (
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// This file moves parts between the two lists of the engine: queue, for parts that wait,
// and flying, for parts under way.
//
// take moves the oldest waiting part to flying, for a sender, if the breaker of the target
// lets it pass. After the request, apply does what the plan says: it gives lost lines to
// the dead letter, updates the breaker and the limits of the target, and has conclude
// report the spans and enter them into the ledger or queue them again. drop removes a
// waiting part for a reason of the Writer's own.
//
// Invariants: both lists are in the order of their lines. A part leaves flying only in
// drop, conclude or giveBack, and its lines are entered into the ledger in the same hold of
// the lock. The lock is not held while the user's dead letter runs. Close may settle the
// part meanwhile, so p.list is read again afterwards; p.judged tells Close the verdict that
// the dead letter already follows.

// A job is a part that a sender has taken.
type job struct {
	p     *part
	epoch uint64 // of the breaker, when it let the part pass
	plain bool   // the server accepts no content encoding
	spent int    // requests already made to find bad lines of the batch

	opened time.Time // when the batch got its first line

	body     []byte         // p's lines as they are on disk, and
	encoding spool.Encoding // their encoding, Plain if they are not there in one
}

// over reports whether senders have nothing to do, now and later.
func (e *engine) over() bool {
	return e.aborted || e.ended != nil || e.closing && e.flying.n == 0 && (e.queue.n == 0 || e.leftToDisk())
}

// take takes the part that is next for a sender of role r, if it may be sent to t now. If
// nothing waits, it seals and takes the open batch when that is due. The lock is held, and
// released when parts are dropped for their age.
func (e *engine) take(t *target, r role) (j job, ok bool) {
	for !(e.o.Ordered && e.flying.n > 0) {
		p := e.nextPart(r)
		if p == nil && (e.open == nil || !e.due || e.queue.n > 0) {
			break
		}
		if p != nil && e.o.MaxAge > 0 && time.Since(p.batch.sealed) > e.o.MaxAge {
			e.drop(p, ReasonAge)
			continue
		}
		if !t.breaker.MayPass(time.Now) {
			e.armBreaker(p)
			break
		}
		if p == nil {
			e.seal()
			if p = e.nextPart(r); p == nil {
				break
			}
		}
		epoch, _ := t.breaker.Pass(time.Now)
		p.list.remove(p)
		for limit := t.sizes.limit; limit > 0 && len(p.data) > limit && p.lines > 1; {
			e.divide(p)
		}
		e.flying.insert(p)
		j = job{p: p, epoch: epoch, plain: t.plain, spent: p.batch.spent, opened: p.batch.opened}
		j.body, j.encoding = p.compressed()
		return j, true
	}
	return job{}, false
}

// nextPart returns the part that a sender of role r takes next, or nil.
func (e *engine) nextPart(r role) *part {
	d, p := e.disk, e.sendable(&e.queue)
	if d == nil {
		return p
	}
	if p != nil && e.held(p) {
		p = nil
	}
	old := e.sendable(&d.replays)
	if old == nil || e.closing || r == freshParts || p != nil && r == anyPart {
		return p
	}
	return old
}

// held reports whether p waits: it goes to disk first, or, while the disk takes nothing, until
// the older lines that are there are sent.
func (e *engine) held(p *part) bool {
	d := e.disk
	if d.from > 0 && p.batch.seq >= d.from {
		readable := d.used > 0 || d.waiting && !time.Now().Before(d.readAt)
		return d.err == nil || readable && !e.closing
	}
	return d.err == nil && d.ahead && p.batch.listed
}

// A role says which parts a sender takes.
type role uint8

const (
	anyPart     role = iota // new ones first
	freshParts              // new ones only
	replayParts             // those from disk first
)

// roleOf returns the role of sender i to a server.
func roleOf(i int, o *Options) role {
	switch {
	case o.Overflow < Spill || o.MaxInFlight == 1 || o.Spool.Order == OldestFirst:
		return anyPart
	case i == 0:
		return freshParts
	}
	return replayParts
}

// waitingList returns the list in which the parts of b wait.
func (e *engine) waitingList(b *slabBatch) *partList {
	if b.replay != nil {
		return &e.disk.replays
	}
	return &e.queue
}

// leftToDisk reports, while the Writer is closing, whether no sender can do more for the
// parts that wait: every server is down, or they may not be sent before others. Close puts
// them on disk.
func (e *engine) leftToDisk() bool {
	d := e.disk
	if d == nil || d.err != nil {
		return false
	}
	if d.from > 0 && e.queue.head.batch.seq >= d.from || e.sendable(&e.queue) == nil {
		return true
	}
	now := time.Now()
	for _, t := range e.targets {
		if b := &t.breaker; b.Failures == 0 || b.Probing || !b.Until.After(now) {
			return false
		}
	}
	return true
}

// allDown reports whether every server failed the last time.
func (e *engine) allDown() bool {
	for _, t := range e.targets {
		if t.breaker.Failures == 0 {
			return false
		}
	}
	return true
}

// armBreaker wakes the senders when an open breaker lets a probe through, or when the
// waiting part p, which may be nil, becomes too old. Senders that find nothing to do call
// it.
func (e *engine) armBreaker(p *part) {
	if e.waiters == nil {
		return
	}
	now := time.Now()
	var next time.Duration
	if p != nil && e.o.MaxAge > 0 {
		next = max(p.batch.sealed.Add(e.o.MaxAge).Sub(now), 0) + 1
	}
	for _, t := range e.targets {
		b := &t.breaker
		if b.Failures == 0 || b.Probing {
			continue
		}
		if d := b.Until.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if next = e.resumeIn(now, next); next > 0 {
		e.waiters.breakerTimer.Reset(next)
	}
}

// divide keeps the first half of p and queues the second half.
func (e *engine) divide(p *part) {
	size, lines := line.Middle(p.data)
	e.queueRest(p, size, lines)
	e.counters.splits++
}

// queueRest keeps the first lines of p and queues the others as another part.
func (e *engine) queueRest(p *part, size, lines int) {
	rest := &part{batch: p.batch, data: p.data[size:], from: p.from + size, lines: p.lines - lines, logged: p.logged}
	p.data, p.lines = p.data[:size:size], lines
	p.batch.parts++
	e.waitingList(p.batch).insert(rest)
	e.waiters.wake()
}

// oldest returns the first waiting part that shares its slab with no part under way:
// dropping such parts frees memory. It returns nil if there is none.
func (e *engine) oldest() *part {
next:
	for p := e.queue.head; p != nil; p = p.next {
		for f := e.flying.head; f != nil; f = f.next {
			if f.batch.slab == p.batch.slab {
				continue next
			}
		}
		return p
	}
	return nil
}

// drop removes p from the queue for good. The lock is held, and released while the user's
// dead letter runs.
func (e *engine) drop(p *part, reason Reason) {
	p.list.remove(p)
	e.flying.insert(p)
	if e.o.DeadLetter != nil {
		p.judged = &judgement{plan: verdict.Plan{Spans: []verdict.Span{{To: len(p.data), Lines: p.lines, Outcome: verdict.Rejected, Reason: verdict.Reason(reason)}}}}
		e.mu.Unlock()
		err := e.o.DeadLetter.Put(&LostLines{
			Data: p.data, Lines: p.lines, NotStored: p.lines, Reason: reason, Seq: p.batch.seq, Time: time.Now(), To: p.batch.route.destination(),
		})
		e.mu.Lock()
		e.deadLetterDone(err)
	}
	if p.list != &e.flying { // Close has settled it meanwhile
		return
	}
	e.flying.remove(p)
	e.ledger.lose(reason, p.lines, len(p.data))
	e.keepError(BatchError{Seq: p.batch.seq, Lines: p.lines, Reason: reason, To: p.batch.route.destination()})
	e.emit(Event{Kind: EventDropped, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Reason: reason, To: p.batch.route.destination()})
	e.partSettled(p.batch)
	e.waiters.wake()
}

// apply does what the plan of s says with the part of j, whose request took took.
func (e *engine) apply(t *target, j job, s *sending, took time.Duration) {
	plan, r := &s.plan, &s.response
	if e.o.DeadLetter != nil && plan.Loses() && e.setJudged(j.p, &s.judgement) {
		e.deadLetters(j.p, plan, r)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counters.responded(&s.body, r, took)
	e.updateBreaker(t, j, plan, r)
	e.learn(t, j.p, plan, r)
	p := j.p
	if p.list != &e.flying {
		return // Close has settled it or given it back meanwhile
	}
	b := p.batch
	switch plan.Action {
	case verdict.ActUnreadable:
		p.tries++
	case verdict.ActRefused:
		b.spent += plan.Requests()
	}
	p.judged = nil
	e.conclude(p, plan, r, p)
	if e.ended == nil && errors.Is(r.Err, fastclient.ErrClosed) {
		e.ended = fastclient.ErrClosed
		e.waiters.over()
		e.waiters.memoryFree()
	}
	e.waiters.wake()
}

// setJudged makes j the judgement of p. It reports false if Close has given p back.
func (e *engine) setJudged(p *part, j *judgement) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.list != &e.flying {
		return false
	}
	p.judged = j
	return true
}

// concludeJudged concludes the parts whose verdict is known, without waiting for their
// dead letters. Those may still read the parts' memory.
func (e *engine) concludeJudged() {
	for p := e.flying.head; p != nil; {
		next := p.next
		if j := p.judged; j != nil {
			e.conclude(p, &j.plan, &j.response, nil)
		}
		p = next
	}
}

// conclude does what the plan says with p, which is under way: its spans are reported, and
// settled or queued again. If reuse is not nil, it is p, which nobody else reads any more,
// so that p and its memory may be reused.
func (e *engine) conclude(p *part, plan *verdict.Plan, r *seam.Response, reuse *part) {
	e.flying.remove(p)
	e.report(p, plan, r)
	b := p.batch
	b.parts++ // keeps b from being settled before all spans are entered
	e.enterSpans(p, plan, reuse)
	e.partSettled(b)
}

// enterSpans enters the spans of p into the ledger, except for those that are sent again,
// which it queues.
func (e *engine) enterSpans(p *part, plan *verdict.Plan, reuse *part) {
	b, data, from, logged := p.batch, p.data, p.from, p.logged
	inUse := reuse == nil
	again := func(data []byte, from, lines int) {
		q := reuse
		if q == nil {
			q = &part{batch: b}
			b.parts++
		}
		reuse = nil
		q.data, q.from, q.lines, q.logged = data, from, lines, logged
		e.waitingList(b).insert(q)
		e.disk.wake() // it may have been under way when it was due on disk
	}
	if plan.Gather && !inUse && !b.pinned { // Gather moves bytes
		for i := range plan.Spans {
			if plan.Spans[i].Outcome != verdict.Again {
				e.ledger.enter(&plan.Spans[i])
			}
		}
		for _, run := range verdict.Gather(data, plan.Spans) {
			if run.Lines > 0 {
				again(data[run.From:run.To:run.To], from+run.From, run.Lines)
			}
		}
	} else {
		for i := range plan.Spans {
			span := &plan.Spans[i]
			if span.Outcome == verdict.Again {
				again(data[span.From:span.To:span.To], from+span.From, span.Lines)
			} else {
				e.ledger.enter(span)
			}
		}
	}
	if reuse != nil || inUse {
		e.partSettled(b) // p itself, of which nothing is queued again
	}
}

// updateBreaker opens or closes the breaker of t.
func (e *engine) updateBreaker(t *target, j job, plan *verdict.Plan, r *seam.Response) {
	if e.pausePlace(j.p, plan, r) || !plan.Wait {
		if t.breaker.Responded(j.epoch) {
			e.disk.wake()
			e.emit(Event{Kind: EventUp})
		}
		return
	}
	now := time.Now()
	kind := EventRetry
	if t.breaker.Failed(j.epoch, now, r.RetryAfter, e.spread) && t.breaker.Failures == 1 {
		kind = EventDown
	}
	e.counters.retried++
	p := j.p
	e.emit(Event{
		Kind: kind, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Status: r.Status,
		Message: complaint.Clip(r.Shown(r.Message)), Err: r.Err, Delay: max(t.breaker.Until.Sub(now), 0),
	})
}

// learn records what the response to p shows about the limits of the server.
func (e *engine) learn(t *target, p *part, plan *verdict.Plan, r *seam.Response) {
	switch plan.Action {
	case verdict.ActAck:
		if t.sizes.stored(len(p.data), e.o.BatchBytes) {
			e.limitBatches()
		}
	case verdict.ActSplit:
		if plan.Learn == 0 {
			return
		}
		e.counters.splits++
		if t.sizes.refused(plan.Learn) {
			e.limitBatches()
			e.emit(Event{Kind: EventSplit, Status: r.Status, Message: complaint.Clip(r.Shown(r.Message)), Bytes: t.sizes.limit})
		}
	case verdict.ActPlain:
		if !t.plain {
			t.plain = true
			e.emit(Event{Kind: EventUncompressed, Status: r.Status, Message: complaint.Clip(r.Shown(r.Message))})
		}
	}
}

// limitBatches limits new batches to the size that every server accepts.
func (e *engine) limitBatches() {
	e.sealBytes = e.o.BatchBytes
	for _, t := range e.targets {
		if limit := t.sizes.limit; limit > 0 {
			e.sealBytes = min(e.sealBytes, limit)
		}
	}
}

// report makes an event and an error of each span of p that is rejected or uncertain.
func (e *engine) report(p *part, plan *verdict.Plan, r *seam.Response) {
	for i := range plan.Spans {
		span := &plan.Spans[i]
		kind := EventRejected
		switch span.Outcome {
		case verdict.Rejected:
		case verdict.Uncertain:
			kind = EventUncertain
		default:
			continue
		}
		e.keepError(BatchError{Seq: p.batch.seq, Lines: span.Lines, Reason: Reason(span.Reason), Status: r.Status, Message: r.Shown(span.Message), To: p.batch.route.destination()})
		e.emit(Event{Kind: kind, Seq: p.batch.seq, Lines: span.Lines, Bytes: span.To - span.From,
			Reason: Reason(span.Reason), Status: r.Status, Message: r.Shown(span.Message), To: p.batch.route.destination()})
	}
}

// deadLetters gives the lost lines of p to the dead letter. The lock is not held.
func (e *engine) deadLetters(p *part, plan *verdict.Plan, r *seam.Response) {
	if e.o.DeadLetter == nil {
		return
	}
	for i := range plan.Spans {
		l, ok := lostLines(&plan.Spans[i], p, r)
		if !ok {
			continue
		}
		if l.Reason == ReasonUncertain {
			l.NotStored = plan.Known
		}
		err := e.o.DeadLetter.Put(&l)
		e.mu.Lock()
		e.deadLetterDone(err)
		e.mu.Unlock()
	}
}

// lostLines returns the lines of span for a dead letter, if any are lost.
func lostLines(span *verdict.Span, p *part, r *seam.Response) (l LostLines, ok bool) {
	if span.Outcome != verdict.Rejected && span.Outcome != verdict.Uncertain {
		return l, false
	}
	return LostLines{
		Data: p.data[span.From:span.To:span.To], Lines: span.Lines, NotStored: span.Lines, Reason: Reason(span.Reason),
		Status: r.Status, Message: r.Shown(span.Message), Seq: p.batch.seq, Time: time.Now(), To: p.batch.route.destination(),
	}, true
}

func (e *engine) deadLetterDone(err error) {
	if err != nil {
		e.counters.deadLetterErrors++
		e.emit(Event{Kind: EventDeadLetter, Err: err})
	}
}

// oldestPending returns when the oldest batch in memory got its first line.
func (e *engine) oldestPending() (at time.Time) {
	at = e.oldestOpen()
	heads := []*part{e.queue.head, e.flying.head}
	if e.disk != nil {
		heads = append(heads, e.disk.moving.head, e.disk.replays.head)
	}
	for _, p := range heads {
		for ; p != nil; p = p.next {
			if at.IsZero() || p.batch.opened.Before(at) {
				at = p.batch.opened
			}
			if e.routing == nil { // otherwise they are not in this order
				break
			}
		}
	}
	return at
}
