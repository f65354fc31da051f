package jsonscan

import (
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file parses compact rows and finds the end of strings, eight bytes at a time.
//
// The functions get a position and return the position after what they read, or 0 if
// they decline. They make no errors: what they decline is left to plainRow and
// scanString, which are slower and know all forms.
//
//	fastRow          reads a row; numbers of up to 8 bytes and strings of up to 7
//	                 bytes are read in its own loop
//	fastNumber       reads what these and decimal.Digits and decimal.LongDecimal
//	                 decline: signs, exponents, more digits
//	fastString       finds the end of any other string, also of texts of series; it
//	                 continues in escapedString at the first escape, and in
//	                 mixedString at the first character that is not ASCII
//	appendUnescaped  unescapes a string that was scanned before
//
// b has pad zero bytes after the data, and no token holds a zero byte. So a loop over
// a token stops at the first of them at the latest, and a load of 8 bytes there stays
// in the pad. That is why nothing here compares positions with the end of the data.
//
// Texts with escapes are unescaped while their end is looked for, into the byte slice
// that texts points to, each after its length in 4 bytes. Branches cannot predict
// where escapes are, and a second pass would pay for every one again. Texts with
// escapes that are not ASCII, which are rare, only get fixBit, and are unescaped when
// the program reads them.

const (
	wordNull  = 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24
	wordTrue  = 't' | 'r'<<8 | 'u'<<16 | 'e'<<24
	wordFalse = 'f' | 'a'<<8 | 'l'<<16 | 's'<<24 | 'e'<<32
)

// fastRow parses the compact row whose first cell starts at b[i] into all of
// cells and returns the position after its ']'. It returns 0 if it declines: the row
// is incomplete, wrong, holds white space, or has a rare form. plainRow then
// decides.
//
// Every cell that it accepts ends before a ',' or ']', so no load starts after the
// data.
//
// Most numbers take up to 8 bytes together with the byte after them. They are parsed
// here, from one load, in the way that decimal.Number explains; so are strings of up
// to 7 bytes. Longer numbers take one call.
func fastRow(b []byte, i int, cells []Cell, texts *[]byte, lax bool) int {
	last := len(cells) - 1
	for k := range cells {
		var next int
		c := &cells[k]
		w := swar.Load64(b, i)
		x := w ^ swar.Zeros
		if d := byte(x); d < 10 {
			m := swar.NonValues(x)
			if m == 0 {
				c.bits, next = decimal.Digits(b, i, x)
				if c.bits >= 1<<63 || d == 0 || next == 0 || b[next] == '.' {
					goto number
				}
				c.meta = uint64(uint32(i)) | uint64(KindInt)<<kindShift
				goto end
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
			x, m = decimal.Point(x, m)
			if m == 0 {
				if c.bits, next = decimal.LongDecimal(b, i, x, p); next == 0 {
					return 0
				}
				c.meta = uint64(uint32(i)) | uint64(KindFloat)<<kindShift
				goto end
			}
			q := uint(bits.TrailingZeros64(m)) - 7 // 8 times the length of the number
			if q == p+8 {
				return 0
			}
			c.bits = decimal.ShortDecimal(x, m, p)
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
			// No branch could predict which of the two it is.
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

// fastNumber parses a number of any length into c. It returns the position after
// the number, or i if it is not a number: b[i] is then no delimiter, and the caller
// declines.
func fastNumber(b []byte, i int, c *Cell) int {
	v, form, n := decimal.Number(b, i)
	if form == decimal.NotNumber {
		return i
	}
	c.bits = v
	c.meta = uint64(uint32(i)) | uint64(formKind[form&3])<<kindShift
	return n
}

// formKind has the kind of a number by its form.
var formKind = [4]Kind{decimal.Int: KindInt, decimal.Uint: KindUint, decimal.Float: KindFloat}

// specials marks the bytes of w at which the plain run of a string ends: quotes,
// backslashes, control characters, and bytes that are not ASCII. A mark is the
// highest bit of its byte. The lowest mark is exact, and there is one if and only if
// there is such a byte; marks above it may be false, because a subtraction borrows
// from the byte above.
//
// Flipping the second bit moves the quote, 0x22, next to the control characters, so
// that one comparison finds both.
func specials(w uint64) uint64 {
	return (((w ^ swar.Ones*2) - swar.Ones*0x21) | ((w ^ swar.Ones*'\\') - swar.Ones) | w) & swar.Highs
}

// fastString scans the string whose text starts at b[start], and has nothing
// special before b[i]. It returns the position after the closing quote, or 0 if it
// declines.
//
// at is the offset of the unescaped text in texts if the text was unescaped, and 0
// otherwise. If texts is nil, strings with escapes are declined. fix is fixBit if the
// text differs from its bytes, and 0 otherwise.
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
	// Writes go up to 15 bytes past the text.
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

// escapeEnd returns the position after the escape at b[i], or 0 if it is not an
// escape, or is half of a surrogate pair and lax is not set.
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

// mixedString is fastString from b[i] on for a text that is not ASCII. fix says
// whether there were escapes before.
func mixedString(b []byte, start, i int, fix uint64, lax bool) (int, uint64) {
	for {
		w := swar.Load64(b, i)
		// None of the three marks bytes from 0x80 up.
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
// with U+FFFD in the place of what is not UTF-8. At least 8 readable bytes follow
// end.
func appendUnescaped(dst, b []byte, i, end int) []byte {
	n := len(dst)
	// Unescaping makes text longer only where bytes are not UTF-8.
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
	return dst[:n-max(i-end, 0)] // the last word may reach past the end
}

// asciiEscape returns the character below U+0080 whose escape of six bytes is at
// b[i], or false if there is no such escape.
func asciiEscape(b []byte, i int) (c byte, ok bool) {
	// A byte that is not a digit makes this negative.
	r := hexDigit(b[i+4])<<4 | hexDigit(b[i+5])
	return byte(r), swar.Load32(b, i) == wordLatin && uint32(r) < 0x80
}

// appendRune appends the character at b[i]: an escape \uXXXX, a character that is
// not ASCII, or U+FFFD for a byte that is not UTF-8. It leaves room for the text from
// there to end.
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

// unescapeRune returns the character of the valid escape \uXXXX at b[i], or of two
// escapes that are a surrogate pair, and the position after it. A lone surrogate is
// U+FFFD.
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

// shortEscape maps the second byte of an escape of two bytes to the character it
// stands for, and other bytes to 0.
var shortEscape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}
