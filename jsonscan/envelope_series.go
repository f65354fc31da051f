package jsonscan

import (
	"bytes"
	"slices"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file walks through the series of a result, up to their rows and after them.
//
// There are two ways to the first row. fastSeries takes the form that InfluxDB
// writes, compact and with name, tags, columns and values in this order, in one go,
// if it is whole in the buffer and has no escapes. Where it declines it consumed
// nothing, and stepList and stepSeries read the series member by member. Most
// series end with "}]},{", so endValues calls fastSeries at once and a response of
// many small series seldom leaves the short way.
//
// Both ways collect name, tags and columns as spans of s.text.src: of the buffer on
// the fast way, of s.text.text on the other. beginSeries then decides whether the
// series continues the one before. A new Series is only marked as pending there;
// makeSeries makes it, out of those spans, when somebody needs it:
//
//   - Row.Series, if the program asks,
//   - Scanner.fill, before the buffer moves under the spans,
//   - endSeries, if the series may continue in the next document.
//
// A Series that was handed out is not written again, except for Partial, which says
// so in its comment.

// stepList begins a series, or ends the array of series.
func (s *Scanner) stepList() error {
	more, err := s.element(s.first, ']')
	if err != nil {
		return err
	}
	if !more {
		s.leave(stResult)
		return nil
	}
	if s.MessagePack && s.fastPackedSeries() || !s.MessagePack && s.fastSeries() {
		return nil
	}
	if err := s.expect('{', "expected a series"); err != nil {
		return err
	}
	s.newSeries()
	s.text.raw = s.text.raw[:0]
	s.enter(stSeries)
	return nil
}

// newSeries forgets the text of the series before.
func (s *Scanner) newSeries() {
	s.text.reset()
	s.ser.begun, s.ser.ahead, s.ser.partial, s.ser.pending, s.ser.filled = false, false, false, false, false
}

// stepSeries consumes a member of a series, or its end.
func (s *Scanner) stepSeries() error {
	more, err := s.element(s.first, '}')
	if err != nil {
		return err
	}
	s.first = false
	if !more {
		if !s.ser.begun {
			s.beginSeries(false)
		}
		s.endSeries()
		s.leave(stList)
		if !s.ser.filled {
			s.ended = PartSeries
		}
		return nil
	}
	key, err := s.key()
	if err != nil {
		return err
	}
	if string(key) == "values" {
		return s.openValues()
	}
	return s.seriesKey(key)
}

// seriesKey reads the value of a key of a series other than values.
func (s *Scanner) seriesKey(key []byte) error {
	var err error
	switch string(key) {
	case "name", "tags", "columns":
		if s.ser.begun {
			if s.ser.ahead {
				return s.skip()
			}
			return s.syntax(s.pos, "name, tags or columns after the values of a series")
		}
	}
	switch string(key) {
	case "name":
		return s.readName()
	case "tags":
		return s.readTags()
	case "columns":
		return s.readColumns()
	case "partial":
		s.ser.partial, err = s.boolean()
		return err
	}
	return s.skip()
}

// openValues enters the rows. If the columns or the name are not known yet, it
// looks for them after the values first.
func (s *Scanner) openValues() error {
	null, err := s.null()
	if err != nil || null {
		return err
	}
	if s.ser.begun {
		return s.syntax(s.pos, "second values in a series")
	}
	if err := s.expect('[', "expected an array"); err != nil {
		return err
	}
	if s.MessagePack {
		return s.openPackedValues()
	}
	if !s.text.hasCols || !s.text.hasName {
		if err := s.lookAhead(); err != nil {
			return err
		}
	}
	s.beginSeries(false)
	s.enter(stValues)
	return nil
}

// aheadWindow is how far lookAhead reads for a name, which a series need not have.
const aheadWindow = defaultBuffer

// lookAhead reads the keys after the values of the series, whose '[' was consumed,
// and moves back. Meanwhile it holds all of the values in the buffer: up to
// MaxRowBytes for the columns, without which no row can be read, and up to 64 KiB
// for the rest. InfluxDB always sends the columns first.
func (s *Scanner) lookAhead() error {
	limit, optional := s.MaxRowBytes, s.text.hasCols
	if optional {
		s.MaxRowBytes = min(s.maxRow(), aheadWindow)
	}
	s.keep = s.pos
	err := s.keysAfterValues()
	s.pos, s.keep = s.keep, -1
	s.MaxRowBytes = limit
	s.ser.ahead = err == nil
	if err == nil || optional && !s.text.hasName && len(s.text.tags) == 0 {
		return nil // an error there comes again after the rows
	}
	return err
}

// keysAfterValues reads the series from its values to its end.
func (s *Scanner) keysAfterValues() error {
	s.pos-- // back to the '['
	s.keep = s.pos + 1
	if err := s.skip(); err != nil {
		return err
	}
	for {
		more, err := s.element(false, '}')
		if err != nil {
			return err
		}
		if !more {
			if s.pos-s.keep > s.maxRow() {
				return &RowSizeError{Offset: s.offset(s.keep), Limit: s.maxRow()}
			}
			if !s.text.hasCols {
				return s.syntax(s.keep, "values without columns")
			}
			return nil
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if string(key) == "values" {
			null, err := s.null()
			if err != nil {
				return err
			}
			if null {
				continue
			}
			return s.syntax(s.pos, "second values in a series")
		}
		if err := s.seriesKey(key); err != nil {
			return err
		}
	}
}

// beginSeries makes the series at hand the series of the next rows. fast says that
// its spans are positions in the buffer.
func (s *Scanner) beginSeries(fast bool) {
	t := &s.ser
	t.begun, t.id = true, s.res.id
	s.res.usedID = true
	if !fast {
		s.text.src = s.text.text
	}
	if !s.text.same && !s.text.sameColumns(s.columns) {
		s.columns = s.slab.columns(&s.text)
	}
	cur := t.current
	t.pending = true
	if t.continues && cur.StatementID == t.id && string(s.text.bytes(s.text.name)) == cur.Name &&
		s.text.sameTags(cur) && slices.Equal(s.columns, cur.Columns) {
		cur.Partial = false
		t.pending = false
	} else {
		t.current, s.row.series = nil, nil
	}
	t.continues = false
	if n := len(s.columns); n != len(s.cells) {
		if cap(s.cells) < n {
			s.cells = make([]Cell, n)
		}
		s.cells = s.cells[:n]
	}
}

// makeSeries returns the series of the row at hand. A pending Series is made from
// its text now; a program that never asks for the series does not pay for it.
func (s *Scanner) makeSeries() *Series {
	if t := &s.ser; t.pending {
		t.pending = false
		if s.JSONLines {
			t.current = s.lineSeries()
		} else {
			t.current = s.nextSeries()
		}
		s.row.series, s.like = t.current, t.current
	}
	return s.row.series
}

// nextSeries returns a new Series of the text at hand, or the Series of the previous
// response if the two are equal and neither will change.
func (s *Scanner) nextSeries() *Series {
	old := s.memo.next(&s.text, s.columns, s.ser.id)
	if old == nil {
		made := s.slab.take(&s.text, s.columns, s.like)
		made.StatementID = s.ser.id
		s.memo.keep(made, &s.text)
		return made
	}
	// "partial" may still follow the last row and change the Series.
	last := s.state == stValues && s.buf[s.pos] == ']' && s.buf[s.pos+1] == '}' || s.state == stPacked && s.counts.lastMember()
	if !old.Partial && last {
		return old
	}
	made := s.slab.header()
	made.StatementID, made.Name, made.Tags, made.Columns = old.StatementID, old.Name, old.Tags, old.Columns
	return made
}

// endSeries ends the series at hand.
func (s *Scanner) endSeries() {
	if s.ser.partial {
		s.makeSeries()
	}
	// A Series of the previous response is equal already, and others may be reading it.
	if c := s.ser.current; c != nil && c.Partial != s.ser.partial {
		c.Partial = s.ser.partial
	}
}

// The pieces of the envelope of a series as InfluxDB writes it, as words.
const (
	wordName    = '{' | '"'<<8 | 'n'<<16 | 'a'<<24 | 'm'<<32 | 'e'<<40 | '"'<<48 | ':'<<56
	wordTags    = ',' | '"'<<8 | 't'<<16 | 'a'<<24 | 'g'<<32 | 's'<<40 | '"'<<48 | ':'<<56
	wordColumn  = ',' | '"'<<8 | 'c'<<16 | 'o'<<24 | 'l'<<32 | 'u'<<40 | 'm'<<48 | 'n'<<56
	wordColumnS = 's' | '"'<<8 | ':'<<16 | '['<<24
	wordValues  = ',' | '"'<<8 | 'v'<<16 | 'a'<<24 | 'l'<<32 | 'u'<<40 | 'e'<<48 | 's'<<56
	wordValuesE = '"' | ':'<<8 | '['<<16
)

// endValues leaves the values, which had a row and whose ']' was consumed. If the series ends there
// too and another follows, in the form that InfluxDB writes, it enters that one at
// once.
func (s *Scanner) endValues() {
	s.ser.filled = true
	if swar.Load32(s.buf, s.pos)&0xffffff == '}'|','<<8|'{'<<16 {
		s.endSeries()
		s.pos += 2
		if s.fastSeries() {
			return
		}
		s.pos-- // back to the ','
		s.leave(stList)
		return
	}
	s.leave(stSeries)
}

// fastSeries consumes the envelope of the series at pos up to its first row if it
// is whole in the buffer, in the form that InfluxDB writes, and has no escapes.
// Otherwise it consumes nothing and reports false.
func (s *Scanner) fastSeries() bool {
	b, i := s.buf, s.pos
	if swar.Load64(b, i) != wordName || b[i+8] != '"' {
		return false
	}
	// If this declines, stepList drops what was collected and starts again.
	t := &s.text
	s.newSeries()
	t.src = b
	if i = t.fastSpan(b, i+8, &t.name, s.AllowInvalidUTF8); i == 0 {
		return false
	}
	t.hasName = true
	if swar.Load64(b, i) == wordTags && b[i+8] == '{' {
		if i = t.fastTags(b, i+9, s.AllowInvalidUTF8); i == 0 {
			return false
		}
	}
	if swar.Load64(b, i) != wordColumn || swar.Load32(b, i+8) != wordColumnS {
		return false
	}
	if i = t.fastColumns(b, i+12, s.end, s.AllowInvalidUTF8); i == 0 {
		return false
	}
	t.hasCols = true
	if swar.Load64(b, i) != wordValues || swar.Load32(b, i+8)&0xffffff != wordValuesE {
		return false
	}
	if i+11 > s.end || len(t.columns) > s.maxColumns() || len(t.tags) > 2*s.maxColumns() {
		return false
	}
	s.pos = i + 11
	s.beginSeries(true)
	s.enter(stValues)
	return true
}

// fastSpan reads the string at b[i] into p. Like the functions below, it returns the
// position after what it read, or 0 if it declines.
func (t *seriesText) fastSpan(b []byte, i int, p *span, lax bool) int {
	if b[i] != '"' {
		return 0
	}
	n, _, fix := fastString(b, i+1, i+1, nil, lax)
	if fix != 0 {
		return 0
	}
	*p = span{i + 1, n - 1}
	return n
}

// fastTags reads the tags whose first key is at b[i].
func (t *seriesText) fastTags(b []byte, i int, lax bool) int {
	for {
		var key, value span
		if i = t.fastSpan(b, i, &key, lax); i == 0 || b[i] != ':' {
			return 0
		}
		if i = t.fastSpan(b, i+1, &value, lax); i == 0 {
			return 0
		}
		t.tags = append(t.tags, key, value)
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i++
		default:
			return 0
		}
	}
}

// fastColumns reads the columns whose first is at b[i]. Most series of a response
// have the same columns as the series before, which one comparison tells.
func (t *seriesText) fastColumns(b []byte, i, end int, lax bool) int {
	if n := len(t.raw); n > 0 && i+n <= end && bytes.Equal(b[i:i+n], t.raw) {
		t.same = true
		return i + n
	}
	start := i
	for {
		var c span
		if i = t.fastSpan(b, i, &c, lax); i == 0 {
			return 0
		}
		t.columns = append(t.columns, c)
		switch b[i] {
		case ']':
			i++
			t.raw = append(t.raw[:0], b[start:i]...)
			return i
		case ',':
			i++
		default:
			return 0
		}
	}
}
