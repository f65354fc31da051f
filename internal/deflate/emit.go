package deflate

import "github.com/pointwire/pointwire/internal/swar"

// This file writes a block. run is the fast loop. It writes literals in pairs from the
// table code.pair, which starts empty for each code; when run meets a pair without an
// entry it stops, addPairs writes the next literals one by one and enters their pairs,
// and run goes on. runBytes replaces run for chunks in which the byte none occurs, since
// run uses that byte for no literal.
//
// All of them keep the state of the output in a cursor, with fewer than 8 bits waiting
// between two stores, and stop soon after the output passes limit.

// A task is a block to write: body[start:end], whose sequences are seq.
type task struct {
	body       []byte
	start, end int
	seq        []uint64
	final      bool
	opaque     bool // the byte none occurs in the block
}

// An outcome is the reason why emit returned.
type outcome int

const (
	emitted outcome = iota // the block was written
	tooLong                // the block became longer than its input
	noCode                 // a symbol has no code
	noPair                 // returned by run only: the next literals have no entry
)

// A cursor is the place where run goes on, in the output and in the input.
type cursor struct {
	stream
	at       int // position in the body
	next     int // index of the sequence
	literals int // literals of that sequence that are not written yet
	limit    int // output position beyond which the block is too long
}

// emit writes t. If the outcome is not emitted, the caller must undo a part of t.
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

// addPairs writes up to eight literals one by one, and enters their pairs in the table.
// It reports false if a literal has no code.
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

// runBytes is run for chunks with any bytes: it writes literals one by one, to the end.
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

// run writes sequences from r on until it meets the last one, an error, or a pair
// without an entry. It leaves the last literals of the last sequence, up to eight, to
// the caller.
//
// The processor cannot predict how many literals precede a match, so the last eight or
// fewer are written without a branch: the bytes after them are replaced by the byte
// none, whose pair has no bits.
//
// A store of eight bytes writes at most 63 bits: the 7 or fewer left over from the last
// store, and 56 new ones. These are eight literals, in four pairs whose codes must have
// 56 bits at most, or a match, of at most 20 bits for its length and 28 for its
// distance. The limit is checked after each eight literals and after each match, so at
// most three stores go beyond it, which room allows for.
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
