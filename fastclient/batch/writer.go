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
	writerPlan
	stage    stager
	spread   func(n int64) int64
	ctx      context.Context // of all requests
	cancel   context.CancelFunc
	ageTimer *time.Timer
	gateTime *time.Timer
	quit     chan struct{} // ends the clock
	ticking  sync.WaitGroup
	events   events

	mu   sync.Mutex
	work sync.Cond // a sender may have something to do

	slabs     slabPool
	packing   int        // bytes of MaxMemory for what a body becomes, and encoders
	filling   *slab      // has room behind its batches; nil: none has
	spare     *slabBatch // free batches
	sealBytes int
	open      *slabBatch
	openUntil time.Time
	due       bool // the open batch is old enough to be sent
	ageArmed  bool
	seq       uint64 // of the last sealed batch
	sealed    int    // bytes of that batch

	queue  partList // waiting
	flying partList // under way
	live   int      // batches sealed and not settled

	ledger   ledger
	counters writerCounters
	room     chan struct{} // closed when memory comes free; nil when nobody waits
	verdicts verdictLog
	barriers []*barrier

	closing  bool
	aborted  bool
	ended    error         // why nothing can be sent any more: the client is closed
	end      chan struct{} // closed with that
	mute     bool          // no more events
	senders  int
	idle     chan struct{} // closed when the last sender ends
	closed   chan struct{} // closed when Close is done
	closeErr error
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
	o := p.o
	senders := len(p.outlets) * o.MaxInFlight
	w := &Writer{
		writerPlan: p, spread: rand.Int64N, sealBytes: o.BatchBytes,
		quit: make(chan struct{}), end: make(chan struct{}), idle: make(chan struct{}), closed: make(chan struct{}),
	}
	w.pack, w.packing = compress.Bound(p.pack, senders, o.MaxMemory)
	w.packing += senders * p.senderBytes()
	budget := (o.MaxMemory - w.packing) / o.BatchBytes
	if budget < senders+1 {
		return nil, &fastclient.OptionError{Field: "Options.MaxMemory", Reason: "is too small for MaxInFlight batches under way, one being filled and what compression takes"}
	}
	if err := new(lp.Encoder).SetDefaultTags(o.Tags...); err != nil {
		return nil, &fastclient.OptionError{Field: "Options.Tags", Reason: err.Error()}
	}
	w.slabs = slabPool{size: o.BatchBytes, budget: budget}
	w.stage.init(&o, p.precision, p.outlets[0].api)
	w.work.L = &w.mu
	w.events.f = o.OnEvent
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.ageTimer, w.gateTime = time.NewTimer(time.Hour), time.NewTimer(time.Hour)
	w.ageTimer.Stop()
	w.gateTime.Stop()
	return w, nil
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
		case <-w.ageTimer.C:
			w.mu.Lock()
			w.aged()
			w.mu.Unlock()
		case <-w.gateTime.C:
			w.mu.Lock()
			w.work.Broadcast()
			w.mu.Unlock()
		case <-w.quit:
			w.ageTimer.Stop()
			w.gateTime.Stop()
			return
		}
	}
}

// aged makes the open batch due if its time is over. The sender that finds
// nothing older to send seals it: while none may send, the batch goes on to fill,
// so that an outage ends with few large requests. The timer is not moved for
// every batch: it may find one that is younger than the one it was set for.
func (w *Writer) aged() {
	w.ageArmed = false
	if w.open == nil {
		if w.live == 0 {
			w.slabs.trim(len(w.outlets)*w.o.MaxInFlight + 2)
		}
		return
	}
	if left := time.Until(w.openUntil); left > 0 {
		w.armAge(left)
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
		w.armAge(time.Until(w.openUntil))
	}
	w.due = true
	w.work.Broadcast()
}

func (w *Writer) armAge(d time.Duration) {
	if !w.ageArmed {
		w.ageArmed = true
		w.ageTimer.Reset(d)
	}
}

// armGate wakes the senders at the first moment at which a shut gate lets a probe
// through, or at which what waits for that is too old. A sender that finds nothing
// to do calls it.
func (w *Writer) armGate() {
	now := time.Now()
	var next time.Duration
	if p := w.queue.head; p != nil && w.o.MaxAge > 0 {
		next = max(p.batch.sealed.Add(w.o.MaxAge).Sub(now), 0) + 1
	}
	for _, out := range w.outlets {
		g := &out.gate
		if g.Failures == 0 || g.Probing {
			continue
		}
		if d := g.Until.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	if next > 0 {
		w.gateTime.Reset(next)
	}
}

// openBatch makes an empty batch the open one. It stands behind the others of
// its slab if one like the last fits there, so that batches which are sealed
// small do not hold a slab each and every slab but one is filled by half at
// least. It reports false if there is no memory.
func (w *Writer) openBatch() bool {
	s := w.filling
	if s == nil || s.room() < w.sealed {
		if s = w.slabs.take(); s == nil {
			return false
		}
		w.filling = s
	}
	s.refs++
	b := w.spare
	if b != nil {
		w.spare = b.next
		*b = slabBatch{}
	} else {
		b = new(slabBatch)
	}
	b.slab, b.buf = s, s.mem[len(s.mem):]
	b.opened = time.Now()
	tenth := int64(w.o.MaxDelay / 10)
	age := w.o.MaxDelay + time.Duration(w.spread(2*tenth+1)-tenth)
	w.openUntil = b.opened.Add(age)
	w.armAge(age)
	w.due = false
	w.open = b
	return true
}

// seal puts the open batch, which is not empty, into the queue.
func (w *Writer) seal() {
	b := w.open
	w.open = nil
	w.sealed = len(b.buf)
	b.slab.mem = b.slab.mem[:len(b.slab.mem)+len(b.buf)]
	w.seq++
	b.seq = w.seq
	b.sealed = time.Now()
	b.parts = 1
	b.first = part{batch: b, data: b.buf[:len(b.buf):len(b.buf)], lines: b.lines}
	w.live++
	w.queue.insert(&b.first)
	w.work.Broadcast()
}

// settled takes note that a part of b is gone, and frees b with the last one.
func (w *Writer) settled(b *slabBatch) {
	if b.parts--; b.parts > 0 {
		return
	}
	if w.live--; w.live == 0 && w.open == nil {
		w.armAge(w.o.MaxDelay) // to give back memory, if nothing comes
	}
	w.passBarriers(b.seq)
	if !w.aborted { // else its memory has been given to the caller of Close
		w.free(b)
	}
}

// free lets go of b, and of its slab when no other batch is in it.
func (w *Writer) free(b *slabBatch) {
	s := b.slab
	b.next, b.slab, b.buf = w.spare, nil, nil
	w.spare = b
	if s.refs--; s.refs > 0 {
		return
	}
	if w.filling == s {
		w.filling = nil
	}
	w.slabs.give(s)
	w.wakeAppenders()
}

func (w *Writer) wakeAppenders() {
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
}
