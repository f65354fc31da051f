package jsonscan

import (
	"bytes"
	"errors"
	"io"
)

// This file reads a row when Scanner.Next has not taken it on its short way.
//
// A row is a transaction. It is parsed from the bytes in the buffer; if they end
// inside it, nothing is consumed, wholeRow reads until the end of the row is there,
// and the row is parsed again. So the parsers never wait for input, and each byte is
// looked at a fixed number of times, however small the reads are.
//
// There are two parsers. fastRow (fastrow.go) takes compact rows, and declines
// without an error. plainRow takes all rows that JSON allows, byte by byte, and is
// the only one that finds errors: what is wrong and where depends on it alone. FuzzRow
// compares the rows of either with encoding/json.
//
// s.cells has as many cells as the series has columns. s.row.cells is the same slice
// while there is a row, and nil otherwise.

// nextRow reads the next row of the values at hand. It reports false after the
// last one.
func (s *Scanner) nextRow() (bool, error) {
	s.row.cells = nil
	more, err := s.element(s.first, ']')
	if err != nil {
		return false, err
	}
	if !more && s.first {
		s.leave(stSeries) // where NextPart may deliver it
		return false, nil
	}
	s.first = false
	if !more {
		s.endValues()
		return false, nil
	}
	if s.buf[s.pos] != '[' {
		return false, s.syntax(s.pos, "expected a row")
	}
	for {
		s.row.unescaped = s.row.unescaped[:0]
		if len(s.cells) > 0 {
			next := fastRow(s.buf, s.pos+1, s.cells, &s.row.unescaped, s.AllowInvalidUTF8)
			if next > 0 && next-s.pos <= s.maxRow() {
				s.row.cells = s.cells
				s.pos = next
				return true, nil
			}
		}
		if bytes.IndexByte(s.buf[s.pos:s.end], ']') < 0 {
			// Most incomplete rows are found here, before they are parsed.
			if err := s.wholeRow(); err != nil {
				return false, s.truncatedRow(err)
			}
			continue
		}
		next, at, msg := s.plainRow()
		if msg != "" {
			return false, s.syntax(at, msg)
		}
		if next > 0 {
			if next-s.pos > s.maxRow() {
				return false, &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow()}
			}
			s.pos = next
			return true, nil
		}
		if err := s.wholeRow(); err != nil {
			return false, s.truncatedRow(err)
		}
	}
}

// truncatedRow returns the error of the row at pos, inside which reading ended with
// err. If the stream ended there, a syntax error in the row comes first, so that the
// error does not depend on how the bytes arrived.
func (s *Scanner) truncatedRow(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if _, at, msg := s.plainRow(); msg != "" {
			return s.syntax(at, msg)
		}
	}
	return err
}

// wholeRow reads until the incomplete row at pos is whole in the buffer. It looks at
// every byte once, however small the reads are.
func (s *Scanner) wholeRow() error {
	inString, escaped, depth := false, false, 0
	for done := 0; ; {
		b := s.buf[s.pos+done : s.end]
		for i := 0; i < len(b); i++ {
			c := b[i]
			switch {
			case escaped:
				escaped = false
			case inString:
				n := bytes.IndexAny(b[i:], "\"\\")
				if n < 0 {
					i = len(b)
					break
				}
				i += n
				escaped = b[i] == '\\'
				inString = escaped
			case c == '"':
				inString = true
			case c == '[':
				depth++
			case c == ']':
				if depth--; depth == 0 {
					return nil
				}
			}
		}
		done += len(b)
		if err := s.more(); err != nil {
			return err
		}
	}
}

// plainRow parses the row at pos byte by byte. It returns the position after the
// row, or 0 if the row is incomplete, or the offending position and what is wrong
// there. It is the plain twin of fastRow and decides every row that fastRow
// declines.
func (s *Scanner) plainRow() (next, at int, msg string) {
	b, end := s.buf, s.end
	columns := len(s.cells)
	cells := s.cells[:0]
	i := skipSpace(b, s.pos+1, end)
	if i < end && b[i] == ']' {
		if columns != 0 {
			return 0, i, "row has fewer cells than columns"
		}
		return i + 1, 0, ""
	}
	for {
		if i >= end {
			return 0, 0, ""
		}
		if len(cells) == columns {
			return 0, i, "row has more cells than columns"
		}
		c := Cell{meta: uint64(uint32(i))}
		n, code, msg := s.plainCell(&c, i, end)
		if code == scanMore {
			return 0, 0, ""
		}
		if msg != "" {
			return 0, n, msg
		}
		cells = append(cells, c)
		i = skipSpace(b, n, end)
		if i >= end {
			return 0, 0, ""
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1, end)
		case ']':
			if len(cells) != columns {
				return 0, i, "row has fewer cells than columns"
			}
			s.row.cells = cells
			return i + 1, 0, ""
		default:
			return 0, i, "expected ',' or ']'"
		}
	}
}

// plainCell parses the cell at i into c. With scanMore the cell is incomplete at end; with a
// message next is the offending position.
func (s *Scanner) plainCell(c *Cell, i, end int) (next int, code scanCode, msg string) {
	b := s.buf
	switch b[i] {
	case '"':
		n, fix, code := scanString(b, i+1, end, s.AllowInvalidUTF8)
		if code > scanMore {
			return n, code, s.badString(n, code).(*SyntaxError).Msg
		}
		c.bits = uint64(n)
		c.meta |= uint64(KindString) << kindShift
		if fix {
			c.meta |= fixBit
		}
		return n, code, ""
	case 't', 'f', 'n':
		n, code := scanWord(b, i, end, literal(b[i]))
		if code == scanBad {
			return n, code, "invalid literal"
		}
		if b[i] != 'n' {
			c.meta |= uint64(KindBool) << kindShift
			if b[i] == 't' {
				c.bits = 1
			}
		}
		return n, code, ""
	case '[', '{':
		return i, scanBad, "cell is an array or an object"
	}
	n, code := scanNumber(b, i, end)
	switch {
	case code == scanMore:
		return n, code, ""
	case code == scanBad && n == i:
		return n, code, "expected a value"
	case code == scanBad:
		return n, code, "invalid number"
	}
	kind, bits, ok := number(b[i:n])
	if !ok {
		return i, scanRange, "number beyond float64"
	}
	c.bits = bits
	c.meta |= uint64(kind) << kindShift
	return n, scanDone, ""
}

// skipSpace returns the position of the first byte from i on that is not white space.
func skipSpace(b []byte, i, end int) int {
	for i < end && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
