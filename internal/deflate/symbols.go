package deflate

import "math/bits"

// The symbols of RFC 1951, section 3.2.5.
const (
	endOfBlock  = 256
	firstLength = 257
	litSymbols  = 286
	distSymbols = 30

	minMatch = 4 // ours: shorter matches gain nothing
	maxMatch = 258
	window   = 32768
)

// lengthSymbol is the symbol of a match length less firstLength.
var lengthSymbol = func() (t [maxMatch + 1]uint8) {
	for s := range len(lengthBase) {
		for n := lengthBase[s]; n <= maxMatch; n++ {
			t[n] = uint8(s)
		}
	}
	return t
}()

// lengthBase holds the smallest length of each symbol, lengthExtra the number of extra
// bits that follow it. Length 258 has a symbol of its own.
var (
	lengthBase = [29]uint16{
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
	}
	lengthExtra = [29]uint8{
		0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
	}
)

// distanceParts returns the symbol of the distance d, 1 to 32768, and the n extra bits
// that follow it. A symbol consists of the two highest bits of d-1 and the number of
// bits below them.
func distanceParts(d uint32) (symbol, extra uint32, n uint) {
	x := d - 1
	n = uint(bits.Len32(x|2)-2) & 31
	return uint32(2*n) + x>>n, x & (1<<n - 1), n
}
