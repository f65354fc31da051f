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
	dst = slices.Grow(dst, end-i+8)
	for {
		// Copy up to the next escape, or byte of what may not be UTF-8, in words
		// that may go too far.
		for i < end {
			w := swar.Load64(b, i)
			if cap(dst)-len(dst) < 8 {
				dst = slices.Grow(dst, end-i+8)
			}
			swar.Store64(dst, len(dst), w)
			n := min(swar.First(swar.Equal(w, '\\')|w&swar.Highs), end-i)
			dst = dst[:len(dst)+n]
			i += n
			if n < 8 {
				break
			}
		}
		if i == end {
			return dst
		}
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
