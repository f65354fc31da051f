package decimal

import (
	"math"
	"math/bits"
	"strconv"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file reads numbers. Each function is for the next longer kind, or for what the one
// before it declines; slowNumber begins again:
//
//	Number       up to 7 bytes in a single load
//	LongDecimal  a point among the first 8 bytes: up to 19 digits in three loads
//	longInt      8 to 19 digits, by Digits, before a point or the end
//	fraction     a point after any number of digits, and leading zeros
//	slowNumber   exponents, more digits, and errors; with strconv in the end
//
// The digits before and after the point become one whole number, which scale or a division
// by an exact power of ten turns into a float. Both round to nearest or decline, so every
// way gives the same bits as strconv. Loads may go up to NumberPad bytes beyond the number.

// A Form is the form of a number text.
type Form uint8

// The forms of numbers.
const (
	NotNumber Form = iota
	Int            // value is an int64
	Uint           // value is a uint64 from 1<<63 up
	Float          // value is the bits of a float64
)

// NumberPad is the number of bytes after the first byte of a number, in addition to the
// number itself, that Number may read.
const NumberPad = 40

// Number parses the JSON number that starts at b[i] and returns its value, its form and
// the index after it. An integer is exact within the range of int64 and uint64; every
// other number, and -0, is the float64 nearest to the text, as strconv.ParseFloat rounds.
// A text that is not a number by the grammar of RFC 8259, or is beyond the range of
// float64, has the form NotNumber.
//
// The caller must make sure that NumberPad bytes after the number are readable (i plus
// its length plus NumberPad <= cap(b)) and that a byte follows that cannot be part of the
// number.
//
// A number of up to 7 bytes is taken from a single load: masks remove the point, the
// digits are converted at once, and one division by an exact power of ten rounds
// correctly (William D. Clinger, "How to read floating point numbers accurately", 1990).
func Number(b []byte, i int) (value uint64, form Form, next int) {
	w := swar.Load64(b, i)
	neg := uint64(0)
	if byte(w) == '-' {
		neg = 1
		i++
		w = swar.Load64(b, i)
	}
	m := swar.NonDigits(w)
	if m == 0 {
		return longInt(b, i, neg, w)
	}
	p := uint(bits.TrailingZeros64(m)) - 7 // 8 times the number of leading digits
	if p == 0 || byte(w) == '0' && p > 8 {
		return 0, NotNumber, i
	}
	c := swar.LoadByte(b, i+int(p>>3))
	if c == '.' {
		x, end := Point(w^swar.Zeros, m)
		if end == 0 {
			return longDecimal(b, i, neg, x, p)
		}
		q := uint(bits.TrailingZeros64(end)) - 7 // 8 times the index after the number
		if q == p+8 {
			return 0, NotNumber, i
		}
		next = i + int(q>>3)
		if swar.LoadByte(b, next)|0x20 == 'e' {
			return slowNumber(b, i, neg)
		}
		return ShortDecimal(x, end, p) | neg<<63, Float, next
	}
	if c|0x20 == 'e' {
		return slowNumber(b, i, neg)
	}
	v := uint64(swar.Value8((w ^ swar.Zeros) << ((64 - p) & 63)))
	if v == 0 && neg != 0 {
		return 1 << 63, Float, i + int(p/8)
	}
	return (v ^ -neg) + neg, Int, i + int(p/8)
}

// Point takes the point out of a number of which x holds the first 8 bytes, each xor '0', and
// m marks those that are no digits, the point first. It returns the other seven, with zero in
// the highest byte, and the marks of m after that of the point.
func Point(x, m uint64) (digits, marks uint64) {
	low := m&-m>>7 - 1
	return x&low | x>>8&^low, m & (m - 1)
}

// ShortDecimal returns the bits of the number of up to 7 bytes that has the digits x and ends
// before the first mark of end, as [Point] returned them, with p/8 digits before its point.
//
// The digits are taken to be seven, with zeros after the last: another power of ten then
// divides, and nothing depends on how many they are.
func ShortDecimal(x, end uint64, p uint) uint64 {
	x &= end&-end>>15 - 1 // the mark is one byte above the digits, which moved
	return math.Float64bits(float64(swar.Value8(x<<8)) / Exact10[(7-p>>3)&7])
}

// LongDecimal returns the bits of the number at b[i], without a sign, and the index after it,
// or 0 if it is no number. Its first 8 bytes are seven digits and a point: x is what [Point]
// returned, and p/8 digits are before the point. It reads as [Number] does.
//
// Wherever the point is, the other digits begin at i+8, so the index after the number, for
// which the next one waits, depends on three loads alone. As in [ShortDecimal] the digits are
// taken to be 15, or 19.
func LongDecimal(b []byte, i int, x uint64, p uint) (value uint64, next int) {
	d := uint64(swar.Value8(x << 8))
	w := swar.Load64(b, i+8) ^ swar.Zeros
	if m := swar.NonValues(w); m != 0 {
		next = i + 8 + bits.TrailingZeros64(m)>>3
		if swar.LoadByte(b, next)|0x20 == 'e' || next == i+8 && p == 56 {
			return rareDecimal(b, i, x, p)
		}
		d = d*1e8 + uint64(swar.Value8(w&(m&-m>>7-1)))
		return math.Float64bits(float64(int64(d)) / Exact10[(15-p>>3)&15]), next // below 1<<53
	}
	d = d*1e8 + uint64(swar.Value8(w))
	w = swar.Load64(b, i+16) ^ swar.Zeros
	m := swar.NonValues(w)
	if m&(1<<40-1) == 0 {
		return rareDecimal(b, i, x, p)
	}
	next = i + 16 + bits.TrailingZeros64(m)>>3
	if swar.LoadByte(b, next)|0x20 == 'e' {
		return rareDecimal(b, i, x, p)
	}
	four := uint32(w & (m&-m>>7 - 1))
	four = four*10 + four>>8
	d = d*1e4 + uint64(four&0xff*100+four>>16&0xff)

	// From here on it is scale, for powers from 10^-18 to 10^-12.
	g := &longScale[p>>3&7]
	hi, mid, exp := product(d, &g.uint128)
	if hi&roundBits == 0 && mid <= 1 {
		return rareDecimal(b, i, x, p)
	}
	return uint64(g.exponent+exp)<<52 + rounded(hi), next
}

// longDecimal is LongDecimal with a sign.
func longDecimal(b []byte, i int, neg, x uint64, p uint) (value uint64, form Form, next int) {
	value, next = LongDecimal(b, i, x, p)
	if next == 0 {
		return 0, NotNumber, i
	}
	return value | neg<<63, Float, next
}

// rareDecimal is LongDecimal for what that declines.
//
//go:noinline
func rareDecimal(b []byte, i int, x uint64, p uint) (value uint64, next int) {
	v := uint64(swar.Value8(x << ((64 - p) & 63)))
	value, form, next := fraction(b, i, i+int(p>>3)+1, 0, v, int(p>>3))
	if form == NotNumber {
		return 0, 0
	}
	return value, next
}

// longScale has, for each number of digits before the point, the power of ten that 19 digits
// are multiplied by, and the exponent of the result but for its shift, less one.
var longScale = func() (t [8]struct {
	uint128
	exponent int
}) {
	for i := range t {
		k := i - 19
		t[i].uint128, t[i].exponent = pow10(k), 1023+63+log2Pow10(k)-1
	}
	return t
}()

// Digits returns the value of the digits at b[i], from 8 to 19, and the index after them. The
// first 8 bytes, each xor '0', are x, and all of them digits. The index is 0 if there are more.
func Digits(b []byte, i int, x uint64) (value uint64, next int) {
	v := uint64(swar.Value8(x))
	next = i + 8
	w := swar.Load64(b, next) ^ swar.Zeros
	m := swar.NonValues(w)
	if m == 0 {
		v = v*1e8 + uint64(swar.Value8(w))
		next = i + 16
		w = swar.Load64(b, next) ^ swar.Zeros
		if m = swar.NonValues(w); m&(1<<32-1) == 0 {
			return 0, 0
		}
	}
	k := bits.TrailingZeros64(m) >> 3
	return v*ints10[k&7] + uint64(swar.Value8(w<<8<<((56-8*k)&63))), next + k
}

// longInt continues with a number whose first 8 bytes, w, are digits.
func longInt(b []byte, i int, neg, w uint64) (value uint64, form Form, next int) {
	if byte(w) == '0' {
		return 0, NotNumber, i
	}
	v, next := Digits(b, i, w^swar.Zeros)
	if next == 0 {
		return slowNumber(b, i, neg)
	}
	switch swar.LoadByte(b, next) {
	case '.':
		return fraction(b, i, next+1, neg, v, next-i)
	case 'e', 'E':
		return slowNumber(b, i, neg)
	}
	switch {
	case v < 1<<63:
		return (v ^ -neg) + neg, Int, next
	case neg == 0:
		return v, Uint, next
	case v == 1<<63:
		return v, Int, next
	}
	return slowNumber(b, i, neg)
}

// fraction continues with the number at i after its point, at j. v is the value of its
// digits digits before the point.
func fraction(b []byte, i, j int, neg, v uint64, digits int) (value uint64, form Form, next int) {
	w := swar.Load64(b, j)
	m := swar.NonDigits(w)
	n := 0
	f := uint64(0)
	if m == 0 {
		f = uint64(swar.Value8(w ^ swar.Zeros))
		w = swar.Load64(b, j+8)
		m = swar.NonDigits(w)
		n = 8
		if m == 0 {
			f = f*1e8 + uint64(swar.Value8(w^swar.Zeros))
			w = swar.Load64(b, j+16)
			m = swar.NonDigits(w)
			n = 16
			if m == 0 {
				return slowNumber(b, i, neg)
			}
		}
	}
	p := uint(bits.TrailingZeros64(m)) - 7
	if p > 0 {
		// Leading zeros do not count among the 19 digits of f.
		if n == 16 && p > 24 && f >= ints10[(19-p/8)&31] {
			return slowNumber(b, i, neg)
		}
		f = f*ints10[(p/8)&31] + uint64(swar.Value8((w^swar.Zeros)<<((64-p)&63)))
		n += int(p / 8)
	}
	if n == 0 {
		return 0, NotNumber, j
	}
	if v != 0 {
		if digits+n > 19 {
			return slowNumber(b, i, neg)
		}
		f += v * ints10[n&31]
	}
	if byte(w>>(p&63))|0x20 == 'e' {
		return slowNumber(b, i, neg)
	}
	// About half of all long numbers are below 1<<53, which no branch can predict.
	if n > 8 || f >= 1<<53 {
		if r, ok := scale(f, -n); ok {
			return r | neg<<63, Float, j + n
		}
	}
	if f < 1<<53 && n <= 22 {
		return math.Float64bits(float64(f)/Exact10[n&31]) | neg<<63, Float, j + n
	}
	return slowNumber(b, i, neg)
}

// slowNumber parses the number whose digits start at i with strconv. It handles
// exponents, more than 19 digits, and what scale declines.
func slowNumber(b []byte, i int, neg uint64) (value uint64, form Form, next int) {
	start := i - int(neg)
	n := scanDigits(b, i)
	if n == i || b[i] == '0' && n > i+1 {
		return 0, NotNumber, i
	}
	mant, exp, exact := uint64(0), 0, true
	for _, c := range b[i:n] {
		if mant >= maxMantissa {
			exact = false
			break
		}
		mant = 10*mant + uint64(c-'0')
	}
	plain := true
	if b[n] == '.' {
		plain = false
		f := n + 1
		n = scanDigits(b, f)
		if n == f {
			return 0, NotNumber, n
		}
		for _, c := range b[f:n] {
			if mant >= maxMantissa {
				exact = false
				break
			}
			mant = 10*mant + uint64(c-'0')
		}
		exp = f - n
	}
	if b[n]|0x20 == 'e' {
		plain = false
		e := n + 1
		sign := 1
		if b[e] == '+' || b[e] == '-' {
			if b[e] == '-' {
				sign = -1
			}
			e++
		}
		n = scanDigits(b, e)
		if n == e {
			return 0, NotNumber, n
		}
		x := 0
		for _, c := range b[e:n] {
			x = min(10*x+int(c-'0'), 1<<20)
		}
		exp += sign * x
	}
	if exact && !plain {
		if mant < 1<<53 && -22 <= exp && exp <= 22 {
			f := float64(mant)
			if exp < 0 {
				f /= Exact10[-exp&31]
			} else {
				f *= Exact10[exp&31]
			}
			return math.Float64bits(f) | neg<<63, Float, n
		}
		if r, ok := scale(mant, exp); ok {
			return r | neg<<63, Float, n
		}
	}
	text := string(b[start:n])
	if plain {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil && (v != 0 || neg == 0) {
			return uint64(v), Int, n
		}
		if v, err := strconv.ParseUint(text, 10, 64); err == nil {
			return v, Uint, n
		}
	}
	r, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, NotNumber, start
	}
	return math.Float64bits(r), Float, n
}

// maxMantissa is the limit below which 64 bits have space for another digit.
const maxMantissa = 1e18

// scanDigits returns the index of the first byte from i on that is not a digit. There
// must be one.
func scanDigits(b []byte, i int) int {
	for b[i]-'0' < 10 {
		i++
	}
	return i
}

// scale returns the bits of the float64 nearest to v*10^k, ties to even, and whether it
// is sure of them. It declines zero, numbers near the ends of the range, and the rare
// ones that 128 bits of 10^k cannot decide.
//
// The product of v and the table's g >= 10^k is less than one unit of its second word too
// large: g is too large by less than one of its own units, and v, shifted to the top, is
// less than 2^64. So the true product differs from the computed one in the bits that
// round only if all bits below them are zero. See Daniel Lemire, "Number parsing at a
// gigabyte per second", 2021, and Russ Cox, research.swtch.com/fp, 2026, who prove more
// about that case; here strconv decides it.
func scale(v uint64, k int) (uint64, bool) {
	if v == 0 || k < pow10Min || k > pow10Max {
		return 0, false
	}
	hi, mid, exp := product(v, &pow10Table[k-pow10Min])
	if hi&roundBits == 0 && mid <= 1 {
		return 0, false
	}
	exp += 1023 + 63 + log2Pow10(k)
	if exp < 1 || exp > 2045 {
		return 0, false
	}
	return uint64(exp-1)<<52 + rounded(hi), true
}

// product multiplies v, which must not be 0, by g. hi has the 64 highest bits of the product
// from its first one on, mid those after them before hi was shifted, and exp is what that adds
// to the exponent.
func product(v uint64, g *uint128) (hi, mid uint64, exp int) {
	shift := bits.LeadingZeros64(v)
	v <<= shift & 63
	hi, mid = bits.Mul64(v, g.hi)
	low, _ := bits.Mul64(v, g.lo)
	mid, carry := bits.Add64(mid, low, 0)
	hi += carry
	top := hi >> 63
	return hi + hi&(top-1), mid, int(top) - shift
}

// roundBits are the bits of a product below the 53 of a float64 and the half.
const roundBits = 1<<10 - 1

// rounded rounds a product to 53 bits. The part below roundBits is not zero: a set half bit
// rounds up.
func rounded(hi uint64) uint64 { return (hi>>10 + 1) >> 1 }

// Exact10 are the powers of ten that a float64 holds exactly; the rest is zero.
var Exact10 = [32]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
	1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// ints10 are the powers of ten that a uint64 holds.
var ints10 = [32]uint64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}
