package structtag

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire"
)

// tag is what is written in the tag of a struct field.
type tag struct {
	role                                 Role
	key                                  string
	omit, text, decimal, inline, literal bool
	unit                                 string // of a time, or ""
}

// likeTag finds what is meant as an lp tag.
var likeTag = regexp.MustCompile(`(^|[^\w.-])lp\s*[:=]`)

// lost reports whether there is what looks like an lp tag where package reflect does not see a
// tag with that name: within another name, or behind something that is no tag.
func lost(text string) bool {
	for {
		text = strings.TrimLeft(text, " ")
		i := 0
		for i < len(text) && text[i] > ' ' && text[i] != ':' && text[i] != '"' && text[i] != 0x7f {
			i++
		}
		if i == 0 || i+1 >= len(text) || text[i] != ':' || text[i+1] != '"' {
			return likeTag.MatchString(text)
		}
		name, end := text[:i+1], i+2
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) || name != "lp:" && likeTag.MatchString(name) {
			return likeTag.MatchString(text)
		}
		text = text[end+1:]
	}
}

// roles are the options that say what becomes of a struct field.
var roles = map[string]Role{"field": FieldRole, "tag": TagRole, "timestamp": TimestampRole, "measurement": MeasurementRole, "inline": FieldRole}

// units are the options that say in which unit a time is an integer.
var units = map[string]pointwire.Precision{"ns": pointwire.Nanosecond, "us": pointwire.Microsecond, "ms": pointwire.Millisecond, "s": pointwire.Second}

// flag returns where one of the other options is noted, or nil.
func (t *tag) flag(option string) *bool {
	switch option {
	case "omitempty":
		return &t.omit
	case "string":
		return &t.text
	case "decimal":
		return &t.decimal
	case "literal":
		return &t.literal
	}
	return nil
}

// parse reads the tag of a struct field. An option without effect is a problem.
func (c *Compiler) parse(field, text string, isMeasurement bool) (t tag) {
	key, options, _ := strings.Cut(text, ",")
	t.key = key
	// A tag named tag, and a field named field, are written alike in both.
	if role, known := roles[key]; known && key != "inline" && key != options && !slices.Contains(strings.Split(options, ","), "literal") {
		c.Problem(field, "lp:%q is written lp:%q here; with the option literal, %q is a key", text, swapped(field, key, options, role), key)
		return t
	}
	what := "" // the option among roles
	if isMeasurement {
		what, t.role = "measurement", MeasurementRole
	}
	for option := range strings.SplitSeq(options, ",") {
		role, known := roles[option]
		_, isUnit := units[option]
		switch {
		case options == "":
		case known && what != "" && what != option:
			c.Problem(field, "options %q and %q exclude each other", what, option)
		case known:
			what, t.role, t.inline = option, role, option == "inline"
		case t.flag(option) != nil:
			*t.flag(option) = true
		case isUnit && t.unit != "" && t.unit != option:
			c.Problem(field, "options %q and %q exclude each other", t.unit, option)
		case isUnit:
			t.unit = option
		default:
			c.Problem(field, "unknown option %q", option)
		}
	}
	if what == "inline" || what == "timestamp" || what == "measurement" {
		for _, option := range []string{"omitempty", "string", "decimal"} {
			if *t.flag(option) && !(what == "timestamp" && option == "omitempty") {
				c.Problem(field, "option %q has no meaning for %q", option, what)
			}
		}
		if t.unit != "" {
			c.Problem(field, "option %q has no meaning for %q", t.unit, what)
		}
	}
	if t.unit != "" && t.text {
		c.Problem(field, "options %q and %q exclude each other", t.unit, "string")
	}
	return t
}

// swapped returns the tag that means what role,name means in the tags of
// influxdb-client-go, where the role comes first. There the name is that of the struct
// field if it is missing.
func swapped(field, role, name string, r Role) string {
	switch r {
	case TimestampRole, MeasurementRole:
		return "," + role
	}
	if name == "" {
		name = field
	}
	if _, option := roles[name]; option {
		name += ",literal"
	}
	if r == TagRole {
		name += ",tag"
	}
	return name
}

// blank reads the tag of a blank field of type Measurement: all of it is the name.
func (c *Compiler) blank(text string, depth int) {
	name, options, _ := strings.Cut(text, ",")
	for option := range strings.SplitSeq(options, ",") {
		if _, known := roles[option]; known || new(tag).flag(option) != nil {
			c.Problem("_", "option %q after the measurement %q", option, name)
		}
	}
	if c.Blank != nil {
		c.Blank(text, depth)
	}
}

// A Kind is what lp and jsonscan make of a Go type.
type Kind uint8

const (
	None Kind = iota
	Int
	Uint
	Float
	Bool
	String
	Bytes
	Time   // time.Time
	Number // a number by its methods Int64 and Float64, such as json.Number; only written
	Text   // the text of a method of package encoding
	Method // the text of the String method; only written
	Enum   // an integer whose values have names; only written
	// Duration is a time.Duration that is written as the text of its String method. It is
	// the one such type that can be read without a method; only read.
	Duration
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
	// textTypes are the interfaces of values that are texts.
	textTypes = [...][]reflect.Type{
		Write: {reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextMarshaler]()},
		Read:  {reflect.TypeFor[encoding.TextUnmarshaler]()},
	}
)

// kindOf returns the kind of t, apart from String methods and names.
func kindOf(t reflect.Type, use Use) Kind {
	if t == timeType {
		return Time
	}
	if t.Kind() == reflect.Interface {
		return None // it may hold whatever, or nothing
	}
	for _, text := range textTypes[use] {
		if reflect.PointerTo(t).Implements(text) {
			return Text
		}
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return Uint
	case reflect.Float32, reflect.Float64:
		return Float
	case reflect.Bool:
		return Bool
	case reflect.String:
		return String
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return Bytes
		}
	}
	return None
}

// isNumber reports whether values of t are numbers by their methods, as those of
// json.Number are.
func isNumber(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[interface {
		Int64() (int64, error)
		Float64() (float64, error)
	}]())
}

// hasString reports whether values of t have a String method.
func hasString(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[fmt.Stringer]())
}
