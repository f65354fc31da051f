package deflate

import "github.com/pointwire/pointwire/internal/swar"

// A task is a block to write: body[start:end], whose matches are in seq.
type task struct {
	body       []byte
	start, end int
	seq        []uint64
	final      bool
}

// An outcome is why emit returned.
type outcome int

const (
	emitted outcome = iota // the block is written
	tooLong                // it is longer than what it holds
	noCode                 // a literal has no code
	noPair                 // from run alone: the next literals have no entry
)

// A cursor is where run writes on.
type cursor struct {
	stream
	at       int // in the body
	next     int // sequence
	literals int // of it, which are not written yet
	limit    int // of bytes written, beyond which the block is too long
}

// emit writes t. If the outcome is not emitted, part of it was written.
func (c *code) emit(w *stream, t *task) outcome {
	limit := w.n + t.end - t.start
	if w.n+c.head.n/8 >= limit {
		return tooLong
	}
	w.stored = 0
	final := uint64(0)
	if t.final {
		final = 1
	}
	w.put(final, 1)
	for i := 0; i < c.head.n; i += 32 {
		w.put(uint64(c.head.words[i>>5]), uint(min(32, c.head.n-i)))
	}
	r := cursor{stream: *w, at: t.start, literals: int(t.seq[0] & 0xffff), limit: limit}
	result := noPair
	for result == noPair {
		switch result = c.run(&r, t.body, t.seq); {
		case result != noPair:
		case !c.addPairs(&r, t.body):
			result = noCode
		case r.n > limit:
			result = tooLong
		}
	}
	if result == emitted {
		r.put(uint64(c.end>>5), uint(c.end&31))
	}
	*w = r.stream
	if w.n > limit {
		return tooLong
	}
	return result
}

// addPairs writes up to eight literals one by one, and enters their pairs. It reports
// whether they have codes.
func (c *code) addPairs(r *cursor, body []byte) bool {
	n := min(r.literals, 8)
	p := body[r.at : r.at+n]
	for i, b := range p {
		v := c.lit[b]
		if v == 0 {
			return false
		}
		r.put(uint64(v>>5), uint(v&31))
		if i&1 == 0 && i+1 < n {
			u, second := c.lit[p[i+1]], int(p[i+1])
			if u != 0 && u&31 <= pairBits && v&31 <= pairBits {
				c.pair[int(b)|second<<8] = (v>>5|u>>5<<(v&31))<<5 | v&31 + u&31
				c.rows[second>>6] |= 1 << (second & 63)
			}
		}
	}
	r.at += n
	r.literals -= n
	return true
}

// run writes sequences from r on until the last one, an error, or a pair without an
// entry.
//
// Between two flushes there are at most 7 bits left over, and 56 are added: eight
// literals in four pairs, if their codes are short, or four of them in two; or a match,
// of at most 20 bits for its length and 28 for its distance. Each flush stores eight
// bytes. The limit is looked at before eight literals and before each match: past it
// by at most three stores, which is within room.
func (c *code) run(r *cursor, body []byte, seq []uint64) outcome {
	var (
		pair     = &c.pair
		out      = r.b
		n        = r.n
		acc      = r.acc
		nb       = r.nb
		at       = r.at
		next     = r.next
		literals = r.literals
		limit    = r.limit
		result   = emitted
	)
	for {
		for literals >= 8 {
			x := swar.Load64(body, at)
			e0, e1 := pair[uint16(x)], pair[uint16(x>>16)]
			e2, e3 := pair[uint16(x>>32)], pair[x>>48]
			if e0 == 0 || e1 == 0 || e2 == 0 || e3 == 0 {
				result = noPair
				goto stop
			}
			n0, n1, n2 := uint(e0&31), uint(e1&31), uint(e2&31)
			lo, nlo := uint64(e0>>5)|uint64(e1>>5)<<n0, n0+n1
			hi, nhi := uint64(e2>>5)|uint64(e3>>5)<<n2, n2+uint(e3&31)
			if nlo+nhi > 56 {
				acc |= lo << (nb & 7)
				nb += nlo
				swar.Store64(out, n, acc)
				n += int(nb >> 3)
				acc >>= nb & 56
				nb &= 7
				lo, nlo, hi, nhi = hi, nhi, 0, 0
			}
			acc |= (lo | hi<<(nlo&63)) << (nb & 7)
			nb += nlo + nhi
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += 8
			literals -= 8
			if n > limit {
				result = tooLong
				goto stop
			}
		}
		if literals >= 4 {
			x := swar.Load32(body, at)
			e0, e1 := pair[uint16(x)], pair[x>>16]
			if e0 == 0 || e1 == 0 {
				result = noPair
				goto stop
			}
			n0 := uint(e0 & 31)
			acc |= (uint64(e0>>5) | uint64(e1>>5)<<n0) << (nb & 7)
			nb += n0 + uint(e1&31)
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += 4
			literals -= 4
		}
		if literals >= 2 {
			e0 := pair[uint16(body[at])|uint16(body[at+1])<<8]
			if e0 == 0 {
				result = noPair
				goto stop
			}
			acc |= uint64(e0>>5) << (nb & 7)
			nb += uint(e0 & 31)
			at += 2
			literals -= 2
		}
		if literals > 0 {
			e0 := c.lit[body[at]]
			if e0 == 0 {
				result = noPair
				goto stop
			}
			acc |= uint64(e0>>5) << (nb & 63)
			nb += uint(e0 & 31)
			at++
			literals--
		}
		// At most 7+24+15 bits.
		swar.Store64(out, n, acc)
		n += int(nb >> 3)
		acc >>= nb & 56
		nb &= 7

		s := seq[next]
		length := uint(s>>16) & 0xffff
		if length == 0 {
			goto stop
		}
		m := c.match[length]
		symbol, extra, ne := distanceParts(uint32(s >> 32))
		d := c.dist[symbol&31]
		nm, nd := uint(m&31), uint(d&31)
		acc |= (uint64(m>>5) | (uint64(d>>5)|uint64(extra)<<nd)<<nm) << nb
		nb += nm + nd + ne
		swar.Store64(out, n, acc)
		n += int(nb >> 3)
		acc >>= nb & 56
		nb &= 7
		at += int(length)
		next++
		literals = int(seq[next] & 0xffff)
		if n > limit {
			result = tooLong
			goto stop
		}
	}
stop:
	// A pair of the tail may be waiting.
	r.n, r.acc, r.nb = n, acc, nb
	r.at, r.next, r.literals = at, next, literals
	return result
}
