package batch

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/internal/line"
	"github.com/pointwire/pointwire/internal/printable"
	"github.com/pointwire/pointwire/lp"
)

// This file declares the engine, which holds lines from an append until they have an
// outcome. Here lines come in and memory goes back: put copies valid lines into the open
// batch, openBatch and findMemory find memory for it, and seal queues it as one part. free
// releases a batch after partSettled has counted its last part. giveBack empties the engine
// for Close. In between, queue.go moves parts and send.go sends them.
//
// The engine has neither goroutine nor timer. A [Writer] runs it with both and gives it
// waiters, which it wakes; a [SyncWriter] runs it within its own calls, without waiters.
//
// Invariants:
//   - The engine changes only while mu is held. mu is released for waiting, for requests
//     and for the user's functions, so callers of findMemory, take and drop must look again
//     at what they knew.
//   - Every line that put has accepted is in one account of the ledger, and moves from one
//     account to another in one step.
//   - Every pending line is in the open batch or in one part, and a part is in one list:
//     queue or flying.
//   - A batch is settled when its count of parts is 0: none waits, none is under way. Only
//     then is its memory free, unless Close has given the memory to its caller.

// An engine fills, seals, queues and sends batches, and counts what becomes of every
// line.
type engine struct {
	config
	stage  stager
	spread func(n int64) int64
	ctx    context.Context // parent of the context of every request
	cancel context.CancelFunc
	events events

	mu      sync.Mutex
	waiters *waiters // nil: nobody waits, as in a SyncWriter

	slabs       slabPool
	compressing int        // bytes of MaxMemory for compressed bodies and encoders
	encoding    int        // those of them that do not depend on the number of senders
	filling     *slab      // slab whose end the next batch may use; nil: none
	spare       *slabBatch // list of free batches
	sealBytes   int        // a batch is sealed before it exceeds this size
	open        *slabBatch // batch that accepts lines; nil: none
	openUntil   time.Time  // when the open batch is due
	due         bool       // the open batch is old enough to be sent
	lastOpened  time.Time  // when the last batch was opened
	seq         uint64     // number of the last sealed batch
	sealed      int        // size of that batch

	queue   partList  // waiting
	flying  partList  // under way
	live    int       // batches that are sealed and not settled
	disk    *spooling // nil: without a spool
	routing *routing  // nil: all lines go to one place

	ledger     ledger
	counters   writerCounters
	unreported errorLog

	closing  bool
	aborted  bool
	ended    error // why nothing can be sent any more: the client is closed
	mute     bool  // no event may be queued any more
	closeErr error
}

// made reports whether init was called. The engine of a zero Writer or SyncWriter holds
// nothing, and accepts nothing.
func (e *engine) made() bool { return e.sealBytes > 0 }

// init prepares e for appends, with nobody waiting.
func (e *engine) init(c config) error {
	e.spread, e.sealBytes = rand.Int64N, c.o.BatchBytes
	budget, enough := e.divideMemory(c)
	if !enough && c.fewer {
		c.o.MaxInFlight = 1
		budget, enough = e.divideMemory(c)
	}
	o := c.o
	if !enough {
		return errMemory()
	}
	if e.routing, enough = newRouting(&c, budget, len(c.targets)*o.MaxInFlight); !enough {
		return errRoutes()
	}
	if err := new(lp.Encoder).SetDefaultTags(o.DefaultTags...); err != nil {
		return &fastclient.OptionError{Field: "Options.DefaultTags", Reason: err.Error()}
	}
	e.slabs = slabPool{size: o.BatchBytes, budget: budget}
	e.stage.init(&o, c.precision, c.targets[0].api)
	release := e.stage.setClock(c.stamps, c.path, o.MaxMemory)
	e.stage.route = c.router
	if o.Overflow >= Spill {
		e.precision = c.unit // Writer.put converts, so that the disk has what is sent
	}
	e.events.f = o.OnEvent
	ctx, cancel := context.WithCancel(context.Background())
	e.ctx, e.cancel = ctx, func() { cancel(); release() }
	return nil
}

// divideMemory takes the settings of c. It returns how many slabs MaxMemory has room for, and
// whether they are enough.
func (e *engine) divideMemory(c config) (slabs int, enough bool) {
	senders := len(c.targets) * c.o.MaxInFlight
	e.config = c
	e.compressor, e.encoding = compress.Bound(c.compressor, senders, c.o.MaxMemory)
	e.encoding += c.spoolBytes() + c.routeBytes()
	e.compressing, slabs, enough = e.memoryOf(senders)
	return slabs, enough
}

// memoryOf returns what so many senders take of MaxMemory, beside what they share, and how
// many slabs are left.
func (e *engine) memoryOf(senders int) (compressing, slabs int, enough bool) {
	compressing = e.encoding + senders*e.senderBytes()
	slabs = (e.o.MaxMemory - compressing) / e.o.BatchBytes
	return compressing, slabs, slabs > senders
}

// errMemory is the error of a Writer for more servers than its memory has room for.
func errMemory() error {
	return &fastclient.OptionError{Field: "Options.MaxMemory", Reason: "is too small for MaxInFlight batches under way to each server, one being filled and what compression takes"}
}

// errRoutes is the error of a Writer whose memory has no room for its routes.
func errRoutes() error {
	return &fastclient.OptionError{Field: "Options.Route.Max", Reason: "is too large: MaxMemory has no room for so many batches, and as many that are sealed"}
}

func (e *engine) stager() *stager { return &e.stage }

// emit queues an event. The lock is held, so that none is queued after the end.
func (e *engine) emit(ev Event) {
	if e.mute || e.events.f == nil {
		return
	}
	ev.Time, ev.Message = time.Now(), printable.String(ev.Message)
	e.events.queue(ev)
}

// keepError keeps an error for the next Flush.
func (e *engine) keepError(err BatchError) { e.unreported.keep(err) }

// refused counts lines and points that were not accepted, unless they are counted.
func (e *engine) refused(n int, err error) {
	if counted := (*countedError)(nil); errors.As(err, &counted) {
		return
	}
	e.mu.Lock()
	e.counters.refuse(n, err)
	e.mu.Unlock()
}

// put copies n valid lines into batches. It returns how many it accepted, and an error if
// that is not all of them.
func (e *engine) put(ctx context.Context, lines []byte, n int) (accepted int, err error) {
	if e.routing != nil {
		return e.putRouted(ctx, lines, n)
	}
	return e.putTo(ctx, nil, lines, n)
}

// putTo is put for lines that all go to the place with that key; nil: to the only one.
func (e *engine) putTo(ctx context.Context, key, lines []byte, n int) (accepted int, err error) {
	e.mu.Lock()
	for n > 0 {
		if e.closing || !e.made() {
			err = ErrWriterClosed
			break
		}
		if err = e.ended; err != nil {
			break
		}
		if e.routing != nil {
			if err = e.turn(key); err != nil {
				break
			}
		}
		if e.open == nil && !e.openBatch(lines) {
			if err = e.findMemory(ctx); err != nil {
				break
			}
			continue
		}
		size, k := e.open.fit(lines, n, e.sealBytes, e.o.BatchLines)
		if k == 0 {
			if e.open.lines > 0 {
				e.seal()
				continue
			}
			if cap(e.open.buf) < e.o.BatchBytes && line.Len(lines) <= e.o.BatchBytes {
				e.discardOpen()
				e.filling = nil // the line needs a slab of its own
				continue
			}
			err = fastclient.ErrLineTooLong
			break
		}
		b := e.open
		if b.loggedLines == b.lines { // only the first one that is not logged matters
			b.start = e.ledger.appended.Lines - uint64(b.loggedLines)
		}
		b.buf = append(b.buf, lines[:size]...)
		b.lines += k
		e.ledger.accept(k, size)
		lines, n, accepted = lines[size:], n-k, accepted+k
		if b.lines >= e.o.BatchLines || len(b.buf) >= e.sealBytes {
			e.seal()
		}
	}
	if e.open != nil && e.open.lines == 0 {
		e.discardOpen()
	}
	e.mu.Unlock()
	return accepted, err
}

// down reports whether the last request to every target failed. The lock is held.
func (e *engine) down() bool {
	return !slices.ContainsFunc(e.targets, func(t *target) bool { return t.breaker.Failures == 0 })
}

// findMemory applies the OverflowPolicy when there is no slab. It returns nil when put may
// try again. The lock is held, and released while it waits.
func (e *engine) findMemory(ctx context.Context) error {
	if e.sealForMemory() {
		return nil
	}
	switch e.o.Overflow {
	case DropNewest:
		return ErrOverflow
	case DropOldest:
		p := e.oldest()
		if p == nil {
			return ErrOverflow
		}
		e.drop(p, ReasonOverflow)
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := ctx.(whileWorking); ok && e.disk.fails() && e.down() {
		return errors.Join(ErrOverflow, errStuck, e.disk.err)
	}
	x := e.waiters
	if x == nil {
		return ErrOverflow
	}
	if x.memory == nil {
		x.memory = make(chan struct{})
	}
	freed := x.memory
	e.counters.blocked++
	e.disk.wake()
	e.mu.Unlock()
	start := time.Now()
	var err error
	select {
	case <-freed:
	case <-ctx.Done():
		err = ctx.Err()
	}
	e.mu.Lock()
	e.counters.blockedFor += time.Since(start)
	return err
}

// openBatch opens an empty batch. It continues in the current slab if a batch as large as
// the last one fits, so small batches share slabs and all slabs but one are at least half
// full. It reports false if there is no memory. lines are those that it is for.
func (e *engine) openBatch(lines []byte) bool {
	s := e.filling
	if e.routing != nil {
		if s = e.room(lines); s == nil {
			return false
		}
	} else if s == nil || s.room() < e.sealed {
		if s = e.slabs.take(); s == nil {
			return false
		}
		e.filling = s
	}
	s.refs++
	b := e.spare
	if b != nil {
		e.spare = b.next
		*b = slabBatch{onDisk: onDisk{frames: b.frames[:0]}}
	} else {
		b = new(slabBatch)
	}
	b.slab, b.buf = s, s.mem[len(s.mem):]
	if b.opened = time.Now(); !b.opened.After(e.lastOpened) {
		b.opened = e.lastOpened.Add(1) // tells batches with equal lines apart
	}
	e.lastOpened = b.opened
	e.disk.opened(b, e.o.spillAfter())
	tenth := int64(e.o.MaxDelay / 10)
	age := e.o.MaxDelay + time.Duration(e.spread(2*tenth+1)-tenth)
	e.openUntil = b.opened.Add(age)
	e.waiters.armAge(age)
	e.due = false
	e.open = b
	if e.routing != nil {
		e.routing.opened(b)
	}
	return true
}

// seal puts the open batch, which is not empty, into the queue.
func (e *engine) seal() {
	b := e.open
	e.open = nil
	e.sealed = len(b.buf)
	b.slab.mem = b.slab.mem[:len(b.slab.mem)+len(b.buf)]
	e.seq++
	b.seq = e.seq
	b.sealed = time.Now()
	b.parts = 1
	b.first = part{batch: b, data: b.buf[:len(b.buf):len(b.buf)], lines: b.lines}
	e.live++
	if e.routing != nil {
		e.routing.giveRoom(b.slab)
	}
	e.queue.insert(&b.first)
	if d := e.disk; d != nil {
		d.sealed(b, e.memoryLow())
	}
	e.waiters.wake()
}

// discardOpen gives back an open batch without lines.
func (e *engine) discardOpen() {
	b := e.open
	s := b.slab
	e.open = nil
	if e.free(b); e.routing != nil && s.refs > 0 {
		e.routing.giveRoom(s)
	}
}

// partSettled records that a part of b is settled, and frees b with the last part.
func (e *engine) partSettled(b *slabBatch) {
	if b.parts--; b.parts > 0 {
		return
	}
	if e.live--; e.live == 0 && e.open == nil {
		e.waiters.armAge(e.o.MaxDelay) // to give back memory if nothing more comes
	}
	if b.replay == nil {
		e.waiters.pass(b.seq)
	}
	e.disk.settled(b)
	if !e.aborted && !b.pinned { // otherwise its memory belongs to the caller of Close
		e.free(b)
	}
}

// free releases b, and its slab if no other batch is in it.
func (e *engine) free(b *slabBatch) {
	if e.routing != nil {
		e.routing.freed(b)
		e.waiters.memoryFree() // for those that wait for fewer small batches
	}
	if b.replay != nil {
		e.disk.freeReplay(b)
		return
	}
	s := b.slab
	b.next, b.slab, b.buf = e.spare, nil, nil
	e.spare = b
	if s.refs--; s.refs > 0 {
		return
	}
	if e.filling == s {
		e.filling = nil
	}
	if e.routing != nil {
		e.routing.slabFree(s)
	}
	e.slabs.give(s)
	e.waiters.memoryFree()
}

// giveBack removes all pending lines from the engine and returns them in an error with the
// cause err. It returns nil if there are none. The lock is held.
func (e *engine) giveBack(err error) *UnsentError {
	u := &UnsentError{Err: err, LastErrors: e.lastErrors()}
	for {
		// Again each time: a sender that ends while keep has released the lock queues its
		// part again, where the parts of its batch wait.
		if e.keepReplays(); e.queue.n+e.flying.n == 0 {
			break
		}
		p := e.queue.head
		if q := e.flying.head; p == nil || q != nil && q.before(p) {
			p = q
		}
		if e.keep(p) {
			continue
		}
		data := p.data[:len(p.data):len(p.data)]
		if p.list == &e.flying {
			data = bytes.Clone(data) // a sender may still be reading it
		}
		p.list.remove(p)
		b := p.batch
		u.add(p.lines, len(p.data))
		u.Batches = append(u.Batches, Batch{
			Seq: b.seq, Lines: p.lines, Bytes: len(p.data), SealedAt: b.sealed, Data: data, To: b.route.destination(),
		})
		e.ledger.lose(ReasonUnsent, p.lines, len(p.data))
		if e.waiters.expects(b.seq) {
			e.keepError(BatchError{Seq: b.seq, Lines: p.lines, Reason: ReasonUnsent, To: b.route.destination()})
		}
		e.partSettled(b)
	}
	if u.Lines == 0 {
		return nil
	}
	return u
}

// cause returns why a Flush or Close with ctx ends while lines are pending.
func (e *engine) cause(ctx context.Context) error {
	if e.ended != nil {
		return e.ended
	}
	return ctx.Err()
}

func (e *engine) stats() Stats {
	var s Stats
	s.EventsLost = e.events.dropped()
	if e.disk != nil {
		s.Spool, s.SpoolRecovery = e.disk.s.Stats(), e.disk.s.Recovery()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ledger.copyTo(&s)
	e.counters.copyTo(&s)
	s.Sealed, s.Settled = e.seq, e.settledUpTo()
	s.Queued, s.InFlight = e.queue.n, e.flying.n
	s.Memory, s.MemoryLimit = e.slabs.made*e.slabs.size+e.compressing, e.o.MaxMemory
	s.LastErrors = e.lastErrors()
	s.OldestPending = e.oldestPending()
	if e.disk != nil {
		s.OtherTargets, s.SpoolErr = e.disk.other, e.disk.err
	}
	for _, t := range e.targets {
		b := &t.breaker
		if b.Failures == 0 {
			continue
		}
		if !s.Down || b.Until.Before(s.RetryAt) {
			s.RetryAt, s.Failures = b.Until, b.Failures
		}
		s.Down = true
	}
	return s
}

// lastErrors returns the servers whose last request failed.
func (e *engine) lastErrors() (list []ServerFailure) {
	for _, t := range e.targets {
		list = t.failed.appendTo(list)
	}
	return list
}

// settledUpTo returns the number of the last batch of which it and all before are settled.
func (e *engine) settledUpTo() uint64 {
	oldest := e.seq + 1
	if p := e.queue.head; p != nil {
		oldest = min(oldest, p.batch.seq)
	}
	if p := e.flying.head; p != nil {
		oldest = min(oldest, p.batch.seq)
	}
	return oldest - 1
}
