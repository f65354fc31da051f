package fastclient

import (
	"time"
	"unicode/utf8"
)

// AppendIdent appends name as a quoted InfluxQL identifier: no name can end the
// quotation. A quote, a backslash and a newline are escaped, as the lexer of
// InfluxDB 1.x reads them. What has no form there is replaced: NUL and carriage
// return by an underscore, and bytes that are not UTF-8 by U+FFFD. The helpers
// of [Client] refuse such names instead.
func AppendIdent(dst []byte, name string) []byte { return appendQuoted(dst, name, '"') }

// AppendText appends s as a quoted InfluxQL string, as in WHERE host = 'a'.
func AppendText(dst []byte, s string) []byte { return appendQuoted(dst, s, '\'') }

// AppendTimeLiteral appends t as an InfluxQL time, exact to the nanosecond.
func AppendTimeLiteral(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(append(dst, '\''), "2006-01-02T15:04:05.999999999Z'")
}

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
