package jsonscan

import (
	"fmt"
	"io"
	"strconv"

	"github.com/pointwire/pointwire/internal/printable"
)

// This file prints rows, for logs and debuggers. Row.String is a getter, so a Row prints
// itself through fmt by a Format method.

// AppendJSON appends the row to dst as a JSON array: every cell as the server sent it, in
// the order of the columns. A row without cells is [].
func (r *Row) AppendJSON(dst []byte) []byte {
	dst = append(dst, '[')
	for i := range r.cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, r.Raw(i)...)
	}
	return append(dst, ']')
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
