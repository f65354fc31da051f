package jsonscan

import "bytes"

// nextRow reads the next row of the values at hand. It reports false after the
// last one.
//
// A row is a transaction: it is parsed from the bytes in the buffer, and if
// they end inside it nothing is consumed, more is read, and the whole row is
// parsed again.
func (s *Scanner) nextRow() (bool, error) {
	s.row.cells = s.row.cells[:0]
	s.row.unescaped = s.row.unescaped[:0]
	more, err := s.element(s.first, ']')
	if err != nil {
		return false, err
	}
	s.first = false
	if !more {
		s.leave(stSeries)
		return false, nil
	}
	if s.buf[s.pos] != '[' {
		return false, s.syntax(s.pos, "expected a row")
	}
	for {
		next, at, msg := s.plainRow()
		if msg != "" {
			return false, s.syntax(at, msg)
		}
		if next > 0 {
			if next-s.pos > s.maxRow() {
				return false, &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow()}
			}
			s.pos = next
			s.row.text = s.buf[:s.end]
			return true, nil
		}
		if err := s.wholeRow(); err != nil {
			return false, err
		}
	}
}

// wholeRow reads until the row at pos, which is incomplete, is in the buffer.
// Every byte is looked at once, however small the reads are.
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

// plainRow parses the row at pos byte by byte. It returns the position behind
// it, or 0 if the row is incomplete, or the offending position and what is
// wrong there. It is the plain twin of fastRow and has the last word on every
// row that fastRow declines.
func (s *Scanner) plainRow() (next, at int, msg string) {
	b, end := s.buf, s.end
	columns := len(s.row.series.Columns)
	cells := s.row.cells[:0]
	i := skipSpace(b, s.pos+1, end)
	if i < end && b[i] == ']' {
		if columns != 0 {
			return 0, i, "row shorter than the columns"
		}
		return i + 1, 0, ""
	}
	for {
		if i >= end {
			return 0, 0, ""
		}
		if len(cells) == columns {
			return 0, i, "row longer than the columns"
		}
		c := cell{start: uint32(i)}
		n, code, msg := s.plainCell(&c, i)
		if code == scanMore {
			return 0, 0, ""
		}
		if msg != "" {
			return 0, n, msg
		}
		c.end = uint32(n)
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
				return 0, i, "row shorter than the columns"
			}
			s.row.cells = cells
			return i + 1, 0, ""
		default:
			return 0, i, "expected ',' or ']'"
		}
	}
}

// plainCell parses the cell at i into c.
func (s *Scanner) plainCell(c *cell, i int) (next int, code scanCode, msg string) {
	b, end := s.buf, s.end
	switch b[i] {
	case '"':
		n, fix, code := scanString(b, i+1, end, s.AllowInvalidUTF8)
		if code > scanMore {
			return n, code, s.badString(n, code).(*SyntaxError).Msg
		}
		c.kind, c.fix = KindString, fix
		return n, code, ""
	case 't', 'f', 'n':
		n, code := scanWord(b, i, end, literal(b[i]))
		if code == scanBad {
			return n, code, "invalid literal"
		}
		if b[i] != 'n' {
			c.kind = KindBool
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
	var ok bool
	if c.kind, c.bits, ok = number(b[i:n]); !ok {
		return i, scanRange, "number beyond float64"
	}
	return n, scanDone, ""
}

func skipSpace(b []byte, i, end int) int {
	for i < end && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}
