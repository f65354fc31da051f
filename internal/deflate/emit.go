package deflate

import "github.com/pointwire/pointwire/internal/swar"

// A task is a block to write: body[start:end], whose matches are in seq.
type task struct {
	body       []byte
	start, end int
	seq        []uint64
	final      bool
	opaque     bool // if the byte none is in it
}

// An outcome is why emit returned.
type outcome int

const (
	emitted outcome = iota // the block is written
	tooLong                // it is longer than what it holds
	noCode                 // a symbol has no code
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
		if t.opaque {
			result = c.runBytes(&r, t.body, t.seq)
			break
		}
		switch result = c.run(&r, t.body, t.seq); {
		case result != noPair:
		case !c.addPairs(&r, t.body):
			result = noCode
		case r.n > limit:
			result = tooLong
		}
	}
	if result == emitted && r.literals > 0 && !c.addPairs(&r, t.body) {
		result = noCode
	}
	if result == emitted {
		r.put(uint64(c.end>>6), uint(c.end&31))
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
		r.put(uint64(v>>6), uint(v&31))
		if i&1 != 0 {
			continue
		}
		second, u := none, uint32(0)
		if i+1 < n {
			second = int(p[i+1])
			u = c.lit[second]
		}
		if u&31 <= pairBits && v&31 <= pairBits && (u != 0 || second == none) {
			c.pair[int(b)|second<<8] = (v>>6|u>>6<<(v&31))<<6 | present | v&31 + u&31
			c.rows[second>>6] |= 1 << (second & 63)
		}
	}
	r.at += n
	r.literals -= n
	return true
}

// runBytes is run for any bytes: it takes literals one by one.
func (c *code) runBytes(r *cursor, body []byte, seq []uint64) outcome {
	out, n, acc, nb, at := r.b, r.n, r.acc, r.nb, r.at
	for _, s := range seq {
		for _, b := range body[at : at+int(s&0xffff)] {
			v := c.lit[b]
			if v == 0 {
				return noCode
			}
			acc |= uint64(v>>6) << (nb & 63)
			if nb += uint(v & 31); nb < 32 {
				continue
			}
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			if n > r.limit {
				return tooLong
			}
		}
		at += int(s & 0xffff)
		swar.Store64(out, n, acc)
		n += int(nb >> 3)
		acc >>= nb & 56
		nb &= 7
		length := uint(s>>16) & 0xffff
		if length == 0 {
			break
		}
		m := c.match[length]
		symbol, extra, ne := distanceParts(uint32(s >> 32))
		d := c.dist[symbol&31]
		if m&d&present == 0 {
			return noCode
		}
		nm, nd := uint(m&31), uint(d&31)
		acc |= (uint64(m>>6) | (uint64(d>>6)|uint64(extra)<<nd)<<nm) << (nb & 7)
		nb += nm + nd + ne
		swar.Store64(out, n, acc)
		n += int(nb >> 3)
		acc >>= nb & 56
		nb &= 7
		at += int(length)
		if n > r.limit {
			return tooLong
		}
	}
	r.n, r.acc, r.nb, r.literals = n, acc, nb, 0
	return emitted
}

// run writes sequences from r on until the last one, an error, or a pair without an
// entry. The last literals of the last sequence, up to seven, are left to the caller.
//
// Lengths of runs of literals are nothing that a processor could predict, so the last
// eight literals or less before a match are written without a branch: what is beyond
// them is replaced with the byte none, whose pairs have no bits.
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
	)
	for {
		for literals > 8 {
			x := swar.Load64(body, at)
			e0, e1 := pair[uint16(x)], pair[uint16(x>>16)]
			e2, e3 := pair[uint16(x>>32)], pair[x>>48]
			lo, nlo := uint64(e0>>6), e0&31
			lo |= uint64(e1>>6) << nlo
			nlo += e1 & 31
			hi, nhi := uint64(e2>>6), e2&31
			hi |= uint64(e3>>6) << nhi
			nhi += e3&31 + nlo
			if e0&e1&e2&e3&present == 0 || nhi > 56 {
				goto stop
			}
			acc |= (lo | hi<<(nlo&63)) << (nb & 7)
			nb += uint(nhi)
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += 8
			literals -= 8
			if n > limit {
				goto stop
			}
		}
		s := seq[next]
		length := uint(s>>16) & 0xffff
		if length == 0 {
			goto stop
		}
		if literals > 0 {
			// A match begins at least margin bytes before the end of the body, so that
			// eight bytes can be loaded.
			x := swar.Load64(body, at) | ^uint64(0xff)<<(uint(literals*8-8)&63)
			e0, e1 := pair[uint16(x)], pair[uint16(x>>16)]
			e2, e3 := pair[uint16(x>>32)], pair[x>>48]
			lo, nlo := uint64(e0>>6), e0&31
			lo |= uint64(e1>>6) << nlo
			nlo += e1 & 31
			hi, nhi := uint64(e2>>6), e2&31
			hi |= uint64(e3>>6) << nhi
			nhi += e3&31 + nlo
			if e0&e1&e2&e3&present == 0 || nhi > 56 {
				goto stop
			}
			acc |= (lo | hi<<(nlo&63)) << (nb & 7)
			nb += uint(nhi)
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += literals
		}
		{
			m := c.match[length]
			symbol, extra, ne := distanceParts(uint32(s >> 32))
			d := c.dist[symbol&31]
			if m&d&present == 0 {
				return noCode
			}
			nm, nd := uint(m&31), uint(d&31)
			acc |= (uint64(m>>6) | (uint64(d>>6)|uint64(extra)<<nd)<<nm) << (nb & 7)
			nb += nm + nd + ne
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += int(length)
			next++
			literals = int(seq[next] & 0xffff)
			if n > limit {
				goto stop
			}
		}
	}
stop:
	r.n, r.acc, r.nb = n, acc, nb
	r.at, r.next, r.literals = at, next, literals
	switch {
	case n > limit:
		return tooLong
	case literals <= 8 && seq[next]>>16 == 0:
		return emitted
	}
	return noPair
}
