package inflate

import "math/bits"

// Codes of up to litBits and distBits are decoded by one lookup.
const (
	litBits  = 11
	distBits = 8
	maxBits  = 15
	litMask  = 1<<litBits - 1
	distMask = 1<<distBits - 1
)

// An entry says what the bits at hand mean. Its low 6 bits are how many of them it
// consumes, extra bits included. What the rest means depends on bits 6 and 7:
//
//	6-7  how many literals the entry holds, which are then the bytes in 8-31
//
// Without literals it is a length or a distance, or a special entry:
//
//	8-13  number of extra bits
//	15    special; then
//	14      continue in the table at 16-31, indexed by as many bits as 8-10 say
//	13      end of block
//	        neither: no symbol has this code, or no block may use the symbol
//	16-31 the value without the extra bits
type entry = uint32

const (
	literals    entry = 3 << 6
	oneLiteral  entry = 1 << 6
	special     entry = 1 << 15
	continued   entry = 1 << 14
	endOfBlock  entry = 1 << 13
	noCode            = special
	valueShift        = 16
	extraShift        = 8
	countShift        = 6
	consumeMask entry = 63
)

// Limits of the alphabets. The fixed literal code has two symbols more than a
// block may use or a dynamic code may have.
const (
	maxLits      = 286
	maxDists     = 30
	fixedLits    = 288
	fixedDists   = 32
	lengthCodes  = 19
	endSymbol    = 256
	lengthSymbol = 257
)

// A complete code has at least two codes below each entry that continues, so
// there are at most half as many second tables as symbols. Each is indexed by the
// bits that the longest code has beyond the first table.
const (
	litEntries  = 1<<litBits + maxLits/2<<(maxBits-litBits)
	distEntries = 1<<distBits + maxDists/2<<(maxBits-distBits)
)

// tables decode one block.
type tables struct {
	lit  [litEntries]entry
	dist [distEntries]entry
	// least is the number of bits that must be there before a literal or length
	// is decoded: the length of its shortest code, or of the end of block, which
	// follows in any case.
	least uint
	// fixed says that these are the tables of the fixed code.
	fixed bool
}

// litSymbols and distSymbols are the entries of all symbols, with a code of no
// bits. The length of the code is added.
var (
	litSymbols  [fixedLits]entry
	distSymbols [fixedDists]entry
)

func init() {
	for i := range entry(endSymbol) {
		litSymbols[i] = i<<8 | oneLiteral
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
		distSymbols[i] = value<<valueShift | extra<<extraShift | extra
		value += 1 << extra
	}
	distSymbols[30], distSymbols[31] = special, special
}

// build fills table for the code with those lengths; its first part is indexed by
// root bits. It reports false if the code is neither complete, nor empty, nor a
// single code of one bit; like zlib and compress/flate, it takes the latter two.
//
// Symbols are sorted by the length of their codes, so that codes come in ascending
// order. A table for codes of n bits holds all shorter ones, and its copy behind
// itself is the table for n+1 bits: an entry is computed once however many places
// it is found at.
func build(table []entry, root uint, lengths []uint8, symbols []entry) bool {
	var count [maxBits + 1]uint16
	for _, n := range lengths {
		count[n&maxBits]++
	}
	count[0] = 0
	longest := uint(maxBits)
	for longest > 0 && count[longest] == 0 {
		longest--
	}
	var next [maxBits + 1]uint16 // where symbols of this length go
	left := 1                    // codes of n bits not yet given away
	for n := 1; n <= maxBits; n++ {
		next[n] = next[n-1] + count[n-1]
		left = left<<1 - int(count[n])
	}
	// left overflows on no input: it is below 1<<15 and above -(288<<15).
	if left != 0 {
		switch {
		case longest == 0:
			fill(table[:1<<root], noCode)
			return true
		case longest == 1 && count[1] == 1:
			for i, n := range lengths {
				if n == 1 {
					table[0] = symbols[i] + 1
				}
			}
			table[1] = noCode
			for n := 2; n < 1<<root; n <<= 1 {
				copy(table[n:2*n], table[:n])
			}
			return true
		}
		return false
	}
	var sorted [fixedLits]uint16
	for i, n := range lengths {
		if n != 0 {
			sorted[next[n&maxBits]] = uint16(i)
			next[n&maxBits]++
		}
	}
	// code is the next code, its first bit lowest.
	code, at := uint(0), 0
	n := uint(1)
	for ; n <= root; n++ {
		size := uint(1) << n
		if n > 1 {
			copy(table[size/2:size], table[:size/2])
		}
		for range count[n] {
			table[code] = symbols[sorted[at]] + entry(n)
			at++
			code = successor(code, n)
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
			if prefix := code & mask; prefix != current {
				current, start = prefix, end
				end += 1 << sub
				table[prefix] = special | continued | entry(start)<<valueShift | entry(sub)<<extraShift | entry(root)
			}
			e := symbols[sorted[at]] + entry(n-root)
			at++
			for i := code >> root; i < 1<<sub; i += 1 << (n - root) {
				table[start+i] = e
			}
			code = successor(code, n)
		}
	}
	return true
}

// successor returns the code after code, of n bits, whose first bit is the lowest.
// The last code has no successor; it returns any code then.
func successor(code, n uint) uint {
	ones := uint(1)<<n - 1
	// Add 1 at the last bit: the highest 0 becomes 1, the ones above it 0.
	bit := uint(1) << (uint(bits.Len(code^ones)-1) & 63)
	return code&(bit-1) | bit
}

func fill(table []entry, e entry) {
	for i := range table {
		table[i] = e
	}
}

// buildFixed makes the tables of the fixed code, RFC 1951, 3.2.6.
func (t *tables) buildFixed() {
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
	build(t.lit[:], litBits, lengths[:], litSymbols[:])
	for i := range fixedDists {
		lengths[i] = 5
	}
	build(t.dist[:], distBits, lengths[:fixedDists], distSymbols[:])
	t.least, t.fixed = 7, true
}
