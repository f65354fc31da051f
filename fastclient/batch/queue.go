package batch

import (
	"errors"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/complaint"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// A job is a part that a sender has taken.
type job struct {
	p     *part
	epoch uint64 // of the breaker
	plain bool   // the server takes no content encoding
	spent int    // requests its batch cost for finding bad lines
}

// over reports whether there is nothing left to do for ever.
func (e *engine) over() bool {
	return e.aborted || e.ended != nil || e.closing && e.queue.n == 0 && e.flying.n == 0
}

// take takes the oldest part if it may be sent through out now, the open batch
// if that is due and nothing else waits. The lock is held, and released when
// parts are dropped for their age.
func (e *engine) take(out *target) (j job, ok bool) {
	for !(e.o.Ordered && e.flying.n > 0) {
		p := e.queue.head
		if p == nil && (e.open == nil || !e.due) {
			break
		}
		if p != nil && e.o.MaxAge > 0 && time.Since(p.batch.sealed) > e.o.MaxAge {
			e.drop(p, ReasonAge)
			continue
		}
		epoch, pass := out.breaker.Pass(time.Now)
		if !pass {
			e.armBreaker()
			break
		}
		if p == nil {
			e.seal()
			p = e.queue.head
		}
		e.queue.remove(p)
		for limit := out.sizes.limit; limit > 0 && len(p.data) > limit && p.lines > 1; {
			e.divide(p)
		}
		e.flying.insert(p)
		return job{p: p, epoch: epoch, plain: out.plain, spent: p.batch.spent}, true
	}
	return job{}, false
}

// armBreaker wakes the senders at the first moment at which a shut breaker lets a probe
// through, or at which what waits for that is too old. A sender that finds nothing
// to do calls it.
func (e *engine) armBreaker() {
	if e.waiters == nil {
		return
	}
	now := time.Now()
	var next time.Duration
	if p := e.queue.head; p != nil && e.o.MaxAge > 0 {
		next = max(p.batch.sealed.Add(e.o.MaxAge).Sub(now), 0) + 1
	}
	for _, out := range e.targets {
		g := &out.breaker
		if g.Failures == 0 || g.Probing {
			continue
		}
		if d := g.Until.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if next > 0 {
		e.waiters.breakerTimer.Reset(next)
	}
}

// divide leaves the first half of p in p and queues the second.
func (e *engine) divide(p *part) {
	size, lines := line.Middle(p.data)
	e.queueRest(p, size, lines)
	e.counters.splits++
}

// queueRest leaves the first lines of p in p and queues the others as a part of
// their own.
func (e *engine) queueRest(p *part, size, lines int) {
	rest := &part{batch: p.batch, data: p.data[size:], from: p.from + size, lines: p.lines - lines}
	p.data, p.lines = p.data[:size:size], lines
	p.batch.parts++
	e.queue.insert(rest)
	e.waiters.wake()
}

// oldest returns the first waiting part that is worth dropping: one in a slab that
// no part under way holds, for only such a slab comes free.
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

// drop takes p out of the queue for good. The lock is held, and released while
// the dead letter gets the lines.
func (e *engine) drop(p *part, loss Reason) {
	e.queue.remove(p)
	e.flying.insert(p)
	if e.o.DeadLetter != nil {
		p.judged = &judgement{plan: verdict.Plan{Spans: []verdict.Span{{To: len(p.data), Lines: p.lines, Outcome: verdict.Rejected, Reason: verdict.Reason(loss)}}}}
		e.mu.Unlock()
		err := e.o.DeadLetter.Put(&LostLines{
			Data: p.data, Lines: p.lines, NotStored: p.lines, Reason: loss, Seq: p.batch.seq, Time: time.Now(),
		})
		e.mu.Lock()
		e.deadLetterDone(err)
	}
	if p.list != &e.flying { // Close entered it meanwhile
		return
	}
	e.flying.remove(p)
	e.ledger.lose(loss, p.lines, len(p.data))
	e.lost(BatchError{Seq: p.batch.seq, Lines: p.lines, Reason: loss})
	e.emit(Event{Kind: EventDropped, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Reason: loss})
	e.settled(p.batch)
	e.waiters.wake()
}

// apply does what the plan says with the part of j: every span of it goes to the
// ledger or back into the queue.
func (e *engine) apply(out *target, j job, s *sending, took time.Duration) {
	pl, r := &s.plan, &s.reply
	if e.o.DeadLetter != nil && pl.Loses() && e.standing(j.p, &s.judgement) {
		e.deadLetters(j.p, pl, r)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counters.responded(&s.batch, r, took)
	e.updateBreaker(out, j, pl, r)
	e.learn(out, j.p, pl, r)
	p := j.p
	if p.list != &e.flying {
		return // Close entered it or gave it back meanwhile
	}
	b := p.batch
	switch pl.Action {
	case verdict.ActUnreadable:
		p.tries++
	case verdict.ActRefused:
		b.spent += pl.Requests()
	}
	p.judged = nil
	e.conclude(p, pl, r, p)
	if e.ended == nil && errors.Is(r.Err, fastclient.ErrClosed) {
		e.ended = fastclient.ErrClosed
		e.waiters.over()
		e.waiters.roomFree()
	}
	e.waiters.wake()
}

// standing makes j the judgement of p, unless Close has given p back.
func (e *engine) standing(p *part, j *judgement) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p.list != &e.flying {
		return false
	}
	p.judged = j
	return true
}

// concludeJudged does without their dead letters what is left to do for the
// parts whose verdict is known. Their memory is still being read.
func (e *engine) concludeJudged() {
	for p := e.flying.head; p != nil; {
		next := p.next
		if j := p.judged; j != nil {
			e.conclude(p, &j.plan, &j.reply, nil)
		}
		p = next
	}
}

// conclude does with p, which is under way, what the plan says. If reuse is not
// nil, p and its memory are free to be used again.
func (e *engine) conclude(p *part, pl *verdict.Plan, r *seam.Response, reuse *part) {
	e.flying.remove(p)
	e.report(p, pl, r)
	b := p.batch
	b.parts++ // keeps b until all spans are done
	e.cutUp(p, pl, reuse)
	e.settled(b)
}

// cutUp enters the spans of p into the ledger and queues what is sent again.
func (e *engine) cutUp(p *part, pl *verdict.Plan, reuse *part) {
	b, data, from := p.batch, p.data, p.from
	inUse := reuse == nil
	again := func(data []byte, from, lines int) {
		q := reuse
		if q == nil {
			q = &part{batch: b}
			b.parts++
		}
		reuse = nil
		q.data, q.from, q.lines = data, from, lines
		e.queue.insert(q)
	}
	if pl.Gather && !inUse {
		for i := range pl.Spans {
			if pl.Spans[i].Outcome != verdict.Again {
				e.ledger.settled(&pl.Spans[i])
			}
		}
		for _, run := range verdict.Gather(data, pl.Spans) {
			if run.Lines > 0 {
				again(data[run.From:run.To:run.To], from+run.From, run.Lines)
			}
		}
	} else {
		for i := range pl.Spans {
			c := &pl.Spans[i]
			if c.Outcome == verdict.Again {
				again(data[c.From:c.To:c.To], from+c.From, c.Lines)
			} else {
				e.ledger.settled(c)
			}
		}
	}
	if reuse != nil || inUse {
		e.settled(b) // for p
	}
}

// updateBreaker opens or shuts the breaker of out.
func (e *engine) updateBreaker(out *target, j job, pl *verdict.Plan, r *seam.Response) {
	if !pl.Shut {
		if out.breaker.Responded(j.epoch) {
			e.emit(Event{Kind: EventUp})
		}
		return
	}
	now := time.Now()
	kind := EventRetry
	if out.breaker.Failed(j.epoch, now, r.RetryAfter, e.spread) && out.breaker.Failures == 1 {
		kind = EventDown
	}
	e.counters.retried++
	p := j.p
	e.emit(Event{
		Kind: kind, Seq: p.batch.seq, Lines: p.lines, Bytes: len(p.data), Status: r.Status,
		Message: complaint.Clip(r.Message), Err: r.Err, Delay: max(out.breaker.Until.Sub(now), 0),
	})
}

// learn keeps what the response to p says about the server's limits.
func (e *engine) learn(out *target, p *part, pl *verdict.Plan, r *seam.Response) {
	switch pl.Action {
	case verdict.ActAck:
		if out.sizes.stored(len(p.data), e.o.BatchBytes) {
			e.limitBatches()
		}
	case verdict.ActSplit:
		if pl.Learn == 0 {
			return
		}
		e.counters.splits++
		if out.sizes.refused(pl.Learn) {
			e.limitBatches()
			e.emit(Event{Kind: EventSplit, Status: r.Status, Message: complaint.Clip(r.Message), Bytes: out.sizes.limit})
		}
	case verdict.ActPlain:
		if !out.plain {
			out.plain = true
			e.emit(Event{Kind: EventUncompressed, Status: r.Status, Message: complaint.Clip(r.Message)})
		}
	}
}

// limitBatches makes batches as large as every server takes them.
func (e *engine) limitBatches() {
	e.sealBytes = e.o.BatchBytes
	for _, out := range e.targets {
		if limit := out.sizes.limit; limit > 0 {
			e.sealBytes = min(e.sealBytes, limit)
		}
	}
}

// report makes events and errors of what the plan means for p.
func (e *engine) report(p *part, pl *verdict.Plan, r *seam.Response) {
	for i := range pl.Spans {
		c := &pl.Spans[i]
		kind := EventRejected
		switch c.Outcome {
		case verdict.Rejected:
		case verdict.Uncertain:
			kind = EventUncertain
		default:
			continue
		}
		e.lost(BatchError{Seq: p.batch.seq, Lines: c.Lines, Reason: Reason(c.Reason), Status: r.Status, Message: c.Message})
		e.emit(Event{Kind: kind, Seq: p.batch.seq, Lines: c.Lines, Bytes: c.To - c.From,
			Reason: Reason(c.Reason), Status: r.Status, Message: c.Message})
	}
}

// deadLetters gives the lost lines of p to the dead letter, without the lock.
func (e *engine) deadLetters(p *part, pl *verdict.Plan, r *seam.Response) {
	if e.o.DeadLetter == nil {
		return
	}
	for i := range pl.Spans {
		l, ok := lostLines(&pl.Spans[i], p, r)
		if !ok {
			continue
		}
		if l.Reason == ReasonUncertain {
			l.NotStored = pl.Known
		}
		err := e.o.DeadLetter.Put(&l)
		e.mu.Lock()
		e.deadLetterDone(err)
		e.mu.Unlock()
	}
}

// lostLines returns the lines of c for a dead letter, if any are lost.
func lostLines(c *verdict.Span, p *part, r *seam.Response) (l LostLines, ok bool) {
	if c.Outcome != verdict.Rejected && c.Outcome != verdict.Uncertain {
		return l, false
	}
	return LostLines{
		Data: p.data[c.From:c.To:c.To], Lines: c.Lines, NotStored: c.Lines, Reason: Reason(c.Reason),
		Status: r.Status, Message: c.Message, Seq: p.batch.seq, Time: time.Now(),
	}, true
}

func (e *engine) deadLetterDone(err error) {
	if err != nil {
		e.counters.deadLetterErrors++
		e.emit(Event{Kind: EventDeadLetter, Err: err})
	}
}
