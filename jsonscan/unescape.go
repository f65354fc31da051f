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
	// Unescaping never makes text longer, but for bytes that are not UTF-8.
	dst = slices.Grow(dst, end-i+16)
	for i < end {
		if cap(dst)-len(dst) < 16 {
			dst = slices.Grow(dst, end-i+16)
		}
		w, size := swar.Load64(b, i), min(8, end-i)
		swar.Store64(dst, len(dst), w)
		marks := swar.EqualExact(w, '\\') | w&swar.Highs
		if size < 8 {
			marks &= 1<<(8*size) - 1
		}
		if marks == 0 {
			dst = dst[:len(dst)+size]
			i += size
			continue
		}
		if dst, i, size = unescapeWord(dst, w, marks, i, size); size == 0 {
			continue
		}
		// An escape that is not done by leaving the backslash out, or lies in two
		// words, or a byte of what may not be UTF-8.
		var r rune
		if c := b[i]; c != '\\' {
			var n int
			r, n = utf8.DecodeRune(b[i:end])
			i += n
		} else if c = b[i+1]; c != 'u' {
			dst = append(dst, shortEscape(c))
			i += 2
			continue
		} else {
			r, i = unescapeRune(b, i, end)
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unescapeWord appends size bytes of w, which are those at i, without the
// backslashes before quotes, backslashes and slashes, up to the first other mark.
// It returns the position there, and how many bytes are left. w stands behind dst
// already.
func unescapeWord(dst []byte, w, marks uint64, i, size int) (_ []byte, at, left int) {
	n := len(dst)
	for marks != 0 {
		p := swar.First(marks)
		n += p
		i += p
		size -= p
		w >>= 8 * uint(p) & 63
		marks >>= 8 * uint(p) & 63
		c := byte(w >> 8)
		if size < 2 || byte(w) != '\\' || c != '"' && c != '\\' && c != '/' {
			return dst[:n], i, size
		}
		i++
		size--
		w >>= 8
		marks = marks >> 8 &^ 0x80
		swar.Store64(dst, n, w)
	}
	return dst[:n+size], i + size, 0
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

func shortEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
