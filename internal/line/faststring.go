package line

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file finds the end of strings and removes their escapes, in words.

// quoteOrEscape marks bytes of w that are a double quote or a backslash. The lowest
// mark is exact.
func quoteOrEscape(w uint64) uint64 {
	const ones = swar.Ones
	q, b := w^ones*'"', w^ones*'\\'
	return ((q-ones)&^q | (b-ones)&^b) & swar.Highs
}

// block is how many bytes of a string with escapes are examined at once.
const block = 32

// stringBits returns a bit for each byte of b[p:p+block] that is a backslash, and one
// for each that is a double quote.
func stringBits(b []byte, p int) (escapes, quotes uint64) {
	w0, w1 := swar.Load64(b, p), swar.Load64(b, p+8)
	w2, w3 := swar.Load64(b, p+16), swar.Load64(b, p+24)
	const c, q = swar.Ones * '\\', swar.Ones * '"'
	escapes = zeroBits(w0^c) | zeroBits(w1^c)<<8 | zeroBits(w2^c)<<16 | zeroBits(w3^c)<<24
	quotes = zeroBits(w0^q) | zeroBits(w1^q)<<8 | zeroBits(w2^q)<<16 | zeroBits(w3^q)<<24
	return escapes, quotes
}

// zeroBits returns a bit for each byte of x that is zero.
func zeroBits(x uint64) uint64 {
	// The highest bit of each byte that is zero, exactly: no sum carries.
	m := ^(x&^swar.Highs + ^uint64(swar.Highs) | x) & swar.Highs
	return m >> 7 * 0x0102040810204080 >> 56
}

// escapedBits returns which bytes of a block are escaped, by the bits of its
// backslashes, and whether the first byte of the next block is. carry is what it
// returned for the block before, 0 for the first.
//
// A run of backslashes escapes every second of its bytes and, if it is odd, the byte
// after it. The sum runs through the runs that begin at an odd place: Geoff Langdale and
// Daniel Lemire, "Parsing Gigabytes of JSON per Second", 2019, section 3.1.1.
func escapedBits(escapes, carry uint64) (escaped, next uint64) {
	const even = 0x55555555
	escapes &^= carry
	follows := escapes<<1 | carry
	sum := escapes + escapes&^even&^follows
	return (even ^ sum<<1) & follows & (1<<block - 1), sum >> block & 1
}

// skipString returns the place of the quote that ends the string of which the first
// backslash is at p, or -1.
func skipString(b []byte, p, lim int) int {
	carry := uint64(0)
	for ; p < lim; p += block {
		escapes, quotes := stringBits(b, p)
		var escaped uint64
		escaped, carry = escapedBits(escapes, carry)
		if end := quotes &^ escaped; end != 0 {
			if p += bits.TrailingZeros64(end); p < lim {
				return p
			}
			return -1
		}
	}
	return -1
}

// unescape appends the string that begins at from, and whose first backslash is at p,
// without its escapes to s.own. It returns the place of the quote that ends it, or -1.
//
// Branches cannot predict where escapes are. So two bytes of each word are removed
// whether they are escapes or not, and only the rare word with more than two takes a
// branch.
func (s *Scanner) unescape(b []byte, from, p, lim int) int {
	n := s.ownLen
	s.growOwn(n + p - from + 4*pad)
	own := s.own[:cap(s.own)]
	n += copy(own[n:], b[from:p])
	carry := uint64(0)
	for ; p < lim; p += block {
		if n+pad > len(own) {
			s.ownLen = n
			s.growOwn(n + 2*pad)
			own = s.own[:cap(s.own)]
		}
		escapes, quotes := stringBits(b, p)
		// The backslash before this block is written already, and is removed if it
		// escapes something.
		n -= int(carry & (escapes | quotes))
		var escaped uint64
		escaped, carry = escapedBits(escapes, carry)
		drop := escapes &^ escaped & ((escapes | quotes) >> 1)
		end := quotes &^ escaped
		size := block
		if end != 0 {
			size = bits.TrailingZeros64(end)
			drop &= 1<<uint(size) - 1
		}
		to := n + size - bits.OnesCount32(uint32(drop))
		for i := p; i < p+size; i += 8 {
			w := swar.Load64(b, i)
			d := drop & 0xff
			drop >>= 8
			// The bytes after a removed byte are written again, over it. That happens
			// twice for every word: without such a byte it happens after the word.
			gone := bits.OnesCount8(uint8(d))
			k := bits.TrailingZeros64(d | 0x100)
			swar.Store64(own, n, w)
			swar.Store64(own, n+k, w>>8>>(uint(k)<<3&63))
			d &= d - 1
			k = bits.TrailingZeros64(d | 0x100)
			swar.Store64(own, n+k-(gone+7)>>3, w>>8>>(uint(k)<<3&63))
			for more := 2; more < gone; more++ {
				d &= d - 1
				k = bits.TrailingZeros64(d)
				swar.Store64(own, n+k-more, w>>8>>(uint(k)<<3&63))
			}
			n += 8 - gone
		}
		n = to
		if end != 0 {
			s.ownLen = n
			if p += size; p < lim {
				return p
			}
			return -1
		}
	}
	return -1
}

// growOwn makes room for n bytes in s.own, and keeps its first ownLen.
func (s *Scanner) growOwn(n int) {
	if cap(s.own) >= n {
		return
	}
	grown := make([]byte, 2*n)
	copy(grown, s.own[:s.ownLen])
	s.own, s.texts[1] = grown, grown
}
