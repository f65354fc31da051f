package lp

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes names and strings, and escapes the bytes that need it.
//
// Nearly all keys and values are short and clean. A byte is clean if no rule of line
// protocol names it. The put functions copy a text word by word to a place in a buffer
// and report whether all of it was clean. If it was not, the caller ignores the copy,
// has the text checked in text.go, and writes it with an escape function. A byte that
// is not clean need not be special; it only sends its text the long way.
//
// Two invariants hold:
//
//   - A put function may write up to room bytes after the end of its text. Its caller
//     reserves them and sets the length of the buffer itself.
//   - The escape functions get only texts that text.go lets pass or has replaced. They
//     reserve their own space.

// room is the number of bytes that copying a clean text may write after its end.
const room = 16

// grow returns dst with capacity for n more bytes after its length.
func grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = extend(dst, n)
	}
	return dst
}

// extend is a function of its own so that grow stays small enough to be inlined.
//
//go:noinline
func extend(dst []byte, n int) []byte { return slices.Grow(dst, n) }

// unclean is zero if and only if all bytes of w are clean in a name. Control
// characters, space, '!', '"', ',', '=', '\' and bytes outside ASCII are not clean; '!'
// is among them because it lies in a range that one subtraction tests. The marks of
// single bytes mean nothing.
func unclean(w uint64) uint64 {
	const ones = swar.Ones
	// A borrow may mark a clean byte, but it comes from a byte that is marked already.
	return ((w - ones*('"'+1)) | ((w ^ ones*',') - ones) | ((w ^ ones*'=') - ones) | ((w ^ ones*'\\') - ones) | w) & swar.Highs
}

// uncleanString is zero if and only if all bytes of w are clean in a string field: all
// but '"', '\' and bytes outside ASCII are.
func uncleanString(w uint64) uint64 {
	const ones = swar.Ones
	return (((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | w) & swar.Highs
}

// fill replaces the bytes of w from n on, which are zero, by a clean byte.
func fill(w uint64, n int) uint64 {
	return w | swar.Ones*'a'<<(8*uint(n)&63)
}

// putName copies s to b from n on and reports whether s is clean. The caller reserves
// len(s)+room bytes.
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

// putKey is putName for a tag key or field key, neither of which may be empty or "time".
func putKey(b []byte, n int, key string) bool {
	return putName(b, n, key) && key != "" && key != "time"
}

// longText is the length up to which a string field is copied in the hope that it is
// clean. A longer string rarely is, and the copy that escapes costs it little.
const longText = 64

// putText copies s to b from n on and reports whether s is clean in a string field. The
// caller reserves len(s)+room bytes.
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

// putLiteral copies s, which is escaped already, to b from n on and returns its end. The
// caller reserves len(s)+room bytes.
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

// escapeMeasurement appends name escaped. checkMeasurement must let name pass.
func escapeMeasurement(dst []byte, name string) []byte {
	return escapeSet(dst, name, ',', ' ', ',', ',')
}

// escapeTag appends a tag key or tag value escaped. checkTagKey or checkTagValue must
// let it pass.
func escapeTag(dst []byte, s string) []byte { return escapeSet(dst, s, ',', ' ', '=', ',') }

// escapeFieldKey appends key escaped. checkFieldKey must let key pass.
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

// appendText appends s in double quotes and escaped. U+FFFD replaces invalid UTF-8.
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

// escapeText writes s to b from n on, escaped for the inside of a string field. It
// returns the end of the text and whether s is ASCII; if it is not, the caller checks
// whether it is UTF-8. The caller reserves 2*len(s)+room bytes.
func escapeText(b []byte, n int, s string) (end int, ascii bool) {
	const ones = swar.Ones
	seen := uint64(0)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := swar.Load64String(s, i)
		seen |= w
		swar.Store64(b, n, w)
		x, y := w^ones*'"', w^ones*'\\'
		// m has the lowest bit of each byte that needs a backslash.
		m := ^((x + ^uint64(swar.Highs)) & (y + ^uint64(swar.Highs))) & swar.Highs >> 7
		if w&swar.Highs != 0 { // the sums carry, so m is wrong
			m = ^(differs(x) & differs(y)) & swar.Highs >> 7
		}
		if m == 0 {
			n += 8
			continue
		}
		// From each marked byte on, the word is written again, after a backslash.
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

// word returns the next 8 bytes of s from i on, or as many as are left, and their
// number. The other bytes of w are zero.
func word(s string, i int) (w uint64, size int) {
	switch size = len(s) - i; {
	case size >= 8:
		return swar.Load64String(s, i), 8
	case i > 0:
		return swar.Load64String(s, len(s)-8) >> (64 - 8*uint(size)&63), size
	}
	return swar.Head(s), size
}

// differs marks exactly the bytes of w that are not zero, in their highest bit. The lower
// bits mean nothing.
func differs(w uint64) uint64 { return w&^swar.Highs + ^uint64(swar.Highs) | w }

// putWord writes size bytes of w to b from n on, with a backslash before each byte whose
// highest bit is set in marks, and returns the end. It may write 8 bytes after the end.
func putWord(b []byte, n int, w uint64, size int, marks uint64) int {
	n += size
	size <<= 3
	for marks != 0 {
		// Write all bytes that are left, then put the backslash over the marked byte.
		// The next round writes that byte again, as the first one left.
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
