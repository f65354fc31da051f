package batch

import (
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/line"
)

// This file declares where lines are: a slabPool hands out slabs within a budget, a
// slabBatch is a run of lines in one slab, and a part is a run of lines of a batch that is
// sent as one request. Parts wait or are under way in a partList.
//
// Invariants: lines are copied once, on append, and moved only within the part that
// conclude may reuse. Batches of a slab follow each other and do not overlap, and neither
// do the parts of a batch. A slab goes back to the pool only when all its batches are
// settled. A part is in one partList at most, and the list is in the order of the lines.

// A slab is memory for batches, one after the other. It is free when all of them are
// settled.
type slab struct {
	mem  []byte // sealed batches fill it up to its length
	refs int    // batches in it that are not settled, including the open one
}

// room returns how many bytes are left for another batch.
func (s *slab) room() int { return cap(s.mem) - len(s.mem) }

// A slabPool hands out slabs of one size, at most as many at once as its budget. It is
// guarded by the lock of its owner.
type slabPool struct {
	size   int
	budget int // number of slabs
	made   int // slabs in existence, free or not
	free   []*slab
}

// take returns an empty slab, or nil when the budget is spent.
func (p *slabPool) take() *slab {
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		return s
	}
	if p.made == p.budget {
		return nil
	}
	p.made++
	return &slab{mem: make([]byte, 0, p.size)}
}

// give takes a slab back.
func (p *slabPool) give(s *slab) {
	if cap(s.mem) != p.size || s.refs != 0 {
		panic("batch: slab of a foreign size, or in use")
	}
	s.mem = s.mem[:0]
	p.free = append(p.free, s)
}

// trim releases all but keep of the free slabs to the garbage collector.
func (p *slabPool) trim(keep int) {
	for n := len(p.free); n > keep; n-- {
		p.free[n-1] = nil
		p.free = p.free[:n-1]
		p.made--
	}
}

// A slabBatch is a batch that is being filled or sent, in one slab.
type slabBatch struct {
	slab   *slab
	buf    []byte // its lines, with capacity to the end of the slab
	lines  int
	seq    uint64
	opened time.Time
	sealed time.Time
	parts  int // parts that are not settled
	spent  int // requests made to find bad lines
	first  part
	next   *slabBatch // next in the list of free batches
	start  uint64     // number of lines that were appended before its first one
	onDisk
}

// fit returns how many of the n lines fit into b, and their size. The refusal of a server
// may have made sealBytes small. A line that is longer gets a batch of its own if the slab
// can hold it.
func (b *slabBatch) fit(lines []byte, n, sealBytes, maxLines int) (size, k int) {
	room := min(sealBytes, cap(b.buf)) - len(b.buf)
	if len(lines) <= room && b.lines+n <= maxLines {
		return len(lines), n
	}
	for k < n && b.lines+k < maxLines {
		l := line.Len(lines[size:])
		if size+l > room {
			if b.lines+k == 0 && l <= cap(b.buf) {
				return l, 1
			}
			break
		}
		size += l
		k++
	}
	return size, k
}

// A part is a run of lines of a batch that is sent as one request. A batch is one part
// until a response requires it to be divided.
type part struct {
	batch      *slabBatch
	data       []byte
	from       int // offset in the batch
	lines      int
	tries      int // responses under verdict.ActUnreadable
	judged     *judgement
	logged     bool // its lines are in the frames of the batch
	prev, next *part
	list       *partList
}

// A judgement is the verdict on a part, and the response that it is about. While a part's
// lost lines are given to a dead letter, part.judged points to it, so that Close applies the
// same verdict without waiting for the dead letter.
type judgement struct {
	plan     verdict.Plan
	response seam.Response
}

func (p *part) before(q *part) bool {
	if p.batch.seq != q.batch.seq {
		return p.batch.seq < q.batch.seq
	}
	return p.from < q.from
}

// A partList is a list of parts in the order of their lines.
type partList struct {
	head, tail *part
	n          int
	count      Count
}

// insert puts p in its place. It searches from the end for a new batch, and from the
// front for one that comes back.
func (l *partList) insert(p *part) {
	p.list = l
	l.n++
	l.count.add(p.lines, len(p.data))
	if l.tail == nil || l.tail.before(p) {
		p.prev, p.next = l.tail, nil
		if l.tail != nil {
			l.tail.next = p
		} else {
			l.head = p
		}
		l.tail = p
		return
	}
	at := l.head
	for at.before(p) {
		at = at.next
	}
	p.prev, p.next = at.prev, at
	if at.prev != nil {
		at.prev.next = p
	} else {
		l.head = p
	}
	at.prev = p
}

// remove takes p out.
func (l *partList) remove(p *part) {
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.head = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.tail = p.prev
	}
	p.prev, p.next, p.list = nil, nil, nil
	l.n--
	l.count.sub(p.lines, len(p.data))
}

// intact reports whether the batch is one part, as it was sealed.
func (b *slabBatch) intact() bool {
	p := &b.first
	return b.parts == 1 && p.list != nil && p.lines == b.lines && len(p.data) == len(b.buf)
}

// onlyOnDisk reports whether nothing is lost if b leaves memory.
func (b *slabBatch) onlyOnDisk() bool {
	return b.intact() && len(b.frames) > 0 && (b.replay != nil || b.logged == len(b.buf))
}

// compressed returns the lines of p as they are on disk, and their encoding, if p is all
// that is there.
func (p *part) compressed() ([]byte, spool.Encoding) {
	if b := p.batch; b.body != nil && p.lines == b.lines && len(p.data) == len(b.buf) {
		return b.body, b.encoding
	}
	return nil, spool.Plain
}
