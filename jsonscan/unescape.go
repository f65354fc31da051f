package jsonscan

import (
	"slices"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

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
