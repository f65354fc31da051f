package jsonscan

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/printable"
)

// This file prints rows, for logs and debuggers. Row.String is a getter, so a Row prints
// itself through fmt by a Format method.

// AppendJSON appends the row to dst as a JSON array: every cell as the server sent it, in
// the order of the columns. A row without cells is []. For a MessagePack response it is what
// Row.Raw says.
func (r *Row) AppendJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i := range r.cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.appendCellText(dst, i)
	}
	return append(dst, ']')
}

// appendCellText appends the JSON text of cell i, which is there.
func (r *Row) appendCellText(dst []byte, i int) []byte {
	if !r.s.MessagePack {
		return append(dst, r.Raw(i)...)
	}
	switch c := r.cells[i]; c.Kind() {
	case KindBool:
		return strconv.AppendBool(dst, c.bits != 0)
	case KindInt:
		return strconv.AppendInt(dst, int64(c.bits), 10)
	case KindUint:
		return strconv.AppendUint(dst, c.bits, 10)
	case KindFloat:
		return appendFloatText(dst, math.Float64frombits(c.bits))
	case KindString:
		if c.time() {
			return append(appendTimeText(append(dst, '"'), r.s.buf[c.start()+1:]), '"')
		}
		text, _ := r.Bytes(i) // which appends nothing to unescaped, where dst may be
		return appendQuoted(dst, text)
	}
	return append(dst, "null"...)
}

// appendFloatText appends v as InfluxDB prints it in JSON, which is the form of
// encoding/json.
func appendFloatText(dst []byte, v float64) []byte {
	if v-v != 0 {
		return append(dst, "null"...)
	}
	dst = decimal.AppendFloat64(dst, v)
	// encoding/json has no 0 in an exponent of one digit.
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendQuoted appends text, which is UTF-8, as InfluxDB quotes it in JSON: with the escapes
// of encoding/json in Go 1.21 and before.
func appendQuoted(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c == '<' || c == '>' || c == '&':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c&0xfe == 0xa8 && i >= 2 && text[i-1] == 0x80 && text[i-2] == 0xe2: // U+2028, U+2029
			dst = append(dst[:len(dst)-2], '\\', 'u', '2', '0', '2', hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// Format prints the row for package fmt on one line. %v and %s print the array of
// AppendJSON, and %+v puts the series before it:
//
//	cpu{host="a"} ["time","load"] [1500000000,0.5]
//
// A nil row prints as null. Characters that a terminal would obey are escaped. The text may
// change.
func (r *Row) Format(s fmt.State, verb rune) {
	var b []byte
	switch {
	case verb != 'v' && verb != 's':
		b = fmt.Appendf(nil, "%%!%c(*jsonscan.Row)", verb)
	case r == nil:
		b = []byte("null")
	default:
		if s.Flag('+') {
			b = r.Series().appendText(nil)
			b = append(b, ' ')
		}
		b = printable.Append(b, viewString(r.AppendJSON(nil)))
	}
	io.WriteString(s, viewString(b))
}

// appendText appends the name, the tags and the columns of s to dst.
func (s *Series) appendText(dst []byte) []byte {
	dst = printable.Append(dst, s.Name)
	for i, t := range s.Tags {
		dst = append(dst, "{,"[min(i, 1)])
		dst = append(printable.Append(dst, t.Key), '=')
		dst = strconv.AppendQuote(dst, t.Value)
	}
	if len(s.Tags) > 0 {
		dst = append(dst, '}')
	}
	dst = append(dst, " ["...)
	for i, name := range s.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendQuote(dst, name)
	}
	return append(dst, ']')
}
