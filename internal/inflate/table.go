package inflate

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file builds the tables that decode a block. A table has two levels: the first is
// indexed by the next litBits or distBits bits of the input, and entries of longer codes
// lead to the second. build fills every entry, so whatever the bits are, a lookup
// gives a symbol or an entry marked special.

// Codes of up to litBits and distBits bits are decoded by one lookup.
const (
	litBits  = 11
	distBits = 8
	maxBits  = 15
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1
)

// An entry gives the meaning of the next bits. Its low 6 bits are the number of bits that
// it consumes, extra bits included. Bits 6 and 7 are the number of literals, and decide
// what the rest means. If it is 1:
//
//	8-15  the literal
//
// If it is 0, the entry is a length or special:
//
//	8-13  number of extra bits
//	15    special; then
//	14      continue in the second table that begins at the index in bits 16-31; bits
//	        8-10 are the number of bits that index it
//	13      end of block
//	        neither: no symbol has this code, or no block may use the symbol
//	16-31 the length without the extra bits
type entry = uint32

const (
	consumeMask entry = 63
	literals    entry = 3 << countShift
	oneLiteral  entry = 1 << countShift
	special     entry = 1 << 15
	continued   entry = 1 << 14
	endOfBlock  entry = 1 << 13

	countShift   = 6
	literalShift = 8
	extraShift   = 8
	valueShift   = 16
)

// A distEntry is an entry for a distance. Bits 0-5 and special entries are as in entry;
// otherwise:
//
//	8-11  length of the code, without the extra bits
//	16-31 mask of the extra bits
//	32-   the distance without the extra bits
type distEntry uint64

const distShift = 32

// distance returns the distance of e. The lowest bits of bits are the code of e.
func (e distEntry) distance(bits uint64) int {
	return int(e>>distShift) + int(bits>>(e>>extraShift&63)&uint64(e>>valueShift&0xffff))
}

// A code holds a code of up to 12 bits in bits 0-11, its first bit lowest, and its length
// in bits 12-15. Of longer codes only the length is valid.
type code uint16

func newCode(value, n uint) code { return code(value&0xfff | n<<12) }
func (c code) bits() uint        { return uint(c >> 12) }
func (c code) value() uint       { return uint(c & 0xfff) }

// The sizes of the alphabets. The fixed literal code has two more symbols than a block
// may use or a dynamic code may have.
const (
	maxLits      = 286
	maxDists     = 30
	fixedLits    = 288
	fixedDists   = 32
	lengthCodes  = 19
	endSymbol    = 256
	lengthSymbol = 257
)

// In a complete code at least two codes continue each entry of that kind, so there are
// at most half as many second tables as symbols. Each is indexed by the bits of the
// longest code beyond those of the first table.
const (
	litEntries  = 1<<litBits + maxLits/2<<(maxBits-litBits)
	distEntries = 1<<distBits + maxDists/2<<(maxBits-distBits)
)

// tables decode one block.
type tables struct {
	lit     [litEntries]entry
	dist    [distEntries]distEntry
	several [1 << multiBits]multi
	// filled reports that several is filled; seen is the number of input bytes of the
	// block that were decoded without it.
	filled bool
	seen   int
	// least is the number of bits that must be there before a literal or length is
	// decoded: the code length of the end of block, which must follow in any case.
	least uint
	// fixed reports that these are the tables of the fixed code.
	fixed bool
	// sorted holds the used symbols of lit in the order of their codes, and codes
	// their codes.
	sorted [fixedLits]uint16
	codes  [fixedLits]code
	used   int
	follow follow
}

// litSymbols and distSymbols are the entries of all symbols for a code of 0 bits. build
// adds the length of the code.
var (
	litSymbols  [fixedLits]entry
	distSymbols [fixedDists]distEntry
)

func init() {
	for i := range entry(endSymbol) {
		litSymbols[i] = i<<literalShift | oneLiteral
	}
	litSymbols[endSymbol] = special | endOfBlock
	value := entry(3)
	for i := entry(0); i < 28; i++ { // RFC 1951, 3.2.5
		extra := entry(0)
		if i >= 8 {
			extra = i/4 - 1
		}
		litSymbols[lengthSymbol+i] = value<<valueShift | extra<<extraShift | extra
		value += 1 << extra
	}
	litSymbols[285] = 258 << valueShift
	litSymbols[286], litSymbols[287] = special, special
	value = 1
	for i := range entry(maxDists) {
		extra := entry(0)
		if i >= 4 {
			extra = i/2 - 1
		}
		distSymbols[i] = distEntry(value)<<distShift | (1<<extra-1)<<valueShift | distEntry(extra)
		value += 1 << extra
	}
	distSymbols[30], distSymbols[31] = distEntry(special), distEntry(special)
}

// build fills table for the code with these lengths; its first level is indexed by root
// bits. symbols are the entries for a code of 0 bits, to which build adds step for each
// bit. It reports false unless the code is complete, empty, or a single code of one bit;
// zlib and compress/flate accept the last two as well.
//
// The symbols are sorted by code length, so their codes ascend. The table for codes of n
// bits, followed by a copy of itself, is the table for n+1 bits without the codes of that
// length. So each entry is computed once, however many places it fills.
func build[E entry | distEntry](t *tables, table []E, root uint, lengths []uint8, symbols []E, step E) bool {
	var count [maxBits + 1]uint16
	for i := 0; i < len(lengths); i += 8 {
		if i+8 <= len(lengths) && swar.Load64(lengths, i) == 0 {
			continue
		}
		for _, n := range lengths[i:min(i+8, len(lengths))] {
			count[n&maxBits]++
		}
	}
	count[0] = 0
	longest := uint(maxBits)
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	var next [maxBits + 1]uint16 // index in sorted for the next symbol of each length
	left := 1                    // number of codes of n bits that are still free
	for n := 1; n <= maxBits; n++ {
		next[n] = next[n-1] + count[n-1]
		left = left<<1 - int(count[n])
	}
	// left cannot overflow: it stays below 1<<15 and above -(288<<15).
	if left != 0 {
		switch {
		case longest == 0:
			for i := range table[:1<<root] {
				table[i] = E(special)
			}
			t.used = 0
			return true
		case longest == 1 && count[1] == 1:
			for i, n := range lengths {
				if n == 1 {
					table[0] = symbols[i] + step
					t.used, t.sorted[0], t.codes[0] = 1, uint16(i), newCode(0, 1)
				}
			}
			table[1] = E(special)
			for n := 2; n < 1<<root; n <<= 1 {
				copy(table[n:2*n], table[:n])
			}
			return true
		}
		return false
	}
	sorted := &t.sorted
	t.used = int(next[maxBits] + count[maxBits])
	for i := 0; i < len(lengths); i += 8 {
		if i+8 <= len(lengths) && swar.Load64(lengths, i) == 0 {
			continue
		}
		for k, n := range lengths[i:min(i+8, len(lengths))] {
			if n != 0 {
				sorted[next[n&maxBits]] = uint16(i + k)
				next[n&maxBits]++
			}
		}
	}
	c, at := uint(0), 0 // the next code, its first bit lowest; the index of its symbol
	n := uint(1)
	for ; n <= root; n++ {
		size := uint(1) << n
		if n > 1 {
			copy(table[size/2:size], table[:size/2])
		}
		for range count[n] {
			table[c] = symbols[sorted[at]] + step*E(n)
			t.codes[at] = newCode(c, n)
			at++
			c = successor(c, n)
		}
	}
	if longest <= root {
		return true
	}
	var (
		sub     = longest - root
		end     = uint(1) << root
		start   uint
		mask    = end - 1
		current = end // no prefix
	)
	for ; n <= longest; n++ {
		for range count[n] {
			if prefix := c & mask; prefix != current {
				current, start = prefix, end
				end += 1 << sub
				table[prefix] = E(special|continued) | E(start)<<valueShift | E(sub)<<extraShift | E(root)
			}
			e := symbols[sorted[at]] + step*E(n-root)
			t.codes[at] = newCode(c, n)
			at++
			for i := c >> root; i < 1<<sub; i += 1 << (n - root) {
				table[start+i] = e
			}
			c = successor(c, n)
		}
	}
	return true
}

// successor returns the code of n bits after c. The first bit of both is the lowest. The
// last code has no successor; the result is then of no use.
func successor(c, n uint) uint {
	ones := uint(1)<<n - 1
	// Add 1 at the last bit: the highest 0 becomes 1, the ones above it 0.
	bit := uint(1) << (uint(bits.Len(c^ones)-1) & 63)
	return c&(bit-1) | bit
}

// buildFixed makes the tables of the fixed code, RFC 1951, 3.2.6.
func (t *tables) buildFixed() {
	t.seen = 0
	if t.fixed {
		return
	}
	var lengths [fixedLits]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	var five [fixedDists]uint8
	for i := range five {
		five[i] = 5
	}
	build(t, t.dist[:], distBits, five[:], distSymbols[:], 1|1<<extraShift)
	build(t, t.lit[:], litBits, lengths[:], litSymbols[:], 1)
	t.least, t.fixed, t.filled = 7, true, false
}
