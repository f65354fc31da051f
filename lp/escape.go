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

// longText is the length up to which a string field is copied in the hope that
// it is clean. A longer one rarely is, and the escaping copy costs it little.
const longText = 64

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

// escapeSet appends s with a backslash before each of the four bytes.
func escapeSet(dst []byte, s string, c0, c1, c2, c3 byte) []byte {
	const ones = swar.Ones
	dst = grow(dst, 2*len(s)+room)
	n := len(dst)
	for i := 0; i < len(s); i += 8 {
		w, size := word(s, i)
		m := differs(w^ones*uint64(c0)) & differs(w^ones*uint64(c1)) & differs(w^ones*uint64(c2)) & differs(w^ones*uint64(c3))
		n = putWord(dst, n, w, size, ^m&swar.Highs)
	}
	return dst[:n]
}

// appendText appends s in double quotes, escaped, with U+FFFD for invalid UTF-8.
func appendText(dst []byte, s string) []byte {
	dst = grow(dst, 2*len(s)+2+room)
	swar.StoreByte(dst, len(dst), '"')
	end, ascii := escapeText(dst, len(dst)+1, s)
	if !ascii && !utf8.ValidString(s) {
		return appendText(dst, strings.ToValidUTF8(s, "\uFFFD"))
	}
	swar.StoreByte(dst, end, '"')
	return dst[:end+1]
}

// escapeText writes the inside of a string field to b from n on, escaped, and
// returns its end, and whether s is ASCII: else the caller looks whether it is
// UTF-8. The caller makes sure of 2*len(s)+room bytes.
func escapeText(b []byte, n int, s string) (end int, ascii bool) {
	const ones = swar.Ones
	seen := uint64(0)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := swar.Load64String(s, i)
		seen |= w
		swar.Store64(b, n, w)
		x, y := w^ones*'"', w^ones*'\\'
		// A one in the lowest bit of each byte that needs a backslash.
		m := ^((x + ^uint64(swar.Highs)) & (y + ^uint64(swar.Highs))) & swar.Highs >> 7
		if w&swar.Highs != 0 { // the sums carry
			m = ^(differs(x) & differs(y)) & swar.Highs >> 7
		}
		if m == 0 {
			n += 8
			continue
		}
		// What begins with such a byte is written again behind a backslash. That is
		// done once in any case: whether there is one is no pattern to predict.
		// Without one, it happens behind the end.
		end := n + 8 + int(m*ones>>56)
		at := bits.TrailingZeros64(m)
		n += at >> 3
		swar.StoreByte(b, n, '\\')
		swar.Store64(b, n+1, w>>(uint(at)&63))
		for m &= m - 1; m != 0; m &= m - 1 {
			next := bits.TrailingZeros64(m)
			n += 1 + (next-at)>>3
			at = next
			swar.StoreByte(b, n, '\\')
			swar.Store64(b, n+1, w>>(uint(at)&63))
		}
		n = end
	}
	if i < len(s) {
		w, size := word(s, i)
		seen |= w
		n = putWord(b, n, w, size, ^(differs(w^ones*'"')&differs(w^ones*'\\'))&swar.Highs)
	}
	return n, seen&swar.Highs == 0
}

// word returns up to 8 bytes of s from i on, and how many there are. The others
// are zero.
func word(s string, i int) (w uint64, size int) {
	switch size = len(s) - i; {
	case size >= 8:
		return swar.Load64String(s, i), 8
	case i > 0:
		return swar.Load64String(s, len(s)-8) >> (64 - 8*uint(size)&63), size
	}
	return swar.Head(s), size
}

// differs marks the bytes of w that are not zero, each of them and no other, in
// their highest bit. The lower bits mean nothing.
func differs(w uint64) uint64 { return w&^swar.Highs + ^uint64(swar.Highs) | w }

// putWord writes size bytes of w to b from n on, with a backslash before each
// that is marked in its highest bit, and returns the end. It writes up to 8 bytes
// beyond the end.
func putWord(b []byte, n int, w uint64, size int, marks uint64) int {
	n += size
	size <<= 3
	for marks != 0 {
		// All that is left is written, then the backslash over the marked byte,
		// which is the first of what is left now.
		at := bits.TrailingZeros64(marks) - 7
		swar.Store64(b, n-size>>3, w)
		w >>= uint(at) & 63
		size -= at
		swar.StoreByte(b, n-size>>3, '\\')
		n++
		marks = marks >> (uint(at) & 63) &^ 0x80
	}
	swar.Store64(b, n-size>>3, w)
	return n
}
