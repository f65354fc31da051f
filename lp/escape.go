package lp

import (
	"strings"
	"unicode/utf8"
)

// escapeMeasurement appends name, which has a representation, escaped.
func escapeMeasurement(dst []byte, name string) []byte { return escapeSet(dst, name, ", ") }

// escapeTag appends a tag key or tag value, which has a representation, escaped.
func escapeTag(dst []byte, s string) []byte { return escapeSet(dst, s, ", =") }

// escapeFieldKey appends key, which has a representation, escaped.
func escapeFieldKey(dst []byte, key string) []byte { return escapeSet(dst, key, `, ="`) }

// escapeString appends the inside of a string field, escaped, with U+FFFD for
// invalid UTF-8.
func escapeString(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return escapeSet(dst, s, `"\`)
}

// escapeSet appends s with a backslash before every byte of set.
func escapeSet(dst []byte, s, set string) []byte {
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(set, s[i]) >= 0 {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return dst
}
