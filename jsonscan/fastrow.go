package jsonscan

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

const (
	wordNull = 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24
	wordTrue = 't' | 'r'<<8 | 'u'<<16 | 'e'<<24
	wordAlse = 'a' | 'l'<<8 | 's'<<16 | 'e'<<24
)

// fastRow parses the compact row whose first cell starts at b[i] into all of
// cells and returns the position behind its ']', or 0 if it declines: the row
// is incomplete, wrong, holds white space, or is of a form not worth the speed.
// plainRow then decides.
//
// b has pad zero bytes behind the data. No cell that it accepts contains a zero
// byte, and every cell ends before a ',' or ']', so no load starts behind the
// data.
//
// A number of up to 8 bytes with what ends it, which is most of them, is taken
// from one load here, in the way that decimal.Number explains; so is a string
// of up to 7 bytes.
func fastRow(b []byte, i int, cells []Cell, lax bool) int {
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
		switch byte(w) {
		case '-':
			goto number
		case '"':
			w = swar.Load64(b, i+1)
			m := swar.Equal(w, '"') | swar.Equal(w, '\\') | swar.Less(w, 0x20) | w&swar.Highs
			n := bits.TrailingZeros64(m) >> 3
			if m != 0 && byte(w>>(8*n&63)) == '"' {
				next = i + n + 2
				c.bits = uint64(next)
				c.meta = uint64(uint32(i)) | uint64(KindString)<<kindShift
				goto end
			}
			s, fix := fastString(b, i+1, lax)
			if s == 0 {
				return 0
			}
			c.bits = uint64(s)
			c.meta = uint64(uint32(i)) | uint64(KindString)<<kindShift | fix
			next = s
			goto end
		case 'n':
			if uint32(w) != wordNull {
				return 0
			}
			c.bits, c.meta = 0, uint64(uint32(i))
			next = i + 4
			goto end
		case 't':
			if uint32(w) != wordTrue {
				return 0
			}
			c.bits, c.meta = 1, uint64(uint32(i))|uint64(KindBool)<<kindShift
			next = i + 4
			goto end
		case 'f':
			if uint32(w>>8) != wordAlse {
				return 0
			}
			c.bits, c.meta = 0, uint64(uint32(i))|uint64(KindBool)<<kindShift
			next = i + 5
			goto end
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

// fastString scans the string whose text starts at b[i] and returns the
// position behind the closing quote, or 0 if it declines, and fixBit if the
// text holds escapes.
func fastString(b []byte, i int, lax bool) (next int, fix uint64) {
	start := i
	high := uint64(0)
	for {
		w := swar.Load64(b, i)
		// Bytes from 0x80 up are marked by none of the three.
		m := swar.Equal(w, '"') | swar.Equal(w, '\\') | swar.Less(w, 0x20)
		if m == 0 {
			high |= w
			i += 8
			continue
		}
		n := bits.TrailingZeros64(m)
		high |= w & (1<<(n&63) - 1)
		i += n >> 3
		switch b[i] {
		case '"':
			if high&swar.Highs != 0 {
				return nonASCII(b, start, i, 0, lax)
			}
			return i + 1, 0
		case '\\':
			return escapedString(b, start, i, high, lax)
		}
		return 0, 0
	}
}

// simpleEscape has the bytes that follow a backslash in an escape of two bytes.
var simpleEscape = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// escapedString is fastString from the first escape on, at b[i]. high has the
// highest bits of what is before it. A text that holds one escape often holds many:
// those of a word are looked at together, as long as no backslash follows another.
func escapedString(b []byte, start, i int, high uint64, lax bool) (next int, fix uint64) {
	for {
		w := swar.Load64(b, i)
		quotes, slashes, controls := swar.EqualExact(w, '"'), swar.EqualExact(w, '\\'), swar.ZeroExact(w&(0xe0*swar.Ones))
		if quotes|slashes|controls == 0 {
			high |= w
			i += 8
			continue
		}
		escaped := slashes << 8
		if slashes&escaped == 0 {
			end := quotes &^ escaped
			before := (end - 1) &^ end // all ones if there is no end
			other := escaped &^ quotes & before
			for other != 0 && simpleEscape[b[i+swar.First(other)]] {
				other &= other - 1
			}
			if other|controls&before == 0 {
				high |= w & before
				switch {
				case end != 0:
					i += swar.First(end)
					if high&swar.Highs != 0 {
						return nonASCII(b, start, i, fixBit, lax)
					}
					return i + 1, fixBit
				case slashes>>63 == 0:
					i += 8
					continue
				case simpleEscape[b[i+8]]: // of which the word has the backslash alone
					i += 9
					continue
				}
			}
		}
		// One step, to what comes first.
		n := swar.First(quotes | slashes | controls)
		high |= w & (1<<(8*n&63) - 1)
		i += n
		switch b[i] {
		case '"':
			if high&swar.Highs != 0 {
				return nonASCII(b, start, i, fixBit, lax)
			}
			return i + 1, fixBit
		case '\\':
			if simpleEscape[b[i+1]] {
				i += 2
				continue
			}
			// pad is more than the longest escape.
			e, lone, code := scanEscape(b, i, i+12)
			if code != scanDone || lone && !lax {
				return 0, 0
			}
			i = e
		default:
			return 0, 0
		}
	}
}

// nonASCII decides on a string with bytes above 0x7f whose quote is at i.
func nonASCII(b []byte, start, i int, fix uint64, lax bool) (int, uint64) {
	if !utf8.Valid(b[start:i]) {
		if !lax {
			return 0, 0
		}
		fix = fixBit
	}
	return i + 1, fix
}
