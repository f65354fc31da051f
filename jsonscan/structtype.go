package jsonscan

import (
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pointwire/pointwire"
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

// role says where the value of a field comes from.
type role uint8

const (
	roleColumn role = iota
	roleTag
	roleTimestamp
	roleMeasurement
)

// structField is one field of a struct that takes part.
type structField struct {
	name    string // of the column or tag
	role    role
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
	st := &structType{name: t.String()}
	if t.Kind() != reflect.Struct {
		st.err = &StructError{Type: st.name, Problems: []string{"not a struct"}}
		return st
	}
	c := structCompiler{st: st, names: map[string]bool{}}
	c.fields(t, "", 0, nil)
	if len(c.problems) == 0 && len(st.fields) == 0 {
		c.problem("", "no field with an lp tag")
	}
	if len(c.problems) > 0 {
		st.err = &StructError{Type: st.name, Problems: c.problems}
	}
	return st
}

type structCompiler struct {
	st        *structType
	names     map[string]bool
	timestamp bool
	problems  []string
}

func (c *structCompiler) problem(field, text string) {
	if field != "" {
		text = "field " + field + ": " + text
	}
	c.problems = append(c.problems, text)
}

// fields takes the fields of t, which is at offset; prefix goes before their
// names.
func (c *structCompiler) fields(t reflect.Type, prefix string, offset uintptr, index []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		path := append(index[:len(index):len(index)], i)
		tag, tagged := sf.Tag.Lookup("lp")
		switch {
		case tag == "-" || sf.Name == "_":
		case !tagged && sf.Anonymous && sf.Type.Kind() == reflect.Struct:
			c.fields(sf.Type, prefix, offset+sf.Offset, path)
		case tagged && !sf.IsExported():
			c.problem(sf.Name, "has an lp tag but is not exported")
		case isMeasurement(sf.Type) && sf.IsExported():
			c.st.fields = append(c.st.fields, structField{role: roleMeasurement, op: opString,
				offset: offset + sf.Offset, index: path, elem: sf.Type})
		case tagged:
			c.field(sf, tag, prefix, offset+sf.Offset, path)
		}
	}
}

// isMeasurement reports whether t is lp.Measurement.
func isMeasurement(t reflect.Type) bool { return t == reflect.TypeFor[pointwire.Measurement]() }

// field takes a field that has a tag.
func (c *structCompiler) field(sf reflect.StructField, tag, prefix string, offset uintptr, index []int) {
	f := structField{offset: offset, index: index, elem: sf.Type}
	name, options, _ := strings.Cut(tag, ",")
	f.name = prefix + name
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "tag":
			f.role, f.null = roleTag, true
		case "timestamp":
			f.role = roleTimestamp
		case "measurement":
			f.role = roleMeasurement
		case "omitempty":
			f.null = true
		case "decimal":
			f.decimal = true
		case "inline":
			if sf.Type.Kind() != reflect.Struct {
				c.problem(sf.Name, "type "+sf.Type.String()+" cannot be inline")
				return
			}
			c.fields(sf.Type, f.name, offset, index)
			return
		case "", "field", "string":
		default:
			c.problem(sf.Name, "unknown option "+strconv.Quote(option))
			return
		}
	}
	if f.elem.Kind() == reflect.Pointer {
		f.pointer, f.null = true, true
		f.elem = f.elem.Elem()
	}
	if !f.setOp() {
		c.problem(sf.Name, "type "+sf.Type.String()+" cannot hold a value")
		return
	}
	if f.role == roleMeasurement {
		if f.op != opString || f.pointer {
			c.problem(sf.Name, sf.Type.String()+" cannot be a measurement")
		}
		c.st.fields = append(c.st.fields, f)
		return
	}
	if f.role == roleTimestamp {
		f.name = "time"
		if c.timestamp {
			c.problem(sf.Name, "second timestamp")
		}
		c.timestamp = true
		switch f.op {
		case opTime, opInt, opUint, opString, opText:
		default:
			c.problem(sf.Name, opNames[f.op]+" cannot be a timestamp")
		}
	}
	switch {
	case name == "" && f.role != roleTimestamp:
		c.problem(sf.Name, "no name in its lp tag")
	case c.names[f.name]:
		c.problem(sf.Name, "second field named "+f.name)
	}
	c.names[f.name] = true
	c.st.fields = append(c.st.fields, f)
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	unmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (f *structField) setOp() bool {
	t := f.elem
	switch {
	case t == timeType:
		f.op = opTime
		return true
	case reflect.PointerTo(t).Implements(unmarshalerType):
		f.op = opText
		return true
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		f.op, f.size = opInt, uint8(t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.op, f.size = opUint, uint8(t.Bits())
	case reflect.Float64:
		f.op = opFloat64
	case reflect.Float32:
		f.op = opFloat32
	case reflect.Bool:
		f.op = opBool
	case reflect.String:
		f.op = opString
	case reflect.Slice:
		f.op = opBytes
		return t.Elem().Kind() == reflect.Uint8
	default:
		return false
	}
	return true
}
