package jsonscan

import (
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file finds the end of strings eight bytes at a time. b has pad zero bytes
// behind the data, which no string holds, so no loop runs beyond it.

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
// declines, and fixBit if the text holds escapes.
func fastString(b []byte, start, i int, lax bool) (next int, fix uint64) {
	for {
		m := specials(swar.Load64(b, i))
		if m == 0 {
			i += 8
			continue
		}
		i += swar.First(m)
		switch c := b[i]; {
		case c == '"':
			return i + 1, fix
		case c == '\\':
			fix = fixBit
			if i = escapeEnd(b, i, lax); i == 0 {
				return 0, 0
			}
		case c >= utf8.RuneSelf:
			return mixedString(b, start, i, fix, lax)
		default:
			return 0, 0
		}
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
