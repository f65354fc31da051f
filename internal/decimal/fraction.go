package decimal

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes the float64 from 2^-16 to 1e4 whose text has more than eight digits after
// the point.
//
// Such a value is v = c*2^q with a mantissa 2^52 < c < 2^53 and -68 <= q <= -39. Let K be the
// least integer with 2^q < 10^K. In units of 10^K
//
//	v is y = c*2^q*10^-K, and its neighbours are 2*h = 2^q*10^-K away, with 1/10 <= 2*h < 1.
//
// The decimals that parse to v are those within h of y, since c is no power of two and so has
// its two neighbours at the same distance; whether the two ends parse to v too depends on c.
// As 2*h < 1, at most one whole number is within h: it is the shortest decimal if there is one,
// since it has fewer digits than any other multiple of 1/10. Otherwise it is the multiple of 1/10
// nearest to y: that is at most 1/20 <= h away, and the distance is less than h where it is less
// than 1/20. So with y = t + f, for a whole t and 0 <= f < 1, the shortest decimal is
//
//	t            if f < h
//	t + 1        if f + h > 1
//	t + d/10     otherwise, with d the whole number nearest to 10*f
//
// unless f = h, f + h = 1 or 10*f is half-way between two whole numbers. A d of 0 or 10 means
// that t or t + 1 is at most 1/20 <= h away, and then the first or the second line holds, or one
// of the equalities. So d is a digit where it is used.
//
// # The error
//
// tenScales has, for the exponent of v, g = ceil(G) for G = 10^-K*2^(q+117), and half = floor(g/2^54).
// As 2^q*10^-K < 1, g has at most 117 bits, and C = c*2^11 is a word. In units of u = 2^-64
//
//	y = C*G/2^64 exactly, and h = G/2^54 exactly.
//
// The product C*g has 192 bits. t*2^64 + frac, its upper 128, is Y = floor(C*g/2^64).
//
//  1. G <= g < G+1 and C < 2^64, so y <= C*g/2^64 < y + 1. The floor takes less than 1 away:
//     y - 1 < Y < y + 1.
//  2. g < G+1, so h - 1 < half <= g/2^54 < h + 2^-54.
//
// Where the t of Y is not the t of y, Y is less than one unit from a whole number w, and y is on
// its other side. Then both lines that may hold name w, since h is at least 2^64/20 units: one
// sees f < h of w, the other f + h > 1 of w - 1. Otherwise frac is less than 1 unit from f. So
//
//   - frac - half is less than 2 units from f - h, by 1 and 2
//   - frac + half is less than 2 units from f + h
//   - 10*frac is less than 10 units from 10*f
//
// Where the two comparisons are decided by more than 4 units, and the rounding by more than 32,
// which are no less than these bounds, the result is that of exact numbers. All other values, and
// so all equalities, are left to putFloat64Core. One value in 2^58 is among them by chance.
//
// The whole number t is below 2^53 < 10^16, so t + 1 is at most 10^16, and at least
// 2^52/10 > 10^14: with the digit these are 16 or 17 digits.

// A tenScale is what putFraction needs to know about a binary exponent.
type tenScale struct {
	hi, lo uint64 // g
	half   uint64
	exp    int // of ten, of the first digit if t has 16 digits
}

// The binary exponents in tenScales: 32, which is two more than putFraction is for.
const (
	scaleMin = -16
	scaleMax = 15
)

// tenScales[e-scaleMin] is for the values from 2^e to 2^(e+1).
var tenScales = func() (t [scaleMax - scaleMin + 1]tenScale) {
	for i := range t {
		q := i + scaleMin - mantBits64
		k := log10Pow2(q) + 1
		// Rounding up twice is rounding up once, so g comes from the power of 128 bits.
		p := pow10(-k)
		shift := uint(127 - log2Pow10(-k) - (q + 117)) // 11 to 14
		lo := p.lo>>shift | p.hi<<(64-shift)
		hi := p.hi >> shift
		if p.lo<<(64-shift) != 0 {
			var carry uint64
			lo, carry = bits.Add64(lo, 1, 0)
			hi += carry
		}
		t[i] = tenScale{hi: hi, lo: lo, half: hi<<10 | lo>>54, exp: k + 15}
	}
	return t
}()

// putFraction writes a float64 from 2^-16 to 1e4, given by its bits, after its sign.
func putFraction(b []byte, n int, u uint64) int {
	t, digit, e, ok := findFraction(u)
	if !ok {
		return putFloat64Core(b, n, u)
	}
	return putDigits17(b, n, t, digit, e)
}

// findFraction returns the shortest decimal that parses to a float64 from 2^-16 to 1e4, given
// by its bits, without its sign: the 16 digits of t and one more, of which the first has the
// weight 10^e. It reports false if it cannot tell.
func findFraction(u uint64) (t, digit uint64, e int, ok bool) {
	s := &tenScales[(u>>mantBits64-(1023+scaleMin))&31]
	c := u<<11 | 1<<63
	hi, mid := bits.Mul64(c, s.hi)
	carry, _ := bits.Mul64(c, s.lo)
	frac, over := bits.Add64(mid, carry, 0)
	t = hi + over
	half := s.half
	sum, up := bits.Add64(frac, half, 0)
	digit, rest := bits.Mul64(frac, 10)
	if frac-half+4 <= 8 || sum+4 <= 8 || rest-(1<<63)+32 <= 64 || u<<12 == 0 {
		return 0, 0, 0, false
	}
	digit += rest >> 63
	if frac < half {
		digit = 0
	}
	if up != 0 {
		digit = 0
	}
	t += up
	// Whether t has 15 or 16 digits cannot be predicted: make it 16 without a branch.
	e = s.exp
	more := t*10 + digit
	if t < 1e15 {
		t, digit, e = more, 0, e-1
	}
	return t, digit, e, true
}

// putDigits17 writes what findFraction returns. It is for a decimal with more than 8 digits
// after the point, so that the point is before a digit that is not 0.
func putDigits17(b []byte, n int, t, digit uint64, e int) int {
	top := t / 1e8
	x := swar.Digits8(uint32(top))
	y := swar.Digits8(uint32(t - top*1e8))
	digits := 8 + (bits.Len64(y)+7)>>3
	if y == 0 {
		digits = (bits.Len64(x) + 7) >> 3
	}
	if digit != 0 {
		digits = 17
	}
	x |= swar.Zeros
	y |= swar.Zeros
	if e < 0 {
		swar.Store64(b, n, 0x3030303030302E30) // 0.000000
		n += 1 - e
		swar.Store64(b, n, x)
		swar.Store64(b, n+8, y)
		swar.StoreByte(b, n+16, byte(digit)+'0')
		return n + digits
	}
	// The digits up to the point, the point and the rest of x after it, and y.
	swar.Store64(b, n, x)
	swar.Store64(b, n+e+1, x>>(8*uint(e+1)&63)<<8|'.')
	swar.Store64(b, n+9, y)
	swar.StoreByte(b, n+17, byte(digit)+'0')
	return n + digits + 1
}
