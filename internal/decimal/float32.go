package decimal

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// AppendFloat32 is [AppendFloat64] for the shortest text that parses back to v
// as a float32. The limits of the plain format are 1e-6 and 1e21 rounded to
// float32.
func AppendFloat32(dst []byte, v float32) []byte {
	dst = Grow(dst, RoomFloat)
	return dst[:PutFloat32(dst, len(dst), v)]
}

const (
	mantBits32 = 23
	bias32     = 150
)

// PutFloat32 writes v like [AppendFloat32]. It needs [RoomFloat] bytes.
//
// A value from 0.001 to 1000 that is the float32 closest to a decimal r/10^3 takes a
// short way, see [PutFloat64]: such a decimal has at most 6 significant digits, and two
// of these never parse to the same float32.
func PutFloat32(b []byte, n int, v float32) int {
	u := math.Float32bits(v)
	swar.StoreByte(b, n, '-')
	n += int(u >> 31)
	abs := u &^ (1 << 31)
	if abs-shortMin32 < shortMax32-shortMin32 {
		x := math.Float32frombits(abs)
		r := int32(x*1e3 + 0.5)
		if float32(r)/1e3 == x {
			return putTenThousandths(b, n, uint32(r)*10)
		}
	}
	return putFloat32Core(b, n, u)
}

// Bounds of the bits of the values that take the short way.
const (
	shortMin32 = 0x3A83126F // 0.001
	shortMax32 = 0x447A0000 // 1000
)

// putFloat32Core writes any float32, given by its bits, after its sign.
func putFloat32Core(b []byte, n int, u uint32) int {
	mant := uint64(u & (1<<mantBits32 - 1))
	exp := int(u >> mantBits32 & 0xFF)
	var d uint64
	var k int
	if uint(exp-1) < 0xFE && mant != 0 {
		c := mant | 1<<mantBits32
		q := exp - bias32
		var ok bool
		if d, k, ok = shortest32(c, q); !ok {
			d, k = schubfach64(c, q, false)
		}
	} else {
		switch {
		case exp == 0xFF:
			return n - int(u>>31)
		case exp != 0:
			d, k = schubfach64(1<<mantBits32, exp-bias32, exp > 1)
		case mant != 0:
			d, k = schubfach64(mant, 1-bias32, false)
		default:
			swar.StoreByte(b, n, '0')
			return n + 1
		}
	}
	// d has 7 to 9 digits, except for subnormals. How many cannot be predicted: make it 9
	// without a branch.
	short := int64(d-1e8) >> 63 // -1 if d < 1e8
	d, k = d+d*9&uint64(short), k+int(short)
	short = int64(d-1e8) >> 63
	d, k = d+d*9&uint64(short), k+int(short)
	for d < 1e8 {
		d, k = d*10, k-1
	}
	return putDecimal9(b, n, d, k+8)
}

// shortest32 is shortest64 for a mantissa of 24 bits, with the power of ten truncated to
// 64 bits: the product is exact to less than 2^28 units of 2^-64, and schubfach64 decides
// what is closer than that.
func shortest32(c uint64, q int) (d uint64, k int, ok bool) {
	k = log10Pow2(q)
	h := uint(q + log2Pow10(-k) + 1) // 1..4
	g := pow10(-k).hi
	whole, frac := bits.Mul64(c<<h, g)

	const ten = 10 << 60
	const slack = 1 << 29
	tens := whole / 10 * 10
	r := (whole-tens)<<60 | frac>>4
	half := g >> (5 - h)
	if frac-(1<<63)+slack <= 2*slack || r-half+slack <= 2*slack || r+half-ten+slack <= 2*slack {
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

// putDecimal9 writes d*10^(e-8), where d has 9 digits: its first digit has the
// weight 10^e. Zeros at the end of d are not significant.
func putDecimal9(b []byte, n int, d uint64, e int) int {
	first := d / 1e8
	x := swar.Digits8(uint32(d - first*1e8))
	digits := 1 + (bits.Len64(x)+7)>>3 // significant ones
	x |= swar.Zeros
	swar.StoreByte(b, n, byte(first)+'0')
	switch {
	case uint(e) <= 20:
		if digits > e+1 {
			return putPoint(b, n, x, swar.Zeros, e, digits)
		}
		swar.Store64(b, n+1, x)
		swar.Store64(b, n+9, swar.Zeros)
		swar.Store32(b, n+17, swar.Zeros&0xFFFFFFFF)
		return n + e + 1
	case e < 0 && e >= -6:
		swar.Store64(b, n, 0x3030303030302E30) // 0.000000
		n += 1 - e
		swar.StoreByte(b, n, byte(first)+'0')
		swar.Store64(b, n+1, x)
		return n + digits
	}
	swar.StoreByte(b, n+1, '.')
	swar.Store64(b, n+2, x)
	n += digits
	if digits > 1 {
		n++
	}
	return putExponent(b, n, e)
}
