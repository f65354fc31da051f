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
	"github.com/pointwire/pointwire/internal/keyindex"
)

// Measurement is the type of a struct field that holds the measurement of a point:
// see [pointwire.Measurement].
type Measurement = pointwire.Measurement

// The Schema is in four files. structtag reads the struct tags. schema_compile.go turns
// the fields into a program, a list of ops. This file has the API and what a call needs
// beside the program: a cursor, which is what it writes a point with, and a fault, which
// says why it was not. schema_run.go writes the measurement and the tags of a point,
// schema_field.go its fields and its time. These invariants hold:
//
//   - A program does not change once it is compiled, so goroutines share it. All that
//     changes in a call is in its cursor and its fault.
//   - A point is written after the length of dst, and the length is set when the point is
//     complete. With a fault the caller gets its dst back, and no byte of it is lost.
//   - The struct that is written stays on its goroutine's stack, if it was there. What
//     the compiler must not see for that is in unsafe.go and at cursor.

// A Schema writes structs of type T as points. It is compiled once and then changes only
// its counters, so many goroutines may use it at once.
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
// The text before the first comma is the key. Options follow it:
//
//   - tag: a tag instead of a field
//   - timestamp: the time of the point; no key
//   - measurement: the measurement of the point; no key. A field of type
//     [Measurement] needs no tag. If there is no such field, or its value is empty,
//     the measurement is that of the schema: the blank field, or the type's name
//   - omitempty: left out if false, zero or empty
//   - string: an integer with a String method is written as the text of that method
//   - decimal: text that is a number is written unchanged, as a float field
//   - ns, us, ms, s: a time.Time that is a field is written as an integer in that unit
//     since 1970, rounded down; with the option string, as [TimeText] writes it
//   - literal: the key is tag, field, timestamp or measurement. Without it such a key is
//     an error, since other libraries write the option there
//   - inline: the fields of a struct; the key, if any, goes before their keys
//   - "-" alone: the struct field takes no part
//
// Embedded structs without a tag count as their fields. For a pointer the value that it
// points to is written, and nothing if it is nil.
//
// A field may be of any integer or float kind, bool, string, []byte (nothing is written
// for nil), a time.Time, a json.Number or another type that [Encoder.Value] takes for a
// number by its methods, or of a type that implements encoding.TextAppender or
// encoding.TextMarshaler, which is written as a string. A tag may be of the same types
// except floats and bool, and an integer with a String method is written as the text of
// that method. If such a method has a pointer receiver and the struct field is not a
// pointer, it is called on a copy that is reused after the method has returned. So the
// method must not keep its receiver, and it cannot change the struct. A timestamp may be
// a time.Time, an integer or json.Number in units of the precision since 1970, or a string
// in a form that [ParseTimestamp] takes. [SchemaOptions.Enums] gives names to the values of an
// integer field.
//
// Tags are written before fields, each in the order of the struct; the options may ask
// for sorted tags.
type Schema[T any] struct {
	p      *program
	opt    Options
	counts *sharedCounts
}

// SchemaOptions say how a schema is compiled.
type SchemaOptions struct {
	// Options are the options of an encoder.
	Options
	// Measurement is the measurement of points that have none of their own. By default
	// it is that of a blank [Measurement] field, or the name of the type.
	Measurement string
	// Columns, if not nil, replaces the struct tags. It maps names of struct fields to
	// texts of tags. Struct fields that it does not name take no part.
	Columns map[string]string
	// ExtraTags are tags of every point. They follow the tags of the struct and replace
	// a tag of the struct that has the same key.
	ExtraTags []Tag
	// Enums maps names of integer struct fields to names for their values. The name is
	// written in place of the value, as a string or as a tag. A value without a name is
	// refused with ErrValue.
	Enums map[string]map[int64]string
	// OmitEmpty treats every field as if it had the option omitempty.
	OmitEmpty bool
	// Placeholder adds the field "_=true" to points of a schema without fields.
	Placeholder bool
}

// A SchemaError lists all problems of a schema.
type SchemaError struct {
	Type     string
	Problems []string
}

// Error returns the problems in one line. Its wording may change.
func (e *SchemaError) Error() string {
	return "lp: schema of " + e.Type + ": " + strings.Join(e.Problems, "; ")
}

// schemas maps a reflect.Type to its *program or *SchemaError, for SchemaFor.
var schemas sync.Map

// SchemaFor returns the schema of T with the default options. The first call compiles
// it; later calls reuse it. An error is a *[SchemaError].
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

// NewSchema compiles the schema of T with options. Each call compiles anew, so call it
// once and keep the result. An error is a *[SchemaError].
func NewSchema[T any](o SchemaOptions) (*Schema[T], error) {
	p, err := compile(reflect.TypeFor[T](), &o)
	if err != nil {
		return nil, err
	}
	return &Schema[T]{p, o.Options, new(sharedCounts)}, nil
}

// With returns the schema with other options. Tags that were sorted when the schema was
// compiled stay sorted. The two schemas share their counts.
func (s *Schema[T]) With(o Options) *Schema[T] { return &Schema[T]{s.p, o, s.counts} }

// WithMeasurement returns the schema with another measurement for points that have none
// of their own. The two schemas share their counts. An error, a *[SchemaError], says that
// line protocol cannot carry name.
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

// Count returns how often the Append methods have refused, left out or changed something
// for reason since [SchemaFor] or [NewSchema] returned the schema. [Schema.Encode] counts
// in its encoder instead, see [Encoder.Count].
func (s *Schema[T]) Count(reason Reason) uint64 {
	if int(reason) >= numReasons {
		return 0
	}
	return s.counts[reason].Load()
}

// Append appends v as a line, ended by a line feed. With an error, a *[PointError], it
// returns dst unchanged. It also does so, without an error, if a policy leaves the point
// out; [Schema.Count] tells of that.
func (s *Schema[T]) Append(dst []byte, v *T) ([]byte, error) {
	f := fault{shared: s.counts}
	c := cursor{s: s.p, opt: &s.opt, f: &f}
	dst = c.append(dst, baseOf(v), nil)
	if f.empty != 0 {
		f.countEmpty()
	}
	if f.reason != 0 && !f.drop {
		return dst, f.error(0)
	}
	return dst, nil
}

// AppendWith is [Schema.Append] with more tags. They follow the tags of the struct,
// unless the options sort all tags. They replace tags with the same key, including extra
// tags of the schema. A tag with an empty value is left out and replaces nothing.
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
	c := cursor{s: s.p, opt: &s.opt, f: f}
	given := tags
	n := 0 // tags[:n] are those with a value
	var seen keyindex.Index
	for _, t := range given {
		if r := checkTagKey(t.Key, s.opt.Dialect); r != 0 {
			if !c.badText(PartTagKey, t.Key, r) {
				return c.fail(dst, baseOf(v))
			}
			t.Key = replaceTagKey(t.Key, s.opt.Dialect)
		}
		if t.Value == "" {
			f.empty++
			continue
		}
		if r := checkTagValue(t.Value, s.opt.Dialect); r != 0 {
			if !c.badText(PartTagValue, t.Key, r) {
				return c.fail(dst, baseOf(v))
			}
			t.Value = replaceTagValue(t.Value, s.opt.Dialect)
		}
		if seen.Search(t.Key, n, func(i int) string { return tags[i].Key }) >= 0 {
			c.refuse(PartTagKey, t.Key, ErrDuplicateTag, nil)
			return c.fail(dst, baseOf(v))
		}
		if t != tags[n] {
			if &tags[0] == &given[0] {
				tags = slices.Clone(given)
			}
			tags[n] = t
		}
		n++
	}
	tags = tags[:n]
	return c.append(dst, baseOf(v), &overlay{extra: tags, index: keyindex.Of(n, func(i int) string { return tags[i].Key })})
}

// AppendAll appends all values. It leaves bad ones out and writes the others. The error
// is the *[PointError] of the first bad value, with its index and the number of others.
func (s *Schema[T]) AppendAll(dst []byte, values []T) ([]byte, error) {
	f := fault{shared: s.counts}
	var first *PointError
	var times decimal.TimestampCache
	c := cursor{s: s.p, opt: &s.opt, times: &times, f: &f}
	for i := range values {
		dst = c.append(dst, baseOf(&values[i]), nil)
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
	c := cursor{s: s.p, opt: &s.opt, times: &times, f: &f}
	for v = range values {
		dst = c.append(dst, baseOf(&v), nil)
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

// Encode adds v to the batch of e, with the options, the default tags, the extra tags and
// the counts of e. A point that e has open is refused. Encode returns like
// [Encoder.End].
func (s *Schema[T]) Encode(e *Encoder, v *T) error {
	e.begin(s.p.measurement)
	f := fault{counts: &e.counts}
	c := cursor{s: s.p, opt: &e.opt, times: &e.times, f: &f}
	var x *overlay
	if len(e.tags.fixed) > 0 {
		x = &overlay{fixed: e.tags.fixed}
	}
	e.buf = c.append(e.buf, baseOf(v), x)
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
	drop        bool // the point is left out without an error
	part        Part
	key         string
	measurement string
	err         error
	counts      *[numReasons]uint64 // of the encoder, or nil
	shared      *sharedCounts       // of the schema, used if counts is nil
	empty       int                 // empty tags left out that countEmpty has still to count
}

// sharedCounts count by reason how often something was refused, left out or changed. Many
// goroutines may add to them.
type sharedCounts [numReasons]atomic.Uint64

// add is noinline because its callers are cold and should stay small.
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

// countEmpty counts the empty tags at the end of a call. They are too common to be
// counted one by one.
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

// error returns the fault as an error.
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

// cursor is what a program writes a point with. The buffer, the place in it and the struct
// are passed beside it: the hot loops keep them in registers, and a struct that were in the
// cursor would take everything else in it to the heap where purego reflects on it. The
// colder functions return a negative place if they have set the fault.
type cursor struct {
	s     *program
	opt   *Options
	times *decimal.TimestampCache // or nil
	// f is a pointer because an error keeps what a fault holds: if the cursor held the
	// fault, the compiler would move the struct at p to the heap. For the same reason
	// an overlay, whose tags may be on the stack, is not in the cursor.
	f *fault
}

// refuse sets the fault of the point, without its measurement, and returns -1.
func (c *cursor) refuse(part Part, key string, r Reason, err error) int {
	f := c.f
	f.part, f.key, f.reason, f.err = part, key, r, err
	f.count(r)
	return -1
}

// fail completes the fault of the point at p and returns dst.
func (c *cursor) fail(dst []byte, p base) []byte {
	c.f.measurement = c.s.measurementOf(p)
	return dst
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

// sharedKey applies the policy for a tag with the key of a field, and reports whether the
// point goes on.
func (c *cursor) sharedKey(key string) bool {
	return c.obey(c.opt.SharedKey.verdict(), PartFieldKey, key, ErrSharedKey, ErrSharedKey)
}

// badText refuses or drops the point for a text, or reports true if the text is to
// be replaced.
func (c *cursor) badText(part Part, key string, r Reason) (replace bool) {
	return c.obey(c.opt.Text.verdict(), part, key, r, Replaced)
}
