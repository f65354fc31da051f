package line

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file reads numbers, booleans and timestamps of lines of the common form.

// number returns the value of the number at p, its kind and the place after it, or -1 if
// its form is not a common one. It takes the forms that most numbers have from one load, in
// the way of decimal.Number, because a call costs half as much as the number.
func number(b []byte, p int) (v uint64, k Kind, next int) {
	x := swar.Load64(b, p) ^ swar.Zeros
	m := swar.NonValues(x)
	if byte(x) >= 10 {
		return otherNumber(b, p)
	}
	if m == 0 {
		v, next = decimal.Digits(b, p, x)
		if c := swar.LoadByte(b, next); next == 0 || byte(x) == 0 || v >= 1<<63 || c == '.' || c|0x20 == 'e' {
			return otherNumber(b, p)
		}
		return whole(b, v, next)
	}
	digits := uint(bits.TrailingZeros64(m)) - 7 // 8 times as many as are leading
	next = p + int(digits>>3)
	c := swar.LoadByte(b, next)
	if c|0x20 == 'e' || byte(x) == 0 && digits > 8 {
		return otherNumber(b, p)
	}
	if c == '.' {
		x, end := decimal.Point(x, m)
		if end == 0 {
			if v, next = decimal.LongDecimal(b, p, x, digits); next == 0 {
				return 0, 0, -1
			}
			return v, Float, next
		}
		last := p + bits.TrailingZeros64(end)>>3
		if last == next+1 || swar.LoadByte(b, last)|0x20 == 'e' {
			return otherNumber(b, p)
		}
		return decimal.ShortDecimal(x, end, digits), Float, last
	}
	return whole(b, uint64(swar.Value8(x<<((64-digits)&63))), next)
}

// whole returns the number with the digits of v, an int64, and the suffix at next.
func whole(b []byte, v uint64, next int) (_ uint64, k Kind, after int) {
	switch swar.LoadByte(b, next) {
	case 'i':
		return v, Int, next + 1
	case 'u':
		return v, Uint, next + 1
	}
	return math.Float64bits(float64(int64(v))), Float, next
}

// otherNumber is number for every form.
func otherNumber(b []byte, p int) (v uint64, k Kind, next int) {
	v, form, next := decimal.Number(b, p)
	if form == decimal.Float {
		return v, Float, next
	}
	c := swar.LoadByte(b, next)
	switch form {
	case decimal.Int:
		if c != 'u' || swar.LoadByte(b, p) != '-' {
			return whole(b, v, next)
		}
	case decimal.Uint:
		if c == 'u' {
			return v, Uint, next + 1
		}
		return math.Float64bits(float64(v)), Float, next
	}
	return 0, 0, -1
}

// skipNumber returns the place after the number at p, or -1 where it has an exponent, or
// so many digits that its range has to be looked at.
func skipNumber(b []byte, p int) int {
	if b[p] == '-' {
		p++
	}
	start := p
	m := swar.NonDigits(swar.Load64(b, p))
	for m == 0 {
		p += 8
		m = swar.NonDigits(swar.Load64(b, p))
	}
	p += bits.TrailingZeros64(m) >> 3
	if p == start || p-start > 18 {
		return -1
	}
	switch b[p] {
	case 'i':
		return p + 1
	case 'u':
		if b[start-1] == '-' {
			return -1
		}
		return p + 1
	case '.':
		p++
		m = swar.NonDigits(swar.Load64(b, p))
		for m == 0 {
			p += 8
			m = swar.NonDigits(swar.Load64(b, p))
		}
		return p + bits.TrailingZeros64(m)>>3
	}
	return p
}

// boolean returns the value of the boolean at p and the place after it, or -1.
func boolean(b []byte, p int) (v uint64, next int) {
	w := swar.Load64(b, p)
	switch {
	case w&0xffffffff == 't'|'r'<<8|'u'<<16|'e'<<24:
		return 1, p + 4
	case w&0xffffffffff == 'f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32:
		return 0, p + 5
	}
	c := byte(w >> 8)
	if c != ',' && c != ' ' && c != '\n' {
		return 0, -1
	}
	switch byte(w) {
	case 't', 'T':
		return 1, p + 1
	case 'f', 'F':
		return 0, p + 1
	}
	return 0, -1
}

// fastTime returns the timestamp at p and the place after it, where a line feed is, or
// -1.
func (s *Scanner) fastTime(b []byte, p int) (ts int64, next int) {
	start := p
	neg := int64(0)
	if swar.LoadByte(b, p) == '-' {
		neg = -1
		p++
		start = p
	}
	w := swar.Load64(b, p)
	nd := swar.NonDigits(w)
	v := uint64(0)
	if nd == 0 {
		v = uint64(swar.Value8(w ^ swar.Zeros))
		p += 8
		w = swar.Load64(b, p)
		if nd = swar.NonDigits(w); nd == 0 {
			v = v*1e8 + uint64(swar.Value8(w^swar.Zeros))
			p += 8
			w = swar.Load64(b, p)
			if nd = swar.NonDigits(w); nd&(1<<32-1) == 0 {
				return 0, -1 // more than 19 digits
			}
		}
	}
	if k := uint(bits.TrailingZeros64(nd)) - 7; k > 0 {
		v = v*pow10[k>>3&7] + uint64(swar.Value8((w^swar.Zeros)<<((64-k)&63)))
		p += int(k >> 3)
	}
	if swar.LoadByte(b, p) != '\n' || p == start || v > s.latest {
		return 0, -1
	}
	return (int64(v) ^ neg) - neg, p
}

var pow10 = [8]uint64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}
