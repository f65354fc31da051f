// Package printable makes texts of others, such as a server's words, fit for an error text:
// one line, in which nothing moves the cursor of a terminal or begins another record of a
// log. It also puts numbers into such texts.
package printable

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// String returns s with an escape of Go, such as \n or \x1b, for each character that does
// not print as itself and for each byte that is not UTF-8. Backslashes and quotes stay as
// they are.
func String(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return string(Append(make([]byte, 0, len(s)+16), s))
		}
	}
	return s
}

// Error returns the text of err for the text of another error, on one line: the errors of
// errors.Join, which stand on lines of their own, are separated by semicolons. prefixes are
// taken off the beginning of each, in their order. Without an error it is "no cause".
func Error(err error, prefixes ...string) string {
	if err == nil {
		return "no cause"
	}
	var b []byte
	for text := range strings.SplitSeq(err.Error(), "\n") {
		if len(b) > 0 {
			b = append(b, "; "...)
		}
		for _, p := range prefixes {
			text = strings.TrimPrefix(text, p)
		}
		b = Append(b, text)
	}
	return string(b)
}

// Append appends String(s) to dst.
func Append(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c <= '~' {
			dst = append(dst, c)
			i++
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		start := len(dst)
		dst = strconv.AppendQuote(dst, s[i:i+n])
		dst = append(dst[:start], dst[start+1:len(dst)-1]...) // without the quotes
		i += n
	}
	return dst
}

// AppendCount appends n and the words for one or for more of what it counts.
func AppendCount(dst []byte, n uint64, one, more string) []byte {
	dst = append(strconv.AppendUint(dst, n, 10), ' ')
	if n == 1 {
		return append(dst, one...)
	}
	return append(dst, more...)
}
