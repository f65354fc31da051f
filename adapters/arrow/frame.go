package pwarrow

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"

	"github.com/pointwire/pointwire/frame"
)

// Frame returns r as a frame that shares its memory, see the package comment. The error is
// a [*ColumnError] with [ErrType], [ErrNoTime], [ErrDuplicate] for a second time, [ErrText], or
// frame.ErrLayout for a text or an index that points beyond what the record holds.
func Frame(r arrow.RecordBatch) (*frame.Frame, error) {
	s := r.Schema()
	meta := s.Metadata()
	f := new(frame.Frame)
	f.Measurement, _ = meta.GetValue(measurementKey)
	for i, a := range r.Columns() {
		field := s.Field(i)
		role := roleIn(&field)
		if role == roleTime {
			if f.Time != nil {
				return nil, &ColumnError{field.Name, ErrDuplicate}
			}
			if err := setTime(f, a); err != nil {
				return nil, &ColumnError{field.Name, err}
			}
			continue
		}
		c := frame.Column{Name: field.Name}
		if role == roleTag {
			c.Role = frame.Tag
		}
		if err := fill(&c, a); err != nil {
			return nil, &ColumnError{field.Name, err}
		}
		f.Columns = append(f.Columns, c)
	}
	return f, nil
}

// setTime makes a the times of f.
func setTime(f *frame.Frame, a arrow.Array) error {
	t, ok := a.DataType().(*arrow.TimestampType)
	switch {
	case !ok:
		return fmt.Errorf("%w: %s to time", ErrType, a.DataType())
	case a.NullN() > 0:
		return ErrNoTime
	}
	f.Time, f.Precision = make([]int64, 0), precisions[t.Unit&3]
	if a.Len() > 0 {
		data := a.Data()
		values := arrow.Int64Traits.CastFromBytes(data.Buffers()[1].Bytes())
		f.Time = values[data.Offset() : data.Offset()+a.Len() : data.Offset()+a.Len()]
	}
	return nil
}

// fill gives c the rows of a.
func fill(c *frame.Column, a arrow.Array) error {
	switch a := a.(type) {
	case *array.Null, *array.Boolean:
		fillBits(c, a)
		return nil
	case *array.Int64:
		c.Type, c.Ints = frame.Int64, clip(a.Int64Values())
	case *array.Uint64:
		c.Type, c.Uints = frame.Uint64, clip(a.Uint64Values())
	case *array.Float64:
		c.Type, c.Floats = frame.Float64, clip(a.Float64Values())
	case *array.Float32:
		c.Type, c.Floats32 = frame.Float32, clip(a.Float32Values())
	case *array.String:
		c.Type = frame.String
		c.Offsets, c.Data = textsOf(a)
		if err := checkTexts(c.Offsets, c.Data); err != nil {
			return err
		}
	case *array.Dictionary:
		return fillDictionary(c, a)
	case *array.LargeString, *array.StringView:
		c.Type = frame.String
		fillTexts(c, a, a.(texter).Value)
		return nil
	default:
		return fillOther(c, a)
	}
	c.Valid = valid(a)
	return nil
}

// fillOther gives c the rows of integers of another width.
func fillOther(c *frame.Column, a arrow.Array) error {
	switch a := a.(type) {
	case *array.Int8:
		c.Type, c.Ints = frame.Int64, widen[int64](a.Int8Values())
	case *array.Int16:
		c.Type, c.Ints = frame.Int64, widen[int64](a.Int16Values())
	case *array.Int32:
		c.Type, c.Ints = frame.Int64, widen[int64](a.Int32Values())
	case *array.Uint8:
		c.Type, c.Uints = frame.Uint64, widen[uint64](a.Uint8Values())
	case *array.Uint16:
		c.Type, c.Uints = frame.Uint64, widen[uint64](a.Uint16Values())
	case *array.Uint32:
		c.Type, c.Uints = frame.Uint64, widen[uint64](a.Uint32Values())
	default:
		return fmt.Errorf("%w: %s", ErrType, a.DataType())
	}
	c.Valid = valid(a)
	return nil
}

// fillBits copies the rows of a: a frame does not let others set the number of such rows.
func fillBits(c *frame.Column, a arrow.Array) {
	bits, _ := a.(*array.Boolean)
	for i := range a.Len() {
		if bits == nil || bits.IsNull(i) {
			c.AppendNull()
		} else {
			c.AppendBool(bits.Value(i))
		}
	}
}

// A texter is an array of texts.
type texter interface {
	arrow.Array
	Value(i int) string
}

// fillTexts copies the rows of a into a column of type String.
func fillTexts(c *frame.Column, a arrow.Array, value func(int) string) {
	for i := range a.Len() {
		if a.IsNull(i) {
			c.AppendNull()
		} else {
			c.AppendString(value(i))
		}
	}
}

// fillDictionary shares indices of 32 bits and a dictionary of texts without nulls, and
// copies others.
func fillDictionary(c *frame.Column, a *array.Dictionary) error {
	values, ok := a.Dictionary().(texter)
	if !ok {
		return fmt.Errorf("%w: %s", ErrType, a.DataType())
	}
	for i := range a.Len() {
		if k := codeOf(a, i); !a.IsNull(i) && (k < 0 || k >= values.Len()) {
			return frame.ErrLayout
		}
	}
	c.Type = frame.Dict
	codes, narrow := a.Indices().(*array.Int32)
	if s, ok := values.(*array.String); ok && narrow && s.NullN() == 0 {
		c.Codes, c.Valid = clip(codes.Int32Values()), valid(a)
		c.Offsets, c.Data = textsOf(s)
		return checkTexts(c.Offsets, c.Data)
	}
	for i := range a.Len() {
		if a.IsNull(i) || values.IsNull(codeOf(a, i)) {
			c.AppendNull()
		} else {
			c.AppendCode(values.Value(codeOf(a, i)))
		}
	}
	return nil
}

// codeOf returns index i of a. An unsigned one beyond int is negative.
func codeOf(a *array.Dictionary, i int) int { return a.GetValueIndex(i) }

// textsOf returns the offsets of the rows of a, and all that they point into.
func textsOf(a *array.String) (offsets []int32, data []byte) {
	if a.Len() == 0 {
		return []int32{0}, nil
	}
	if b := a.Data().Buffers()[2]; b != nil {
		data = b.Bytes()
	}
	return clip(a.ValueOffsets()), clip(data)
}

// valid returns the bitmap of a, or nil if no row is null. It is shared if it begins with a
// byte and the bits after its last row are 0, as frames require.
func valid(a arrow.Array) frame.Bitmap {
	if a.NullN() == 0 {
		return nil
	}
	n, offset := a.Len(), a.Data().Offset()
	size := (n + 7) / 8
	if offset%8 == 0 {
		b := a.NullBitmapBytes()[offset/8:][:size:size]
		if n%8 == 0 || b[size-1]>>(n%8) == 0 {
			return frame.Bitmap(b)
		}
	}
	b := make(frame.Bitmap, size)
	bitutil.CopyBitmap(a.NullBitmapBytes(), offset, n, b, 0)
	return b
}

// clip returns s without capacity, so that an append to it copies.
func clip[T any](s []T) []T { return s[:len(s):len(s)] }

// widen returns a copy of integers.
func widen[W int64 | uint64, T int8 | int16 | int32 | uint8 | uint16 | uint32](s []T) []W {
	out := make([]W, len(s))
	for i, v := range s {
		out[i] = W(v)
	}
	return out
}
