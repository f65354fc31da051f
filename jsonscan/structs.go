package jsonscan

import (
	"errors"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/internal/structtag"
)

// A StructOption relaxes what StructsOf and AppendStructs ask of a response.
type StructOption uint8

const (
	// AllowExtraColumns leaves out the columns and tags that have no field.
	AllowExtraColumns StructOption = 1 << iota
	// AllowMissingColumns leaves the fields zero that have no column and no tag.
	AllowMissingColumns
	// NullAsZero makes null the zero value of a field that is neither a pointer
	// nor omitempty.
	NullAsZero
)

// A StructError says why values of a type cannot be read from responses: it names
// everything that is wrong with its fields and tags.
type StructError struct {
	Type     string
	Problems []string
}

func (e *StructError) Error() string {
	return "jsonscan: read into type " + e.Type + ": " + strings.Join(e.Problems, "; ")
}

// A BindError says that a series does not have the columns of a struct. It
// comes once, in the place of the first row; the other rows of the series are
// left out.
type BindError struct {
	Type    string
	Series  *Series
	Extra   []string // columns and tags of the series that have no field
	Missing []string // fields that have no column and no tag
}

func (e *BindError) Error() string {
	msg := "jsonscan: read series " + strconv.Quote(e.Series.Name) + " as " + e.Type
	sep := ": "
	for _, list := range []struct {
		label string
		names []string
	}{{"no field for ", e.Extra}, {"no column for ", e.Missing}} {
		if len(list.names) > 0 {
			msg += sep + list.label + printable(strings.Join(list.names, ", "))
			sep = "; "
		}
	}
	return msg
}

// StructsOf iterates over rows, as Scanner.Rows gives them, as values of the
// struct type T. Its fields have the tags of lp.Schema:
//
//	type Trade struct {
//		Time       time.Time `lp:",timestamp"`     // the column time
//		Instrument string    `lp:"instrument,tag"` // a column or a tag of GROUP BY
//		Price      float64   `lp:"price"`
//		Note       string    `lp:"note,omitempty"` // null is ""
//		Stop       *float64  `lp:"stop"`           // null is nil
//		Fee        string    `lp:"fee,decimal"`    // the digits of a number
//		Place      Place     `lp:"place_,inline"`  // place_x, place_y, ...
//	}
//
// A field may be of any integer or float kind, bool, string, []byte or
// time.Time, of a type that implements encoding.TextUnmarshaler, or a pointer to
// one of these. A tag may be in a field of these but floats, bool and time.Time;
// where a point has no such tag the field is zero. What lp.Schema writes as a
// text by a String method or by names needs a type with UnmarshalText. A field of
// type lp.Measurement, or with the option measurement, gets the name of the
// series. A timestamp may be a time.Time, an integer in the precision of the
// scanner, or a string that gets the text of the server. Fields without an lp tag
// are not touched; embedded structs without one count as their fields. Structs
// that are embedded or inline through a pointer cannot be read.
//
// By default every column but time needs a field, every field needs a column
// or a tag, and null needs a pointer, a tag or omitempty; options relax that.
//
// Columns are bound to fields once per series, and no value is boxed: a row
// costs no allocation but for pointers and for strings, and those are cut from
// blocks of a few KB, which stay in memory as long as one of their strings does.
//
// Errors of rows are passed on. A value that does not fit its field is a
// *CellError, and the iteration goes on behind its row if the loop does; so it
// does behind a *BindError, with the next series.
func StructsOf[T any](rows iter.Seq2[*Row, error], options ...StructOption) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero, v T
		b, err := newBinder(reflect.TypeFor[T](), options)
		if err != nil {
			yield(zero, err)
			return
		}
		base := pointTo(&v)
		for row, err := range rows {
			if err == nil {
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

// AppendStructs appends a value of T per row to dst; see StructsOf for the
// fields of T. It goes on behind the errors of statements and of the server
// (see Recoverable) and returns them, at most 16, joined at the end, with the
// rows of all other statements. At any other error it stops and returns the
// rows before it.
func AppendStructs[T any](dst []T, rows iter.Seq2[*Row, error], options ...StructOption) ([]T, error) {
	b, err := newBinder(reflect.TypeFor[T](), options)
	if err != nil {
		return dst, err
	}
	var failed []error
	for row, err := range rows {
		if err != nil {
			if len(failed) < 16 {
				failed = append(failed, err)
			}
			if Recoverable(err) {
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

// textBlock makes strings that share blocks of memory.
type textBlock struct{ free []byte }

const textBlockSize = 8 << 10

func (t *textBlock) bytes(b []byte) []byte {
	if len(b) > textBlockSize/8 {
		return slices.Clone(b)
	}
	if cap(t.free)-len(t.free) < len(b) {
		t.free = make([]byte, 0, textBlockSize)
	}
	n := len(t.free)
	t.free = append(t.free, b...)
	return t.free[n:len(t.free):len(t.free)]
}

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
	opText // encoding.TextUnmarshaler
)

// structField is one field of a struct that takes part.
type structField struct {
	name    string // of the column or tag
	role    structtag.Role
	op      op
	size    uint8 // in bits, of a number
	pointer bool
	null    bool // null is its zero value
	decimal bool // a text that gets the digits of a number
	offset  uintptr
	index   []int
	elem    reflect.Type // of the field, or of what it points to
}

// structType is a struct type as its tags describe it.
type structType struct {
	name   string
	fields []structField
	err    error
}

var structTypes sync.Map // reflect.Type to *structType

func structTypeOf(t reflect.Type) *structType {
	if st, ok := structTypes.Load(t); ok {
		return st.(*structType)
	}
	st, _ := structTypes.LoadOrStore(t, compileStruct(t))
	return st.(*structType)
}

func compileStruct(t reflect.Type) *structType {
	c := structCompiler{st: &structType{name: t.String()}, names: map[string]bool{}}
	c.tags = structtag.Compiler{Use: structtag.Read, Field: c.add}
	if c.tags.Compile(t) && len(c.tags.Problems) == 0 && len(c.st.fields) == 0 {
		c.tags.Problem("", "no struct field with an lp tag")
	}
	if len(c.tags.Problems) > 0 {
		c.st.err = &StructError{Type: c.st.name, Problems: c.tags.Problems}
	}
	return c.st
}

type structCompiler struct {
	st    *structType
	tags  structtag.Compiler
	names map[string]bool // of columns and tags
}

// add adds a struct field.
func (c *structCompiler) add(t *structtag.Field) {
	f := structField{name: t.Key, role: t.Role, pointer: t.Pointer, decimal: t.Decimal, elem: t.Type,
		null: t.Pointer || t.Omit || t.Role == structtag.TagRole}
	for _, s := range t.Way {
		if s.Elem != nil {
			c.tags.Problem(t.Name, "in a struct behind a pointer, which cannot be read")
			return
		}
		f.offset += s.Offset
		f.index = append(f.index, s.Index)
	}
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
	}
	if f.role == structtag.TimestampRole {
		f.name = "time"
	}
	if f.role != structtag.MeasurementRole {
		if c.names[f.name] {
			c.tags.Problem(t.Name, "second key %q", f.name)
		}
		c.names[f.name] = true
	}
	c.st.fields = append(c.st.fields, f)
}
