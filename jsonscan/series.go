package jsonscan

import (
	"slices"

	"github.com/pointwire/pointwire"
)

// This file holds Series, and how the scanner makes them cheaply.
//
//	seriesText   collects the name, tags and columns of the series at hand, as spans
//	seriesSlab   makes a Series of them, out of blocks of memory
//	seriesMemo   finds the equal Series of the previous response, which saves making one
//
// A Series is immutable once it was handed out, except for Partial of a series that
// may continue. The slab only ever appends to its blocks, and hands out each byte
// once, so strings may share them. The memo and the slab keep Series alive; what
// they keep is bounded.

// A Tag is one tag of a series. It is the same type as lp.Tag.
type Tag = pointwire.Tag

// A Series is what the rows of one series of a response have in common. It and
// everything in it stay valid after the scanner has moved on; it must not be
// changed. Two rows of a response belong to the same series if and only if their
// Series pointers are equal: a series that continues in the next chunk keeps its
// pointer. An equal series of the next response may have the same pointer. In a jsonl
// response a row that names further columns begins a new Series, see Extends.
type Series struct {
	// StatementID is the statement_id of the result. If the server sent none, it
	// is the place of the result in its document.
	StatementID int
	// Name is the measurement. It is empty for SHOW SERIES, EXPLAIN and SHOW
	// RETENTION POLICIES.
	Name string
	// Tags are the tags of GROUP BY in the order of the response, which is the
	// order of the keys.
	Tags []Tag
	// Columns are the names of the cells of a row.
	Columns []string
	// Partial says that the series has more rows than the document. It is set once
	// the last row in the document was read. In a chunked response the rows follow,
	// and Partial is cleared when they do. In a plain response of InfluxDB 1.7 or
	// newer it means that max-row-limit truncated the series; 1.6 also says so of
	// complete series of more than 10,000 rows.
	Partial bool

	root *Series // the first of a run of Series of a jsonl response, nil in it
}

// Extends reports whether s is the series old with more columns at the end, which a later
// row of the same jsonl response named first. Rows of old have null in those columns. It is
// false for every other response, in which the columns come before the rows.
func (s *Series) Extends(old *Series) bool {
	n := len(old.Columns)
	return s.root != nil && (s.root == old || s.root == old.root) && n < len(s.Columns) && slices.Equal(s.Columns[:n], old.Columns)
}

// Tag returns the value of the tag key, or "" if the series has no such tag.
func (s *Series) Tag(key string) string {
	for i := range s.Tags {
		if s.Tags[i].Key == key {
			return s.Tags[i].Value
		}
	}
	return ""
}

// Column returns the index of the column name, or -1.
func (s *Series) Column(name string) int {
	for i, c := range s.Columns {
		if c == name {
			return i
		}
	}
	return -1
}

// A Message is a message of the server about a statement, such as a warning that
// a form of a query is deprecated.
type Message struct {
	StatementID int
	Level       string
	Text        string
}

// span is a part of seriesText.src.
type span struct{ start, end int }

// seriesText collects the envelope of a series before it becomes a Series.
type seriesText struct {
	text    []byte // unescaped texts; the memory is reused for the next series
	src     []byte // what the spans are parts of: text, or the buffer of the scanner
	name    span
	tags    []span    // key, value, key, value
	pairs   [][2]span // scratch of sortTags
	columns []span
	hasName bool
	hasCols bool
	// raw is the JSON text of the columns of the previous series, after the '[',
	// if fastSeries read them. same is set if the series at hand has the same.
	raw  []byte
	same bool
}

func (t *seriesText) reset() {
	t.text = t.text[:0]
	t.name = span{}
	t.tags = t.tags[:0]
	t.columns = t.columns[:0]
	t.hasName = false
	t.hasCols = false
	t.same = false
}

func (t *seriesText) bytes(p span) []byte { return t.src[p.start:p.end] }

func (t *seriesText) sameTags(s *Series) bool {
	if len(t.tags) != 2*len(s.Tags) {
		return false
	}
	for i := range s.Tags {
		if string(t.bytes(t.tags[2*i])) != s.Tags[i].Key ||
			string(t.bytes(t.tags[2*i+1])) != s.Tags[i].Value {
			return false
		}
	}
	return true
}

func (t *seriesText) sameColumns(columns []string) bool {
	if len(t.columns) != len(columns) {
		return false
	}
	for i, c := range columns {
		if string(t.bytes(t.columns[i])) != c {
			return false
		}
	}
	return true
}

// seriesSlab makes Series from seriesText. Two neighbouring series share the texts
// that they have in common. Everything else comes out of blocks of memory, so that
// many small series cost few allocations.
type seriesSlab struct {
	series []Series
	tags   []Tag
	text   []byte
}

const (
	slabSeries = 32
	slabTags   = 64
	slabText   = 2048
)

// string returns b as a string, which is like if the two are equal.
func (l *seriesSlab) string(b []byte, like string) string {
	if string(b) == like {
		return like
	}
	return l.copy(b)
}

// copy returns b as a string in the block of texts.
func (l *seriesSlab) copy(b []byte) string {
	if len(b) > slabText/4 {
		return string(b)
	}
	if cap(l.text)-len(l.text) < len(b) {
		l.text = make([]byte, 0, slabText)
	}
	n := len(l.text)
	l.text = append(l.text, b...)
	return viewString(l.text[n:])
}

// columns returns the columns of t, which differ from those of the previous series.
func (l *seriesSlab) columns(t *seriesText) []string {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = l.copy(t.bytes(c))
	}
	return columns
}

// header returns an empty Series.
func (l *seriesSlab) header() *Series {
	if len(l.series) == 0 {
		l.series = make([]Series, slabSeries)
	}
	s := &l.series[0]
	l.series = l.series[1:]
	return s
}

// take makes a Series with these columns. prev is the Series made last, or nil.
func (l *seriesSlab) take(t *seriesText, columns []string, prev *Series) *Series {
	s := l.header()
	if prev == nil {
		prev = &noSeries
	}
	s.Name = l.string(t.bytes(t.name), prev.Name)
	s.Columns = columns
	n := len(t.tags) / 2
	if n == 0 {
		return s
	}
	if len(l.tags) < n {
		l.tags = make([]Tag, max(slabTags, n))
	}
	s.Tags, l.tags = l.tags[:n:n], l.tags[n:]
	for i := range s.Tags {
		var like Tag
		if i < len(prev.Tags) {
			like = prev.Tags[i]
		}
		s.Tags[i].Key = l.string(t.bytes(t.tags[2*i]), like.Key)
		s.Tags[i].Value = l.string(t.bytes(t.tags[2*i+1]), like.Value)
	}
	return s
}

var noSeries Series

// seriesMemo remembers the first Series of the previous response. A program that
// polls gets the same series again and again; a series that is equal to the one in
// the same place is shared instead of made anew.
type seriesMemo struct {
	list []*Series
	n    int // series made of the response at hand
}

// A memo keeps at most this many series alive, with this many bytes of text each.
const (
	memoSeries = 256
	memoText   = 512
)

// next returns the series in the same place of the previous response if it is equal
// to t with these columns and id, and nil otherwise.
func (m *seriesMemo) next(t *seriesText, columns []string, id int) *Series {
	n := m.n
	m.n++
	if n >= len(m.list) {
		return nil
	}
	s := m.list[n]
	if s.StatementID == id && string(t.bytes(t.name)) == s.Name && t.sameTags(s) && sameSlice(columns, s.Columns) {
		return s
	}
	clear(m.list[n:])
	m.list = m.list[:n]
	return nil
}

// keep remembers s, which was made of t because next returned nil.
func (m *seriesMemo) keep(s *Series, t *seriesText) {
	if n := len(m.list); n == m.n-1 && n < memoSeries && t.size() <= memoText {
		m.list = append(m.list, s)
	}
}

// size returns the bytes of the name and the tags.
func (t *seriesText) size() int {
	n := t.name.end - t.name.start
	for _, p := range t.tags {
		n += p.end - p.start
	}
	return n
}

// sameSlice reports whether a and b are the same memory.
func sameSlice(a, b []string) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
