package jsonscan

import (
	"reflect"
	"sync"

	"github.com/pointwire/pointwire/internal/structtag"
)

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

var opNames = [...]string{"an integer", "an unsigned integer", "float64", "float32", "bool", "string", "[]byte", "time.Time", "a text"}

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
