package frame

import (
	"slices"

	"github.com/pointwire/pointwire/internal/swar"
)

// append appends the rows i to hi-1 of f, up to the first that lp.Encoder has to
// write, and returns how many it appended.
func (p *plan) append(dst []byte, f *Frame, i, hi int) (int, []byte) {
	first := i
	for i < hi {
		if i < p.lo || i >= p.hi {
			p.begin(f, i, hi)
		}
		if cap(dst)-len(dst) < p.room {
			dst = slices.Grow(dst, p.room)
		}
		tags, fields := p.parts[:p.tags], p.parts[p.tags:]
		for ; i < p.hi; i++ {
			r := i - p.lo
			start := assemble(dst, len(dst), tags, r)
			n := assemble(dst, start, fields, r)
			if p.irregular>>r&1 != 0 || n == start {
				return i - first, dst // the row has no field, or lp.Encoder writes it
			}
			swar.StoreByte(dst, start, ' ') // in the place of a comma
			dst = dst[:p.end(dst, n, r)]
		}
	}
	return i - first, dst
}

// A part is a part of the lines of a block: that of row r is src[from[r]:to[r]].
type part struct {
	src      []byte
	from, to *[blockRows]int32
	longest  int
}

// shortText is the length up to which texts are copied without a look at how long
// they are: as many bytes for each row as the longest of the block takes.
const shortText = 64

// assemble copies the parts of row r to b from n on, and returns their end. It
// reads and writes up to shortText+pad bytes more.
func assemble(b []byte, n int, parts []part, r int) int {
	r &= blockRows - 1
	for k := range parts {
		q := &parts[k]
		from, to := int(q.from[r]), int(q.to[r])
		size := to - from
		if q.longest > shortText {
			copy(b[n:cap(b)], q.src[from:to])
		} else {
			for at, end := n, n+q.longest; at < end; at += 16 {
				swar.Copy16(b, at, q.src, from)
				from += 16
			}
		}
		n += size
	}
	return n
}

// end writes what stands behind the fields of row r.
func (p *plan) end(b []byte, n, r int) int {
	q := &p.times
	from := r * q.size
	swar.Copy16(b, n, q.slots, from)
	swar.Copy16(b, n+16, q.slots, from+16)
	return n + int(q.to[r])
}
