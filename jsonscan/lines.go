package jsonscan

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/pointwire/pointwire/internal/keyindex"
)

// This file reads jsonl responses, which InfluxDB 3 sends to queries in SQL: an object per
// row, with a line feed after each. lines_row.go parses the rows.
//
// Nothing comes before the rows, and a null is left out of its row. So columns are learnt:
// a name that no row had before becomes the last column. A column keeps its index for the
// rest of the series. Each row has a cell for every column learnt so far; a cell that its
// row does not have is the zero Cell.
//
//	{"time":"2026-01-01T00:00:00","load":0.5}   columns time, load
//	{"time":"2026-01-01T00:00:01"}              the same; load is null
//	{"time":"2026-01-01T00:00:02","user":1}     columns time, load, user
//
// Columns of a Series do not change, so a new column makes a new Series. All Series of such
// a run have one array of names under their Columns, of which each sees what was learnt by
// then, and Series.Extends tells that they belong together. The member iox::measurement,
// which InfluxQL puts before the columns, is the name of the series. Another name is
// another series, whose columns are learnt from nothing.
//
// A row is a line. So nothing is consumed before the line feed is in the buffer, and a
// stream that ends without one was truncated. Whether it was truncated at a line feed only
// the reader can know.
//
// A program that polls gets the same columns in each response. So the names of the response
// before stay in lines.names, beyond lines.n, and are used again where they are the same.

// nameKey is the member that holds the name of the measurement.
const nameKey = "iox::measurement"

// maxLineColumns bounds the columns that a jsonl response may name. A row takes a cell for
// each, however short its line is. InfluxDB 3 Core allows 500 in a table.
const maxLineColumns = 4096

// lineState is what was learnt from the rows of a jsonl response.
type lineState struct {
	names []string // of the columns, n of them of the series at hand
	raws  []string // the keys as they were sent: "load":
	n     int
	bytes int            // of raws[:n]
	order []int32        // the columns in the order of the members of rows
	place []int32        // where in order each column is
	index keyindex.Index // of names[:n]
	begun bool           // a row was read

	name     string  // of the series at hand
	nameText string  // the member that says so: "iox::measurement":"cpu"
	root     *Series // the first Series of the run at hand, nil before it is made
	memo     *Series // the first Series of a response

	members []lineMember // scratch of plainLine
}

// reset forgets the response before, but for what the next one may have in common with it.
func (l *lineState) reset() {
	l.begun = false
	l.restart()
}

// rename gives the series at hand the name that a row has in the member text.
func (l *lineState) rename(name, text []byte) {
	if l.name != string(name) {
		l.name = string(name)
	}
	if l.nameText != string(text) {
		l.nameText = string(text)
	}
}

// restart begins a series, whose columns are not known yet.
func (l *lineState) restart() {
	l.n, l.bytes, l.root = 0, 0, nil
	l.order, l.place = l.order[:0], l.place[:0]
	l.index.Reset()
}

// find returns the column of that name, or -1.
func (l *lineState) find(name string) int {
	return l.index.Find(name, func(i int) string { return l.names[i] })
}

// learn adds the column of that name, whose key was sent as raw. In the rows it comes after
// those before place.
func (l *lineState) learn(name, raw []byte, place int) {
	n := l.n
	if n == len(l.names) || l.names[n] != string(name) || l.raws[n] != string(raw) {
		if n < len(l.names) {
			// What is beyond n may be columns of an earlier Series, which stay as they are.
			l.names, l.raws = slices.Clip(l.names[:n]), slices.Clip(l.raws[:n])
		}
		l.names, l.raws = append(l.names, string(name)), append(l.raws, string(raw))
	}
	l.n++
	l.bytes += len(raw)
	l.index.Add(l.names[n], func(i int) string { return l.names[i] })
	l.order = slices.Insert(l.order, place, int32(n))
	l.place = append(l.place, 0)
	for k, column := range l.order[place:] {
		l.place[column] = int32(place + k)
	}
}

// stepLines begins a jsonl response.
func (s *Scanner) stepLines() {
	s.res = result{count: 1}
	s.ser.reset()
	s.cells = s.cells[:0]
	s.enter(stLines)
}

// nextLine reads the next row. It reports false at the end of the response.
func (s *Scanner) nextLine() (bool, error) {
	s.row.cells = nil
	for {
		for s.pos < s.end && isSpace(s.buf[s.pos]) {
			s.pos++
		}
		if s.pos < s.end {
			break
		}
		err := s.fill(s.maxRow())
		switch {
		case err == nil:
			continue
		case !errors.Is(err, io.EOF):
			return false, &ReadError{Offset: s.offset(s.end), Err: err}
		}
		s.doc.count++
		s.state, s.ended = stEnd, PartResult
		return false, nil
	}
	if next := s.fastLine(); next > 0 && next-1-s.pos <= s.maxRow() {
		s.row.cells = s.cells
		s.pos = next
		return true, nil
	}
	eol, err := s.wholeLine()
	if err != nil {
		return false, err
	}
	if err := s.plainLine(eol); err != nil {
		return false, err
	}
	s.row.cells = s.cells
	s.pos = eol + 1
	return true, nil
}

// wholeLine reads until the line at pos is whole in the buffer, and returns the position of
// its line feed. It looks at every byte once, however small the reads are.
func (s *Scanner) wholeLine() (eol int, err error) {
	for done := 0; ; {
		size := s.end - s.pos
		n := bytes.IndexByte(s.buf[s.pos+done:s.end], '\n')
		if n >= 0 {
			size = done + n
		}
		if size > s.maxRow() {
			return 0, &RowSizeError{Offset: s.offset(s.pos), Limit: s.maxRow()}
		}
		if n >= 0 {
			return s.pos + size, nil
		}
		done = size
		// A row of the largest size is followed by its line feed.
		if err := s.moreWithin(s.maxRow() + 1); err != nil {
			return 0, err
		}
	}
}

// beginLines begins the series of a row that names columns or a measurement anew.
func (s *Scanner) beginLines() {
	s.ser.current, s.row.series, s.ser.pending = nil, nil, true
	n := s.lines.n
	if cap(s.cells) < n {
		s.cells = make([]Cell, n, max(n, min(2*cap(s.cells), maxLineColumns)))
	}
	s.cells = s.cells[:n]
}

// lineSeries returns the Series of the row at hand: the first of the response before if the
// two are equal, and otherwise a new one.
func (s *Scanner) lineSeries() *Series {
	l := &s.lines
	columns := l.names[:l.n:l.n]
	if m := l.memo; m != nil && l.root == nil && m.Name == l.name && sameSlice(columns, m.Columns) {
		l.root = m
		return m
	}
	made := s.slab.header()
	made.Name, made.Columns, made.root = l.name, columns, l.root
	if l.root == nil {
		l.root, l.memo = made, made
	}
	return made
}

// isSpace reports whether c is white space of JSON.
func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
