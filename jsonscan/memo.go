package jsonscan

// seriesMemo knows the first series that were made of the answer before, for a
// program that asks the same question again and again: what is equal in the same
// place is shared instead of made anew.
type seriesMemo struct {
	list []*Series
	n    int // series made of the answer at hand
}

// What a memo keeps alive is bounded: series, and bytes of text of each.
const (
	memoSeries = 256
	memoText   = 512
)

// next returns the series of the answer before that is equal to t with these
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
