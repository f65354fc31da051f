package jsonscan

import (
	"github.com/pointwire/pointwire/internal/swar"
)

// This file parses the rows of jsonl responses, in two ways, like values.go.
//
// fastLine takes rows as InfluxDB 3 prints them, if all their columns are known. The members
// of a row are in the order of the query's columns, with gaps where there are nulls. So the
// next member is most likely one of the next few in lineState.order, and comparing its key
// with theirs finds it; where that fails, an index does. fastLine declines everything else
// without an error.
//
// plainLine takes all rows that JSON allows, byte by byte. It alone finds errors, learns
// columns and begins series. It reads the whole line before it looks at what the members
// mean, because the name of the series may come last.
//
// FuzzJSONL compares the two with encoding/json.

// ahead is how many members of lineState.order are compared with a key.
const ahead = 4

// fastLine parses the row at pos into s.cells, and returns the position after its line feed,
// or 0 if it declines. b[end:] begins with zero bytes, which no token holds, so that no loop
// needs to look for the end.
func (s *Scanner) fastLine() int {
	b, l, cells := s.buf, &s.lines, s.cells
	i := s.pos
	if b[i] != '{' || !l.begun {
		return 0
	}
	i++
	clear(cells)
	s.row.unescaped = s.row.unescaped[:0]
	more := b[i] != '}'
	if name := l.nameText; name != "" {
		if !hasAt(b, i, name) {
			return 0
		}
		i += len(name)
		if more = b[i] == ','; more {
			i++
		}
	}
	for place := 0; more; {
		column := -1
		for k := place; k < len(l.order) && k < place+ahead; k++ {
			if c := l.order[k]; hasAt(b, i, l.raws[c]) {
				column, place = int(c), k+1
				i += len(l.raws[c])
				break
			}
		}
		if column < 0 {
			if column, i = s.lineKey(i); i == 0 {
				return 0
			}
			place = int(l.place[column]) + 1
		}
		c := &cells[column]
		if c.meta != 0 {
			return 0 // twice, which plainLine reports
		}
		if i = s.fastCell(c, i); i == 0 {
			return 0
		}
		if more = b[i] == ','; more {
			i++
		}
	}
	if b[i] != '}' || b[i+1] != '\n' {
		return 0
	}
	return i + 2
}

// hasAt reports whether b has text at i.
func hasAt(b []byte, i int, text string) bool {
	return len(b)-i >= len(text) && string(b[i:i+len(text)]) == text
}

// lineKey returns the column of the key at buf[i], and the position of its value, or 0 if
// there is no such column yet or the key has escapes.
func (s *Scanner) lineKey(i int) (column, next int) {
	if s.buf[i] != '"' {
		return 0, 0
	}
	next, _, fix := fastString(s.buf, i+1, i+1, nil, s.AllowInvalidUTF8)
	if next == 0 || fix != 0 || s.buf[next] != ':' {
		return 0, 0
	}
	column = s.lines.find(viewString(s.buf[i+1 : next-1]))
	if column < 0 {
		return 0, 0
	}
	return column, next + 1
}

// fastCell parses the cell at buf[i] into c, and returns the position after it, or 0 if it
// declines.
func (s *Scanner) fastCell(c *Cell, i int) int {
	b := s.buf
	switch b[i] {
	case '"':
		next, at, fix := fastString(b, i+1, i+1, &s.row.unescaped, s.AllowInvalidUTF8)
		c.bits = uint64(next) | uint64(at)<<textShift
		c.meta = uint64(uint32(i)) | kindString | fix
		return next
	case 't', 'f':
		w := swar.Load64(b, i)
		no := w >> 1 & 1
		if w&(1<<(32+8*no)-1) != wordTrue^-no&(wordTrue^wordFalse) {
			return 0
		}
		c.bits, c.meta = no^1, uint64(uint32(i))|kindBool
		return i + 4 + int(no)
	case 'n':
		if swar.Load32(b, i) != wordNull {
			return 0
		}
		c.bits, c.meta = 0, uint64(uint32(i))
		return i + 4
	}
	next := fastNumber(b, i, c)
	if next == i {
		return 0
	}
	return next
}

// A lineMember is a member of a row that plainLine read.
type lineMember struct {
	key    span // in Scanner.scratch
	raw    span // in the buffer, with the colon
	column int
	cell   Cell
}

const (
	msgLineEnd  = "line ends inside a row"
	msgNameText = nameKey + " is not a text"
)

// plainLine parses the row at pos, whose line feed is at eol, into s.cells.
func (s *Scanner) plainLine(eol int) error {
	l := &s.lines
	s.row.unescaped = s.row.unescaped[:0]
	if at, msg := s.plainMembers(eol); msg == msgColumns {
		return s.tooManyColumns(s.maxLineColumns())
	} else if msg != "" {
		return s.syntax(at, msg)
	}
	name, text, at := s.lineName()
	if at > 0 {
		return s.syntax(at, msgNameText)
	}
	begins := !l.begun || string(name) != l.name
	if begins {
		l.restart()
	}
	l.rename(name, text)
	l.begun = true
	known, place := l.n, 0
	for k := range l.members {
		m := &l.members[k]
		key := s.scratch[m.key.start:m.key.end]
		if string(key) == nameKey {
			m.column = -1
			continue
		}
		if m.column = l.find(viewString(key)); m.column < 0 {
			raw := s.buf[m.raw.start:m.raw.end]
			if l.n == s.maxLineColumns() || l.bytes+len(raw) > s.maxRow() {
				return s.tooManyColumns(l.n)
			}
			m.column = l.n
			l.learn(key, raw, place)
		}
		place = int(l.place[m.column]) + 1
	}
	if begins || l.n > known {
		s.beginLines()
	}
	clear(s.cells)
	named := false
	for _, m := range l.members {
		switch {
		case m.column < 0 && named, m.column >= 0 && s.cells[m.column].meta != 0:
			return &SyntaxError{Offset: s.offset(m.raw.start), Msg: ErrDuplicateColumn.Error(), err: ErrDuplicateColumn}
		case m.column < 0:
			named = true
		default:
			s.cells[m.column] = m.cell
		}
	}
	return nil
}

// maxLineColumns bounds the columns of a series.
func (s *Scanner) maxLineColumns() int { return min(maxLineColumns, s.maxColumns()) }

// tooManyColumns returns the error of a row that names more columns than there may be.
func (s *Scanner) tooManyColumns(most int) error {
	return &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow(), Columns: most}
}

// lineName returns the name that the members of a row give to its series, and the member. If
// that is not a text, at is its position.
func (s *Scanner) lineName() (name, text []byte, at int) {
	for _, m := range s.lines.members {
		if string(s.scratch[m.key.start:m.key.end]) != nameKey {
			continue
		}
		switch c := m.cell; {
		case c.Kind() == KindNull:
		case c.Kind() != KindString || c.nested():
			return nil, nil, c.start()
		case c.fix():
			n := len(s.row.unescaped)
			s.row.unescaped = appendUnescaped(s.row.unescaped, s.buf, c.start()+1, c.end()-1)
			return s.row.unescaped[n:], s.buf[m.raw.start:c.end()], 0
		default:
			return s.buf[c.start()+1 : c.end()-1], s.buf[m.raw.start:c.end()], 0
		}
	}
	return nil, nil, 0
}

// msgColumns is what plainMembers reports of a row with too many members.
const msgColumns = "too many columns"

// plainMembers parses the row at pos into lines.members, and reports what is wrong and
// where.
func (s *Scanner) plainMembers(eol int) (at int, msg string) {
	l, b := &s.lines, s.buf
	l.members, s.scratch = l.members[:0], s.scratch[:0]
	i := s.pos
	if b[i] != '{' {
		return i, "expected a row"
	}
	i = skipSpace(b, i+1, eol)
	if i < eol && b[i] == '}' {
		return s.plainLineEnd(i+1, eol)
	}
	for {
		if i < eol && b[i] != '"' {
			return i, "expected a key"
		}
		if len(l.members) > s.maxLineColumns() {
			return i, msgColumns
		}
		m := lineMember{raw: span{i, i}}
		next, fix, code := scanString(b, i+1, eol, s.AllowInvalidUTF8)
		switch {
		case i == eol || code == scanMore:
			return eol, msgLineEnd
		case code != scanDone:
			return next, s.badString(next, code).(*SyntaxError).Msg
		}
		start := len(s.scratch)
		if fix {
			s.scratch = appendUnescaped(s.scratch, b, i+1, next-1)
		} else {
			s.scratch = append(s.scratch, b[i+1:next-1]...)
		}
		m.key = span{start, len(s.scratch)}
		if i = skipSpace(b, next, eol); i < eol && b[i] != ':' {
			return i, "expected ':'"
		}
		m.raw.end = i + 1
		if i = skipSpace(b, i+1, eol); i >= eol {
			return eol, msgLineEnd
		}
		if i, msg = s.lineCell(&m.cell, i, eol); msg != "" {
			return i, msg
		}
		l.members = append(l.members, m)
		if i = skipSpace(b, i, eol); i >= eol {
			return eol, msgLineEnd
		}
		switch b[i] {
		case ',':
			i = skipSpace(b, i+1, eol)
		case '}':
			return s.plainLineEnd(i+1, eol)
		default:
			return i, "expected ',' or '}'"
		}
	}
}

// plainLineEnd looks for what follows a row on its line, from buf[i] on.
func (s *Scanner) plainLineEnd(i, eol int) (at int, msg string) {
	if i = skipSpace(s.buf, i, eol); i < eol {
		return i, "unexpected byte after a row"
	}
	return 0, ""
}

// lineCell parses the cell at buf[i] into c. It returns the position after it, or what is
// wrong and where.
func (s *Scanner) lineCell(c *Cell, i, eol int) (next int, msg string) {
	if s.buf[i] == '[' || s.buf[i] == '{' {
		if next, msg = s.nestedValue(i, eol, 1); msg == "" {
			// Its text is between start+1 and end-1, as if it had quotes.
			c.bits, c.meta = uint64(next+1), uint64(uint32(i-1))|kindString|nestedBit
		}
		return next, msg
	}
	c.meta = uint64(uint32(i))
	next, code, msg := s.plainCell(c, i, eol)
	if code == scanMore {
		return eol, msgLineEnd
	}
	return next, msg
}

// nestedValue finds the end of the value at buf[i], inside depth others. It returns the
// position after it, or what is wrong and where.
func (s *Scanner) nestedValue(i, eol, depth int) (next int, msg string) {
	b := s.buf
	if i >= eol {
		return eol, msgLineEnd
	}
	if b[i] != '[' && b[i] != '{' {
		var c Cell
		next, code, msg := s.plainCell(&c, i, eol)
		switch {
		case code == scanMore:
			return eol, msgLineEnd
		case code == scanRange:
			next, _ = scanNumber(b, i, eol)
			return next, ""
		}
		return next, msg
	}
	if depth == maxDepth {
		return i, "nested too deeply"
	}
	object := b[i] == '{'
	close := b[i] + 2 // of ASCII
	if i = skipSpace(b, i+1, eol); i < eol && b[i] == close {
		return i + 1, ""
	}
	for {
		if object {
			if i < eol && b[i] != '"' {
				return i, "expected a key"
			}
			if i, msg = s.nestedValue(i, eol, depth+1); msg != "" {
				return i, msg
			}
			if i = skipSpace(b, i, eol); i < eol && b[i] != ':' {
				return i, "expected ':'"
			}
			i = skipSpace(b, i+1, eol)
		}
		if i, msg = s.nestedValue(i, eol, depth+1); msg != "" {
			return i, msg
		}
		i = skipSpace(b, i, eol)
		switch {
		case i >= eol:
			return eol, msgLineEnd
		case b[i] == ',':
			i = skipSpace(b, i+1, eol)
		case b[i] == close:
			return i + 1, ""
		default:
			return i, "expected ',' or '" + string(rune(close)) + "'"
		}
	}
}
