package jsonscan

import (
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

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

// This file finds the end of strings eight bytes at a time, and takes out escapes
// where it meets them. b has pad zero bytes behind the data, which no string holds,
// so no loop runs beyond it.

// specials marks with its highest bit every byte of w that a string cannot go on
// with as it is: quotes, backslashes, control characters, and what is not ASCII.
// The lowest mark is exact, and there is one if and only if there is such a byte;
// marks above it may be false, because a subtraction borrows from the byte above.
//
// Flipping the second bit puts the quote, 0x22, right behind the control
// characters, so that one comparison finds both.
func specials(w uint64) uint64 {
	return (((w ^ swar.Ones*2) - swar.Ones*0x21) | ((w ^ swar.Ones*'\\') - swar.Ones) | w) & swar.Highs
}

// fastString scans the string whose text starts at b[start], and has nothing
// special before b[i]. It returns the position behind the closing quote, or 0 if it
// declines.
//
// A text with escapes is unescaped on the way, into texts: where the escapes are no
// branch can know, and to look for them a second time would cost as much again. at
// is then where in texts it begins, behind its length in 4 bytes, and 0 for every
// other string. Without texts a string with escapes is declined. What has to be
// changed otherwise, which is rare, is only said by fix, fixBit or 0.
func fastString(b []byte, start, i int, texts *[]byte, lax bool) (next, at int, fix uint64) {
	for {
		m := specials(swar.Load64(b, i))
		if m == 0 {
			i += 8
			continue
		}
		i += swar.First(m)
		switch c := b[i]; {
		case c == '"':
			return i + 1, 0, 0
		case c == '\\' && texts != nil:
			return escapedString(b, start, i, texts, lax)
		case c >= utf8.RuneSelf:
			next, fix = mixedString(b, start, i, 0, lax)
			return next, 0, fix
		default:
			return 0, 0, 0
		}
	}
}

// escapedString is fastString for a text whose first escape is at b[i].
func escapedString(b []byte, start, i int, texts *[]byte, lax bool) (next, at int, fix uint64) {
	u := *texts
	at = len(u) + 4
	// What is written goes up to 15 bytes beyond the text.
	u = slices.Grow(u, i-start+64)
	u = u[:cap(u)]
	for k := 0; k < i-start; k += 16 {
		swar.Copy16(u, at+k, b, start+k)
	}
	n := at + i - start
	for {
		// b[i] is a backslash, and u has room for 16 bytes.
		if c := shortEscape[b[i+1]]; c != 0 {
			swar.StoreByte(u, n, c)
			i += 2
			n++
		} else if c, ok := asciiEscape(b, i); ok {
			swar.StoreByte(u, n, c)
			i += 6
			n++
		} else {
			next := longEscape(b, i, lax)
			if next == 0 {
				return 0, 0, 0
			}
			u, i = appendRune(u[:n], b, i, next)
			n = len(u)
			u = u[:cap(u)]
		}
		for {
			if n+32 > len(u) {
				u = slices.Grow(u[:n], len(u))
				u = u[:cap(u)]
			}
			w := swar.Load64(b, i)
			swar.Store64(u, n, w)
			m := specials(w)
			if m == 0 {
				i += 8
				n += 8
				continue
			}
			k := swar.First(m)
			i += k
			n += k
			break
		}
		if c := b[i]; c == '\\' {
			continue
		} else if c == '"' {
			swar.Store32(u, at-4, uint32(n-at))
			*texts = u[:n]
			return i + 1, at, fixBit
		} else if c >= utf8.RuneSelf {
			next, fix = mixedString(b, start, i, fixBit, lax)
			return next, 0, fix
		}
		return 0, 0, 0
	}
}

// escapeEnd returns the position behind the escape at b[i], or 0 if it is none, or
// half of a pair.
func escapeEnd(b []byte, i int, lax bool) int {
	if shortEscape[b[i+1]] != 0 {
		return i + 2
	}
	return longEscape(b, i, lax)
}

// wordLatin is the beginning of the escape of a character below U+0100, as
// InfluxDB writes <, > and & and most control characters.
const wordLatin = '\\' | 'u'<<8 | '0'<<16 | '0'<<24

// longEscape is escapeEnd for an escape of more than two bytes.
func longEscape(b []byte, i int, lax bool) int {
	if swar.Load32(b, i) == wordLatin && hexDigit(b[i+4])|hexDigit(b[i+5]) >= 0 {
		return i + 6
	}
	// pad is more than the longest escape.
	next, lone, code := scanEscape(b, i, i+12)
	if code != scanDone || lone && !lax {
		return 0
	}
	return next
}

// mixedString is fastString from b[i] on for a text that is not ASCII, of which fix
// says whether there were escapes before.
func mixedString(b []byte, start, i int, fix uint64, lax bool) (int, uint64) {
	for {
		w := swar.Load64(b, i)
		// Bytes from 0x80 up are marked by none of the three.
		m := swar.Equal(w, '"') | swar.Equal(w, '\\') | swar.Less(w, 0x20)
		if m == 0 {
			i += 8
			continue
		}
		i += swar.First(m)
		switch b[i] {
		case '"':
			if !utf8.Valid(b[start:i]) {
				if !lax {
					return 0, 0
				}
				fix = fixBit
			}
			return i + 1, fix
		case '\\':
			fix = fixBit
			if i = escapeEnd(b, i, lax); i == 0 {
				return 0, 0
			}
		default:
			return 0, 0
		}
	}
}

// appendUnescaped appends the text of the valid string body b[i:end] to dst,
// with U+FFFD in the place of what is not UTF-8. Behind end there are at least 8
// readable bytes.
func appendUnescaped(dst, b []byte, i, end int) []byte {
	n := len(dst)
	// Unescaping never makes text longer, but for bytes that are not UTF-8.
	dst = slices.Grow(dst, end-i+16)
	dst = dst[:cap(dst)]
	for i < end {
		w := swar.Load64(b, i)
		swar.Store64(dst, n, w)
		// The lowest mark is exact, see specials.
		m := (((w ^ swar.Ones*'\\') - swar.Ones) | w) & swar.Highs
		if m == 0 {
			i += 8
			n += 8
			continue
		}
		p := swar.First(m)
		i += p
		n += p
		if i >= end {
			break
		}
		if b[i] == '\\' {
			if c := shortEscape[b[i+1]]; c != 0 {
				swar.StoreByte(dst, n, c)
				i += 2
				n++
				continue
			}
			if c, ok := asciiEscape(b, i); ok {
				swar.StoreByte(dst, n, c)
				i += 6
				n++
				continue
			}
		}
		dst, i = appendRune(dst[:n], b, i, end)
		n = len(dst)
		dst = dst[:cap(dst)]
	}
	return dst[:n-max(i-end, 0)] // a last word reached behind the end
}

// asciiEscape returns the character below U+0080 whose escape of six bytes is at
// b[i], or false if there is no such escape.
func asciiEscape(b []byte, i int) (c byte, ok bool) {
	// A wrong digit makes this negative.
	r := hexDigit(b[i+4])<<4 | hexDigit(b[i+5])
	return byte(r), swar.Load32(b, i) == wordLatin && uint32(r) < 0x80
}

// appendRune appends what stands at b[i], an escape \uXXXX or a character that is
// not ASCII or no UTF-8, and leaves room for the text from there to end.
func appendRune(dst, b []byte, i, end int) (_ []byte, next int) {
	var r rune
	if b[i] == '\\' {
		r, i = unescapeRune(b, i, end)
	} else {
		var n int
		r, n = utf8.DecodeRune(b[i:end])
		i += n
	}
	return slices.Grow(utf8.AppendRune(dst, r), end-i+16), i
}

// unescapeRune returns the character of the valid escape \uXXXX at b[i], or of
// two that are a surrogate pair, and the position behind it.
func unescapeRune(b []byte, i, end int) (rune, int) {
	r, _, _ := scanHex(b, i+2, end)
	i += 6
	if r < 0xd800 || r > 0xdfff {
		return r, i
	}
	if r <= 0xdbff && i+6 <= end && b[i] == '\\' && b[i+1] == 'u' {
		if low, _, _ := scanHex(b, i+2, end); low >= 0xdc00 && low <= 0xdfff {
			return ((r-0xd800)<<10 | (low - 0xdc00)) + 0x10000, i + 6
		}
	}
	return utf8.RuneError, i
}

// shortEscape has what the escapes of two bytes stand for by their second byte.
var shortEscape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
