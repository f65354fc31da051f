package deflate

import "github.com/pointwire/pointwire/internal/swar"

// This file writes a chunk. run is the fast loop. It writes literals in pairs from the
// table code.pair, which starts empty for each code; when run meets a pair without an
// entry it stops, addPairs writes the next literals one by one and enters their pairs,
// and run goes on. runBytes replaces run for chunks in which the byte none occurs, since
// run uses that byte for no literal.
//
// All of them keep the state of the output in a cursor, with fewer than 8 bits waiting
// between two stores, and stop soon after the output passes limit.

// A task is a chunk to write: body[start:end], whose sequences are seq.
type task struct {
	body       []byte
	start, end int
	seq        []uint64
	limit      int  // output position beyond which the chunk is too long
	opaque     bool // the byte none occurs in the chunk
}

// An outcome is the reason why emit returned.
type outcome int

const (
	emitted outcome = iota // the chunk was written
	tooLong                // the output passed the limit
	noCode                 // a symbol has no code
	noPair                 // returned by run only: the next literals have no entry
)

// A cursor is the place where run goes on, in the output and in the input.
type cursor struct {
	stream
	at       int // position in the body
	next     int // index of the sequence
	literals int // literals of that sequence that are not written yet
	limit    int // output position beyond which the chunk is too long
}

// emit writes t into a block that has begun. If the outcome is not emitted, the caller must
// undo a part of t.
func (c *code) emit(w *stream, t *task) outcome {
	if w.n >= t.limit {
		return tooLong
	}
	r := cursor{stream: *w, at: t.start, literals: int(t.seq[0] & 0xffff), limit: t.limit}
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
		case r.n > t.limit:
			result = tooLong
		}
	}
	if result == emitted && r.literals > 0 && !c.addPairs(&r, t.body) {
		result = noCode
	}
	*w = r.stream
	if w.n > t.limit {
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
		r.put(uint64(v>>8), uint(v&0xff))
		if i&1 != 0 {
			continue
		}
		second, u := none, uint32(0)
		if i+1 < n {
			second = int(p[i+1])
			u = c.lit[second]
		}
		if n := v&0xff + u&0xff; n <= pairBits && (u != 0 || second == none) {
			c.pair[int(b)|second<<8] = (v>>8|u>>8<<(v&0xff))<<pairShift | pairFlag | n
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
			acc |= uint64(v>>8) << (nb & 63)
			if nb += uint(v & 0xff); nb < 32 {
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
		m := uint64(c.match[length&511])
		x := uint32(s>>32) - 1
		d := c.dist[distanceSymbol(x)&31]
		k := (m + d) & 0xff
		if k > 63 {
			return noCode
		}
		acc |= (m>>8 | uint64(x<<(d>>8&31)+uint32(d>>32))<<(m&63)) << (nb & 7)
		nb += uint(k)
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

// twoPairs returns the codes of the four literals of x. The lowest bits of n are how many bits
// they have, with a pairFlag for each pair that has an entry.
func twoPairs(pair *[1 << 16]uint32, x uint32) (v, n uint64) {
	first, second := uint64(pair[uint16(x)]), uint64(pair[x>>16])
	return first>>pairShift | second>>pairShift<<(first&63), first + second
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
			v, k := twoPairs(pair, uint32(x))
			high, more := twoPairs(pair, uint32(x>>32))
			v |= high << (k & 63)
			k = (k+more)&(2*pairsFlag-1) - pairsFlag
			if k > 56 {
				goto stop
			}
			acc |= v << (nb & 7)
			nb += uint(k)
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
		length := s >> 16 & 0xffff
		if length == 0 {
			goto stop
		}
		if literals > 0 {
			// A match begins at least margin bytes before the end of the body, so that
			// eight bytes can be loaded.
			x := swar.Load64(body, at) | ^uint64(0xff)<<(uint(literals*8-8)&63)
			v, k := twoPairs(pair, uint32(x))
			high, more := twoPairs(pair, uint32(x>>32))
			v |= high << (k & 63)
			k = (k+more)&(2*pairsFlag-1) - pairsFlag
			if k > 56 {
				goto stop
			}
			acc |= v << (nb & 7)
			nb += uint(k)
			swar.Store64(out, n, acc)
			n += int(nb >> 3)
			acc >>= nb & 56
			nb &= 7
			at += literals
		}
		{
			m := uint64(c.match[length&511])
			x := uint32(s>>32) - 1
			d := c.dist[distanceSymbol(x)&31]
			k := (m + d) & 0xff
			if k > 63 {
				return noCode
			}
			acc |= (m>>8 | uint64(x<<(d>>8&31)+uint32(d>>32))<<(m&63)) << (nb & 7)
			nb += uint(k)
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
