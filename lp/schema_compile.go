package lp

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// compile makes the program for structs of type t.
func compile(t reflect.Type, o *SchemaOptions) (*program, *SchemaError) {
	c := &compiler{o: o, p: &program{}, keys: map[string]bool{}, seen: map[string]bool{}}
	if t.Kind() != reflect.Struct {
		return nil, &SchemaError{t.String(), []string{"not a struct"}}
	}
	c.p.measurement = t.Name()
	if i := strings.IndexByte(c.p.measurement, '['); i >= 0 {
		c.p.measurement = c.p.measurement[:i] // a generic type
	}
	c.fields(t, "", location{}, nil)
	c.finish()
	if len(c.problems) > 0 {
		return nil, &SchemaError{t.String(), c.problems}
	}
	return c.p, nil
}

type compiler struct {
	o        *SchemaOptions
	p        *program
	keys     map[string]bool // "t" or "f" and the key
	seen     map[string]bool // names of struct fields
	tried    bool            // there is a field, be it a bad one
	depth    int             // of the struct whose blank field names the measurement
	same     int             // such fields in structs of that depth
	problems []string
}

func (c *compiler) problem(field, format string, args ...any) {
	if field != "" {
		format = "field " + field + ": " + format
	}
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// fields adds the fields of the struct t.
func (c *compiler) fields(t reflect.Type, prefix string, at location, parents []reflect.Type) {
	if slices.Contains(parents, t) {
		c.problem("", "%v holds itself", t)
		return
	}
	parents = append(parents, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		c.seen[sf.Name] = true
		isMeasurement := sf.Type == reflect.TypeFor[Measurement]()
		tag, tagged := sf.Tag.Lookup("lp")
		if c.o.Columns != nil && !(sf.Name == "_" && isMeasurement) {
			tag, tagged = c.o.Columns[sf.Name]
		}
		at := at.field(i, sf.Offset)
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
			c.inline(sf, prefix, at, parents)
		case !tagged && !(isMeasurement && c.o.Columns == nil):
		case !sf.IsExported():
			c.problem(sf.Name, "has an lp tag but is not exported")
		case isMeasurement && !tagged:
			c.add(sf, column{role: roleMeasurement}, at)
		default:
			col, ok := c.parse(sf, tag)
			if !ok {
				c.tried = true
				continue
			}
			if col.inline {
				c.inline(sf, prefix+col.key, at, parents)
				continue
			}
			if col.role == roleField || col.role == roleTag {
				col.key = prefix + col.key
			}
			c.add(sf, col, at)
		}
	}
}

func (c *compiler) inline(sf reflect.StructField, prefix string, at location, parents []reflect.Type) {
	t := sf.Type
	if t.Kind() == reflect.Pointer {
		at = at.pointee()
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		c.problem(sf.Name, "%v cannot be inline", sf.Type)
		return
	}
	c.fields(t, prefix, at, parents)
}

// add adds the op for a struct field.
func (c *compiler) add(sf reflect.StructField, col column, at location) {
	c.tried = c.tried || col.role == roleField
	t := sf.Type
	o := op{omit: col.omit || c.o.OmitEmpty && col.role == roleField, more: &opMore{key: col.key}}
	if t.Kind() == reflect.Pointer && (t.Elem() == timeType || !implementsText(t)) {
		at = at.pointee()
		t = t.Elem()
		o.pointer = true
	}
	o.at = at
	o.kind = kindOf(t, &o)
	names, enum := c.o.Enums[sf.Name]
	switch {
	case enum:
		if o.kind != kindInt && o.kind != kindInt64 && o.kind != kindUint && o.kind != kindUint64 {
			c.problem(sf.Name, "names for the values of %v, which is no integer", sf.Type)
			return
		}
		o.kind = c.enum(sf, &o, names, col.role)
	case o.kind == kindText || o.kind == kindNone:
	case col.text || col.role == roleTag:
		if k, ok := stringer(t, &o); ok && o.kind != kindString && o.kind != kindBytes {
			o.kind = k
		} else if col.text {
			c.problem(sf.Name, "%v has no String method", sf.Type)
			return
		}
	}
	if o.kind == kindTime && col.role != roleTimestamp {
		c.problem(sf.Name, "time.Time can only be a timestamp")
		return
	}
	if o.kind == kindNone {
		c.problem(sf.Name, "type %v has no place in line protocol", sf.Type)
		return
	}
	switch col.role {
	case roleMeasurement:
		c.measurement(sf, o)
	case roleTimestamp:
		c.timestamp(sf, o)
	case roleTag:
		c.tag(sf, o, col)
	default:
		c.field(sf, o, col)
	}
}

func (c *compiler) measurement(sf reflect.StructField, o op) {
	if o.more.key != "" {
		c.problem(sf.Name, "a measurement has no key; a blank field names one in its tag")
	}
	switch {
	case c.p.name != nil:
		c.problem(sf.Name, "second measurement")
	case o.kind != kindString:
		c.problem(sf.Name, "%v cannot be a measurement", sf.Type)
	case o.pointer:
		c.problem(sf.Name, "a measurement cannot be a pointer")
	default:
		c.p.name = &o
	}
}

func (c *compiler) timestamp(sf reflect.StructField, o op) {
	if o.more.key != "" {
		c.problem(sf.Name, "a timestamp has no key")
	}
	if c.p.time != nil {
		c.problem(sf.Name, "second timestamp")
	}
	switch o.kind {
	case kindTime, kindInt64, kindInt, kindUint64, kindUint, kindString:
		c.p.time = &o
	default:
		c.problem(sf.Name, "%v cannot be a timestamp", sf.Type)
	}
}

func (c *compiler) tag(sf reflect.StructField, o op, col column) {
	switch o.kind {
	case kindFloat64, kindFloat32, kindBool:
		c.problem(sf.Name, "%v cannot be a tag", sf.Type)
		return
	}
	if col.decimal {
		c.problem(sf.Name, "a tag cannot be decimal")
	}
	if !c.key(sf, "t", col.key, checkTagKey(col.key, Portable)) {
		return
	}
	o.literal("," + string(escapeTag(nil, col.key)) + "=")
	c.p.tags = append(c.p.tags, o)
}

func (c *compiler) field(sf reflect.StructField, o op, col column) {
	if col.decimal {
		switch o.kind {
		case kindString:
			o.kind = kindDecimal
		case kindText:
			o.more.decimal = true
		default:
			c.problem(sf.Name, "%v cannot be decimal", sf.Type)
			return
		}
	}
	if !c.key(sf, "f", col.key, checkFieldKey(col.key, Portable)) {
		return
	}
	lit := "," + string(escapeFieldKey(nil, col.key)) + "="
	if o.kind == kindString || o.kind == kindEnum || o.kind == kindBytes || o.kind == kindText && !o.more.decimal {
		lit += `"`
	}
	o.literal(lit)
	c.p.fields = append(c.p.fields, o)
}

func (c *compiler) key(sf reflect.StructField, space, key string, r Reason) bool {
	switch {
	case key == "":
		c.problem(sf.Name, "no key in its lp tag")
	case r != 0:
		c.problem(sf.Name, "key %q: %v", key, r)
	case c.keys[space+key]:
		c.problem(sf.Name, "second key %q", key)
	default:
		c.keys[space+key] = true
		return true
	}
	return false
}

// enum makes the table of the names of values.
func (c *compiler) enum(sf reflect.StructField, o *op, names map[int64]string, role role) kind {
	if len(names) == 0 {
		c.problem(sf.Name, "no names for its values")
		return kindNone
	}
	o.more.names = make(map[int64]string, len(names))
	for _, v := range slices.Sorted(maps.Keys(names)) {
		name := names[v]
		if role == roleTag {
			if name != "" {
				if r := checkTagValue(name, Portable); r != 0 {
					c.problem(sf.Name, "name %q: %v", name, r)
				}
			}
			name = string(escapeTag(nil, name))
		} else {
			if r := checkUTF8(name); r != 0 {
				c.problem(sf.Name, "name %q: %v", name, r)
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
	o.more.unsigned = o.kind == kindUint || o.kind == kindUint64
	return kindEnum
}

// finish checks the schema as a whole and completes the program.
func (c *compiler) finish() {
	p := c.p
	for _, name := range slices.Sorted(maps.Keys(c.o.Columns)) {
		if !c.seen[name] {
			c.problem("", "no struct field %s for its column", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.o.Enums)) {
		if !c.seen[name] {
			c.problem("", "no struct field %s for its names", name)
		}
	}
	if c.o.Measurement != "" {
		p.measurement = c.o.Measurement
	} else if c.same > 1 {
		c.problem("", "second blank measurement")
	}
	if r := checkMeasurement(p.measurement); r != 0 && !(p.measurement == "" && p.name != nil) {
		c.problem("", "%s", badMeasurement(p.measurement, r))
	}
	if len(p.fields) == 0 && !c.tried {
		switch {
		case c.o.Placeholder:
			p.placeholder = true
		case len(p.tags) == 0 && p.time == nil && p.name == nil:
			c.problem("", "no struct field with an lp tag")
		default:
			c.problem("", "no field")
		}
	}
	for i, t := range c.o.ExtraTags {
		if err := checkTag(t, Portable); err != nil {
			c.problem("", "extra tag %q: %v", t.Key, err.(*PointError).Reason)
		}
		if slices.ContainsFunc(c.o.ExtraTags[:i], func(u Tag) bool { return u.Key == t.Key }) {
			c.problem("", "second extra tag %q", t.Key)
		}
	}
	if len(c.problems) > 0 {
		return
	}
	for _, t := range c.o.ExtraTags {
		if t.Value == "" {
			continue
		}
		p.tags = slices.DeleteFunc(p.tags, func(o op) bool { return o.more.key == t.Key })
		o := op{kind: kindConst, more: &opMore{key: t.Key}}
		o.literal(string(AppendTag(nil, t.Key, t.Value)))
		p.tags = append(p.tags, o)
	}
	if c.o.TagOrder == TagsSorted {
		slices.SortFunc(p.tags, compareTagOps)
	}
	p.escaped = string(AppendMeasurement(nil, p.measurement))
	p.reserve()
	p.inOrder = p
	if !slices.IsSortedFunc(p.tags, compareTagOps) {
		q := *p
		q.tags = slices.Clone(p.tags)
		slices.SortFunc(q.tags, compareTagOps)
		q.reserve()
		q.inOrder, p.inOrder = &q, &q
	}
}

func badMeasurement(name string, r Reason) string { return fmt.Sprintf("measurement %q: %v", name, r) }

// compareTagOps compares the escaped keys of two tags.
func compareTagOps(a, b op) int {
	return compareWireKeys([]byte(a.more.text), []byte(b.more.text))
}

// reserve computes the room that the parts of known size take.
func (p *program) reserve() {
	room := decimal.RoomInt + 2*room // the timestamp and the ends
	for i := len(p.fields) - 1; i >= 0; i-- {
		room += p.fields[i].room()
		p.fields[i].rest = int32(room)
	}
	if p.placeholder {
		room += 16
	}
	for i := len(p.tags) - 1; i >= 0; i-- {
		room += p.tags[i].room()
		p.tags[i].rest = int32(room)
	}
	p.room = room + len(p.escaped) + 16
}

// room is what an op takes at most, but for the length of its text.
func (o *op) room() int { return len(o.more.text) + decimal.RoomFloat + room }

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

// kindOf returns the kind of a type.
func kindOf(t reflect.Type, o *op) kind {
	if t == timeType {
		return kindTime
	}
	if t.Kind() == reflect.Interface {
		return kindNone // it may hold whatever, or nothing
	}
	if implementsText(t) || implementsText(reflect.PointerTo(t)) {
		if t.Kind() == reflect.Pointer {
			// The method belongs to the pointer: nil is nothing.
			o.pointer = true
			o.at = o.at.pointee()
			t = t.Elem()
		}
		o.more.value = textValue(t, o.at.indirect())
		return kindText
	}
	o.bits = 64
	switch t.Kind() {
	case reflect.Int64:
		return kindInt64
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		o.bits = uint8(t.Bits())
		if o.bits == 64 {
			return kindInt64
		}
		return kindInt
	case reflect.Uint64:
		return kindUint64
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uintptr:
		o.bits = uint8(t.Bits())
		if o.bits == 64 {
			return kindUint64
		}
		return kindUint
	case reflect.Float64:
		return kindFloat64
	case reflect.Float32:
		return kindFloat32
	case reflect.Bool:
		return kindBool
	case reflect.String:
		return kindString
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return kindBytes
		}
	}
	return kindNone
}

var timeType = reflect.TypeFor[time.Time]()
