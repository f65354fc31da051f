package jsonscan

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

const (
	wordNull  = 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24
	wordTrue  = 't' | 'r'<<8 | 'u'<<16 | 'e'<<24
	wordFalse = 'f' | 'a'<<8 | 'l'<<16 | 's'<<24 | 'e'<<32
)

// fastRow parses the compact row whose first cell starts at b[i] into all of
// cells and returns the position behind its ']', or 0 if it declines: the row
// is incomplete, wrong, holds white space, or is of a form not worth the speed.
// plainRow then decides.
//
// b has pad zero bytes behind the data. No cell that it accepts contains a zero
// byte, and every cell ends before a ',' or ']', so no load starts behind the
// data. Texts with escapes go to texts without them, see fastString.
//
// A number of up to 8 bytes with what ends it, which is most of them, is taken
// from one load here, in the way that decimal.Number explains; so is a string
// of up to 7 bytes.
func fastRow(b []byte, i int, cells []Cell, texts *[]byte, lax bool) int {
	last := len(cells) - 1
	for k := range cells {
		var next int
		c := &cells[k]
		w := swar.Load64(b, i)
		x := w ^ swar.Zeros
		if d := byte(x); d < 10 {
			m := ((x + 0x76*swar.Ones) | x) & swar.Highs // swar.NonDigits(w)
			if m == 0 {
				goto number
			}
			p := uint(bits.TrailingZeros64(m)) - 7 // 8 times the number of leading digits
			if d == 0 && p > 8 {
				return 0
			}
			if byte(w>>(p&63)) != '.' {
				c.bits = uint64(swar.Value8(x << ((64 - p) & 63)))
				c.meta = uint64(uint32(i)) | uint64(KindInt)<<kindShift
				next = i + int(p>>3)
				goto end
			}
			m &= m - 1
			if m == 0 {
				goto number
			}
			q := uint(bits.TrailingZeros64(m)) - 7 // 8 times the position behind the number
			n := q - p - 8
			if n == 0 {
				return 0
			}
			low := uint64(1)<<(p&63) - 1
			x = (x&low | x>>8&^low) << ((72 - q) & 63)
			f := float64(swar.Value8(x)) / decimal.Exact10[n>>3&7]
			c.bits = math.Float64bits(f)
			c.meta = uint64(uint32(i)) | uint64(KindFloat)<<kindShift
			next = i + int(q>>3)
			goto end
		}
		switch {
		case byte(w) == '"':
			w = swar.Load64(b, i+1)
			m := specials(w)
			n := bits.TrailingZeros64(m) >> 3
			if m != 0 && byte(w>>(8*n&63)) == '"' {
				next = i + n + 2
				c.bits = uint64(next)
				c.meta = uint64(uint32(i)) | uint64(KindString)<<kindShift
				goto end
			}
			s, at, fix := fastString(b, i+1, i+1+n, texts, lax)
			if s == 0 {
				return 0
			}
			c.bits = uint64(s) | uint64(at)<<textShift
			c.meta = uint64(uint32(i)) | uint64(KindString)<<kindShift | fix
			next = s
			goto end
		case byte(w)|('t'^'f') == 't'|('t'^'f'):
			// Which of the two it is no branch can know.
			no := w >> 1 & 1
			if w&(1<<(32+8*no)-1) != wordTrue^-no&(wordTrue^wordFalse) {
				return 0
			}
			c.bits = no ^ 1
			c.meta = uint64(uint32(i)) | uint64(KindBool)<<kindShift
			next = i + 4 + int(no)
			goto end
		case uint32(w) == wordNull:
			c.bits, c.meta = 0, uint64(uint32(i))
			next = i + 4
			goto end
		case byte(w) == '-':
			goto number
		}
		return 0
	number:
		next = fastNumber(b, i, c)
	end:
		ends := byte(',')
		if k == last {
			ends = ']'
		}
		if b[next] != ends {
			if b[next]|0x20 != 'e' {
				return 0
			}
			// Only now is it known that the short number has an exponent.
			if next = fastNumber(b, i, c); b[next] != ends {
				return 0
			}
		}
		i = next + 1
	}
	return i
}

// fastNumber parses a number of any length into c. It returns the position
// behind it, or where there is no delimiter if it is none.
func fastNumber(b []byte, i int, c *Cell) int {
	v, form, n := decimal.Number(b, i)
	if form == decimal.NotNumber {
		return i
	}
	c.bits = v
	c.meta = uint64(uint32(i)) | uint64(formKind[form&3])<<kindShift
	return n
}

// formKind is the kind of a number by its form.
var formKind = [4]Kind{decimal.Int: KindInt, decimal.Uint: KindUint, decimal.Float: KindFloat}
