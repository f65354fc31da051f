package batch

import (
	"sync"
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

// A slabPool hands out slabs of one size, at most as many at once as its budget. If the
// budget has become less, those above it are released as they come back. It is guarded by
// the lock of its owner.
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
	if p.made >= p.budget {
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
	p.setBudget(p.budget)
}

// setBudget changes the budget and releases free slabs above it.
func (p *slabPool) setBudget(budget int) {
	p.budget = budget
	p.trim(max(0, len(p.free)-max(0, p.made-budget)))
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
	start  uint64     // number of lines that were appended before the first that is not logged, less loggedLines
	route  *route     // where it goes; nil: to the client's place
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

// A routing is what RouteOptions add to an engine. A nil routing adds nothing.
type routing struct {
	*router
	max     int
	scratch sync.Pool // of *runs

	table   map[string]*route // by key
	recent  route             // the routes of the table in a ring, the last used one first
	current *route            // of engine.open
	rooms   []*slab
	bytes   int // of routes, and of batches without their lines
	open    int // of bytes, those that the table may take
	limit   int // of bytes, while batches are live
	pauses  map[string]pause
}

// A route is one place.
type route struct {
	key        string
	place      *seam.Place
	inTable    bool
	refs       int        // batches that are not free, the open one included
	batch      *slabBatch // open, and put aside; with until and due as in engine
	until      time.Time
	due        bool
	sealed     int // size of the last batch
	prev, next *route
}

// A pause is that of a place which does not exist, by its lasting path.
type pause struct {
	failures uint64 // in a row
	until    time.Time
}

const (
	routeBytes = 384 // of a route, without names and paths
	batchBytes = 512 // of a batch, without its lines
	maxPauses  = 1024
)

// defaultRoutes is the default of RouteOptions.Max.
const defaultRoutes = 16

// newRouting returns the routing of c for an engine with so many slabs and senders, nil if
// there is none. It reports false if there are too few slabs.
func newRouting(c *config, slabs, senders int) (x *routing, ok bool) {
	if c.router == nil {
		return nil, true
	}
	x = &routing{router: c.router, limit: c.routeBytes(), table: map[string]*route{}, pauses: map[string]pause{}}
	most := mostRoutes(slabs, senders)
	if x.max = c.router.o.Max; x.max == 0 {
		x.max = min(defaultRoutes, most)
	}
	x.recent.prev, x.recent.next = &x.recent, &x.recent
	x.scratch.New = func() any { return new(runs) }
	return x, x.max <= most
}

// mostRoutes returns how many routes may have an open batch: the other slabs are for sealed
// batches.
func mostRoutes(slabs, senders int) int { return max(1, (slabs-senders)/2) }

// routeBytes returns the memory that is set aside for routes and small batches.
func (c *config) routeBytes() int {
	if c.router == nil {
		return 0
	}
	return c.o.MaxMemory / 16
}

// destination returns where the batches of r go; zero: to the client's place.
func (r *route) destination() Destination {
	if r == nil {
		return Destination{}
	}
	return Destination{r.place.Database, r.place.RetentionPolicy, r.place.Bucket}
}

// at returns the place of r, nil for the client's.
func (r *route) at() *seam.Place {
	if r == nil {
		return nil
	}
	return r.place
}

// size returns how much memory r takes.
func (r *route) size() int {
	p := r.place
	n := routeBytes + len(r.key) + len(p.Lasting) + len(p.Database) + len(p.RetentionPolicy) + len(p.Bucket)
	for _, path := range p.Paths {
		n += len(path)
	}
	return n
}

// newRoute returns a route that is not in the table.
func (x *routing) newRoute(key string, p *seam.Place) *route {
	r := &route{key: key, place: p}
	x.bytes += r.size()
	return r
}

// crowded reports whether a route has to leave the table before one of size bytes comes. The
// table gets half of the limit: the other one is for what is sealed, which may have to stay.
func (x *routing) crowded(size int) bool {
	return len(x.table) >= x.max || len(x.table) > 0 && x.open+size > x.limit/2
}

// enter puts r into the table.
func (x *routing) enter(r *route) {
	r.inTable = true
	x.table[r.key] = r
	x.open += r.size() + batchBytes
}

// leave takes r out of the table.
func (x *routing) leave(r *route) {
	delete(x.table, r.key)
	r.prev.next, r.next.prev = r.next, r.prev
	r.inTable = false
	x.open -= r.size() + batchBytes
}

// opened adds b to the batches of the current route.
func (x *routing) opened(b *slabBatch) { x.hold(b, x.current) }

// hold makes b a batch of r.
func (x *routing) hold(b *slabBatch, r *route) {
	b.route = r
	r.refs++
	x.bytes += batchBytes
}

// freed takes b from the batches of its route.
func (x *routing) freed(b *slabBatch) {
	if b.route != nil {
		x.bytes -= batchBytes
		x.release(b.route)
		b.route = nil
	}
}

func (x *routing) release(r *route) {
	if r.refs--; r.refs == 0 && !r.inTable {
		x.bytes -= r.size()
	}
}

func (x *routing) takeRoom(size int) *slab {
	for i, s := range x.rooms {
		if s.room() >= size {
			x.dropRoom(s, i)
			return s
		}
	}
	return nil
}

// giveRoom offers what s has left.
func (x *routing) giveRoom(s *slab) {
	if s.room() >= max(64, cap(s.mem)/64) {
		x.rooms = append(x.rooms, s)
	}
}

// dropRoom takes s, which is rooms[i], out.
func (x *routing) dropRoom(s *slab, i int) {
	last := len(x.rooms) - 1
	x.rooms[i], x.rooms[last] = x.rooms[last], nil
	x.rooms = x.rooms[:last]
}

// slabFree takes s out of rooms, because nothing is in it any more.
func (x *routing) slabFree(s *slab) {
	for i := range x.rooms {
		if x.rooms[i] == s {
			x.dropRoom(s, i)
			return
		}
	}
}
