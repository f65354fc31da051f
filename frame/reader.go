package frame

import (
	"errors"
	"iter"
	"slices"

	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/jsonscan"
)

// This file holds Reader: where frames begin and end. fill.go puts the rows into them.
//
// Next makes one frame. pull moves the scanner to a row; read begins the frame with it
// and fills in rows until one of these happens:
//
//   - the frame has Rows rows,
//   - a row is of another series, unless Merge puts the two together, or the other one is
//     the same with more columns (a jsonl response names columns as they come),
//   - a row does not fit the types of the columns,
//   - a row has no valid time, or the scanner has an error or is at its end.
//
// What ended the frame is kept for the next call: a row in the scanner, with held set,
// or an error in late. Rows before an error are delivered first, in a frame of their
// own, so Next returns the error only if there are none.
//
// A frame is filled in place, again and again, so that reading does not allocate: its
// memory, its columns and their types stay for the next frame of the series, so a
// column that became float64 stays float64. bind chooses columns for a new series and
// drops what does not belong to it; Take gives the frame away and begins with new
// memory.

// DefaultRows is the largest number of rows in a frame of a [Reader], unless
// Reader.Rows says otherwise.
const DefaultRows = 1024

// frameCells bounds the cells of a frame that does not hold a whole series: very wide
// series get fewer rows.
const frameCells = 4 << 20

// A Reader reads query responses as frames. Make one with NewReader and reuse it with
// Reset. Set the fields before the first frame is read. A Reader must not be copied.
type Reader struct {
	_ nocopy.Field

	// Rows is the largest number of rows in a frame. 0 means DefaultRows, and a
	// negative number means all rows of a series. A series of more than 4,096 columns
	// gets fewer rows, at most 4,194,304 cells, unless Rows is negative.
	Rows int
	// Merge puts consecutive series of a statement into one frame if they have the
	// same measurement, columns and tag keys. The tags of GROUP BY are then
	// dictionary-coded columns with the role Tag, after the other columns, instead of
	// Frame.Tags. A tag and a column may have the same name: Frame.TagColumn finds the
	// tag, and Frame.Column the other one.
	Merge bool
	// Tags are the names of columns that are tags. Their texts are dictionary-coded,
	// and the columns have the role Tag. A column whose name is that of a tag of GROUP
	// BY stays a field.
	Tags []string
	// MaxCells bounds the cells of all frames of a response together, nulls and times
	// included, if it is not 0. Beyond it the error is [ErrTooManyCells]. A row of a jsonl
	// response may have thousands of nulls in two bytes; in any other response every cell has
	// bytes of its own.
	MaxCells int64

	s      *jsonscan.Scanner
	f      *Frame
	err    error
	late   error // the error that ended the frame at hand
	held   bool  // the row of the scanner is in no frame yet
	series *jsonscan.Series

	n     int     // rows of the frame at hand
	rows  int     // number of rows that its columns have memory for
	cells int64   // of the response so far, if MaxCells is set
	time  int     // index of the time in a row, or -1
	texts bool    // times are RFC 3339 texts
	codes []int32 // of the tags of series, if Merge is set

	bound []string // the columns that time and the columns of the frame were made for
}

// NewReader returns a Reader of the response that s reads. It does not read before
// the first call of Next.
func NewReader(s *jsonscan.Scanner) *Reader { return &Reader{s: s} }

// Reset makes the reader read from s, keeping its memory and its options. The
// last frame is no longer valid.
func (r *Reader) Reset(s *jsonscan.Scanner) {
	r.s, r.err, r.late, r.held, r.series, r.bound, r.cells = s, nil, nil, false, nil, nil, 0
}

// Frames iterates over the frames of all series of all statements, in the order
// of the response. A frame is valid until the next iteration, and may be changed
// until then. The error of a statement or of the server comes in its place with a nil
// frame, and the iteration continues if the loop does. The same holds for a
// *[jsonscan.CellError], which stands for a row without a valid time; see
// [Recoverable]. Any other error is the last pair, after the rows before it. A series
// without columns, which no server sends, makes a frame without rows.
func (r *Reader) Frames() iter.Seq2[*Frame, error] {
	return func(yield func(*Frame, error) bool) {
		for {
			if r.Next() {
				if !yield(r.f, nil) {
					return
				}
				continue
			}
			if r.err == nil || !yield(nil, r.err) || !Recoverable(r.err) {
				return
			}
		}
	}
}

// Next moves to the next frame. It reports false at the end of the response and
// at an error, which Err then returns. If the error is [Recoverable], calling Next
// again continues after it.
func (r *Reader) Next() bool {
	r.err = nil
	if r.late == nil && !r.held {
		r.pull()
	}
	if r.held && r.late == nil {
		r.read()
		if r.n > 0 {
			return true
		}
	}
	r.err, r.late = r.late, nil
	return false
}

// Frame returns the frame that Next moved to, valid until the next call of Next.
func (r *Reader) Frame() *Frame { return r.f }

// Err returns the error at which Next reported false, or nil at the end.
func (r *Reader) Err() error { return r.err }

// Take returns the frame that Next moved to and gives it to the caller. The reader
// uses new memory for the next frame.
func (r *Reader) Take() *Frame {
	f := r.f
	// The next frame of the series begins with columns of the same types.
	next := &Frame{Columns: slices.Clone(f.Columns)}
	next.setSeries(r.series, !r.Merge)
	for i := range next.Columns {
		c, old := &next.Columns[i], &f.Columns[i]
		*c = Column{Name: old.Name, Role: old.Role, Type: old.Type}
		if c.Type == Dict {
			c.Type = Null
			c.begin(Dict)
		}
	}
	if r.Merge {
		r.joinTags(next, r.series)
	}
	r.f, r.rows = next, 0
	return f
}

// ReadAll reads the response to its end, with one frame for all rows of each series
// unless r.Rows says otherwise. It continues after errors that are [Recoverable], and
// returns the first 16 of them joined, with all frames. Any other error is joined to
// them as the last.
func ReadAll(r *Reader) ([]*Frame, error) {
	if r.Rows == 0 {
		r.Rows = -1
		defer func() { r.Rows = 0 }()
	}
	var frames []*Frame
	var failed []error
	for _, err := range r.Frames() {
		if err == nil {
			frames = append(frames, r.Take())
		} else if len(failed) < 16 || !Recoverable(err) {
			failed = append(failed, err)
		}
	}
	if len(failed) == 1 {
		return frames, failed[0]
	}
	return frames, errors.Join(failed...)
}

// pull moves the scanner to the next row, or keeps its error.
func (r *Reader) pull() {
	if r.s == nil { // a zero Reader has nothing to read
		return
	}
	r.held = r.s.Next()
	if !r.held {
		r.late = r.s.Err()
	}
}

// read fills the frame with the row at hand and those after it.
func (r *Reader) read() {
	limit := r.Rows
	if limit == 0 {
		limit = DefaultRows
	}
	row := r.s.Row()
	if limit > 0 {
		limit = min(limit, max(1, frameCells/max(1, row.Len())))
		r.rows = min(r.rows, limit)
	}
	r.start(row)
	for {
		if !r.fill(row, limit) {
			break // the row is held for the next frame
		}
		if r.late == nil {
			r.count(1, len(r.f.Columns)+1)
		}
		if r.late != nil {
			r.held = false
			break
		}
		r.pull()
		if !r.held || r.n == limit {
			break
		}
		if s := row.Series(); s != r.series {
			if r.grows(s, limit) {
				if r.widen(s); r.late == nil {
					continue
				}
				r.held = false
				break
			}
			if !r.Merge || !r.joins(s) {
				break
			}
			r.series = s
			r.joinTags(r.f, s)
		}
	}
	r.finish()
}

// joins reports whether rows of s may be merged into the frame at hand.
func (r *Reader) joins(s *jsonscan.Series) bool {
	old := r.series
	if s.StatementID != old.StatementID || s.Name != old.Name || len(s.Tags) != len(old.Tags) || !slices.Equal(s.Columns, old.Columns) {
		return false
	}
	for i := range s.Tags {
		if s.Tags[i].Key != old.Tags[i].Key {
			return false
		}
	}
	return true
}

// count counts so many rows of so many cells, and ends the response if there are too many.
func (r *Reader) count(rows, cells int) {
	if r.MaxCells <= 0 {
		return
	}
	if r.cells += int64(rows) * int64(cells); r.cells > r.MaxCells {
		r.late = ErrTooManyCells
	}
}

// grows reports whether s is the series at hand with more columns, which the frame can take.
// A time cannot be null, so its column begins a new frame. So does the first column: a frame
// without one does not know how many rows it has.
func (r *Reader) grows(s *jsonscan.Series, limit int) bool {
	if limit > 0 && len(s.Columns) > frameCells/max(r.rows, 1) {
		return false
	}
	return len(r.series.Columns) > 0 && s.Extends(r.series) && !slices.Contains(s.Columns[len(r.series.Columns):], "time")
}

// widen adds the further columns of s to the frame, as null in the rows so far.
func (r *Reader) widen(s *jsonscan.Series) {
	if r.count(r.n, len(s.Columns)-len(r.series.Columns)); r.late != nil {
		return
	}
	isTag := r.tagRule(s)
	for _, name := range s.Columns[len(r.series.Columns):] {
		k := len(r.f.Columns)
		if k == cap(r.f.Columns) {
			r.f.Columns = slices.Grow(r.f.Columns, max(8, k/2))
		}
		r.f.Columns = r.f.Columns[:k+1]
		c := &r.f.Columns[k]
		c.setAside()
		c.Name, c.Role, c.Type, c.Rounded = name, Field, Null, 0
		if isTag(name) {
			c.Role = Tag
		}
	}
	r.series, r.bound = s, s.Columns
}

// joinTags looks up the codes of the tags of s.
func (r *Reader) joinTags(f *Frame, s *jsonscan.Series) {
	r.codes = r.codes[:0]
	cols := f.Columns[len(f.Columns)-len(s.Tags):]
	for i := range s.Tags {
		r.codes = append(r.codes, cols[i].code(s.Tags[i].Value))
	}
}

// start empties the frame for row, its first.
func (r *Reader) start(row *jsonscan.Row) {
	if r.f == nil {
		r.f = new(Frame)
	}
	s := row.Series()
	switch {
	case s == r.series:
	case r.Merge && r.series != nil && r.joins(s):
		r.series = s
	default:
		r.bind(s, row.Cells())
	}
	r.n = 0
	f := r.f
	f.Partial = false
	f.Precision = r.s.Precision()
	r.texts = r.time >= 0 && row.Kind(r.time) == jsonscan.KindString
	if r.texts {
		f.Precision = jsonscan.Nanosecond
	}
	if r.time < 0 {
		f.Time = nil
	} else {
		f.Time = slices.Grow(f.Time[:0], r.rows)[:r.rows]
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		c.setAside()
		c.Rounded = 0
		c.reserve(r.rows)
		switch c.Type {
		case String:
			c.Offsets[0], c.Data = 0, c.Data[:0]
		case Dict:
			if len(c.Offsets) > maxCodes {
				c.Type, c.n = Null, 0
				c.begin(Dict)
				c.reserve(r.rows)
			}
		}
	}
	r.codes = r.codes[:0]
	if r.Merge {
		r.joinTags(f, s)
	}
}

// maxCodes bounds the texts of a dictionary when a frame begins. A larger dictionary
// starts again from nothing, so that memory does not grow with the response.
const maxCodes = 4096

// bind gives the frame the columns of s, whose first row is cells.
func (r *Reader) bind(s *jsonscan.Series, cells []jsonscan.Cell) {
	f := r.f
	r.series = s
	again := len(r.bound) > 0 && len(r.bound) == len(s.Columns) && &r.bound[0] == &s.Columns[0]
	if !again {
		r.time = s.Column("time")
		r.bound = s.Columns
	}
	f.setSeries(s, !r.Merge)
	n := len(s.Columns)
	if r.time >= 0 {
		n--
	}
	tags := 0
	if r.Merge {
		tags = len(s.Tags)
	}
	if cap(f.Columns) < n+tags {
		f.Columns = append(f.Columns[:cap(f.Columns)], make([]Column, n+tags-cap(f.Columns))...)
	}
	f.Columns = f.Columns[:n+tags]
	k := 0
	isTag := r.tagRule(s)
	for i, name := range s.Columns {
		if i == r.time {
			continue
		}
		c := &f.Columns[k]
		if c.Role = Field; isTag(name) {
			c.Role = Tag
		}
		if c.Name = name; !again || !c.begins(cells[i].Kind()) {
			c.Type = Null
		}
		k++
	}
	for i := range tags {
		c := &f.Columns[n+i]
		c.Name, c.Role, c.Type, c.n = s.Tags[i].Key, Tag, Null, 0
		c.begin(Dict)
	}
}

// tagRule returns a function that reports whether the column of that name is a tag: it is
// one of Tags, and no tag of GROUP BY has the name.
func (r *Reader) tagRule(s *jsonscan.Series) func(name string) bool {
	if len(r.Tags) <= keyindex.Few && len(s.Tags) <= keyindex.Few {
		return func(name string) bool { return slices.Contains(r.Tags, name) && !hasTag(s, name) }
	}
	tags := make(map[string]bool, len(r.Tags))
	for _, name := range r.Tags {
		tags[name] = true
	}
	for _, t := range s.Tags {
		delete(tags, t.Key)
	}
	return func(name string) bool { return tags[name] }
}

// hasTag reports whether s has a tag of GROUP BY with that key.
func hasTag(s *jsonscan.Series, key string) bool {
	return slices.ContainsFunc(s.Tags, func(t jsonscan.Tag) bool { return t.Key == key })
}

// begins reports whether a column without a type would get the type of c from a cell
// of kind.
func (c *Column) begins(kind jsonscan.Kind) bool {
	return kind != jsonscan.KindNull && c.Type != Dict && c.Type == c.typeOf(kind)
}

// finish truncates the columns to the rows that were read.
func (r *Reader) finish() {
	f, n := r.f, r.n
	f.Partial = r.series.Partial
	if r.time >= 0 {
		f.Time = f.Time[:n]
	}
	for i := range f.Columns {
		f.Columns[i].truncate(n)
	}
}
