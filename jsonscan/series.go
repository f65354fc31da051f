package jsonscan

import (
	"github.com/pointwire/pointwire"
)

// A Tag is one tag of a series. It is the same type as lp.Tag.
type Tag = pointwire.Tag

// A Series is what the rows of one series of a response have in common. It and
// everything in it stay valid after the scanner went on; it must not be
// changed. Two rows of a response belong to the same series if and only if their
// Series pointers are equal: a series that goes on in the next chunk keeps its
// pointer. An equal series of the next response may have it too.
type Series struct {
	// StatementID is the statement_id of the result, or, if the server sent
	// none, the place of the result in its document.
	StatementID int
	// Name is the measurement. It is empty for SHOW SERIES, EXPLAIN and SHOW
	// RETENTION POLICIES.
	Name string
	// Tags are the tags of GROUP BY in the order of the response, which is the
	// order of the keys.
	Tags []Tag
	// Columns are the names of the cells of a row.
	Columns []string
	// Partial is set once the last row of the series in a document was read,
	// if that document says that the series has more rows. In a chunked response
	// they follow, and Partial is cleared when they do. In a plain response of
	// InfluxDB 1.7 or newer it means that max-row-limit cut the series; 1.6
	// also says so of complete series of more than 10,000 rows.
	Partial bool
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

// A Message is a message of the server about a statement, such as a warning
// that a query form is deprecated.
type Message struct {
	StatementID int
	Level       string
	Text        string
}

// span is a piece of seriesText.src.
type span struct{ start, end int }

// seriesText collects the envelope of a series before it becomes a Series.
type seriesText struct {
	text    []byte // texts unescaped, used again for the next series
	src     []byte // what the spans are pieces of: text, or the scanner's buffer
	name    span
	tags    []span // key, value, key, value
	columns []span
	hasName bool
	hasCols bool
	// raw is the JSON text of the columns of the series before, behind the '[',
	// if fastSeries read them; same says that it was met again.
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

// seriesSlab makes Series from seriesText. What two neighbouring series have
// in common is shared, the rest is cut from blocks, so that many small series
// cost few allocations. Nothing handed out is ever written again.
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

func (l *seriesSlab) string(b []byte, like string) string {
	if string(b) == like {
		return like
	}
	return l.copy(b)
}

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

// columns returns the columns of t, which are not those of the series before.
func (l *seriesSlab) columns(t *seriesText) []string {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = l.copy(t.bytes(c))
	}
	return columns
}

// header returns a Series to fill.
func (l *seriesSlab) header() *Series {
	if len(l.series) == 0 {
		l.series = make([]Series, slabSeries)
	}
	s := &l.series[0]
	l.series = l.series[1:]
	return s
}

// take makes a Series with these columns. prev is the one made before, or nil.
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

// seriesMemo knows the first series that were made of the response before, for a
// program that asks the same question again and again: what is equal in the same
// place is shared instead of made anew.
type seriesMemo struct {
	list []*Series
	n    int // series made of the response at hand
}

// What a memo keeps alive is bounded: series, and bytes of text of each.
const (
	memoSeries = 256
	memoText   = 512
)

// next returns the series of the response before that is equal to t with these
// columns and id, or nil.
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

// keep notes s, which was made of t because next returned nil.
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

// sameSlice reports whether a and b are one slice.
func sameSlice(a, b []string) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
