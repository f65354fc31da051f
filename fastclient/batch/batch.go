package batch

import (
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/internal/verdict"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// A Batch is lines of line protocol that belong together: what one request
// carries if the server takes it whole.
type Batch struct {
	// Seq is the number of the batch, from 1 in the order of sealing. Parts of a
	// batch that had to be divided have the same number.
	Seq uint64
	// Lines is the number of lines.
	Lines int
	// Bytes is the size of the lines, uncompressed.
	Bytes int
	// SealedAt is when the last line was added.
	SealedAt time.Time
	// Encoding is the content encoding of Data, empty for none.
	Encoding string
	// Data is the lines, each ended by a line feed, in Encoding.
	Data []byte
}

// A slabBatch is a batch in the making and under way, in one slab.
type slabBatch struct {
	slab   *slab
	buf    []byte // its lines, with room to the end of the slab
	lines  int
	seq    uint64
	opened time.Time
	sealed time.Time
	parts  int // that are not settled
	spent  int // requests beyond the first
	first  part
	next   *slabBatch // in the free list
}

// A part is a run of lines of a batch that is sent as one request. A batch is
// one part until the server makes it necessary to divide it.
type part struct {
	batch      *slabBatch
	data       []byte
	from       int // offset in the batch
	lines      int
	tries      int // answers under actUnreadable
	judged     *judgement
	prev, next *part
	list       *partList
}

// A judgement is what becomes of a part under way whose lost lines a dead letter
// is being given. It stands, though Close may not wait for the dead letter.
type judgement struct {
	plan  verdict.Plan
	reply seam.Response
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

// insert puts p in its place, looked for from the end for a new batch and from
// the front for what comes back.
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
