package batch

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/internal/points"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/backoff"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/lp"
)

// A Writer takes lines from many goroutines and sends them in batches from its
// own. Make one with [NewWriter], and end it with [Writer.Close].
//
// From the moment an append takes a line, the Writer sends it until the server
// has stored it or refused it for good, for as long as the process lives: a line
// may arrive more than once, and because lines without a timestamp are stamped
// when they are appended, that stores it once. What becomes of every line is
// counted: appended is at every moment acked, rejected, uncertain, dropped and pending
// taken together, see [Stats]. Acked lines are stored and rejected ones are not;
// of uncertain ones the server's answer does not tell, see [Isolation].
//
// The order of the lines of one goroutine is kept within a batch. Batches start
// in their order, and may be stored in another one unless Options.Ordered
// is set; that matters to lines of one series and timestamp only.
//
// When the client is closed before the Writer, the Writer refuses new lines with
// [fastclient.ErrClosed], and Close hands back what is left.
//
// All methods are safe for concurrent use.
type Writer struct {
	engine
	quit    chan struct{} // ends the clock
	ticking sync.WaitGroup
	senders int
	idle    chan struct{} // closed when the last sender ends
	closed  chan struct{} // closed when Close is done
}

// An engine holds lines from an append to their verdict: it fills batches, seals, queues
// and sends them, and counts what becomes of every line. It has no goroutine and no
// timer: a [Writer] runs it with both, a [SyncWriter] within its calls.
type engine struct {
	writerPlan
	stage  stager
	spread func(n int64) int64
	ctx    context.Context // of all requests
	cancel context.CancelFunc
	events events

	mu      sync.Mutex
	waiters *waiters // of a Writer; nil: nobody waits

	slabs     slabPool
	packing   int        // bytes of MaxMemory for what a body becomes, and encoders
	filling   *slab      // has room behind its batches; nil: none has
	spare     *slabBatch // free batches
	sealBytes int
	open      *slabBatch
	openUntil time.Time
	due       bool   // the open batch is old enough to be sent
	seq       uint64 // of the last sealed batch
	sealed    int    // bytes of that batch

	queue  partList // waiting
	flying partList // under way
	live   int      // batches sealed and not settled

	ledger   ledger
	counters writerCounters
	verdicts verdictLog

	closing  bool
	aborted  bool
	ended    error // why nothing can be sent any more: the client is closed
	mute     bool  // no more events
	closeErr error
}

// waiters are who waits in a Writer: senders for work, appends for memory, calls of Flush
// for verdicts; and the timers of its clock. The lock of the engine is held by all that
// use them. A nil *waiters has nobody who waits.
type waiters struct {
	work     sync.Cond     // a sender may have something to do
	room     chan struct{} // closed when memory comes free; nil when nobody waits
	barriers []*barrier
	end      chan struct{} // closed when nothing can be sent any more
	ageTimer *time.Timer
	ageArmed bool
	gateTime *time.Timer
}

// wake wakes the senders.
func (x *waiters) wake() {
	if x != nil {
		x.work.Broadcast()
	}
}

// roomFree wakes the appends that wait for memory.
func (x *waiters) roomFree() {
	if x != nil && x.room != nil {
		close(x.room)
		x.room = nil
	}
}

// over tells that nothing can be sent any more.
func (x *waiters) over() {
	if x != nil {
		close(x.end)
	}
}

// armAge makes the clock look at the open batch after d, or before.
func (x *waiters) armAge(d time.Duration) {
	if x != nil && !x.ageArmed {
		x.ageArmed = true
		x.ageTimer.Reset(d)
	}
}

// An outlet is one server as the Writer sees it.
type outlet struct {
	target seam.Target
	api    seam.API
	failed failures // of the servers behind it; has its own lock

	// Guarded by the Writer's lock.
	gate  backoff.Breaker
	sizes sizeLimit
	plain bool // the server refused a content encoding
}

// A writerPlan is what a Writer is made from.
type writerPlan struct {
	o         Options              // with its defaults
	precision fastclient.Precision // of the lines that are appended
	unit      fastclient.Precision // in which they are sent
	outlets   []*outlet
	pack      seam.Compressor // of bodies, nil for none
	minPack   int             // from that size on
}

// NewWriter returns a Writer that sends through c, to the database and in the
// precision of c. With several servers and
// [fastclient.RoundRobin], each takes its share of the batches, and those that are up the
// share of one that is down. Close the Writer before the client.
//
// An error is an *[fastclient.OptionError], or one of the client's database.
func NewWriter(c *fastclient.Client, o Options) (*Writer, error) {
	plan, err := newPlan(seam.Of(c), o, true)
	if err != nil {
		return nil, err
	}
	w, err := newWriter(plan)
	if err != nil {
		return nil, err
	}
	w.startAll()
	return w, nil
}

// newPlan checks o and says how batches go out: to each server on its own, or to the
// servers as the client balances them.
func newPlan(c seam.Client, o Options, each bool) (writerPlan, error) {
	o, err := o.withDefaults(c.API())
	if err != nil {
		return writerPlan{}, err
	}
	r, err := c.Route(each, !o.NoStamp)
	if err != nil {
		return writerPlan{}, err
	}
	p := writerPlan{o: o, precision: r.Precision, unit: r.Unit, pack: r.Compressor, minPack: r.MinCompress}
	for _, t := range r.Targets {
		p.outlets = append(p.outlets, &outlet{target: t, api: r.API})
	}
	return p, nil
}

func (o *outlet) newSender() seam.Sender { return o.target.NewSender(o.failed.note) }

// bodyBytes is the size of the largest body.
func (p *writerPlan) bodyBytes() int {
	if p.unit != p.precision {
		return points.ConvertedSize(p.o.BatchBytes)
	}
	return p.o.BatchBytes
}

// senderBytes is the memory of one sender: what it converts lines into, and packs them
// into.
func (p *writerPlan) senderBytes() (n int) {
	if p.unit != p.precision {
		n = p.bodyBytes()
	}
	if p.pack != nil {
		n += packedSize(p.bodyBytes())
	}
	return n
}

// newWriter returns a Writer without its goroutines.
func newWriter(p writerPlan) (*Writer, error) {
	w := &Writer{quit: make(chan struct{}), idle: make(chan struct{}), closed: make(chan struct{})}
	if err := w.init(p); err != nil {
		return nil, err
	}
	x := &waiters{end: make(chan struct{}), ageTimer: time.NewTimer(time.Hour), gateTime: time.NewTimer(time.Hour)}
	x.work.L = &w.mu
	x.ageTimer.Stop()
	x.gateTime.Stop()
	w.waiters = x
	return w, nil
}

// init makes e ready for appends, with nobody who waits.
func (e *engine) init(p writerPlan) error {
	o := p.o
	senders := len(p.outlets) * o.MaxInFlight
	e.writerPlan, e.spread, e.sealBytes = p, rand.Int64N, o.BatchBytes
	e.pack, e.packing = compress.Bound(p.pack, senders, o.MaxMemory)
	e.packing += senders * p.senderBytes()
	budget := (o.MaxMemory - e.packing) / o.BatchBytes
	if budget < senders+1 {
		return &fastclient.OptionError{Field: "Options.MaxMemory", Reason: "is too small for MaxInFlight batches under way, one being filled and what compression takes"}
	}
	if err := new(lp.Encoder).SetDefaultTags(o.Tags...); err != nil {
		return &fastclient.OptionError{Field: "Options.Tags", Reason: err.Error()}
	}
	e.slabs = slabPool{size: o.BatchBytes, budget: budget}
	e.stage.init(&o, p.precision, p.outlets[0].api)
	e.events.f = o.OnEvent
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return nil
}

// startAll starts the goroutines of w: the senders, the clock and, for OnEvent,
// the dispatcher.
func (w *Writer) startAll() {
	w.events.start()
	w.senders = len(w.outlets) * w.o.MaxInFlight
	for _, out := range w.outlets {
		for range w.o.MaxInFlight {
			go w.run(out, out.newSender())
		}
	}
	w.ticking.Add(1)
	go w.tick()
}

// tick is the clock: it tells the senders when the open batch is old enough to
// be sent and when a gate's time has come.
func (w *Writer) tick() {
	defer w.ticking.Done()
	for {
		select {
		case <-w.waiters.ageTimer.C:
			w.mu.Lock()
			w.aged()
			w.mu.Unlock()
		case <-w.waiters.gateTime.C:
			w.mu.Lock()
			w.waiters.wake()
			w.mu.Unlock()
		case <-w.quit:
			w.waiters.ageTimer.Stop()
			w.waiters.gateTime.Stop()
			return
		}
	}
}

// aged makes the open batch due if its time is over. The sender that finds
// nothing older to send seals it: while none may send, the batch goes on to fill,
// so that an outage ends with few large requests. The timer is not moved for
// every batch: it may find one that is younger than the one it was set for.
func (w *Writer) aged() {
	w.waiters.ageArmed = false
	if w.open == nil {
		if w.live == 0 {
			w.slabs.trim(len(w.outlets)*w.o.MaxInFlight + 2)
		}
		return
	}
	if left := time.Until(w.openUntil); left > 0 {
		w.waiters.armAge(left)
		return
	}
	if w.o.MaxAge > 0 {
		// Lines are dropped by batches: what waits must not keep growing.
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
}

// armGate wakes the senders at the first moment at which a shut gate lets a probe
// through, or at which what waits for that is too old. A sender that finds nothing
// to do calls it.
func (e *engine) armGate() {
	if e.waiters == nil {
		return
	}
	now := time.Now()
	var next time.Duration
	if p := e.queue.head; p != nil && e.o.MaxAge > 0 {
		next = max(p.batch.sealed.Add(e.o.MaxAge).Sub(now), 0) + 1
	}
	for _, out := range e.outlets {
		g := &out.gate
		if g.Failures == 0 || g.Probing {
			continue
		}
		if d := g.Until.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if next > 0 {
		e.waiters.gateTime.Reset(next)
	}
}

// openBatch makes an empty batch the open one. It stands behind the others of
// its slab if one like the last fits there, so that batches which are sealed
// small do not hold a slab each and every slab but one is filled by half at
// least. It reports false if there is no memory.
func (e *engine) openBatch() bool {
	s := e.filling
	if s == nil || s.room() < e.sealed {
		if s = e.slabs.take(); s == nil {
			return false
		}
		e.filling = s
	}
	s.refs++
	b := e.spare
	if b != nil {
		e.spare = b.next
		*b = slabBatch{}
	} else {
		b = new(slabBatch)
	}
	b.slab, b.buf = s, s.mem[len(s.mem):]
	b.opened = time.Now()
	tenth := int64(e.o.MaxDelay / 10)
	age := e.o.MaxDelay + time.Duration(e.spread(2*tenth+1)-tenth)
	e.openUntil = b.opened.Add(age)
	e.waiters.armAge(age)
	e.due = false
	e.open = b
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
	e.queue.insert(&b.first)
	e.waiters.wake()
}

// settled takes note that a part of b is gone, and frees b with the last one.
func (e *engine) settled(b *slabBatch) {
	if b.parts--; b.parts > 0 {
		return
	}
	if e.live--; e.live == 0 && e.open == nil {
		e.waiters.armAge(e.o.MaxDelay) // to give back memory, if nothing comes
	}
	e.waiters.pass(b.seq)
	if !e.aborted { // else its memory has been given to the caller of Close
		e.free(b)
	}
}

// free lets go of b, and of its slab when no other batch is in it.
func (e *engine) free(b *slabBatch) {
	s := b.slab
	b.next, b.slab, b.buf = e.spare, nil, nil
	e.spare = b
	if s.refs--; s.refs > 0 {
		return
	}
	if e.filling == s {
		e.filling = nil
	}
	e.slabs.give(s)
	e.waiters.roomFree()
}
