package lp

import (
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
)

// Measurement is the type of a struct field that holds the measurement of a point:
// see [pointwire.Measurement].
type Measurement = pointwire.Measurement

// A Schema writes structs of type T as points. It is compiled once and does not
// change, but for what it counts; it may be used by many goroutines at once.
//
// A struct field takes part if it has a tag with the key lp:
//
//	type Trade struct {
//		Time       time.Time `lp:",timestamp"`     // zero: no timestamp
//		Instrument string    `lp:"instrument,tag"` // empty: no tag
//		Price      float64   `lp:"price"`          // a field
//		Note       string    `lp:"note,omitempty"` // no field if empty
//		Stop       *float64  `lp:"stop"`           // no field if nil
//	}
//
// The text before the first comma is the key, then follow options:
//
//   - tag: a tag instead of a field
//   - timestamp: the time of the point; no key
//   - measurement: the measurement of the point; no key. A field of type
//     [Measurement] needs no tag. Without either, and where the value is empty,
//     the measurement is that of the schema: the blank field, or the type's name
//   - omitempty: left out if false, zero or empty
//   - string: an integer with a String method is written as that text
//   - decimal: text that is a number, written as it is, as a float field
//   - inline: the fields of a struct; the key, if any, goes before theirs
//   - "-" alone: no part
//
// Embedded structs without a tag count as their fields. A pointer is what it
// points to, and nothing if nil.
//
// Fields may be of any integer and float kind, bool, string, []byte (nil is
// nothing), or of a type that implements encoding.TextAppender or
// encoding.TextMarshaler, which is written as a string. Tags may be of these but
// floats and bool; an integer with a String method is written as that text. Where
// such a method has a pointer receiver and the field is no pointer, it is called
// on a copy, which is used again when the method has returned: it must neither
// keep the pointer nor expect to change the struct. A timestamp may be a
// time.Time, an integer in units of the precision since 1970, or a string in a
// form that [ParseTimestamp] takes. Names for the values of an integer field can
// be given in [SchemaOptions.Enums].
//
// Tags are written before fields, each in the order of the struct, or tags sorted if
// the options say so.
type Schema[T any] struct {
	p      *program
	opt    Options
	counts *sharedCounts
}

// SchemaOptions change how a schema is compiled.
type SchemaOptions struct {
	// Options are those of an encoder.
	Options
	// Measurement is the measurement of points that have none of their own. The
	// default is that of a blank [Measurement] field, else the name of the type.
	Measurement string
	// Columns, if not nil, is used instead of the struct tags: it gives the text of
	// the tag for the names of struct fields. Others take no part.
	Columns map[string]string
	// ExtraTags are tags of every point. They follow the tags of the struct and
	// take the place of one with the same key.
	ExtraTags []Tag
	// Enums gives the names of the values of integer fields, by the name of the
	// struct field. They are written as a string, or as a tag. A value without a
	// name is refused with ErrValue.
	Enums map[string]map[int64]string
	// OmitEmpty treats every field as if it had the option omitempty.
	OmitEmpty bool
	// Placeholder adds the field "_=true" to points of a schema without fields.
	Placeholder bool
}

// A SchemaError lists all that is wrong with a schema.
type SchemaError struct {
	Type     string
	Problems []string
}

// Error returns the problems in one line. The contents may change.
func (e *SchemaError) Error() string {
	return "lp: schema of " + e.Type + ": " + strings.Join(e.Problems, "; ")
}

var schemas sync.Map // reflect.Type to *program or *SchemaError

// SchemaFor returns the schema of T with the default options. It is compiled the
// first time and kept. The error is a *[SchemaError].
func SchemaFor[T any]() (*Schema[T], error) {
	t := reflect.TypeFor[T]()
	c, ok := schemas.Load(t)
	if !ok {
		p, err := compile(t, &SchemaOptions{})
		if err != nil {
			c, _ = schemas.LoadOrStore(t, err)
		} else {
			c, _ = schemas.LoadOrStore(t, p)
		}
	}
	if err, ok := c.(*SchemaError); ok {
		return nil, err
	}
	return &Schema[T]{p: c.(*program), counts: new(sharedCounts)}, nil
}

// NewSchema compiles the schema of T with options. It is not kept: call it once.
// The error is a *[SchemaError].
func NewSchema[T any](o SchemaOptions) (*Schema[T], error) {
	p, err := compile(reflect.TypeFor[T](), &o)
	if err != nil {
		return nil, err
	}
	return &Schema[T]{p, o.Options, new(sharedCounts)}, nil
}

// With returns the schema with other options. Tags that were sorted when it was
// compiled stay so. The two schemas count together.
func (s *Schema[T]) With(o Options) *Schema[T] { return &Schema[T]{s.p, o, s.counts} }

// WithMeasurement returns the schema with another measurement of points that have
// none of their own. The two schemas count together. The error, a *[SchemaError], says
// that line protocol cannot carry name.
func (s *Schema[T]) WithMeasurement(name string) (*Schema[T], error) {
	if r := checkMeasurement(name); r != 0 {
		return nil, &SchemaError{reflect.TypeFor[T]().String(), []string{badMeasurement(name, r)}}
	}
	p := *s.p
	p.setMeasurement(name)
	if s.p.inOrder == s.p {
		p.inOrder = &p
	} else {
		q := *s.p.inOrder
		q.setMeasurement(name)
		q.inOrder, p.inOrder = &q, &q
	}
	return &Schema[T]{&p, s.opt, s.counts}, nil
}

// Options returns the options of the schema.
func (s *Schema[T]) Options() Options { return s.opt }

// Count returns how often something was refused, left out or changed for reason,
// since the schema was made by [SchemaFor] or [NewSchema], like [Encoder.Count]. It
// counts what the Append methods do; [Schema.Encode] counts in its encoder.
func (s *Schema[T]) Count(reason Reason) uint64 {
	if int(reason) >= numReasons {
		return 0
	}
	return s.counts[reason].Load()
}

// Append appends v as a line, ended by a line feed. With an error, a
// *[PointError], dst is returned unchanged; so it is, without an error, if a
// policy leaves the point out, which [Schema.Count] tells.
func (s *Schema[T]) Append(dst []byte, v *T) ([]byte, error) {
	f := fault{shared: s.counts}
	c := cursor{s: s.p, p: baseOf(v), opt: &s.opt, f: &f}
	dst = c.append(dst, nil)
	if f.empty != 0 {
		f.countEmpty()
	}
	if f.reason != 0 && !f.drop {
		return dst, f.error(0)
	}
	return dst, nil
}

// AppendWith is [Schema.Append] with more tags. They follow the tags of the
// struct, unless all are sorted, and take the place of those with the same key, extra
// tags of the schema too. One with an empty value is left out and takes no place.
func (s *Schema[T]) AppendWith(dst []byte, v *T, tags ...Tag) ([]byte, error) {
	f := fault{shared: s.counts}
	dst = s.appendWith(dst, v, tags, &f)
	f.countEmpty()
	if f.reason != 0 && !f.drop {
		return dst, f.error(0)
	}
	return dst, nil
}

func (s *Schema[T]) appendWith(dst []byte, v *T, tags []Tag, f *fault) []byte {
	c := cursor{s: s.p, p: baseOf(v), opt: &s.opt, f: f}
	given := tags
	for i := range tags {
		t := tags[i]
		if r := checkTagKey(t.Key, s.opt.Dialect); r != 0 {
			if !c.badText(PartTagKey, t.Key, r) {
				return dst
			}
			t.Key = replaceTagKey(t.Key, s.opt.Dialect)
		}
		if t.Value == "" {
			f.empty++
		} else if r := checkTagValue(t.Value, s.opt.Dialect); r != 0 {
			if !c.badText(PartTagValue, t.Key, r) {
				return dst
			}
			t.Value = replaceTagValue(t.Value, s.opt.Dialect)
		}
		if t != tags[i] {
			if &tags[0] == &given[0] {
				tags = slices.Clone(given)
			}
			tags[i] = t
		}
		for _, u := range tags[:i] {
			if u.Key == t.Key && u.Value != "" && t.Value != "" {
				c.refuse(PartTagKey, t.Key, ErrDuplicateTag, nil)
				return dst
			}
		}
	}
	return c.append(dst, &overlay{extra: tags})
}

// AppendAll appends all of values. A bad one is left out and the others are
// written: the error is the *[PointError] of the first, which tells its index and
// how many more there were.
func (s *Schema[T]) AppendAll(dst []byte, values []T) ([]byte, error) {
	f := fault{shared: s.counts}
	var first *PointError
	var times decimal.TimestampCache
	c := cursor{s: s.p, opt: &s.opt, times: &times, f: &f}
	for i := range values {
		c.p = baseOf(&values[i])
		dst = c.append(dst, nil)
		if f.reason != 0 {
			first = f.collect(first, i)
		}
	}
	f.countEmpty()
	if first != nil {
		return dst, first
	}
	return dst, nil
}

// AppendSeq is [Schema.AppendAll] for a sequence.
func (s *Schema[T]) AppendSeq(dst []byte, values iter.Seq[T]) ([]byte, error) {
	f := fault{shared: s.counts}
	var first *PointError
	var times decimal.TimestampCache
	i := 0
	var v T // outside the loop, so that it escapes at most once
	c := cursor{s: s.p, p: baseOf(&v), opt: &s.opt, times: &times, f: &f}
	for v = range values {
		dst = c.append(dst, nil)
		if f.reason != 0 {
			first = f.collect(first, i)
		}
		i++
	}
	f.countEmpty()
	if first != nil {
		return dst, first
	}
	return dst, nil
}

// Encode adds v to the batch of e, with the options, the default and extra tags
// and the counts of e. An open point is refused. It returns like [Encoder.End].
func (s *Schema[T]) Encode(e *Encoder, v *T) error {
	e.begin(s.p.measurement)
	f := fault{counts: &e.counts}
	c := cursor{s: s.p, p: baseOf(v), opt: &e.opt, times: &e.times, f: &f}
	var x *overlay
	if len(e.tags.fixed) > 0 {
		x = &overlay{fixed: e.tags.fixed}
	}
	e.buf = c.append(e.buf, x)
	if f.empty != 0 {
		f.countEmpty()
	}
	switch {
	case f.reason == 0:
		e.finish()
		return nil
	case f.drop:
		e.close()
		return nil
	}
	e.bad++
	err := f.error(e.index - 1)
	if e.first == nil {
		e.first = err
	}
	e.close()
	return err
}

// fault says why a point was not written.
type fault struct {
	reason      Reason
	drop        bool // without an error
	part        Part
	key         string
	measurement string
	err         error
	counts      *[numReasons]uint64 // of the encoder, or nil
	shared      *sharedCounts       // of the schema, if there is no encoder
	empty       int                 // tags left out that are not in the counts yet
}

// sharedCounts are how often something was refused, left out or changed, by reason.
// Many goroutines may add to them.
type sharedCounts [numReasons]atomic.Uint64

// add is called on rare ways, which shall stay small.
//
//go:noinline
func (c *sharedCounts) add(r Reason, n uint64) {
	c[r].Add(n)
}

func (f *fault) count(r Reason) {
	if f.counts != nil {
		f.counts[r]++
	} else {
		f.shared.add(r, 1)
	}
}

// countEmpty counts the empty tags when a call ends. They are usual, which is why
// they are not counted one by one.
func (f *fault) countEmpty() {
	if f.empty == 0 {
		return
	}
	if f.counts != nil {
		f.counts[EmptyTag] += uint64(f.empty)
	} else {
		f.shared.add(EmptyTag, uint64(f.empty))
	}
	f.empty = 0
}

// error makes an error of the fault.
func (f *fault) error(index int) *PointError {
	return &PointError{
		Index:       index,
		Measurement: strings.Clone(f.measurement),
		Part:        f.part,
		Key:         strings.Clone(f.key),
		Reason:      f.reason,
		Err:         f.err,
	}
}

// collect adds the fault of point i to the first error, and forgets it.
func (f *fault) collect(first *PointError, i int) *PointError {
	switch {
	case f.drop:
	case first == nil:
		first = f.error(i)
	default:
		first.Others++
	}
	*f = fault{counts: f.counts, shared: f.shared, empty: f.empty}
	return first
}

// cursor is the point that a program writes. The hot loops keep the buffer, the
// place in it and the struct in registers; the rarer functions take all else from
// the cursor. They return a negative place where the fault is set.
type cursor struct {
	s     *program
	p     base // the struct
	opt   *Options
	times *decimal.TimestampCache // or nil
	// f is a pointer because an error keeps what a fault holds: if the cursor held the
	// fault, the compiler would move the struct at p to the heap. For the same reason
	// an overlay, whose tags may be on the stack, is not in the cursor.
	f *fault
}

// refuse sets the fault of the point and returns -1.
func (c *cursor) refuse(part Part, key string, r Reason, err error) int {
	f := c.f
	f.part, f.key, f.reason, f.err = part, key, r, err
	f.measurement = c.s.measurementOf(c.p)
	f.count(r)
	return -1
}

// obey carries out the verdict about a part and reports whether the point goes on. It
// counts reason where the point ends and changed where the part is changed.
func (c *cursor) obey(v verdict, part Part, key string, reason, changed Reason) bool {
	switch v {
	case verdictRefuse, verdictDrop:
		c.refuse(part, key, reason, nil)
		c.f.drop = v == verdictDrop
		return false
	case verdictChange:
		c.f.count(changed)
	}
	return true
}

// badText refuses or drops the point for a text, or reports true if the text is to
// be replaced.
func (c *cursor) badText(part Part, key string, r Reason) (replace bool) {
	return c.obey(c.opt.Text.verdict(), part, key, r, Replaced)
}
