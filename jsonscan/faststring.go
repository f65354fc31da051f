package jsonscan

import (
	"slices"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

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
