package lp

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes text with what needs it escaped. Nearly all keys and values
// are short and clean, that is, made of bytes that no rule speaks of. They are
// copied word by word and looked at on the way; what is not clean is checked and
// escaped apart. A byte that is not clean need not be special: it only sends the
// text the long way.

// room is what the copy of a clean text may write beyond its end.
const room = 16

// grow returns dst with room for n more bytes behind its length.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = extend(dst, n)
	}
	return dst
}

// extend is apart so that grow stays small enough to be inlined.
//
//go:noinline
func extend(dst []byte, n int) []byte { return slices.Grow(dst, n) }

// unclean marks bytes of w that are not clean in a name: control characters,
// space, '!', '"', ',', '=', '\' and what is not ASCII ('!' because it lies in a
// range that one subtraction tests). It is zero if and only if all bytes are
// clean; single marks mean nothing.
func unclean(w uint64) uint64 {
	const ones = swar.Ones
	// A borrow that runs into a byte starts in one that is marked already.
	return ((w - ones*('"'+1)) | ((w ^ ones*',') - ones) | ((w ^ ones*'=') - ones) | ((w ^ ones*'\\') - ones) | w) & swar.Highs
}

// uncleanString marks bytes of w that are not clean in a string field: '"', '\'
// and what is not ASCII. It is zero if and only if all bytes are clean.
func uncleanString(w uint64) uint64 {
	const ones = swar.Ones
	return (((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | w) & swar.Highs
}

// fill replaces the bytes of w from n on, which are zero, by a clean one.
func fill(w uint64, n int) uint64 {
	return w | swar.Ones*'a'<<(8*uint(n)&63)
}

// putName copies s to b from n on and reports whether s is clean. The caller
// makes sure of len(s)+room bytes.
func putName(b []byte, n int, s string) bool {
	if len(s) < 8 {
		if s == "" {
			return true
		}
		w := swar.Head(s)
		swar.Store64(b, n, w)
		return unclean(fill(w, len(s))) == 0
	}
	last := len(s) - 8
	w := swar.Load64String(s, last)
	bad := unclean(w)
	for i := 0; i < last; i += 8 {
		w := swar.Load64String(s, i)
		bad |= unclean(w)
		swar.Store64(b, n+i, w)
	}
	swar.Store64(b, n+last, w)
	return bad == 0
}

// putKey is putName for a tag key or field key.
func putKey(b []byte, n int, key string) bool {
	return putName(b, n, key) && key != "" && key != "time"
}

// putText copies s to b from n on and reports whether s is clean in a string
// field. The caller makes sure of len(s)+room bytes.
func putText(b []byte, n int, s string) bool {
	if len(s) < 8 {
		if s == "" {
			return true
		}
		w := swar.Head(s)
		swar.Store64(b, n, w)
		return uncleanString(fill(w, len(s))) == 0
	}
	last := len(s) - 8
	w := swar.Load64String(s, last)
	bad := uncleanString(w)
	for i := 0; i < last; i += 8 {
		w := swar.Load64String(s, i)
		bad |= uncleanString(w)
		swar.Store64(b, n+i, w)
	}
	swar.Store64(b, n+last, w)
	return bad == 0
}

// putLiteral copies s, which needs no look, to b from n on and returns its end.
// The caller makes sure of len(s)+room bytes.
func putLiteral(b []byte, n int, s string) int {
	if len(s) < 8 {
		if s != "" {
			swar.Store64(b, n, swar.Head(s))
		}
		return n + len(s)
	}
	if len(s) > 64 {
		return n + copy(b[n:cap(b)], s)
	}
	last := len(s) - 8
	for i := 0; i < last; i += 8 {
		swar.Store64(b, n+i, swar.Load64String(s, i))
	}
	swar.Store64(b, n+last, swar.Load64String(s, last))
	return n + len(s)
}

// escapeMeasurement appends name, which has a representation, escaped.
func escapeMeasurement(dst []byte, name string) []byte {
	return escapeSet(dst, name, ',', ' ', ',', ',')
}

// escapeTag appends a tag key or tag value, which has a representation, escaped.
func escapeTag(dst []byte, s string) []byte { return escapeSet(dst, s, ',', ' ', '=', ',') }

// escapeFieldKey appends key, which has a representation, escaped.
func escapeFieldKey(dst []byte, key string) []byte { return escapeSet(dst, key, ',', ' ', '=', '"') }

// escapeString appends the inside of a string field, escaped, with U+FFFD for
// invalid UTF-8.
func escapeString(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return escapeSet(dst, s, '"', '\\', '"', '"')
}

// escapeSet appends s with a backslash before each of the four bytes.
func escapeSet(dst []byte, s string, c0, c1, c2, c3 byte) []byte {
	const ones = swar.Ones
	k0, k1, k2, k3 := ones*uint64(c0), ones*uint64(c1), ones*uint64(c2), ones*uint64(c3)
	dst = grow(dst, 2*len(s)+room)
	n, i := len(dst), 0
	for i+8 <= len(s) {
		w := swar.Load64String(s, i)
		swar.Store64(dst, n, w)
		x0, x1, x2, x3 := w^k0, w^k1, w^k2, w^k3
		m := ((x0-ones)&^x0 | (x1-ones)&^x1 | (x2-ones)&^x2 | (x3-ones)&^x3) & swar.Highs
		if m == 0 {
			i, n = i+8, n+8
			continue
		}
		at := bits.TrailingZeros64(m) >> 3
		i, n = i+at, n+at
		swar.Store16(dst, n, '\\'|uint16(s[i])<<8)
		i, n = i+1, n+2
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c == c0 || c == c1 || c == c2 || c == c3 {
			swar.StoreByte(dst, n, '\\')
			n++
		}
		swar.StoreByte(dst, n, c)
		n++
	}
	return dst[:n]
}
