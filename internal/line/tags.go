package line

import (
	"bytes"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file finds tags in lines that were accepted by a [Scanner] or made by an encoder. In
// such lines a separator counts unless the byte before it is a backslash, in measurements as
// in tags, and a text has one form only: each comma, space and, in tags, equals sign has one
// backslash more than it means.

// EscapeTag appends the text of a tag key or tag value in a line.
func EscapeTag(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c == ',' || c == '=' || c == ' ' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return dst
}

// SeriesPart returns the end of the measurement or tag of line that begins at from: the place
// of the comma or space after it.
func SeriesPart(line []byte, from int) int {
	i := toComma(line, from)
	for i < len(line) && line[i-1] == '\\' {
		i = toComma(line, i+1)
	}
	return min(i, len(line))
}

// FindTag looks for the tag whose key has the text key. It returns the places of the comma
// before the tag, of its value, and of the comma or space after that. Without the tag, comma
// is -1.
func FindTag(line, key []byte) (comma, value, end int) {
	end = SeriesPart(line, 0)
	for end < len(line) && line[end] == ',' {
		comma = end
		value = comma + 1 + len(key)
		end = SeriesPart(line, comma+1)
		if value < end && line[value] == '=' && string(line[comma+1:value]) == string(key) {
			return comma, value + 1, end
		}
	}
	return -1, 0, 0
}

// Equals returns the place of the equals sign of the tag line[from:end].
func Equals(line []byte, from, end int) int {
	i := from
	for {
		n := bytes.IndexByte(line[i:end], '=')
		if n < 0 {
			return end
		}
		if i += n; line[i-1] != '\\' {
			return i
		}
		i++
	}
}

// toComma returns the place of the first comma or space from i on, or a place beyond the
// end.
func toComma(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		const ones = swar.Ones
		w := swar.Load64(b, i)
		s, c := w^ones*' ', w^ones*','
		if m := ((s-ones)&^s | (c-ones)&^c) & swar.Highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for i < len(b) && b[i] != ' ' && b[i] != ',' {
		i++
	}
	return i
}
