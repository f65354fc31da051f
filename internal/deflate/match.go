package deflate

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file finds matches. matchLines is for text with delimiters and matchBytes for
// everything else. Both write sequences to Encoder.seq, which cover the chunk, and both
// share the hash table of positions, which also holds those of earlier chunks and
// bodies. A position found in the table is only a guess: each match is verified by
// comparing bytes, and its distance is at most the window and at most its position.

const (
	tableBits = 14
	tableSize = 1 << tableBits
	// A hash is the high bits of a product with this odd constant, 2^64 divided by
	// the golden ratio.
	hashFactor = 0x9E3779B97F4A7C15

	// far is the distance from which a closer match of the same length is preferred: each
	// doubling of the distance costs a bit, and the symbols of far distances are rare and
	// so have long codes.
	far = 1536

	// After a match, the table is asked in vain where a number changed, and with success
	// where a tag did. What comes before tells them apart: after as many failures in a row
	// as maxFailures behind the same four bytes, it is asked there again only after they have
	// come retry times.
	contextBits = 10
	maxFailures = 64
	retry       = 4096

	// margin is how many bytes of the body must be left at a position that is tried:
	// the loads of a match go 24 bytes ahead before they look at the end.
	margin = 24

	// maxSequences is a power of two above chunkSize/minMatch.
	maxSequences = 1 << 13
)

// A sequence is a number of literals and the match that follows them. The number is in
// bits 0 to 15, the length of the match in bits 16 to 31 and its distance in bits 32 to
// 63. The last sequence of a chunk has a length of 0.
func sequence(literals, length, distance int) uint64 {
	return uint64(literals) | uint64(length)<<16 | uint64(distance)<<32
}

// below marks the bytes of x below '-', among them the delimiters of a line: line feed,
// space, quotation mark and comma. An equals sign need not be one, since its key matches
// together with the comma before the key. Only the lowest mark is exact, for bytes above
// ASCII too.
func below(x uint64) uint64 { return (x - swar.Ones*'-') &^ x & swar.Highs }

// candidate returns the place d bytes before p. If that is not in the body and the window, it
// returns p+1: a place to load from, which seldom has the same bytes. It does so without a
// branch, because the table is full of places of other bodies, and a branch would be
// mispredicted half the time.
func candidate(p, d int) int {
	c := int(uint16(d - 1))
	return p + 1 - (c+2)&((c-min(p, window))>>31)
}

// matchLines finds matches in b[start:end] and returns the number of sequences.
//
// Two positions walk side by side: p, and q in an earlier line, where the next match is
// expected. Both stop at delimiters. If the bytes at p and q differ, the hash table may
// know another place that matches p, and q goes on from there; it holds delimiters and
// ends of matches. If it knows none, p tries the next delimiter and q waits.
//
// A match ends where a value differs. The table may know a line that goes on with the other
// value, as with a tag; otherwise p and q go on to their next delimiters.
func (e *Encoder) matchLines(b []byte, start, end int) int {
	var (
		tab  = &e.tab
		seq  = &e.seq
		base = e.base
		k    = 0
		lit  = start
		p    = start
		q    = start - e.last
		stop = min(end-8, len(b)-margin)
		d    int
		from int // beginning of the match
		x, y uint64
	)
	if e.last == 0 {
		if p == 0 {
			p = 1
		}
		q = p - 1
	}
	for p < stop {
		// q may have reached p, if there is no delimiter between them.
		x = swar.Load64(b, p)
		h := x << 16 * hashFactor >> (64 - tableBits)
		at := uint16(p) + base
		d = int(at - tab[h])
		tab[h] = at
		pd := p - q
		known := candidate(p, d)
		y = swar.Load64(b, known)
		z := swar.Load64(b, q)
		if (x^z)<<16 == 0 && uint(pd-1) < window {
			if pd >= far && (x^y)<<16 == 0 && known > q && known < p {
				// Both match. Compare up to 24 bytes of each.
				nearer, predicted := x^y, x^z
				for i := 8; nearer|predicted == 0 && i < margin; i += 8 {
					v := swar.Load64(b, p+i)
					nearer, predicted = v^swar.Load64(b, known+i), v^swar.Load64(b, q+i)
				}
				if bits.TrailingZeros64(nearer)>>3 >= bits.TrailingZeros64(predicted)>>3 {
					goto found
				}
			}
			y, d = z, pd
		} else if (x^y)<<16 != 0 || known > p {
			// The values before the delimiters may have the same end.
			if p-lit < 8 || uint(pd-1) >= uint(min(p-8, window)) || swar.Load64(b, p-7) != swar.Load64(b, q-7) {
				goto next
			}
			y, d = z, pd
		}
	found:
		// Extend the match backward over the literals before it.
		from = p
		for from > lit && from-d >= 8 {
			z := swar.Load64(b, from-8) ^ swar.Load64(b, from-d-8)
			from = max(from-bits.LeadingZeros64(z)>>3, lit)
			if z != 0 {
				break
			}
		}
	match:
		{
			m := p
			if z := x ^ y; z != 0 {
				m += bits.TrailingZeros64(z) >> 3
			} else {
				m += 8
				for m < stop {
					if z := swar.Load64(b, m) ^ swar.Load64(b, m-d); z != 0 {
						m += bits.TrailingZeros64(z) >> 3
						goto matched
					}
					m += 8
				}
				for m < end && b[m] == b[m-d] {
					m++
				}
			matched:
				m = min(m, end)
			}
			n := m - from
			for n > maxMatch {
				part := maxMatch
				if n < maxMatch+3 {
					part = 200
				}
				seq[k&(maxSequences-1)] = sequence(from-lit, part, d)
				k++
				from += part
				lit = from
				n -= part
			}
			seq[k&(maxSequences-1)] = sequence(from-lit, n, d)
			k++
			p, lit, q, from = m, m, m-d, m
		}
		if p >= stop {
			break
		}
		{
			failures := &e.failures[swar.Load32(b, p-4)*(hashFactor>>32)>>(32-contextBits)]
			if *failures = (*failures + 1) % retry; *failures <= maxFailures {
				x = swar.Load64(b, p)
				h := x << 16 * hashFactor >> (64 - tableBits)
				at := uint16(p) + base
				c := int(at - tab[h])
				tab[h] = at
				known := candidate(p, c)
				y = swar.Load64(b, known)
				// What only begins with the same digits is another number.
				if (x^y)<<16 == 0 && known < p && (byte(x)-'0' > 9 || x == y && swar.Load32(b, p+8) == swar.Load32(b, known+8)) {
					*failures = 0
					d = c
					goto match
				}
			}
		}
		for q < stop {
			if z := below(swar.Load64(b, q)); z != 0 {
				q += bits.TrailingZeros64(z) >> 3
				break
			}
			q += 8
		}
		p--
	next:
		p++
		for p < stop {
			if z := below(swar.Load64(b, p)); z != 0 {
				p += bits.TrailingZeros64(z) >> 3
				break
			}
			p += 8
		}
	}
	e.last = p - q
	if uint(e.last-1) >= uint(min(end, window)) {
		e.last = 0
	}
	seq[k&(maxSequences-1)] = sequence(end-lit, 0, 0)
	return k + 1
}

// matchBytes finds matches in b[start:end] and returns the number of sequences. It is
// for bodies without delimiters: it tries each position, and skips more and more
// positions while it finds nothing.
func (e *Encoder) matchBytes(b []byte, start, end int) int {
	var (
		tab  = &e.tab
		seq  = &e.seq
		base = e.base
		k    = 0
		lit  = start
		stop = min(end-8, len(b)-margin)
	)
	for p := start; p < stop; {
		x := swar.Load64(b, p)
		h := x << 24 * hashFactor >> (64 - tableBits)
		at := uint16(p) + base
		d := int(at - tab[h])
		tab[h] = at
		if known := candidate(p, d); uint32(x) != swar.Load32(b, known) || known > p {
			p += 1 + (p-lit)>>5
			continue
		}
		for p > lit && p > d && b[p-1] == b[p-1-d] {
			p--
		}
		m := p + minMatch
		for m < stop {
			if z := swar.Load64(b, m) ^ swar.Load64(b, m-d); z != 0 {
				m += bits.TrailingZeros64(z) >> 3
				goto matched
			}
			m += 8
		}
		for m < end && b[m] == b[m-d] {
			m++
		}
	matched:
		m = min(m, end)
		n := m - p
		for n > maxMatch {
			part := maxMatch
			if n < maxMatch+3 {
				part = 200
			}
			seq[k&(maxSequences-1)] = sequence(p-lit, part, d)
			k++
			p += part
			lit = p
			n -= part
		}
		seq[k&(maxSequences-1)] = sequence(p-lit, n, d)
		k++
		p, lit = m, m
		// The end of this match may recur, so enter a position in it.
		if p < stop {
			x := swar.Load64(b, p-2)
			tab[x<<24*hashFactor>>(64-tableBits)] = uint16(p-2) + base
		}
	}
	seq[k&(maxSequences-1)] = sequence(end-lit, 0, 0)
	return k + 1
}
