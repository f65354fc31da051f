package lp

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/structtag"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file compiles a struct type to a program, once per type.
//
// structtag walks through the fields and reads their tags. For each it calls add, which
// makes an op: where the value is (at), how it is written (kind), and the text before it,
// escaped (literal). finish then looks at the schema as a whole: a measurement, at least
// one field, extra tags, the order of the tags. Problems are collected and never end the
// compilation, so that an error lists all of them.
//
// Each key of a program can be carried by line protocol, and no other tag or field has it.
// So when a struct is written only its values are checked, and its measurement if that is a
// field. If the tags are not in the order of their keys, inOrder is a second program in
// which they are, for calls that merge tags of their own.

// compile makes the program for structs of type t.
func compile(t reflect.Type, o *SchemaOptions) (*program, *SchemaError) {
	c := &compiler{o: o, p: &program{measurement: t.Name()}, keys: map[string]structtag.Role{}}
	if i := strings.IndexByte(c.p.measurement, '['); i >= 0 {
		c.p.measurement = c.p.measurement[:i] // a generic type
	}
	c.tags = structtag.Compiler{
		Columns: o.Columns,
		Named:   func(field string) bool { _, named := o.Enums[field]; return named },
		Field:   c.add,
		Blank:   c.blank,
	}
	if c.tags.Compile(t) {
		c.finish()
	}
	if len(c.tags.Problems) > 0 {
		return nil, &SchemaError{t.String(), c.tags.Problems}
	}
	return c.p, nil
}

type compiler struct {
	o     *SchemaOptions
	p     *program
	tags  structtag.Compiler
	keys  map[string]structtag.Role // of tags and fields
	depth int                       // of the struct whose blank field names the measurement
	same  int                       // such fields in structs of that depth
}

// blank takes the name in the tag of a blank field. The field of an outer struct takes
// precedence over those of the structs in it.
func (c *compiler) blank(name string, depth int) {
	switch {
	case c.same == 0 || depth < c.depth:
		c.p.measurement, c.depth, c.same = name, depth, 1
	case depth == c.depth:
		c.same++
	}
}

// add adds the op for a struct field.
func (c *compiler) add(f *structtag.Field) {
	o := op{omit: f.Omit || c.o.OmitEmpty && f.Role == structtag.FieldRole, pointer: f.Pointer, more: &opMore{key: f.Key}}
	for _, s := range f.Way {
		o.at = o.at.field(s.Index, s.Offset)
		if s.Elem != nil {
			o.at = o.at.pointee()
		}
	}
	if f.Pointer {
		o.at = o.at.pointee()
	}
	o.setKind(f)
	if o.kind == kindEnum {
		c.enum(f, &o)
	}
	switch f.Role {
	case structtag.MeasurementRole:
		c.p.name = &o
	case structtag.TimestampRole:
		c.p.time = &o
	case structtag.TagRole:
		if c.key(f, structtag.TagRole, checkTagKey(f.Key, Portable)) {
			o.literal("," + string(escapeTag(nil, f.Key)) + "=")
			c.p.tags = append(c.p.tags, o)
		}
	default:
		c.field(f, o)
	}
}

// setKind sets the kind of an op, and what goes with it.
func (o *op) setKind(f *structtag.Field) {
	o.bits = 64
	switch f.Kind {
	case structtag.Int, structtag.Uint, structtag.Enum:
		o.bits = uint8(f.Type.Bits())
		o.more.unsigned = f.Type.Kind() >= reflect.Uint
		switch {
		case f.Kind == structtag.Enum:
			o.kind = kindEnum
		case o.more.unsigned && o.bits == 64:
			o.kind = kindUint64
		case o.more.unsigned:
			o.kind = kindUint
		case o.bits == 64:
			o.kind = kindInt64
		default:
			o.kind = kindInt
		}
	case structtag.Float:
		o.kind = kindFloat64
		if f.Type.Bits() == 32 {
			o.kind = kindFloat32
		}
	case structtag.Bool:
		o.kind = kindBool
	case structtag.String:
		o.kind = kindString
	case structtag.Bytes:
		o.kind = kindBytes
	case structtag.Time:
		o.kind = kindTime
		o.more.times = timePolicyOf(f)
	case structtag.Number:
		o.kind, o.more.value = kindNumber, numberValue(f.Type, o.at.indirect())
		o.more.empty = f.Type.Kind() == reflect.String
	case structtag.Text:
		o.kind, o.more.value = kindText, textValue(f.Type, o.at.indirect())
	case structtag.Method:
		o.kind, o.more.value = kindText, stringerValue(f.Type, o.at.indirect())
	}
}

// timePolicyOf returns how a time that is a field is written.
func timePolicyOf(f *structtag.Field) TimePolicy {
	switch {
	case f.Text:
		return TimeText
	case !f.InUnit:
		return TimeRefuse // it is a timestamp
	}
	switch f.Unit {
	case Second:
		return TimeSeconds
	case Millisecond:
		return TimeMilliseconds
	case Microsecond:
		return TimeMicroseconds
	}
	return TimeNanoseconds
}

func (c *compiler) field(f *structtag.Field, o op) {
	if f.Decimal && o.kind == kindString {
		o.kind = kindDecimal
	}
	o.more.decimal = f.Decimal
	if !c.key(f, structtag.FieldRole, checkFieldKey(f.Key, Portable)) {
		return
	}
	lit := "," + string(escapeFieldKey(nil, f.Key)) + "="
	switch {
	case o.kind == kindString, o.kind == kindEnum, o.kind == kindBytes, o.kind == kindText && !f.Decimal, o.more.times == TimeText:
		lit += `"`
	}
	o.literal(lit)
	c.p.fields = append(c.p.fields, o)
}

// key checks the key of a tag or field, for which r is what line protocol says.
func (c *compiler) key(f *structtag.Field, role structtag.Role, r Reason) bool {
	other, twice := c.keys[f.Key]
	switch {
	case r != 0:
		c.tags.Problem(f.Name, "key %q: %v", f.Key, r)
	case twice && other != role:
		c.tags.Problem(f.Name, "key %q of a tag and a field", f.Key)
	case twice:
		c.tags.Problem(f.Name, "second key %q", f.Key)
	default:
		c.keys[f.Key] = role
		return true
	}
	return false
}

// enum makes the table of the names of values.
func (c *compiler) enum(f *structtag.Field, o *op) {
	names := c.o.Enums[f.Name]
	if len(names) == 0 {
		c.tags.Problem(f.Name, "no names for its values")
	}
	o.more.names = make(map[int64]string, len(names))
	for _, v := range slices.Sorted(maps.Keys(names)) {
		name := names[v]
		if f.Role == structtag.TagRole {
			if name != "" {
				if r := checkTagValue(name, Portable); r != 0 {
					c.tags.Problem(f.Name, "name %q: %v", name, r)
				}
			}
			name = string(escapeTag(nil, name))
		} else {
			if r := checkUTF8(name); r != 0 {
				c.tags.Problem(f.Name, "name %q: %v", name, r)
			}
			name = string(appendText(nil, name))
			name = name[1 : len(name)-1]
		}
		o.more.names[v] = name
	}
	for v := int64(0); len(o.more.first) < 256; v++ {
		name, ok := o.more.names[v]
		if !ok {
			break
		}
		o.more.first = append(o.more.first, name)
	}
}

// finish checks the schema as a whole and completes the program.
func (c *compiler) finish() {
	p := c.p
	for _, name := range slices.Sorted(maps.Keys(c.o.Columns)) {
		if !c.tags.Seen[name] {
			c.tags.Problem("", "no struct field %s for its column", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.o.Enums)) {
		if !c.tags.Seen[name] {
			c.tags.Problem("", "no struct field %s for its names", name)
		}
	}
	if c.o.Measurement != "" {
		p.measurement = c.o.Measurement
	} else if c.same > 1 {
		c.tags.Problem("", "second blank measurement")
	}
	if r := checkMeasurement(p.measurement); r != 0 && !(p.measurement == "" && p.name != nil) {
		c.tags.Problem("", "%s", badMeasurement(p.measurement, r))
	}
	if len(p.fields) == 0 && !c.tags.Tried {
		switch {
		case c.o.Placeholder:
			p.placeholder = true
		case len(p.tags) == 0 && p.time == nil && p.name == nil:
			c.tags.Problem("", "no struct field with an lp tag")
		default:
			c.tags.Problem("", "no field")
		}
	}
	extra := map[string]bool{} // whether the tag of this key has a value
	for _, t := range c.o.ExtraTags {
		if err := checkTag(t, Portable); err != nil {
			c.tags.Problem("", "extra tag %q: %v", t.Key, err.(*PointError).Reason)
		}
		if _, twice := extra[t.Key]; twice {
			c.tags.Problem("", "second extra tag %q", t.Key)
		}
		if role, used := c.keys[t.Key]; used && role == structtag.FieldRole && t.Value != "" {
			c.tags.Problem("", "extra tag %q with the key of a field", t.Key)
		}
		extra[t.Key] = t.Value != ""
	}
	if len(c.tags.Problems) > 0 {
		return
	}
	p.tags = slices.DeleteFunc(p.tags, func(o op) bool { return extra[o.more.key] })
	for _, t := range c.o.ExtraTags {
		if t.Value == "" {
			continue
		}
		o := op{kind: kindConst, more: &opMore{key: t.Key}}
		o.literal(string(AppendTag(nil, t.Key, t.Value)))
		p.tags = append(p.tags, o)
	}
	if c.o.TagOrder == TagsSorted {
		slices.SortFunc(p.tags, compareTagOps)
	}
	for i := range p.fields {
		p.fieldBits |= keyBit(p.fields[i].more.key)
	}
	p.escaped = string(AppendMeasurement(nil, p.measurement))
	p.reserve()
	p.inOrder, p.plain = p, plainOf(p)
	if !slices.IsSortedFunc(p.tags, compareTagOps) {
		q := *p
		q.tags = slices.Clone(p.tags)
		slices.SortFunc(q.tags, compareTagOps)
		q.reserve()
		q.inOrder, p.inOrder, q.plain = &q, &q, plainOf(&q)
	}
}

func badMeasurement(name string, r Reason) string { return fmt.Sprintf("measurement %q: %v", name, r) }

// compareTagOps compares the escaped keys of two tags.
func compareTagOps(a, b op) int {
	return compareWireKeys([]byte(a.more.text), []byte(b.more.text))
}

// reserve computes the space for the parts of known size.
func (p *program) reserve() {
	rest := decimal.RoomInt + 2*room // the timestamp and the ends
	for i := len(p.fields) - 1; i >= 0; i-- {
		rest += p.fields[i].reserve()
		p.fields[i].rest = int32(rest)
	}
	if p.placeholder {
		rest += 16
	}
	for i := len(p.tags) - 1; i >= 0; i-- {
		rest += p.tags[i].reserve()
		p.tags[i].rest = int32(rest)
	}
	p.room = rest + len(p.escaped) + 16
}

// reserve returns the space that an op needs at most, without its text.
func (o *op) reserve() int { return len(o.more.text) + decimal.RoomFloat + room }

// literal sets the text before the value, and what the loops test on the way to
// the value.
func (o *op) literal(text string) {
	o.pointer = o.pointer || o.at.indirect()
	o.more.text = text
	if len(text) <= 16 {
		var b [16]byte
		copy(b[:], text)
		o.size = uint8(len(text))
		o.words = [2]uint64{swar.Load64(b[:], 0), swar.Load64(b[:], 8)}
	}
}
