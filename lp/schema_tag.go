package lp

import (
	"reflect"
	"strings"
)

type role uint8

const (
	roleField role = iota
	roleTag
	roleTimestamp
	roleMeasurement
)

// column is a struct field as its tag describes it.
type column struct {
	role                        role
	key                         string
	omit, text, decimal, inline bool
}

// roleOf are the options that say what becomes of a struct field.
var roleOf = map[string]role{"field": roleField, "tag": roleTag, "timestamp": roleTimestamp, "measurement": roleMeasurement, "inline": roleField}

// parse reads the tag of a struct field. What would have no effect is a problem.
func (c *compiler) parse(sf reflect.StructField, tag string) (col column, ok bool) {
	key, options, _ := strings.Cut(tag, ",")
	col.key = key
	before := len(c.problems)
	what := "" // the option among those of roleOf
	if sf.Type == reflect.TypeFor[Measurement]() {
		what, col.role = "measurement", roleMeasurement
	}
	for option := range strings.SplitSeq(options, ",") {
		role, known := roleOf[option]
		switch {
		case options == "":
		case known && what != "" && what != option:
			c.problem(sf.Name, "options %q and %q exclude each other", what, option)
		case known:
			what, col.role, col.inline = option, role, option == "inline"
		case option == "omitempty":
			col.omit = true
		case option == "string":
			col.text = true
		case option == "decimal":
			col.decimal = true
		default:
			c.problem(sf.Name, "unknown option %q", option)
		}
	}
	if what == "inline" || what == "timestamp" || what == "measurement" {
		without := func(has bool, option string) {
			if has {
				c.problem(sf.Name, "option %q has no meaning for %q", option, what)
			}
		}
		without(col.omit && what != "timestamp", "omitempty")
		without(col.text, "string")
		without(col.decimal, "decimal")
	}
	return col, len(c.problems) == before
}

// blank reads the tag of a blank field of type Measurement: all of it is the name.
// The field of an outer struct goes before those of the structs in it.
func (c *compiler) blank(tag string, depth int) {
	name, options, _ := strings.Cut(tag, ",")
	for option := range strings.SplitSeq(options, ",") {
		_, known := roleOf[option]
		if known || option == "omitempty" || option == "string" || option == "decimal" {
			c.problem("_", "option %q behind the measurement %q", option, name)
		}
	}
	switch {
	case c.same == 0 || depth < c.depth:
		c.p.measurement, c.depth, c.same = tag, depth, 1
	case depth == c.depth:
		c.same++
	}
}
