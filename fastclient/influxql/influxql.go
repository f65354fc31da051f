// Package influxql quotes names, texts and times for statements, so that no value can
// end the quotation it stands in. Values of queries are better sent beside them, by
// fastclient.Param.
package influxql

import (
	"strings"
	"time"
	"unicode/utf8"
)

// AppendIdent appends name as a quoted identifier: no name can end the quotation. A
// quote, a backslash and a newline are escaped, as the lexer of InfluxDB 1.x reads
// them. What has no form there is replaced: NUL and carriage return by an underscore,
// and bytes that are not UTF-8 by U+FFFD. [Quotable] tells such names.
func AppendIdent(dst []byte, name string) []byte { return appendQuoted(dst, name, '"') }

// AppendText appends s as a quoted string, as in WHERE host = 'a'. What has no form is
// replaced as by [AppendIdent].
func AppendText(dst []byte, s string) []byte { return appendQuoted(dst, s, '\'') }

// AppendTime appends t as a quoted time, exact to the nanosecond.
func AppendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(append(dst, '\''), "2006-01-02T15:04:05.999999999Z'")
}

// Quotable reports whether InfluxQL can hold s as it is: it is UTF-8 and has neither
// NUL nor carriage return.
func Quotable(s string) bool { return utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\r") }

func appendQuoted(dst []byte, s string, quote byte) []byte {
	dst = append(dst, quote)
	for _, r := range s { // a byte that is not UTF-8 comes as U+FFFD
		switch r {
		case rune(quote), '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, '\\', 'n')
		case 0, '\r':
			dst = append(dst, '_')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, quote)
}
