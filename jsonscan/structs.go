package jsonscan

import (
	"errors"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/internal/printable"
	"github.com/pointwire/pointwire/internal/structtag"
)

// This file holds what programs see of reading structs, StructsOf and AppendStructs,
// and compiles struct types. bind.go fills the structs.
//
// A struct type is compiled once, by its tags, into a list of structField, and kept in
// structTypes for good. internal/structtag knows the tags; what it refuses, and what
// cannot be read here, becomes a *StructError, which is kept like a type. Everything
// in a structType is read-only afterwards.

// A StructOption relaxes what StructsOf and AppendStructs require of a response.
type StructOption uint8

const (
	// AllowExtraColumns ignores columns and tags that have no field.
	AllowExtraColumns StructOption = 1 << iota
	// AllowMissingColumns leaves fields zero that have no column and no tag, also those that
	// lp.Schema always writes.
	AllowMissingColumns
	// NullAsZero reads null as the zero value also of fields that lp.Schema always writes.
	NullAsZero
)

// A StructError says why values of a type cannot be read from responses. It names
// everything that is wrong with the fields and tags of the type.
type StructError struct {
	Type     string
	Problems []string
}

// Error describes the error in one line. The contents may change.
func (e *StructError) Error() string {
	return "jsonscan: read into type " + e.Type + ": " + strings.Join(e.Problems, "; ")
}

// A BindError says that the columns of a series are not those of a struct, or that a
// tag does not fit its field. It comes once, in the place of the first row; the other
// rows of the series are left out.
type BindError struct {
	Type    string
	Series  *Series
	Extra   []string // columns and tags of the series that have no field, or none that can hold the tag
	Missing []string // fields that have no column and no tag
}

// Error describes the error in one line. The contents may change.
func (e *BindError) Error() string {
	msg := "jsonscan: read series "
	if e.Series != nil {
		msg += strconv.Quote(e.Series.Name) + " "
	}
	msg += "as " + e.Type
	sep := ": "
	for _, list := range []struct {
		label string
		names []string
	}{{"no field for ", e.Extra}, {"no column for ", e.Missing}} {
		if len(list.names) > 0 {
			msg += sep + list.label + namesText(list.names)
			sep = "; "
		}
	}
	return msg
}

// namesText returns the beginning of a list of names: a response may have very many, and
// very long ones.
func namesText(names []string) string {
	const most, longest = 20, 100
	var b []byte
	for i, name := range names {
		if i == most {
			return string(b) + " and " + strconv.Itoa(len(names)-most) + " more"
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		if len(name) > longest {
			b = append(printable.Append(b, strings.ToValidUTF8(name[:longest], "")), "…"...)
			continue
		}
		b = printable.Append(b, name)
	}
	return string(b)
}

// StructsOf iterates over rows, such as those of Scanner.Rows, as values of the
// struct type T. The fields of T have the tags of lp.Schema:
//
//	type Trade struct {
//		Time       time.Time `lp:",timestamp"`     // the column time
//		Instrument string    `lp:"instrument,tag"` // a tag of GROUP BY, or else a column
//		Price      float64   `lp:"price"`          // a column, or else a tag of GROUP BY
//		Note       string    `lp:"note,omitempty"` // null is "", as without the column
//		Stop       *float64  `lp:"stop"`           // null is nil, as without the column
//		Fee        string    `lp:"fee,decimal"`    // the digits of a number
//		Place      Place     `lp:"place_,inline"`  // place_x, place_y, ...
//	}
//
// A field may have any integer or float type, or be a bool, string, []byte or
// time.Time, or a type that implements encoding.TextUnmarshaler, or a pointer to one
// of those types. A json.Number gets the digits of a number. A time.Time in a field with
// one of the options ns, us, ms and s is read from an integer in that unit, and any other
// from RFC 3339 text or an integer in the precision of the scanner. A field of a tag may
// have any of those types except floats, bool and time.Time; it is zero where a point has
// no such tag. A type that lp.Schema writes
// as text, by its String method or by names, needs UnmarshalText to be read, unless it
// is time.Duration. A field of type lp.Measurement, or with the option measurement, gets
// the name of the series. A timestamp may be a time.Time, an integer in the precision of
// the scanner, which rounds the text of a time down as the server does, or a string that
// gets the text of the server. Fields without an lp tag are not touched; the fields of
// embedded structs without a tag count as fields of T. A pointer to an embedded or inline
// struct stays nil if all its fields are null; it must be exported. If T has a tag and a
// field with the same key, the query must have that tag in its GROUP BY, because nothing
// else tells the two apart.
//
// So a struct that was written by lp.Schema can be read by its type. What the schema may
// leave out is nil or zero where it is null, and needs no column: pointers, []byte, tags,
// what is omitempty and what is in a struct behind a pointer. By default every other
// field needs a column or a tag, and a value; and every column except time, and every
// tag, needs a field. Options relax these rules, for instance for a schema with the option
// OmitEmpty or ExtraTags.
//
// A column that no row of a jsonl response has had yet is null.
//
// Columns are bound to fields once per series, and no value is boxed. A row allocates
// only for pointers and strings. Strings share blocks of a few KB, and a block stays
// in memory as long as one of its strings does.
//
// Errors of rows are passed on. A value that does not fit its field is a *CellError,
// and the iteration continues after its row if the loop does. After a *BindError it
// continues with the next series.
func StructsOf[T any](rows iter.Seq2[*Row, error], options ...StructOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero, v T
		b, err := newBinder(structTypeOf(reflect.TypeFor[T]()), options)
		if err != nil {
			yield(zero, err)
			return
		}
		base := pointTo(&v)
		for row, err := range rows {
			if err == nil {
				if b.st.deep || row.Series() != b.series {
					v = zero // what the last row had, and this one may not have
				}
				err = b.fill(base, row)
				if err == errSkip {
					continue
				}
			}
			if err != nil {
				if !yield(zero, err) {
					return
				}
				continue
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// maxJoined is how many errors that reading continued after are joined.
const maxJoined = 16

// AppendStructs appends a value of T per row to dst; see StructsOf for the
// fields of T. It continues after the errors of statements and of the server, see
// Recoverable, and returns the first 16 of them joined, with the rows of all other
// statements. At any other error it stops. That error is joined to those before it,
// however many they are, and comes with the rows before it.
func AppendStructs[T any](dst []T, rows iter.Seq2[*Row, error], options ...StructOption) ([]T, error) {
	return appendRows(dst, structTypeOf(reflect.TypeFor[T]()), rows, options)
}

// appendRows appends a value of T, which st is compiled from, per row to dst.
func appendRows[T any](dst []T, st *structType, rows iter.Seq2[*Row, error], options []StructOption) ([]T, error) {
	b, err := newBinder(st, options)
	if err != nil {
		return dst, err
	}
	var failed []error
	for row, err := range rows {
		if err != nil {
			more := Recoverable(err)
			if !more || len(failed) < maxJoined {
				failed = append(failed, err)
			}
			if more {
				continue
			}
			break
		}
		n := len(dst)
		if n == cap(dst) {
			dst = slices.Grow(dst, max(64, n/2))
		}
		dst = dst[:n+1]
		var zero T
		dst[n] = zero
		if err := b.fill(pointTo(&dst[n]), row); err != nil {
			dst[n] = zero
			dst = dst[:n]
			failed = append(failed, err)
			break
		}
	}
	if len(failed) == 1 {
		return dst, failed[0]
	}
	return dst, errors.Join(failed...)
}

// errSkip is returned for the further rows of a series that does not fit.
var errSkip = errors.New("series does not fit")

// textBlock makes strings that share blocks of memory. It writes each byte of a block
// once, so a string never changes.
type textBlock struct{ free []byte }

const textBlockSize = 8 << 10

// bytes returns a copy of b that nothing can be appended to in place.
func (t *textBlock) bytes(b []byte) []byte {
	if len(b) > textBlockSize/8 {
		return slices.Clone(b)
	}
	if t.free == nil || cap(t.free)-len(t.free) < len(b) { // an empty text is not nil
		t.free = make([]byte, 0, textBlockSize)
	}
	n := len(t.free)
	t.free = append(t.free, b...)
	return t.free[n:len(t.free):len(t.free)]
}

// string returns a copy of b.
func (t *textBlock) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return viewString(t.bytes(b))
}

// op says how a cell becomes a field.
type op uint8

const (
	opInt op = iota
	opUint
	opFloat64
	opFloat32
	opBool
	opString
	opBytes
	opTime
	opText     // encoding.TextUnmarshaler
	opDuration // time.Duration, as a number or as a text
)

// structField is one field of a struct that a column, a tag or a name is read into.
type structField struct {
	name    string // of the column or tag
	shared  bool   // there are a tag and a field of that name, see structCompiler.share
	role    structtag.Role
	op      op
	size    uint8 // in bits, of a number
	pointer bool
	null    bool  // null makes it zero, and it needs no column: lp.Schema may leave it out
	decimal bool  // a text that gets the digits of a number
	unit    int64 // of a time that is an integer in a field, in nanoseconds, or 0
	hops    []hop
	offset  uintptr      // in the struct that the last hop leads to
	index   []int        // the same for reflect
	elem    reflect.Type // of the field, or of what it points to
}

// A hop is a pointer to a struct on the way to a field.
type hop struct {
	offset uintptr // of the pointer, in the struct that the hop before it leads to
	index  []int   // the same for reflect
	elem   reflect.Type
}

// structType is a struct type as its tags describe it.
type structType struct {
	name   string
	fields []structField
	deep   bool // a field has hops
	holds  bool // there is a field that is no tag, timestamp or measurement
	scalar bool // the type is no struct; the one field is the value itself
	bare   bool // no field has an lp tag
	err    error
}

// structTypes keeps the compiled types.
var structTypes sync.Map // reflect.Type to *structType

// structTypeOf returns the compiled type of t.
func structTypeOf(t reflect.Type) *structType {
	if st, ok := structTypes.Load(t); ok {
		return st.(*structType)
	}
	st, _ := structTypes.LoadOrStore(t, compileStruct(t))
	return st.(*structType)
}

// compileStruct compiles the type t.
func compileStruct(t reflect.Type) *structType {
	c := structCompiler{root: t, st: &structType{name: t.String()}, names: map[structKey]bool{}}
	c.tags = structtag.Compiler{Use: structtag.Read, Field: c.add}
	if c.tags.Compile(t) && len(c.tags.Problems) == 0 && len(c.st.fields) == 0 {
		c.tags.Problem("", "no struct field with an lp tag")
		c.st.bare = true
	}
	c.share()
	if len(c.tags.Problems) > 0 {
		c.st.err = &StructError{Type: c.st.name, Problems: c.tags.Problems}
	}
	return c.st
}

// structCompiler collects the fields of a type.
type structCompiler struct {
	root  reflect.Type
	st    *structType
	tags  structtag.Compiler
	names map[structKey]bool
}

// structKey is a key and whether it is that of a tag: a point may have both.
type structKey struct {
	name string
	tag  bool
}

// add adds a struct field.
func (c *structCompiler) add(t *structtag.Field) {
	f := structField{name: t.Key, role: t.Role, pointer: t.Pointer, decimal: t.Decimal, elem: t.Type}
	if t.InUnit {
		f.unit = t.Unit.Unit()
	}
	if !c.lead(&f, t) {
		return
	}
	f.null = t.Pointer || t.Omit || t.Role == structtag.TagRole || t.Kind == structtag.Bytes || len(f.hops) > 0
	switch t.Kind {
	case structtag.Int:
		f.op, f.size = opInt, uint8(t.Type.Bits())
	case structtag.Uint:
		f.op, f.size = opUint, uint8(t.Type.Bits())
	case structtag.Float:
		f.op = opFloat64
		if t.Type.Bits() == 32 {
			f.op = opFloat32
		}
	case structtag.Bool:
		f.op = opBool
	case structtag.String:
		f.op = opString
	case structtag.Bytes:
		f.op = opBytes
	case structtag.Time:
		f.op = opTime
	case structtag.Text:
		f.op = opText
	case structtag.Duration:
		f.op, f.size = opDuration, 64
	}
	if f.role == structtag.TimestampRole {
		f.name = "time"
	}
	c.st.deep = c.st.deep || len(f.hops) > 0
	c.st.holds = c.st.holds || f.role == structtag.FieldRole
	if f.role != structtag.MeasurementRole {
		key := structKey{f.name, f.role == structtag.TagRole}
		if c.names[key] {
			c.tags.Problem(t.Name, "second key %q", f.name)
		}
		c.names[key] = true
	}
	c.st.fields = append(c.st.fields, f)
}

// lead sets the way to f. It reports false if there is none: a pointer that is not exported
// can only be set by package unsafe, which the purego build does without.
func (c *structCompiler) lead(f *structField, t *structtag.Field) bool {
	in := c.root
	for _, s := range t.Way {
		at := in.Field(s.Index)
		f.offset += s.Offset
		f.index = append(f.index, s.Index)
		if in = at.Type; s.Elem == nil {
			continue
		}
		if !at.IsExported() {
			c.tags.Problem(t.Name, "in a struct behind the pointer %s, which is not exported and cannot be set", at.Name)
			return false
		}
		f.hops = append(f.hops, hop{f.offset, f.index, s.Elem})
		in, f.offset, f.index = s.Elem, 0, nil
	}
	return true
}

// share marks the tags and the fields that have one key. Among the columns of a response
// nothing tells the two apart: SELECT * calls the second one key_1, whichever that is.
func (c *structCompiler) share() {
	for i := range c.st.fields {
		f := &c.st.fields[i]
		f.shared = c.names[structKey{f.name, false}] && c.names[structKey{f.name, true}]
	}
}
