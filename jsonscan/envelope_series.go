package jsonscan

import "slices"

// This file walks through a series up to its rows and behind them.

func (s *Scanner) stepList() error {
	more, err := s.element(s.first, ']')
	if err != nil {
		return err
	}
	if !more {
		s.leave(stResult)
		return nil
	}
	if s.fastSeries() {
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

func (s *Scanner) newSeries() {
	s.text.reset()
	s.ser.begun, s.ser.ahead, s.ser.partial, s.ser.pending = false, false, false, false
}

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
			return s.syntax(s.pos, "name, tags or columns behind the values of a series")
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

// openValues enters the rows. If the columns are not known yet, or the name is
// not, it looks for them behind the values first.
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
	if !s.text.hasCols || !s.text.hasName {
		if err := s.lookAhead(); err != nil {
			return err
		}
	}
	s.beginSeries(false)
	s.enter(stValues)
	return nil
}

// aheadWindow is how far lookAhead reads for a name, which may be missing.
const aheadWindow = defaultBuffer

// lookAhead reads the keys behind the values of the series, whose '[' was
// consumed, and comes back. It holds all of the values in the buffer while it
// does: up to MaxRowBytes for the columns, without which no row can be read,
// and up to 64 KiB for the rest. InfluxDB always sends the columns first.
func (s *Scanner) lookAhead() error {
	limit, optional := s.MaxRowBytes, s.text.hasCols
	if optional {
		s.MaxRowBytes = min(s.maxRow(), aheadWindow)
	}
	s.keep = s.pos
	err := s.keysBehindValues()
	s.pos, s.keep = s.keep, -1
	s.MaxRowBytes = limit
	s.ser.ahead = err == nil
	if err == nil || optional && !s.text.hasName && len(s.text.tags) == 0 {
		return nil // what is wrong there will be met again behind the rows
	}
	return err
}

func (s *Scanner) keysBehindValues() error {
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

// beginSeries makes the series at hand the series of the next rows.
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

// makeSeries returns the series of the row at hand. Who does not ask for it does
// not pay for it, so it is made from its text only then, while that is in the
// buffer still: by Row.Series, before the buffer moves, and if it may go on in the
// next document.
func (s *Scanner) makeSeries() *Series {
	if t := &s.ser; t.pending {
		t.pending = false
		t.current = s.nextSeries()
		s.row.series, s.like = t.current, t.current
	}
	return s.row.series
}

// nextSeries returns a new Series of the text at hand, or that of the answer before
// if they are equal and neither will be changed.
func (s *Scanner) nextSeries() *Series {
	old := s.memo.next(&s.text, s.columns, s.ser.id)
	if old == nil {
		made := s.slab.take(&s.text, s.columns, s.like)
		made.StatementID = s.ser.id
		s.memo.keep(made, &s.text)
		return made
	}
	// Behind the last row "partial" may follow, which goes into the Series.
	if !old.Partial && s.state == stValues && s.buf[s.pos] == ']' && s.buf[s.pos+1] == '}' {
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
	// A Series of the answer before is equal already, and others may be reading it.
	if c := s.ser.current; c != nil && c.Partial != s.ser.partial {
		c.Partial = s.ser.partial
	}
}
