package batch

import (
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// This file declares what a Writer with a spool adds: a spooling to its engine, an onDisk to
// each batch. The files log.go, spill.go and replay.go have a part of it each, and spooler.go
// runs it. Here is what the engine calls for every batch; all of it does nothing for a nil
// spooling.
//
// A batch from an append is in the list of those that are not logged whole until it is
// logged or settled. Its frames are those in the spool, leased; they are acked when it is
// settled. A batch from disk has a slot as its memory.

// diskPause is the time between attempts at a disk that fails.
const diskPause = time.Second

// A spooling is what a Writer with a spool adds to its engine.
type spooling struct {
	s      *spool.Spool
	o      SpoolOptions
	ahead  bool // WriteAhead
	target []byte

	work chan struct{} // one token: there may be something to do
	next time.Time     // the goroutine looks then, if nothing wakes it
	quit chan struct{} // closed to end the goroutine
	done chan struct{} // closed when it has ended

	err     error     // why the disk took nothing the last time
	noSync  bool      // it takes batches, but does not make them durable
	retryAt time.Time // when it is asked again; of reading, readAt
	readAt  time.Time
	acks    []uint64 // frames to ack
	acking  []uint64 // memory for it

	found, lost Count  // of the spool, as far as they are in the ledger
	start       uint64 // number of the last frame when the spool was opened
	own         Count  // lines that this Writer has put on disk, and that are not settled

	logging
	spilling
	replaying
}

// onDisk is what a batch in memory has on disk.
type onDisk struct {
	frames      []uint64 // numbers of its batches in the spool, leased
	logged      int      // bytes of it that are there
	loggedLines int
	listed      bool           // in the list of batches that are not logged whole
	pinned      bool           // the goroutine reads its memory
	body        []byte         // all of it, compressed; nil: none
	encoding    spool.Encoding // of body
	older       *slabBatch
	younger     *slabBatch
	replay      *replaySlot // its memory, if it came from disk; nil: it did not
}

// logging is the part of a spooling for the log.
type logging struct {
	oldest, newest *slabBatch // list of the sealed batches that are not logged whole
	syncTo         uint64     // under Spill, batches up to this one are logged
	durable        uint64     // with SyncBatches: lines up to this one survive a crash
	bodies         [][]byte   // free buffers for compressed bodies
	bodyBytes      int        // of all of these buffers, in use or not
	bodyLimit      int        // bound of it
	scratch        []byte     // where a body is compressed
	reading        *slabBatch // the one that is pinned
	waits          []*logWait
	spare          []*logWait
	ended          bool      // nobody answers waits any more
	final          error     // the answer to those that come later
	converted      sync.Pool // of *[]byte: lines in the unit in which they are sent
}

// A logWait is an append or a Sync that waits for the log.
type logWait struct {
	to     uint64 // the lines before are logged
	synced bool   // and durable
	c      chan error
}

// spilling is the part of a spooling for moving parts to disk.
type spilling struct {
	moving partList // parts that the goroutine writes
	from   uint64   // OldestFirst: batches from this one on go to disk; 0: none
}

// replaying is the part of a spooling for bringing batches back.
type replaying struct {
	replays    partList // parts of batches from disk that wait
	slots      []*replaySlot
	used       int
	keepLines  int  // largest memory of a slot that is kept
	large      int  // slots in use whose memory is larger
	waiting    bool // the spool may have batches
	nextReplay time.Time
	other      Count // lines of frames that cannot be sent
	more       spool.Batch
	skipped    []uint64 // frames whose place does not exist, leased
	skipUntil  time.Time
	zstd       *zstd.Decoder
}

// A replaySlot is the memory of a batch from disk.
type replaySlot struct {
	lines []byte
	read  spool.Batch // whose body is sent if it is all of the batch
	own   Count       // of the lines, those that this Writer has put on disk
}

// wake lets the goroutine look for work.
func (d *spooling) wake() {
	if d == nil {
		return
	}
	select {
	case d.work <- struct{}{}:
	default:
	}
}

// live returns how many batches from disk are in memory. The lock is held.
func (d *spooling) live() int {
	if d == nil {
		return 0
	}
	return d.used
}

// failing reports whether the disk is not to be asked now. The lock is held.
func (d *spooling) failing() bool { return d.err != nil && time.Now().Before(d.retryAt) }

// fails reports whether the disk took nothing the last time.
func (d *spooling) fails() bool { return d != nil && d.err != nil }

// opened makes sure that the goroutine looks when the lines of b will have waited for age.
// It mostly does, since it looks when those before it will.
func (d *spooling) opened(b *slabBatch, age time.Duration) {
	if d != nil && d.next.After(b.opened.Add(age)) {
		d.wake()
	}
}

// sealed notes that b was sealed. It wakes the goroutine only if that has something to do
// with b, because waking it costs as much as a hundred lines.
func (d *spooling) sealed(b *slabBatch, memoryLow bool) {
	if b.loggedLines == b.lines {
		return
	}
	b.listed, b.older, b.younger = true, d.newest, nil
	if d.newest == nil {
		d.oldest = b
	} else {
		d.newest.younger = b
	}
	d.newest = b
	if d.ahead || d.from > 0 || memoryLow {
		d.wake()
	}
}

// unlist takes b out of the list.
func (d *spooling) unlist(b *slabBatch) {
	if b.older == nil {
		d.oldest = b.younger
	} else {
		b.older.younger = b.younger
	}
	if b.younger == nil {
		d.newest = b.older
	} else {
		b.younger.older = b.older
	}
	b.listed, b.older, b.younger = false, nil, nil
	if len(d.waits) > 0 {
		d.wake()
	}
}

// settled releases what a settled batch has on disk. The lock is held.
func (d *spooling) settled(b *slabBatch) {
	if d == nil {
		return
	}
	if b.listed {
		d.unlist(b)
	}
	if b.replay != nil {
		d.own = d.own.minus(b.replay.own)
		b.replay.own = Count{}
	}
	if len(b.frames) > 0 {
		d.acks = append(d.acks, b.frames...)
		b.frames = b.frames[:0]
		d.wake()
	}
	d.freeBody(b)
}

// frame returns what the spool keeps of lines of b. Its time is that of the first line of b,
// by which lines are too old.
func (d *spooling) frame(b *slabBatch, data []byte, lines int) spool.Batch {
	target := d.target
	if b.route != nil {
		target = []byte(b.route.place.Lasting)
	}
	return spool.Batch{Target: target, Body: data, Lines: lines, Bytes: len(data), SealedAt: b.opened}
}

// freeBody gives back the compressed body of a batch that did not come from disk.
func (d *spooling) freeBody(b *slabBatch) {
	if b.body != nil && b.replay == nil {
		d.bodies = append(d.bodies, b.body[:0])
	}
	b.body, b.encoding = nil, spool.Plain
}

// keepBody copies a compressed body, if there is memory for it, or returns nil.
func (d *spooling) keepBody(body []byte) []byte {
	for n := len(d.bodies); n > 0; n-- {
		buf := d.bodies[n-1]
		d.bodies = d.bodies[:n-1]
		if cap(buf) >= len(body) {
			return append(buf, body...)
		}
		d.bodyBytes -= cap(buf) // a larger one takes its place
	}
	size := len(body) + len(body)/8
	if d.bodyBytes+size > d.bodyLimit {
		return nil
	}
	d.bodyBytes += size
	return append(make([]byte, 0, size), body...)
}

// isLarge reports whether slot has a batch of a Writer with larger ones.
func (d *spooling) isLarge(slot *replaySlot) bool { return cap(slot.lines) > d.keepLines }

// freeReplay releases the memory of b, which came from disk.
func (d *spooling) freeReplay(b *slabBatch) {
	slot := b.replay
	if d.isLarge(slot) {
		d.large--
		*slot = replaySlot{} // its batch was larger than ours
	}
	d.slots = append(d.slots, slot)
	d.used--
	d.wake()
}
