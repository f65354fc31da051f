package fastclient

import (
	"errors"
	"time"

	"github.com/pointwire/pointwire/internal/line"
)

// A job is a part that a sender has taken.
type job struct {
	p     *part
	epoch uint64 // of the gate
	plain bool   // the server takes no content encoding
	spent int    // requests its batch cost for finding bad lines
}

// next waits for a part that may be sent through out, and takes it. It reports
// false when there is nothing left to do for ever.
func (w *Writer) next(out *outlet) (j job, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for !w.over() {
		if j, ok = w.take(out); ok {
			return j, true
		}
		if !w.over() { // as it was when take released the lock
			w.work.Wait()
		}
	}
	return job{}, false
}

// over reports whether there is nothing left to do for ever.
func (w *Writer) over() bool {
	return w.aborted || w.ended != nil || w.closing && w.queue.n == 0 && w.flying.n == 0
}

// take takes the oldest part if it may be sent through out now, the open batch
// if that is due and nothing else waits. The lock is held, and released when
// parts are dropped for their age.
func (w *Writer) take(out *outlet) (j job, ok bool) {
	for !(w.o.Ordered && w.flying.n > 0) {
		p := w.queue.head
		if p == nil && (w.open == nil || !w.due) {
			break
		}
		if p != nil && w.o.MaxAge > 0 && time.Since(p.batch.sealed) > w.o.MaxAge {
			w.drop(p, LossAge)
			continue
		}
		epoch, pass := out.gate.pass(time.Now)
		if !pass {
			w.armGate()
			break
		}
		if p == nil {
			w.seal()
			p = w.queue.head
		}
		w.queue.remove(p)
		if out.limit > 0 && len(p.data) > out.limit && p.lines > 1 {
			w.divide(p)
		}
		w.flying.insert(p)
		return job{p: p, epoch: epoch, plain: out.plain, spent: p.batch.spent}, true
	}
	return job{}, false
}

// divide leaves the first half of p in p and queues the second.
func (w *Writer) divide(p *part) {
	size, lines := line.Middle(p.data)
	w.queueRest(p, size, lines)
	w.counters.splits++
}

// queueRest leaves the first lines of p in p and queues the others as a part of
// their own.
func (w *Writer) queueRest(p *part, size, lines int) {
	rest := &part{batch: p.batch, data: p.data[size:], from: p.from + size, lines: p.lines - lines}
	p.data, p.lines = p.data[:size:size], lines
	p.batch.parts++
	w.queue.insert(rest)
	w.work.Broadcast()
}

// apply does what the plan says with the part of j: every cut of it goes to the
// ledger or back into the queue.
func (w *Writer) apply(out *outlet, j job, s *sending, took time.Duration) {
	pl, r := &s.plan, &s.reply
	if w.o.DeadLetter != nil && pl.loses() && w.standing(j.p, &s.judgement) {
		w.deadLetters(j.p, pl, r)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counters.answered(&s.batch, r, took)
	w.gateAfter(out, j, pl, r)
	w.learn(out, pl, r)
	p := j.p
	if p.list != &w.flying {
		return // Close entered it or gave it back meanwhile
	}
	b := p.batch
	if pl.action == actRetryFew {
		p.tries++
	}
	switch pl.action {
	case actAckRest, actStrip, actIsolate:
		b.spent += pl.requests()
	}
	p.judged = nil
	w.conclude(p, pl, r, p)
	if w.ended == nil && errors.Is(r.err, ErrClosed) {
		w.ended = ErrClosed
		close(w.end)
		w.wakeAppenders()
	}
	w.work.Broadcast()
}

// standing makes j the judgement of p, unless Close has given p back.
func (w *Writer) standing(p *part, j *judgement) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.list != &w.flying {
		return false
	}
	p.judged = j
	return true
}

// concludeJudged does without their dead letters what is left to do for the
// parts whose verdict is known. Their memory is still being read.
func (w *Writer) concludeJudged() {
	for p := w.flying.head; p != nil; {
		next := p.next
		if j := p.judged; j != nil {
			w.conclude(p, &j.plan, &j.reply, nil)
		}
		p = next
	}
}

// conclude does with p, which is under way, what the plan says. If reuse is not
// nil, p and its memory are free to be used again.
func (w *Writer) conclude(p *part, pl *plan, r *writeReply, reuse *part) {
	w.flying.remove(p)
	w.report(p, pl, r)
	b := p.batch
	b.parts++ // keeps b until all cuts are done
	w.cutUp(p, pl, reuse)
	w.settled(b)
}

// cutUp enters the cuts of p into the ledger and queues what is sent again.
func (w *Writer) cutUp(p *part, pl *plan, reuse *part) {
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
		w.queue.insert(q)
	}
	if pl.action == actStrip && !inUse {
		size, lines := compact(data, pl.cuts)
		for i := range pl.cuts {
			if pl.cuts[i].fate != fateAgain {
				w.ledger.settled(&pl.cuts[i])
			}
		}
		if lines > 0 {
			again(data[:size:size], from, lines)
		}
	} else {
		for i := range pl.cuts {
			c := &pl.cuts[i]
			if c.fate == fateAgain {
				again(data[c.from:c.to:c.to], from+c.from, c.lines)
			} else {
				w.ledger.settled(c)
			}
		}
	}
	if reuse != nil || inUse {
		w.settled(b) // for p
	}
}

// compact moves the runs that are sent again together to the front of data.
func compact(data []byte, cuts []cut) (size, lines int) {
	for i := range cuts {
		if c := &cuts[i]; c.fate == fateAgain {
			size += copy(data[size:], data[c.from:c.to])
			lines += c.lines
		}
	}
	return size, lines
}

// gateAfter opens or shuts the gate of out.
func (w *Writer) gateAfter(out *outlet, j job, pl *plan, r *writeReply) {
	if !pl.shut {
		if out.gate.answered(j.epoch) {
			w.emit(WriterEvent{Kind: EventUp})
		}
		return
	}
	now := time.Now()
	if out.gate.failed(j.epoch, now, r.retryAfter, w.spread) {
		w.emit(WriterEvent{
			Kind: EventDown, Status: r.status, Message: r.message, Err: r.err, Delay: out.gate.until.Sub(now),
		})
	}
	w.counters.retried++
}

// learn keeps what the answer says about the server's limits.
func (w *Writer) learn(out *outlet, pl *plan, r *writeReply) {
	switch pl.action {
	case actSplit:
		if pl.learn == 0 {
			return
		}
		w.counters.splits++
		limit := max(pl.learn/2, minBatchBytes)
		if out.limit == 0 || limit < out.limit {
			out.limit = limit
			w.sealBytes = min(w.sealBytes, limit)
			w.emit(WriterEvent{Kind: EventSplit, Status: r.status, Message: r.message, Bytes: limit})
		}
	case actPlain:
		if !out.plain {
			out.plain = true
			w.emit(WriterEvent{Kind: EventPlain, Status: r.status, Message: r.message})
		}
	}
}

// report makes events and errors of what the plan means for p.
func (w *Writer) report(p *part, pl *plan, r *writeReply) {
	seq := p.batch.seq
	if pl.beyond > 0 {
		w.counters.beyond += uint64(pl.beyond)
		w.emit(WriterEvent{Kind: EventPartial, Seq: seq, Lines: pl.beyond, Status: r.status, Message: r.message})
	}
	for i := range pl.cuts {
		c := &pl.cuts[i]
		switch {
		case c.fate == fateReject:
			w.lost(BatchError{Seq: seq, Lines: c.lines, Loss: c.loss, Status: r.status, Message: c.message})
			w.emit(WriterEvent{Kind: EventRejected, Seq: seq, Lines: c.lines, Bytes: c.to - c.from,
				Loss: c.loss, Status: r.status, Message: c.message})
		case c.blurred > 0:
			w.lost(BatchError{Seq: seq, Lines: c.blurred, Loss: c.loss, Status: r.status, Message: c.message})
			w.emit(WriterEvent{Kind: EventPartial, Seq: seq, Lines: c.blurred,
				Loss: c.loss, Status: r.status, Message: c.message})
		}
	}
	if pl.shut {
		w.emit(WriterEvent{Kind: EventRetry, Seq: seq, Lines: p.lines, Bytes: len(p.data),
			Status: r.status, Message: r.message, Err: r.err})
	}
}

// deadLetters gives the lost lines of p to the dead letter, without the lock.
func (w *Writer) deadLetters(p *part, pl *plan, r *writeReply) {
	if w.o.DeadLetter == nil {
		return
	}
	for i := range pl.cuts {
		l, ok := pl.cuts[i].lost(p, r)
		if !ok {
			continue
		}
		err := w.o.DeadLetter.Put(&l)
		w.mu.Lock()
		w.deadLetterDone(err)
		w.mu.Unlock()
	}
}

// lost returns the lines of c for a dead letter, if any are lost.
func (c *cut) lost(p *part, r *writeReply) (l LostLines, ok bool) {
	if c.fate != fateReject && c.blurred == 0 {
		return l, false
	}
	l = LostLines{
		Lines: p.data[c.from:c.to:c.to], Count: c.lines, Lost: c.lines, Loss: c.loss,
		Status: r.status, Message: c.message, Seq: p.batch.seq, Time: time.Now(),
	}
	if c.blurred > 0 {
		l.Lost = c.blurred
	}
	return l, true
}

func (w *Writer) deadLetterDone(err error) {
	if err != nil {
		w.counters.deadLetterErrors++
		w.emit(WriterEvent{Kind: EventDeadLetter, Err: err})
	}
}
