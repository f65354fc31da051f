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

// distanceSymbol returns the symbol of the distance x+1. It consists of the two highest bits
// of x and the number of bits below them, which follow the symbol.
func distanceSymbol(x uint32) uint32 {
	n := bits.Len32(x|2) - 2
	return uint32(2*n) + x>>(n&31)
}
