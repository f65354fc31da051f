package frame

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// This file holds Frame: its rows, its columns by name, and whether they fit together.
//
// A frame is plain data that programs may make and change themselves, so nothing
// about it can be relied on. Frame.check finds columns of different lengths and
// positions out of range before rows are written. No method that reads a frame keeps
// anything in it; the state of writing is in an Encoder.

// A Frame is a table of points of one measurement. The zero value is an empty
// frame; its fields may be set and changed freely.
//
// Nothing that reads a frame writes to it. Several goroutines may read and encode
// one frame at the same time as long as none changes it.
type Frame struct {
	// Measurement is the measurement of all rows. In a response it is the name of
	// the series.
	Measurement string
	// Tags are the tags that all rows have. In a response they are those of GROUP BY.
	Tags []lp.Tag
	// Time is the time of each row since 1970 in units of Precision. Nil means
	// that the rows have no time.
	Time      []int64
	Precision lp.Precision
	// Columns are the fields, and the tags that differ from row to row. All have as
	// many rows as Time, unless Time is nil.
	Columns []Column

	// StatementID is the number of the statement that the rows come from.
	StatementID int
	// Partial is the Partial of the series when the frame was read, see
	// jsonscan.Series.
	Partial bool
}

// Len returns the number of rows.
func (f *Frame) Len() int {
	if f.Time != nil {
		return len(f.Time)
	}
	if len(f.Columns) > 0 {
		return f.Columns[0].Len()
	}
	return 0
}

// Skipped returns the number of rows without a field, which AppendLP, AppendLPIn
// and AppendLPAs leave out. It means nothing for a malformed frame, of which they
// write no row.
func (f *Frame) Skipped() int {
	n := f.Len()
	full := false // every row has the same field
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Len() != n || c.Valid != nil && len(c.Valid) < bitmapLen(n) {
			return 0
		}
		full = full || c.Role == Field && c.Type != Null && c.Valid == nil
	}
	if full {
		return 0
	}
	skipped := 0
	for lo := 0; lo < n; lo += 8 {
		var filled byte // which of eight rows have a field
		for i := range f.Columns {
			if c := &f.Columns[i]; c.Role == Field && c.Type != Null {
				filled |= c.Valid[lo>>3]
			}
		}
		rows := min(n-lo, 8)
		skipped += rows - bits.OnesCount8(filled&(1<<rows-1))
	}
	return skipped
}

// Column returns the column of that name, or nil. If a field and a tag have the name, it
// is that of the field, and TagColumn returns the other. The pointer points into Columns.
func (f *Frame) Column(name string) *Column {
	var tag *Column
	for i := range f.Columns {
		c := &f.Columns[i]
		switch {
		case c.Name != name:
		case c.Role == Field:
			return c
		case tag == nil:
			tag = c
		}
	}
	return tag
}

// TagColumn returns the column of that name with the role Tag, or nil. The tags that all
// rows have are in Tags, see [Frame.Tag]. The pointer points into Columns.
func (f *Frame) TagColumn(key string) *Column {
	for i := range f.Columns {
		if c := &f.Columns[i]; c.Role == Tag && c.Name == key {
			return c
		}
	}
	return nil
}

// Tag returns the value of a tag in Tags, or "" if there is no such tag.
func (f *Frame) Tag(key string) string {
	for i := range f.Tags {
		if f.Tags[i].Key == key {
			return f.Tags[i].Value
		}
	}
	return ""
}

// SetTags gives the columns of these names the role Tag, except fields whose key a tag
// column has already. A name without a column is an error, and then no column is changed.
func (f *Frame) SetTags(names ...string) error {
	column := f.tagOrField
	if len(names) > keyindex.Few {
		column = f.tagsOrFields()
	}
	for _, name := range names {
		if column(name) == nil {
			return &ShapeError{Column: name, err: ErrNoColumn}
		}
	}
	for _, name := range names {
		column(name).Role = Tag
	}
	return nil
}

// tagOrField returns the tag column of that name, or else the field, or nil.
func (f *Frame) tagOrField(name string) *Column {
	if c := f.TagColumn(name); c != nil {
		return c
	}
	return f.Column(name)
}

// tagsOrFields returns a function that does what tagOrField does, in constant time.
func (f *Frame) tagsOrFields() func(name string) *Column {
	m := make(map[string]*Column, len(f.Columns))
	for i := range f.Columns {
		c := &f.Columns[i]
		if old := m[c.Name]; old == nil || old.Role == Field && c.Role == Tag {
			m[c.Name] = c
		}
	}
	return func(name string) *Column { return m[name] }
}

// Clone returns a copy of f that shares no memory with it.
func (f *Frame) Clone() *Frame {
	c := *f
	c.Tags = slices.Clone(f.Tags)
	c.Time = slices.Clone(f.Time)
	c.Columns = slices.Clone(f.Columns)
	for i := range c.Columns {
		c.Columns[i] = c.Columns[i].clone()
	}
	return &c
}

// check returns an error if the columns have different numbers of rows, or if rows
// lo to hi-1 point beyond what their columns hold.
func (f *Frame) check(lo, hi int) error {
	n := f.Len()
	for i := range f.Columns {
		c := &f.Columns[i]
		if c.Len() != n {
			return &ShapeError{Column: c.Name, Rows: c.Len(), Want: n, err: ErrLength}
		}
		if err := c.check(lo, hi); err != nil {
			return &ShapeError{Column: c.Name, Rows: n, Want: n, err: err}
		}
	}
	return nil
}

// setSeries sets what the rows of s have in common.
func (f *Frame) setSeries(s *jsonscan.Series, tags bool) {
	f.Measurement, f.StatementID, f.Partial = s.Name, s.StatementID, s.Partial
	f.Tags = f.Tags[:0]
	if tags {
		for _, t := range s.Tags {
			f.Tags = append(f.Tags, lp.Tag(t))
		}
	}
}

// A ShapeError says that a frame is malformed: a column is missing, has another
// number of rows than the frame, or points beyond what it holds. It unwraps to
// [ErrNoColumn], [ErrLength] or [ErrLayout].
type ShapeError struct {
	Column     string
	Rows, Want int
	err        error
}

// Error describes the error in one line. The contents may change.
func (e *ShapeError) Error() string {
	s := fmt.Sprintf("frame: column %q: %v", e.Column, e.err)
	if e.err == ErrLength {
		s += fmt.Sprintf(": %d instead of %d", e.Rows, e.Want)
	}
	return s
}

// Unwrap returns the cause.
func (e *ShapeError) Unwrap() error { return e.err }
