package pwarrow

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// The keys and values of metadata.
const (
	measurementKey = "pointwire.measurement"
	roleKey        = "pointwire.role"
	roleTime       = "time"
	roleTag        = "tag"
	roleField      = "field"
)

// timeName is the name of the column of times.
const timeName = "time"

// dictionary is the type of tags.
var dictionary = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

// types are the Arrow types of columns.
var types = [...]arrow.DataType{
	frame.Null: arrow.Null, frame.Bool: arrow.FixedWidthTypes.Boolean, frame.Int64: arrow.PrimitiveTypes.Int64, frame.Uint64: arrow.PrimitiveTypes.Uint64,
	frame.Float64: arrow.PrimitiveTypes.Float64, frame.Float32: arrow.PrimitiveTypes.Float32, frame.String: arrow.BinaryTypes.String, frame.Dict: dictionary,
}

// Schema returns the schema of [Record] for one frame, and for several the schema to which
// [RecordAs] converts each of them: it has all their columns, in the order in which they
// first appear, the finest unit of their times, and for each column a type that holds the
// values of all. Integers and floats together are float64, which RecordAs refuses for
// integers that it would round. The error is a [*ColumnError], or [ErrMeasurement].
func Schema(frames ...*frame.Frame) (*arrow.Schema, error) {
	if len(frames) == 0 {
		return nil, ErrNoFrames
	}
	var s schema
	for _, f := range frames {
		if f.Measurement != frames[0].Measurement {
			return nil, fmt.Errorf("%w: %q after %q", ErrMeasurement, f.Measurement, frames[0].Measurement)
		}
		if err := s.frame(f); err != nil {
			return nil, err
		}
	}
	meta := arrow.MetadataFrom(map[string]string{measurementKey: frames[0].Measurement})
	return arrow.NewSchema(s.fields, &meta), nil
}

// A schema is what is known of a schema while frames are read.
type schema struct {
	fields []arrow.Field
	place  map[[2]string]int // by role and name
}

// frame adds the columns of f.
func (s *schema) frame(f *frame.Frame) error { return columns(f, s.add) }

// columns calls use for each column that f has in a record, in their order.
func columns(f *frame.Frame, use func(role, name string, t arrow.DataType) error) error {
	seen := make(map[[2]string]bool, len(f.Tags)+len(f.Columns))
	once := func(role, name string, t arrow.DataType) error {
		id := [2]string{role, name}
		if seen[id] {
			return &ColumnError{name, ErrDuplicate}
		}
		seen[id] = true
		return use(role, name, t)
	}
	if f.Time != nil {
		if err := once(roleTime, timeName, timeType(f.Precision)); err != nil {
			return err
		}
	}
	for _, t := range f.Tags {
		if err := once(roleTag, t.Key, dictionary); err != nil {
			return err
		}
	}
	for i := range f.Columns {
		c := &f.Columns[i]
		if int(c.Type) >= len(types) {
			return &ColumnError{c.Name, ErrType}
		}
		if err := once(roleOf(c), c.Name, types[c.Type]); err != nil {
			return err
		}
	}
	return nil
}

// add adds a column, or makes the type of the one that is there hold t too.
func (s *schema) add(role, name string, t arrow.DataType) error {
	id := [2]string{role, name}
	i, ok := s.place[id]
	if !ok {
		if s.place == nil {
			s.place = map[[2]string]int{}
		}
		s.place[id] = len(s.fields)
		s.fields = append(s.fields, arrow.Field{Name: name, Type: t, Nullable: role != roleTime, Metadata: arrow.MetadataFrom(map[string]string{roleKey: role})})
		return nil
	}
	both := join(s.fields[i].Type, t)
	if both == nil {
		return &ColumnError{name, fmt.Errorf("%w: %s and %s", ErrType, s.fields[i].Type, t)}
	}
	s.fields[i].Type = both
	return nil
}

// join returns the type that holds the values of both, or nil.
func join(a, b arrow.DataType) arrow.DataType {
	switch {
	case arrow.TypeEqual(a, b) || b.ID() == arrow.NULL:
		return a
	case a.ID() == arrow.NULL:
		return b
	case a.ID() == arrow.TIMESTAMP && b.ID() == arrow.TIMESTAMP:
		if b.(*arrow.TimestampType).Unit > a.(*arrow.TimestampType).Unit {
			return b
		}
		return a
	case numeric(a) && numeric(b):
		return arrow.PrimitiveTypes.Float64
	case isText(a) && isText(b):
		return arrow.BinaryTypes.String
	}
	return nil
}

func numeric(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT64, arrow.UINT64, arrow.FLOAT32, arrow.FLOAT64:
		return true
	}
	return false
}

func isText(t arrow.DataType) bool { return t.ID() == arrow.STRING || t.ID() == arrow.DICTIONARY }

// withoutDictionaries returns the schema with texts in place of dictionaries of texts.
func withoutDictionaries(s *arrow.Schema) *arrow.Schema {
	fields := s.Fields()
	for i := range fields {
		if arrow.TypeEqual(fields[i].Type, dictionary) {
			fields[i].Type = arrow.BinaryTypes.String
		}
	}
	meta := s.Metadata()
	return arrow.NewSchema(fields, &meta)
}

// timeType returns the type of times in units of p.
func timeType(p lp.Precision) *arrow.TimestampType {
	t := &arrow.TimestampType{TimeZone: "UTC"}
	switch p {
	case lp.Nanosecond:
		t.Unit = arrow.Nanosecond
	case lp.Microsecond:
		t.Unit = arrow.Microsecond
	case lp.Millisecond:
		t.Unit = arrow.Millisecond
	}
	return t // minutes and hours are seconds, which is the zero Unit
}

// precisions are the units of times.
var precisions = [...]lp.Precision{
	arrow.Second: lp.Second, arrow.Millisecond: lp.Millisecond, arrow.Microsecond: lp.Microsecond, arrow.Nanosecond: lp.Nanosecond,
}

func roleOf(c *frame.Column) string {
	if c.Role == frame.Tag {
		return roleTag
	}
	return roleField
}

// roleIn returns the role of a field of a schema.
func roleIn(f *arrow.Field) string {
	switch role, _ := f.Metadata.GetValue(roleKey); role {
	case roleTime, roleTag, roleField:
		return role
	}
	if f.Name == timeName && f.Type.ID() == arrow.TIMESTAMP {
		return roleTime
	}
	return roleField
}
