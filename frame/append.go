package frame

import (
	"slices"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file puts lines together from the texts that block.go made, row by row. It is
// the innermost loop of writing: a line is a few copies and no conversions.
//
// A block has a list of parts: first those before the fields, then one or three per
// field, and the end of the line in p.times. Row r of the block is the text
// src[from[r]:to[r]] of each part in turn; an empty text adds nothing, which is how
// nulls are left out. Every field begins with a comma; the first comma of a line is
// overwritten with the space before the fields.
//
// The copies move whole words, so they read and write past the texts. Two invariants
// make that safe:
//
//   - dst has p.room bytes free before a block begins, which is enough for all its
//     lines, each part rounded up.
//   - Every src has as many readable bytes after each text as the longest text of the
//     block, rounded up to pad.

// append appends the rows i to hi-1 of f, up to the first row that lp.Encoder has to
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
			swar.StoreByte(dst, start, ' ') // over the comma
			dst = dst[:p.end(dst, n, r)]
		}
	}
	return i - first, dst
}

// A part is a part of the lines of a block. Its text in row r is src[from[r]:to[r]].
type part struct {
	src      []byte
	from, to *[blockRows]int32
	longest  int // length of the longest text
}

// shortText is the length up to which texts are copied without looking at their
// length. Each row then takes as many bytes as the longest text of the block.
const shortText = 64

// assemble copies the parts of row r to b from n on, and returns their end. It may
// read and write shortText+pad bytes past them.
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

// end writes the time and the line feed after the fields of row r.
func (p *plan) end(b []byte, n, r int) int {
	q := &p.times
	from := r * q.size
	swar.Copy16(b, n, q.slots, from)
	swar.Copy16(b, n+16, q.slots, from+16)
	return n + int(q.to[r])
}
