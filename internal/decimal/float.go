package decimal

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes float64; float32.go does the same for float32.
//
// The text is the shortest that parses back, so the work is to find its digits. There are
// four ways, and each one either is sure of the text or passes the value on:
//
//	PutFloat64       2^-16 to 1e4, with at most eight digits after the point: one or two
//	                 multiplications
//	putFloat64Wide   zero, whole numbers, and larger decimals of few digits
//	putFraction      the others from 2^-16 to 1e4 but powers of two: one multiplication by
//	                 a power of ten that a table has for the exponent, see fraction.go
//	shortest64       everything else but powers of two and subnormals: one multiplication
//	                 by a power of ten of 128 bits
//	schubfach64      what shortest64 cannot decide: three multiplications
//
// The last two return digits and an exponent, which putDecimal17 turns into text. All of
// them store words beyond the text, within RoomFloat bytes.

// AppendFloat64 appends the shortest decimal text that parses back to v, the
// closest to v if there are several: plain for zero and 1e-6 <= |v| < 1e21, the
// bounds of encoding/json, with an exponent otherwise. The exponent has two
// digits or more, as in strconv ("1e+21", "1.5e-07"; encoding/json writes
// "1.5e-7"). Negative zero is "-0". It appends nothing for NaN and
// the infinities.
func AppendFloat64(dst []byte, v float64) []byte {
	dst = Grow(dst, RoomFloat)
	return dst[:PutFloat64(dst, len(dst), v)]
}

// PutFloat64 writes v like [AppendFloat64]. It needs [RoomFloat] bytes.
//
// A value from 2^-16 to 1e4 takes a short way if it is the double closest to a decimal
// with four, or with eight, digits after the point.
//
// Such a decimal has at most 15 significant digits. Two of these never parse to the same
// double, so it is the only one that parses to v. Every shorter text has at most 15
// digits too, so it is the shortest and the closest one, without its trailing zeros.
//
// v is c*2^q with a mantissa c, and v*10^4 is c*625*2^(q+4). As a number of 128 bits with
// 64 of them after the point that is c*ulp for ulp = 625<<(q+68). The neighbours of v are
// ulp away, so the nearest whole number, over 10^4, parses to v if the remainder is
// between -ulp/2 and ulp/2. It is never -ulp/2: c*ulp+ulp/2 has fewer than 64 zero bits
// at its end. Below a power of two the neighbour is half as far away; but there the
// remainder is 0, or a multiple of 2^52, which is more than ulp/2.
func PutFloat64(b []byte, n int, v float64) int {
	u := math.Float64bits(v)
	// The sign is always written, and kept if v is negative.
	swar.StoreByte(b, n, '-')
	n += int(u >> 63)
	abs := u &^ (1 << 63)
	if abs-shortMin >= shortMax-shortMin {
		return putFloat64Wide(b, n, u)
	}
	ulp := uint64(625) << ((abs>>mantBits64 - (bias64 - 68)) & 63)
	m, left := bits.Mul64(abs&(1<<mantBits64-1)|1<<mantBits64, ulp)
	if left+ulp>>1 >= ulp {
		// It is no decimal with four digits. The remainder times 10^4 gives the next
		// four, with 64 bits after them, and the neighbours are ulp*10^4 away.
		low, left := bits.Mul64(left, 1e4)
		if ulp *= 1e4; left+ulp>>1 >= ulp {
			return putFraction(b, n, u)
		}
		// It is neither 0 nor 10^4: four digits would have sufficed.
		whole := m / 1e4
		frac := uint32((m-whole*1e4)*1e4 + low + left>>63)
		if whole >= 1000 {
			return putEight(b, n, whole, frac)
		}
		t := small[whole]
		swar.Store32(b, n, t)
		n += int(t >> 24)
		d := swar.Digits8(frac)
		swar.StoreByte(b, n, '.')
		swar.Store64(b, n+1, d|swar.Zeros)
		return n + 1 + (bits.Len64(d)+7)>>3
	}
	m += left >> 63
	whole := m / 1e4
	if whole >= 1000 {
		return putTenThousandths(b, n, uint32(m))
	}
	t := small[whole]
	swar.Store32(b, n, t)
	n += int(t >> 24)
	d := uint64(digits4(uint32(m - whole*1e4)))
	swar.Store64(b, n, (d|swar.Zeros)<<8|'.')
	return n + (bits.Len64(d<<8)+7)>>3
}

// Bounds of the bits of the values that take a short way.
const (
	shortMin = 0x3EF0000000000000 // 2^-16
	shortMax = 0x40C3880000000000 // 1e4
	wideMin  = shortMax
	wideMax  = 0x4340000000000000 // 2^53
)

// putEight writes whole + frac/10^8 for 0 < frac < 10^8.
func putEight(b []byte, n int, whole uint64, frac uint32) int {
	n = putInt(b, n, whole, 0)
	d := swar.Digits8(frac)
	swar.StoreByte(b, n, '.')
	swar.Store64(b, n+1, d|swar.Zeros)
	return n + 1 + (bits.Len64(d)+7)>>3
}

// hundredMillionths returns the r for which x, given by its bits, is the double
// closest to r/10^8, and reports false if there is none. x is from 2^-20 to 10^7. The
// argument is that of PutFloat64.
func hundredMillionths(x uint64) (r uint64, ok bool) {
	ulp := uint64(390625) << ((x>>mantBits64 - (bias64 - 72)) & 63)
	r, left := bits.Mul64(x&(1<<mantBits64-1)|1<<mantBits64, ulp)
	return r + left>>63, left+ulp>>1 < ulp
}

// putTenThousandths writes m/10^4 for m < 10^8: one to four digits, a point, and the
// following digits up to the last one that is not 0. Without such a digit it writes no
// point.
func putTenThousandths(b []byte, n int, m uint32) int {
	d := swar.Digits8(m)
	t := d | swar.Zeros
	skip := bits.TrailingZeros64(d|1<<24) &^ 7
	swar.Store32(b, n, uint32(t)>>skip)
	n += 4 - skip>>3
	swar.Store64(b, n, t>>32<<8|'.')
	return n + (bits.Len64(d>>32<<8)+7)>>3
}

// digits4 is swar.Digits8 for the four digits of x < 10^4.
func digits4(x uint32) uint32 {
	x = x<<16 - x*5243>>19*(100<<16-1)
	return x<<8 - x*103>>10&0x000F000F*(10<<8-1)
}

const (
	mantBits64 = 52
	bias64     = 1075 // of the exponent of a whole mantissa
)

// putFloat64Wide writes a float64, given by its bits, after its sign. It handles zero,
// whole numbers from 10^4 to 2^53 and, with the argument of PutFloat64, decimals with up
// to 8 digits after the point below 10^7 and with up to 4 below 10^11. For the latter it
// guesses r by a multiplication and proves it by a division: r and 10^4 are doubles
// themselves, and a division is rounded to the nearest, so r/10^4 parses to the quotient.
func putFloat64Wide(b []byte, n int, u uint64) int {
	abs := u &^ (1 << 63)
	if abs-wideMin >= wideMax-wideMin {
		if abs == 0 {
			swar.StoreByte(b, n, '0')
			return n + 1
		}
		return putFloat64Core(b, n, u)
	}
	x := math.Float64frombits(abs)
	whole := int64(x)
	if float64(whole) == x {
		return putInt(b, n, uint64(whole), 0)
	}
	var frac uint32
	switch {
	case x < 1e7:
		r, ok := hundredMillionths(abs)
		if !ok {
			return putFloat64Core(b, n, u)
		}
		frac = uint32(r - uint64(whole)*1e8)
	case x < 1e11:
		r := int64(x*1e4 + 0.5)
		if float64(r)/1e4 != x {
			return putFloat64Core(b, n, u)
		}
		frac = uint32(r-whole*1e4) * 1e4
	default:
		return putFloat64Core(b, n, u)
	}
	// The fraction is not 0: the whole part of x is that of the decimal.
	return putEight(b, n, uint64(whole), frac)
}

// putFloat64Core writes any float64 but zero, given by its bits, after its sign.
func putFloat64Core(b []byte, n int, u uint64) int {
	mant := u & (1<<mantBits64 - 1)
	exp := int(u >> mantBits64 & 0x7FF)
	var d uint64
	var k int
	if uint(exp-1) < 0x7FE && mant != 0 {
		c := mant | 1<<mantBits64
		q := exp - bias64
		var ok bool
		if d, k, ok = shortest64(c, q); !ok {
			d, k = schubfach64(c, q, false)
		}
	} else {
		switch {
		case exp == 0x7FF:
			return n - int(u>>63)
		case exp != 0:
			d, k = schubfach64(1<<mantBits64, exp-bias64, exp > 1)
		default:
			d, k = schubfach64(mant, 1-bias64, false)
		}
	}
	// Whether d has 16 or 17 digits cannot be predicted: make it 17 without a branch.
	short := int64(d-1e16) >> 63 // -1 if d < 1e16
	d, k = d+d*9&uint64(short), k+int(short)
	for d < 1e16 { // only subnormals have so few digits
		d, k = d*10, k-1
	}
	return putDecimal17(b, n, d, k+16)
}

// shortest64 returns the shortest decimal d*10^k that parses to c*2^q, or reports false
// if it cannot tell. d may end in a zero, and has 16 or 17 digits. c is a full mantissa
// and no power of two.
//
// With k = floor(log10(2^q)), the scaled value s = c*2^q*10^-k has its neighbours at a
// distance of 1 to 10. The decimals that parse to it lie within half of that distance,
// and at most one of them is a multiple of ten: it is the result if there is one,
// otherwise the whole number nearest to s is. This is the argument of Schubfach
// (Giulietti, "The Schubfach way to render doubles", 2021, section 8), with one
// multiplication in place of three: the bounds come from s by adding half the distance of
// the neighbours, which is a shifted power of ten.
//
// s is computed as (c<<h)*g/2^128 where g exceeds the true power by less than one unit,
// so s is too large by less than 2^58/2^128. The fraction, truncated to 64 bits, and the
// bounds, truncated to 60 bits, are off by less than two units of their last place. Where
// a comparison is closer than that, as exact ties are, schubfach64 decides.
func shortest64(c uint64, q int) (d uint64, k int, ok bool) {
	k = log10Pow2(q)
	h := uint(q + log2Pow10(-k) + 1) // 1..4
	g := pow10(-k)
	cp := c << (h & 63)
	hi, mid := bits.Mul64(cp, g.hi)
	carry, _ := bits.Mul64(cp, g.lo)
	frac, over := bits.Add64(mid, carry, 0)
	whole := hi + over

	// Fixed point with 4 bits before the point: s mod 10, half the distance.
	const ten = 10 << 60
	tens := whole / 10 * 10
	r := (whole-tens)<<60 | frac>>4
	half := g.hi >> ((5 - h) & 63)
	if frac-(1<<63)+2 <= 4 || r-half+2 <= 4 || r+half-ten+2 <= 4 {
		return 0, 0, false
	}
	d = whole + frac>>63
	if r < half {
		d = tens
	}
	if r+half > ten {
		d = tens + 10
	}
	return d, k, true
}

// schubfach64 returns the shortest decimal d*10^k that parses to c*2^q, for any c > 0.
// closer says that the next smaller float is at half the distance of the next larger one.
// It is figure 7 of "The Schubfach way to render doubles".
func schubfach64(c uint64, q int, closer bool) (d uint64, k int) {
	odd := c & 1
	cb := 4 * c
	cbr := cb + 2
	cbl := cb - 2
	if closer {
		cbl++
		k = log10ThreeQuarterPow2(q)
	} else {
		k = log10Pow2(q)
	}
	h := uint(q + log2Pow10(-k) + 1)
	g := pow10(-k)
	lower := roundToOdd64(g, cbl<<h) + odd
	upper := roundToOdd64(g, cbr<<h) - odd
	v := roundToOdd64(g, cb<<h)
	s := v / 4
	if s >= 10 {
		t := s / 10
		low := lower <= 40*t
		high := 40*t+40 <= upper
		if low != high {
			if high {
				t++
			}
			return t, k + 1
		}
	}
	low := lower <= 4*s
	high := 4*s+4 <= upper
	up := high
	if low == high {
		mid := 4*s + 2
		up = v > mid || v == mid && s&1 != 0
	}
	if up {
		s++
	}
	return s, k
}

// roundToOdd64 returns g*cp/2^128 truncated, with its last bit set if the truncated part
// is more than the error of g.
func roundToOdd64(g uint128, cp uint64) uint64 {
	x, _ := bits.Mul64(g.lo, cp)
	hi, lo := bits.Mul64(g.hi, cp)
	lo, carry := bits.Add64(lo, x, 0)
	hi += carry
	if lo > 1 {
		hi |= 1
	}
	return hi
}

// putDecimal17 writes d*10^(e-16), where d has 17 digits: its first digit has
// the weight 10^e. Zeros at the end of d are not significant.
func putDecimal17(b []byte, n int, d uint64, e int) int {
	top := d / 1e8 // 9 digits
	first := top * 1441151881 >> 57
	x := swar.Digits8(uint32(top - first*1e8))
	y := swar.Digits8(uint32(d - top*1e8))
	digits := 9 + (bits.Len64(y)+7)>>3 // significant ones
	if y == 0 {
		digits = 1 + (bits.Len64(x)+7)>>3
	}
	x |= swar.Zeros
	y |= swar.Zeros
	if uint(e) < 8 && digits > e+1 {
		// The digits up to the point, the point and the rest of x after it, the last
		// digit of x, and y.
		swar.Store64(b, n, x<<8|(first+'0'))
		swar.Store64(b, n+e+1, x>>(8*uint(e))<<8|'.')
		swar.StoreByte(b, n+9, byte(x>>56))
		swar.Store64(b, n+10, y)
		return n + digits + 1
	}
	swar.StoreByte(b, n, byte(first)+'0')
	switch {
	case uint(e) <= 20:
		if digits > e+1 {
			return putPoint(b, n, x, y, e, digits)
		}
		swar.Store64(b, n+1, x)
		swar.Store64(b, n+9, y)
		swar.Store32(b, n+17, swar.Zeros&0xFFFFFFFF)
		return n + e + 1
	case e < 0 && e >= -6:
		swar.Store64(b, n, 0x3030303030302E30) // 0.000000
		n += 1 - e
		swar.StoreByte(b, n, byte(first)+'0')
		swar.Store64(b, n+1, x)
		swar.Store64(b, n+9, y)
		return n + digits
	}
	swar.StoreByte(b, n+1, '.')
	swar.Store64(b, n+2, x)
	swar.Store64(b, n+10, y)
	n += digits
	if digits > 1 {
		n++
	}
	return putExponent(b, n, e)
}

// putPoint writes x and y, the 16 digits that follow the first one at n, with
// the point after the digit e of them, and returns the end of digits digits.
func putPoint(b []byte, n int, x, y uint64, e, digits int) int {
	const point = '.'
	if e < 8 {
		s := uint(8 * e)
		swar.Store64(b, n+1, x&(1<<s-1)|point<<s|x>>s<<s<<8)
		swar.Store64(b, n+9, x>>56|y<<8)
	} else {
		s := uint(8*e - 64)
		swar.Store64(b, n+1, x)
		swar.Store64(b, n+9, y&(1<<s-1)|point<<s|y>>s<<s<<8)
	}
	swar.StoreByte(b, n+17, byte(y>>56))
	return n + digits + 1
}

// putExponent writes "e", the sign and at least two digits of e.
func putExponent(b []byte, n int, e int) int {
	t := exponents[e+maxExponent]
	swar.Store64(b, n, t)
	return n + int(t>>56)
}

// maxExponent is the largest size of a decimal exponent.
const maxExponent = 324

// exponents[e+maxExponent] holds the text of the exponent e in its low bytes and the
// length of the text in the highest one: neither the sign nor the length can be
// predicted.
var exponents = func() (t [2*maxExponent + 1]uint64) {
	for i := range t {
		sign, e, w := uint64('+'), uint64(i-maxExponent), uint64(0)
		if i < maxExponent {
			sign, e = '-', uint64(maxExponent-i)
		}
		size := uint64(4)
		if e >= 100 {
			w, e, size = '0'+e/100, e%100, 5
		}
		w |= ('0' + e/10 | ('0'+e%10)<<8) << (8 * (size - 4))
		t[i] = 'e' | sign<<8 | w<<16 | size<<56
	}
	return t
}()
