// Package structtag reads the struct tags lp:"…" for the two packages that use them: lp
// writes structs and jsonscan reads them. It has what both must agree about, so that a
// type that can be written can be read:
//
//   - the words of a tag, its key and its options, and which exclude each other
//   - which struct fields take part: embedded and inline structs, blank fields, "-"
//   - which kinds of Go types can be what; reading takes more of them than writing
//   - one text for each thing that is wrong
//
// Compile walks the type once and hands every good field to its caller, with the way to
// it. What a field's value becomes, whether its key can be written, and whether two keys
// may be equal is the caller's to decide. Nothing here runs per point or per row.
package structtag

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/pointwire/pointwire"
)

// A Use is what a struct is compiled for.
type Use uint8

const (
	Write Use = iota
	Read
)

// A Role is what becomes of a struct field.
type Role uint8

const (
	FieldRole Role = iota
	TagRole
	TimestampRole
	MeasurementRole
)

// A Field is a struct field that takes part.
type Field struct {
	Name     string // in Go
	Declared reflect.Type
	Type     reflect.Type // Declared, or what it points to
	Pointer  bool         // Declared is a pointer
	Kind     Kind         // of Type
	Role     Role
	Key      string // with the keys of the inline structs around it
	Omit     bool   // omitempty
	Text     bool   // string
	Decimal  bool
	InUnit   bool // a time that is an integer in units of Unit
	Unit     pointwire.Precision
	Way      []Step // from the outermost struct
}

// A Step leads from a struct to one of its fields.
type Step struct {
	Index  int
	Offset uintptr
	// Elem is, if the step goes on through a pointer to a struct, the type of the
	// struct.
	Elem reflect.Type
}

// A Compiler reads the fields of a struct type. What the caller sets comes first.
type Compiler struct {
	Use Use
	// Columns, if not nil, has the texts of tags by the names of struct fields, in
	// place of the tags.
	Columns map[string]string
	// Named reports whether the values of a struct field have names. It may be nil.
	Named func(field string) bool
	// Field is called for every field that takes part and is right.
	Field func(f *Field)
	// Blank is called for every blank field of type Measurement with the name in its
	// tag. Outer structs have smaller depths.
	Blank func(name string, depth int)

	Problems []string
	Seen     map[string]bool // names of struct fields
	Tried    bool            // there is a field, perhaps a wrong one

	timestamp, measurement bool
}

// Compile reads type t. It reports whether that is a struct at all.
func (c *Compiler) Compile(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		c.Problem("", "not a struct")
		return false
	}
	c.Seen = map[string]bool{}
	c.structure(t, "", nil, nil)
	return true
}

// Problem notes what is wrong with a struct field, or, if that is empty, with the type.
func (c *Compiler) Problem(field, format string, args ...any) {
	if field != "" {
		format = "field " + field + ": " + format
	}
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

var measurementType = reflect.TypeFor[pointwire.Measurement]()

// structure reads the fields of the struct t, which is inside of parents.
func (c *Compiler) structure(t reflect.Type, prefix string, way []Step, parents []reflect.Type) {
	if slices.Contains(parents, t) {
		c.Problem("", "%v holds itself", t)
		return
	}
	parents = append(parents[:len(parents):len(parents)], t)
	for i := range t.NumField() {
		sf := t.Field(i)
		c.Seen[sf.Name] = true
		isMeasurement := sf.Type == measurementType
		tag, tagged := sf.Tag.Lookup("lp")
		if c.Columns != nil && !(sf.Name == "_" && isMeasurement) {
			tag, tagged = c.Columns[sf.Name]
		}
		if c.Columns == nil && !tagged && (sf.IsExported() || sf.Name == "_" && isMeasurement) && lost(string(sf.Tag)) {
			c.Problem(sf.Name, "the tag %s is not of the form lp:\"key,options\"", sf.Tag)
		}
		way := append(way[:len(way):len(way)], Step{Index: i, Offset: sf.Offset})
		elem := sf.Type
		if elem.Kind() == reflect.Pointer {
			elem = elem.Elem()
		}
		switch {
		case tag == "-":
		case sf.Name == "_" && isMeasurement:
			if tagged {
				c.blank(tag, len(parents))
			}
		case !tagged && sf.Anonymous && elem.Kind() == reflect.Struct:
			c.inline(sf, prefix, way, parents)
		case tagged && !sf.IsExported():
			c.Problem(sf.Name, "has an lp tag but is not exported")
		case tagged:
			c.tagged(sf, tag, prefix, way, parents)
		case isMeasurement && c.Columns == nil && !sf.IsExported():
			c.Problem(sf.Name, "a measurement that is not exported")
		case sf.Type == reflect.PointerTo(measurementType) && c.Columns == nil && !tagged:
			c.Problem(sf.Name, "a measurement cannot be a pointer")
		case isMeasurement && c.Columns == nil:
			c.typed(sf, &Field{Role: MeasurementRole, Way: way})
		}
	}
}

// inline reads the fields of the struct that sf is, or points to.
func (c *Compiler) inline(sf reflect.StructField, prefix string, way []Step, parents []reflect.Type) {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		way[len(way)-1].Elem = t
	}
	if t.Kind() != reflect.Struct {
		c.Problem(sf.Name, "%v cannot be inline", sf.Type)
		return
	}
	c.structure(t, prefix, way, parents)
}

// tagged reads a field that has a tag.
func (c *Compiler) tagged(sf reflect.StructField, text, prefix string, way []Step, parents []reflect.Type) {
	before := len(c.Problems)
	t := c.parse(sf.Name, text, sf.Type == measurementType)
	switch {
	case len(c.Problems) != before:
		c.Tried = true
	case t.inline:
		c.inline(sf, prefix+t.key, way, parents)
	default:
		f := &Field{Role: t.role, Key: t.key, Omit: t.omit, Text: t.text, Decimal: t.decimal, Way: way}
		f.Unit, f.InUnit = units[t.unit]
		if f.Role == FieldRole || f.Role == TagRole {
			f.Key = prefix + f.Key
		}
		c.typed(sf, f)
	}
}

// typed checks that the type of a struct field fits its tag.
func (c *Compiler) typed(sf reflect.StructField, f *Field) {
	c.Tried = c.Tried || f.Role == FieldRole
	f.Name, f.Declared, f.Type = sf.Name, sf.Type, sf.Type
	if f.Type.Kind() == reflect.Pointer {
		f.Type, f.Pointer = f.Type.Elem(), true
	}
	f.Kind = kindOf(f.Type, c.Use)
	c.number(f)
	before := len(c.Problems)
	switch {
	case c.Named != nil && c.Named(f.Name):
		if f.Kind != Int && f.Kind != Uint {
			c.Problem(f.Name, "names for the values of %v, which is no integer", f.Declared)
			return
		}
		f.Kind = Enum
	case c.Use == Read && f.Type == durationType && (f.Text || f.Role == TagRole):
		f.Kind = Duration
	case !c.methods(f):
		return
	}
	c.fits(f)
	if f.Key == "" && (f.Role == FieldRole || f.Role == TagRole) {
		c.Problem(f.Name, "no key in its lp tag")
	}
	if len(c.Problems) == before {
		c.Field(f)
	}
}

// number finds out whether the value is a number by its methods. A string that is one is
// read as the digits of a number.
func (c *Compiler) number(f *Field) {
	switch {
	case f.Kind != String && f.Kind != None, f.Role != FieldRole && f.Role != TimestampRole, !isNumber(f.Type):
	case c.Use == Read:
		f.Decimal = f.Decimal || f.Kind == String
	case f.Text && hasString(f.Type):
		f.Kind = Method
	case !f.Decimal:
		f.Kind = Number
	}
}

// methods finds out whether the value is the text of a method. It reports whether there
// is a kind for the field.
func (c *Compiler) methods(f *Field) bool {
	switch {
	case f.Kind == Text, f.Kind == Time && f.Role == FieldRole:
	case f.Text && f.Kind == Method:
	case c.Use == Read && (f.Text || f.Kind == None && kindOf(f.Type, Write) == Text):
		c.Problem(f.Name, "%v has no UnmarshalText method", f.Declared)
		return false
	case f.Kind == None:
		c.Problem(f.Name, "type %v has no place in line protocol", f.Declared)
		return false
	case c.Use == Read || !f.Text && f.Role != TagRole:
	case hasString(f.Type) && f.Kind != String && f.Kind != Bytes && f.Kind != Time:
		f.Kind = Method
	case f.Text:
		c.Problem(f.Name, "%v has no String method", f.Declared)
		return false
	}
	return true
}

// fits checks that the kind of a field can have its role. Reading takes more: a time in
// any field, a timestamp and digits in whatever takes texts.
func (c *Compiler) fits(f *Field) {
	cannot := func(be string) { c.Problem(f.Name, "%v cannot be %s", f.Declared, be) }
	if f.InUnit && f.Kind != Time {
		cannot("a time in a unit")
		return
	}
	switch f.Role {
	case MeasurementRole:
		if f.Key != "" {
			c.Problem(f.Name, "a measurement has no key; a blank field names one in its tag")
		}
		switch {
		case c.measurement:
			c.Problem(f.Name, "second measurement")
		case f.Kind != String:
			cannot("a measurement")
		case f.Pointer:
			c.Problem(f.Name, "a measurement cannot be a pointer")
		default:
			c.measurement = true
		}
	case TimestampRole:
		if f.Key != "" {
			c.Problem(f.Name, "a timestamp has no key")
		}
		if c.timestamp {
			c.Problem(f.Name, "second timestamp")
		}
		switch {
		case f.Kind == Time, f.Kind == Int, f.Kind == Uint, f.Kind == String, f.Kind == Number, f.Kind == Text && c.Use == Read:
			c.timestamp = true
		default:
			cannot("a timestamp")
		}
	case TagRole:
		switch f.Kind {
		case Float, Bool, Time:
			cannot("a tag")
		}
		if f.Decimal {
			c.Problem(f.Name, "a tag cannot be decimal")
		}
	default:
		switch {
		case f.Kind == Time && c.Use == Write && !f.Text && !f.InUnit:
			c.Problem(f.Name, "time.Time needs the option timestamp, or as a field one of string, ns, us, ms and s")
		case !f.Decimal, f.Kind == String, f.Kind == Text, f.Kind == Method, f.Kind == Bytes && c.Use == Read:
		default:
			cannot("decimal")
		}
	}
}
