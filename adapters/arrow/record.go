package pwarrow

import (
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// Record returns f as a record batch that shares its memory, see the package comment. The
// error is a [*ColumnError].
func Record(f *frame.Frame) (arrow.RecordBatch, error) {
	s, err := Schema(f)
	if err != nil {
		return nil, err
	}
	return RecordAs(f, s)
}

// RecordAs returns f as a record batch with the schema s, which [Schema] makes. Columns that
// f does not have are null. A column of another type is converted, and then shares no
// memory: integers to float64, int64 and uint64 to each other, float32 to float64, texts
// and dictionaries to each other, times to another unit. What cannot be converted exactly
// is a [*ColumnError] with [ErrInexact], a column that is not in s one with
// [ErrNotInSchema]. The measurement must be that of s, if s has one: [ErrMeasurement].
func RecordAs(f *frame.Frame, s *arrow.Schema) (arrow.RecordBatch, error) {
	meta := s.Metadata()
	if name, ok := meta.GetValue(measurementKey); ok && name != f.Measurement {
		return nil, fmt.Errorf("%w: %q after %q", ErrMeasurement, f.Measurement, name)
	}
	if err := contains(s, f); err != nil {
		return nil, err
	}
	n := f.Len()
	list := make([]arrow.Array, 0, s.NumFields())
	defer func() {
		for _, a := range list {
			a.Release()
		}
	}()
	for i := range s.NumFields() {
		field := s.Field(i)
		a, err := fieldArray(f, &field, n)
		if err != nil {
			return nil, &ColumnError{field.Name, err}
		}
		list = append(list, a)
	}
	return array.NewRecordBatch(s, list, int64(n)), nil
}

// contains returns an error if s lacks a column of f.
func contains(s *arrow.Schema, f *frame.Frame) error {
	has := map[[2]string]bool{}
	for i := range s.NumFields() {
		field := s.Field(i)
		has[[2]string{roleIn(&field), field.Name}] = true
	}
	return columns(f, func(role, name string, _ arrow.DataType) error {
		if !has[[2]string{role, name}] {
			return &ColumnError{name, ErrNotInSchema}
		}
		return nil
	})
}

// fieldArray returns the n rows of one field of a schema.
func fieldArray(f *frame.Frame, field *arrow.Field, n int) (arrow.Array, error) {
	role := roleIn(field)
	if role == roleTime {
		return times(f, field.Type)
	}
	for i := range f.Columns {
		if c := &f.Columns[i]; c.Name == field.Name && roleOf(c) == role {
			if c.Len() != n {
				return nil, frame.ErrLength
			}
			return columnAs(c, field.Type, n)
		}
	}
	if role == roleTag {
		for _, t := range f.Tags {
			if t.Key == field.Name {
				c := constant(t, n)
				return columnAs(&c, field.Type, n)
			}
		}
	}
	return array.MakeArrayOfNull(memory.DefaultAllocator, field.Type, n), nil
}

// constant returns a column of n equal tags.
func constant(t lp.Tag, n int) frame.Column {
	return frame.Column{Name: t.Key, Role: frame.Tag, Type: frame.Dict, Codes: make([]int32, n), Offsets: []int32{0, int32(len(t.Value))}, Data: []byte(t.Value)}
}

// times returns the times of f in the unit of typ.
func times(f *frame.Frame, typ arrow.DataType) (arrow.Array, error) {
	t, ok := typ.(*arrow.TimestampType)
	if !ok {
		return nil, fmt.Errorf("%w: time to %s", ErrType, typ)
	}
	if f.Time == nil {
		return nil, ErrNoTime
	}
	values, err := timesIn(f.Time, f.Precision.Unit(), int64(t.Unit.Multiplier()))
	if err != nil {
		return nil, err
	}
	return fixed(t, arrow.Int64Traits.CastToBytes(values), nil, len(values)), nil
}

// timesIn returns times of one unit in another one, or the slice itself. Units are in
// nanoseconds.
func timesIn(times []int64, from, to int64) ([]int64, error) {
	if from == to {
		return times, nil
	}
	out := make([]int64, len(times))
	for i, v := range times {
		switch {
		case from > to:
			out[i] = v * (from / to)
			if out[i]/(from/to) != v {
				return nil, ErrInexact
			}
		case v%(to/from) != 0:
			return nil, ErrInexact
		default:
			out[i] = v / (to / from)
		}
	}
	return out, nil
}

// columnAs returns the n rows of c as typ.
func columnAs(c *frame.Column, typ arrow.DataType, n int) (arrow.Array, error) {
	if int(c.Type) >= len(types) {
		return nil, ErrType
	}
	if err := check(c, n); err != nil {
		return nil, err
	}
	if c.Type == frame.Null {
		return array.MakeArrayOfNull(memory.DefaultAllocator, typ, n), nil
	}
	if arrow.TypeEqual(types[c.Type], typ) {
		return share(c, n), nil
	}
	converted, err := convert(c, typ)
	if err != nil {
		return nil, err
	}
	return share(&converted, n), nil
}

// check returns an error if a bitmap of c is too short, if a text or code points beyond
// what it holds, or if a text is not UTF-8.
func check(c *frame.Column, n int) error {
	if c.Valid != nil && len(c.Valid) < (n+7)/8 || c.Type == frame.Bool && len(c.Bits) < (n+7)/8 {
		return frame.ErrLayout
	}
	if c.Type != frame.String && c.Type != frame.Dict {
		return nil
	}
	if c.Type == frame.Dict {
		for i, code := range c.Codes {
			if (code < 0 || int(code) >= len(c.Offsets)-1) && !c.IsNull(i) {
				return frame.ErrLayout
			}
		}
	}
	return checkTexts(c.Offsets, c.Data)
}

// checkTexts returns an error unless the offsets are in order within data and each text is
// UTF-8: then all of them together are, and each begins where a character does.
func checkTexts(offsets []int32, data []byte) error {
	if len(offsets) == 0 {
		return nil
	}
	last := int32(0)
	for _, o := range offsets {
		if o < last || int(o) > len(data) {
			return frame.ErrLayout
		}
		last = o
	}
	used := data[offsets[0]:last]
	if !utf8.Valid(used) {
		return ErrText
	}
	for _, o := range offsets {
		if o < last && !utf8.RuneStart(data[o]) {
			return ErrText
		}
	}
	return nil
}

// share returns an array over the memory of c, which has n rows and passed check.
func share(c *frame.Column, n int) arrow.Array {
	typ := types[c.Type]
	switch c.Type {
	case frame.Bool:
		return fixed(typ, c.Bits, c.Valid, n)
	case frame.Int64:
		return fixed(typ, arrow.Int64Traits.CastToBytes(c.Ints), c.Valid, n)
	case frame.Uint64:
		return fixed(typ, arrow.Uint64Traits.CastToBytes(c.Uints), c.Valid, n)
	case frame.Float64:
		return fixed(typ, arrow.Float64Traits.CastToBytes(c.Floats), c.Valid, n)
	case frame.Float32:
		return fixed(typ, arrow.Float32Traits.CastToBytes(c.Floats32), c.Valid, n)
	case frame.String:
		return texts(c.Offsets, c.Data, c.Valid)
	case frame.Dict:
		codes := fixed(dictionary.IndexType, arrow.Int32Traits.CastToBytes(c.Codes), c.Valid, n)
		defer codes.Release()
		values := texts(c.Offsets, c.Data, nil)
		defer values.Release()
		return array.NewDictionaryArray(dictionary, codes, values)
	}
	return array.NewNull(n)
}

// fixed returns an array of n values of one size.
func fixed(typ arrow.DataType, values []byte, valid frame.Bitmap, n int) arrow.Array {
	return made(typ, n, valid, memory.NewBufferBytes(values))
}

// texts returns an array of the texts between offsets.
func texts(offsets []int32, data []byte, valid frame.Bitmap) arrow.Array {
	if len(offsets) == 0 {
		offsets = []int32{0}
	}
	return made(arrow.BinaryTypes.String, len(offsets)-1, valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes(data))
}

// made returns an array of n rows. Its bitmap is left out if all rows are valid.
func made(typ arrow.DataType, n int, valid frame.Bitmap, buffers ...*memory.Buffer) arrow.Array {
	bitmap, nulls := (*memory.Buffer)(nil), 0
	if valid != nil {
		bitmap, nulls = memory.NewBufferBytes(valid), array.UnknownNullCount
	}
	data := array.NewData(typ, n, append([]*memory.Buffer{bitmap}, buffers...), nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// convert returns c with values of another type.
func convert(c *frame.Column, typ arrow.DataType) (frame.Column, error) {
	d := frame.Column{Name: c.Name, Role: c.Role, Valid: c.Valid}
	n := c.Len()
	switch {
	case typ.ID() == arrow.FLOAT64 && numeric(types[c.Type]):
		d.Type, d.Floats = frame.Float64, make([]float64, n)
		return d, toFloats(d.Floats, c)
	case typ.ID() == arrow.UINT64 && c.Type == frame.Int64:
		d.Type, d.Uints = frame.Uint64, make([]uint64, n)
		return d, each(c, func(i int) bool {
			d.Uints[i] = uint64(c.Ints[i])
			return c.Ints[i] >= 0
		})
	case typ.ID() == arrow.INT64 && c.Type == frame.Uint64:
		d.Type, d.Ints = frame.Int64, make([]int64, n)
		return d, each(c, func(i int) bool {
			d.Ints[i] = int64(c.Uints[i])
			return c.Uints[i] <= math.MaxInt64
		})
	case typ.ID() == arrow.STRING && c.Type == frame.Dict:
		d.Type, d.Valid = frame.String, nil
		appendTexts(c, &d, d.AppendString)
		return d, nil
	case arrow.TypeEqual(typ, dictionary) && c.Type == frame.String:
		d.Type, d.Valid = frame.Dict, nil
		appendTexts(c, &d, d.AppendCode)
		return d, nil
	}
	return d, fmt.Errorf("%w: %s to %s", ErrType, c.Type, typ)
}

// each calls set for every row that is not null, and returns ErrInexact if one is false.
func each(c *frame.Column, set func(i int) bool) error {
	for i := range c.Len() {
		if !c.IsNull(i) && !set(i) {
			return ErrInexact
		}
	}
	return nil
}

func toFloats(dst []float64, c *frame.Column) error {
	return each(c, func(i int) bool {
		switch c.Type {
		case frame.Int64:
			dst[i] = float64(c.Ints[i])
			return dst[i] < 1<<63 && int64(dst[i]) == c.Ints[i]
		case frame.Uint64:
			dst[i] = float64(c.Uints[i])
			return dst[i] < 1<<64 && uint64(dst[i]) == c.Uints[i]
		}
		dst[i] = float64(c.Floats32[i])
		return true
	})
}

// appendTexts appends the texts of c to d.
func appendTexts(c, d *frame.Column, add func(string)) {
	for i := range c.Len() {
		if c.IsNull(i) {
			d.AppendNull()
		} else {
			add(string(c.Text(i)))
		}
	}
}

// ownDictionaries returns f with dictionaries in memory of their own.
func ownDictionaries(f *frame.Frame) *frame.Frame {
	g := *f
	g.Columns = slices.Clone(f.Columns)
	for i := range g.Columns {
		if c := &g.Columns[i]; c.Type == frame.Dict {
			c.Offsets, c.Data = slices.Clone(c.Offsets), slices.Clone(c.Data)
		}
	}
	return &g
}
