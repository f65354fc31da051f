package decimal

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

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

// PutFloat64 writes v like [AppendFloat64]. It asks for [RoomFloat].
//
// A value from 2^-10 to 2^23 that is the double closest to a decimal r/10^8 goes
// a short way. With x = c*2^-s, c < 2^53, that is so if r/10^8 is nearer to x
// than half of 2^-s, the distance of the neighbours:
//
//	|c*10^8 - r*2^s| < 10^8/2
//
// Adding 10^8/2 on the left before the s bits are shifted out makes r the
// quotient and the condition one on the remainder: between 0 and 10^8, both
// excluded (a tie is left to the other way). The double below a power of two is
// nearer than that, but there c*10^8 is a multiple of 2^52 or of 2^s, whichever
// is less, and the difference, if not zero, too large.
//
// Then r/10^8 has at most 15 significant digits, as r < 2^23*10^8 < 10^15. Two
// such decimals never parse to the same double in this range, so it is the only
// one of them that parses to x; every shorter text has at most 15 digits too, so
// it is the shortest and the closest, trailing zeros cut.
//
// The whole part of x is that of r/10^8, so the digits after the point come from
// the fraction alone.
func PutFloat64(b []byte, n int, v float64) int {
	u := math.Float64bits(v)
	// The sign is written in any case and stays if v is negative.
	swar.StoreByte(b, n, '-')
	n += int(u >> 63)
	e := u >> mantBits64 & 0x7FF
	if e-shortMin >= uint64(len(wholeDigits)) {
		return putFloat64Wide(b, n, u)
	}
	c := u&(1<<mantBits64-1) | 1<<mantBits64
	s := (bias64 - e) & 63 // 30..62
	whole := c >> s
	hi, lo := bits.Mul64(c&(1<<s-1), 1e8)
	lo, carry := bits.Add64(lo, 1e8/2, 0)
	if lo&(1<<s-1)-1 >= 1e8-1 {
		return putFloat64Core(b, n, u)
	}
	frac := swar.Digits8(uint32((hi+carry)<<(-s&63) | lo>>s))
	nd := (whole + wholeDigits[e-shortMin]) >> 32
	swar.Store64(b, n, (swar.Digits8(uint32(whole))|swar.Zeros)>>((64-8*nd)&63))
	n += int(nd)
	swar.StoreByte(b, n, '.')
	swar.Store64(b, n+1, frac|swar.Zeros)
	k := (bits.Len64(frac) + 7) >> 3 // digits up to the last that is not 0
	return n + k + (k+7)>>3
}

// shortMin is the exponent in the bits of 2^-10.
const shortMin = 1023 - 10

// wholeDigits serves to count the digits of the whole part of a value that has
// the exponent shortMin+i in its bits: (whole + wholeDigits[i]) >> 32.
var wholeDigits = func() (t [10 + 23]uint64) {
	for i := range t {
		digits, p := uint64(1), uint64(10)
		for i >= 10 && p <= 1<<(i-10) {
			digits, p = digits+1, p*10
		}
		// One more from p on, which the range of the exponent may reach.
		t[i] = (digits+1)<<32 - p
	}
	return t
}()

const (
	mantBits64 = 52
	bias64     = 1075 // of the exponent of a whole mantissa
)

// putFloat64Wide writes a float64, given by its bits, behind its sign. It knows
// zero, decimals with up to 4 digits after the point from 2^23 to 2^36, with the
// argument of PutFloat64, and whole numbers from there to 2^53.
func putFloat64Wide(b []byte, n int, u uint64) int {
	if u<<1 == 0 {
		swar.StoreByte(b, n, '0')
		return n + 1
	}
	e := u >> mantBits64 & 0x7FF
	if e-(1023+23) >= 53-23 {
		return putFloat64Core(b, n, u)
	}
	c := u&(1<<mantBits64-1) | 1<<mantBits64
	s := (bias64 - e) & 63 // 0..29
	if c&(1<<s-1) == 0 {
		return putUint64(b, n, c>>s)
	}
	if e >= 1023+36 {
		return putFloat64Core(b, n, u)
	}
	hi, lo := bits.Mul64(c, 1e4)
	lo, carry := bits.Add64(lo, 1e4/2, 0)
	if lo&(1<<s-1)-1 >= 1e4-1 {
		return putFloat64Core(b, n, u)
	}
	r := (hi+carry)<<(64-s) | lo>>s
	whole := r / 1e4
	n = putUint64(b, n, whole)
	frac := swar.Digits8(uint32(r-whole*1e4) * 1e4)
	swar.StoreByte(b, n, '.')
	swar.Store64(b, n+1, frac|swar.Zeros)
	return n + 1 + (bits.Len64(frac)+7)>>3
}

// putFloat64Core writes any float64 but zero, given by its bits, behind its sign.
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
	if d < 1e16 {
		d, k = d*10, k-1
		for d < 1e16 { // subnormals alone have so few digits
			d, k = d*10, k-1
		}
	}
	return putDecimal17(b, n, d, k+16)
}

// shortest64 returns the shortest decimal d*10^k that parses to c*2^q, or
// reports false if it cannot tell. d may end in a zero, and has 16 or 17 digits.
// c is a full mantissa and no power of two.
//
// With k = floor(log10(2^q)), the scaled value s = c*2^q*10^-k has its
// neighbours at a distance of 1 to 10, so the decimals that parse back to it
// lie within half of that, and there is at most one multiple of ten among them:
// that one is the answer, if any, else the whole number nearest to s. This is
// the argument of Schubfach (Giulietti, "The Schubfach way to render doubles",
// 2021, section 8), with one multiplication in place of three: the bounds come
// from s by adding half the distance of the neighbours, which is a shifted
// power of ten.
//
// s is computed as (c<<h)*g/2^128 where g exceeds the true power by less than
// one unit, so it is too large by less than 2^58/2^128; the fraction, cut off
// after 64 bits, and the bounds, cut off after 60 bits, are off by less than
// two units of their last place. Where a comparison is closer than that, exact
// ties among them, the answer is left to schubfach64.
func shortest64(c uint64, q int) (d uint64, k int, ok bool) {
	k = log10Pow2(q)
	h := uint(q + log2Pow10(-k) + 1) // 1..4
	g := pow10(-k)
	cp := c << h
	hi, mid := bits.Mul64(cp, g.hi)
	carry, _ := bits.Mul64(cp, g.lo)
	frac, over := bits.Add64(mid, carry, 0)
	whole := hi + over

	// Fixed point with 4 bits before the point: s mod 10, half the distance.
	const ten = 10 << 60
	tens := whole / 10 * 10
	r := (whole-tens)<<60 | frac>>4
	half := g.hi >> (5 - h)
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

// schubfach64 returns the shortest decimal d*10^k that parses to c*2^q, for any
// c > 0; closer tells that the float below is at half the distance of the one
// above. It is figure 7 of "The Schubfach way to render doubles".
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

// roundToOdd64 returns g*cp/2^128 cut off, with its last bit set if anything but
// the error of g was cut off.
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
	first := d / 1e16
	rest := d - first*1e16
	hi := rest / 1e8
	x := swar.Digits8(uint32(hi))
	y := swar.Digits8(uint32(rest - hi*1e8))
	digits := 9 + (bits.Len64(y)+7)>>3 // significant ones
	if y == 0 {
		digits = 1 + (bits.Len64(x)+7)>>3
	}
	x |= swar.Zeros
	y |= swar.Zeros
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
	sign := uint16('+')
	if e < 0 {
		sign, e = '-', -e
	}
	swar.Store16(b, n, 'e'|sign<<8)
	if e < 100 {
		h := uint16(e) * 103 >> 10
		swar.Store16(b, n+2, h|(uint16(e)-h*10)<<8|0x3030)
		return n + 4
	}
	swar.Store32(b, n+2, small[e])
	return n + 5
}
