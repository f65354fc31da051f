package spool

import "math/bits"

// This file knows the batches of one segment: where each is and in which state. A batch is
// waiting, leased or acked. Invariants: the lock of the Spool guards all of it except the
// contents of the file; f and index are set together; a batch is not both leased and acked.

// An entry is a batch in the index of a segment.
type entry struct {
	offset, size uint32
	lines, bytes uint32
	sealed       int64
}

func (e entry) count() Count {
	return Count{Batches: 1, Lines: uint64(e.lines), Bytes: uint64(e.bytes)}
}

// A segment is a file of batches.
type segment struct {
	identity
	seed   uint32
	size   int64 // of the file up to the end of the last batch
	frames int
	total  Count // of all batches
	oldest int64 // smallest sealed time of a batch that may be waiting

	acked, leased Count
	done, out     bitmap // the batches that are acked, and those that are leased

	f     file    // open while the segment is loaded
	index []entry // while it is loaded
	pins  int     // uses of f without the lock

	sealed  bool  // takes no more batches
	synced  int   // the first batches, which are durable
	failed  error // of a sync: the batches from synced on may never be durable
	damaged bool  // its file goes to quarantine in the end
	listed  bool  // in the manifest as complete
	offered bool  // maybe listed, since a manifest that lists it was written
	cut     bool  // truncated to its header
	resting bool  // the disk failed to read it; others have their turn first
	from    int   // where the search for the oldest waiting batch begins
}

func newSegment(n identity) *segment {
	return &segment{identity: n, seed: n.seed(), size: segmentHeaderSize}
}

// waiting returns the batches that are neither leased nor acked.
func (g *segment) waiting() Count {
	c := g.total
	c.sub(g.acked)
	c.sub(g.leased)
	return c
}

// finished reports whether no batch of g is wanted any more.
func (g *segment) finished() bool { return g.acked.Batches == uint64(g.frames) }

// wanted reports whether a batch of g from place i on is wanted.
func (g *segment) wanted(i int) bool {
	if g.finished() {
		return false
	}
	for ; i < g.frames; i++ {
		if !g.done.has(i) {
			return true
		}
	}
	return false
}

// wantsSync reports whether a batch of g is wanted that a sync can make durable.
func (g *segment) wantsSync() bool { return g.failed == nil && g.wanted(g.synced) }

// add appends a batch, whose header is h, to the index.
func (g *segment) add(h *frameHeader) {
	if g.frames == 0 || h.sealed < g.oldest {
		g.oldest = h.sealed
	}
	g.index = append(g.index, h.entry(g.size))
	g.total.add(h.count())
	g.size += h.size()
	g.frames++
}

func (h *frameHeader) entry(offset int64) entry {
	return entry{offset: uint32(offset), size: uint32(h.size()), lines: h.lines, bytes: h.bytes, sealed: h.sealed}
}

// pick returns the waiting batch that is next in order. The segment is loaded and has one.
func (g *segment) pick(order Order) int {
	if order == Newest {
		return g.free(g.frames-1, -1)
	}
	if i := g.free(g.from, 1); i >= 0 {
		return i
	}
	g.from = 0
	return g.free(0, 1)
}

// free returns the first waiting batch from i on in the direction of step, or -1.
func (g *segment) free(i, step int) int {
	for ; 0 <= i && i < g.frames; i += step {
		if g.done.full(i) || g.out.full(i) {
			// Words without a free batch are passed in one step.
			if step > 0 {
				i |= 63
			} else {
				i &^= 63
			}
			continue
		}
		if !g.done.has(i) && !g.out.has(i) {
			return i
		}
	}
	return -1
}

// lease takes waiting batch i out.
func (g *segment) lease(i int, c Count) {
	g.out.set(i, g.room())
	g.leased.add(c)
}

// giveBack makes leased batch i wait again.
func (g *segment) giveBack(i int, c Count, sealed int64) {
	g.out.clear(i)
	g.leased.sub(c)
	g.oldest = min(g.oldest, sealed)
	g.from = min(g.from, i)
}

// ack acks leased batch i.
func (g *segment) ack(i int, c Count) {
	g.out.clear(i)
	g.leased.sub(c)
	g.done.set(i, g.room())
	g.acked.add(c)
}

// room returns how many batches the bitmaps are made for.
func (g *segment) room() int {
	if g.sealed {
		return g.frames
	}
	return maxFrames
}

// ackedPrefix returns how many batches from the first on are acked.
func (g *segment) ackedPrefix() int {
	if g.finished() {
		return g.frames
	}
	return min(g.done.prefix(), g.frames)
}

// oldestWaiting returns the smallest sealed time of the waiting batches, as far as is
// known.
func (g *segment) oldestWaiting() int64 {
	if g.index == nil {
		return g.oldest
	}
	if i := g.free(0, 1); i >= 0 {
		return g.index[i].sealed
	}
	return g.oldest
}

// A bitmap is a set of the batches of a segment. Nil is empty.
type bitmap []uint64

// set adds i to the set, which is made for n batches if it was not made yet.
func (m *bitmap) set(i, n int) {
	if *m == nil {
		*m = make(bitmap, (n+63)/64)
	}
	(*m)[i/64] |= 1 << (i % 64)
}

func (m bitmap) clear(i int) {
	if i/64 < len(m) {
		m[i/64] &^= 1 << (i % 64)
	}
}

func (m bitmap) has(i int) bool { return i/64 < len(m) && m[i/64]&(1<<(i%64)) != 0 }

// full reports whether all 64 batches around i are in the set.
func (m bitmap) full(i int) bool { return i/64 < len(m) && m[i/64] == ^uint64(0) }

// prefix returns the length of the run from 0 on that is in the set.
func (m bitmap) prefix() int {
	for w, word := range m {
		if word != ^uint64(0) {
			return w*64 + bits.TrailingZeros64(^word)
		}
	}
	return len(m) * 64
}
