package frame

import (
	"errors"
	"math"
	"strconv"

	"github.com/pointwire/pointwire/jsonscan"
)

// This file gives columns of a response the types that the fields have.

// ErrConvert says that no value of one type is a value of the other.
var ErrConvert = errors.New("no conversion between these types")

// A ConvertError says which value [Column.Convert] could not convert. It unwraps to
// [ErrConvert], [jsonscan.ErrInexact] or [jsonscan.ErrRange].
type ConvertError struct {
	Column   string
	Row      int // of the value, or -1 with ErrConvert
	From, To Type
	Err      error // the cause
}

// Error describes the error in one line. The contents may change.
func (e *ConvertError) Error() string {
	b := append(make([]byte, 0, 96), "frame: convert "...)
	if e.Row >= 0 {
		b = append(strconv.AppendInt(append(b, "row "...), int64(e.Row), 10), " of "...)
	}
	b = strconv.AppendQuote(append(b, "column "...), e.Column)
	b = append(append(append(b, " from "...), e.From.String()...), " to "...)
	b = append(append(b, e.To.String()...), ": "...)
	return string(append(b, e.Err.Error()...))
}

// Unwrap returns the cause.
func (e *ConvertError) Unwrap() error { return e.Err }

// Convert gives the column the type t, which its field is known to have, from SHOW FIELD
// KEYS for example. JSON does not tell whole floats from integers, so a column of floats
// may have been read as integers, and one without a value has the type Null.
//
// Null becomes any type, and integers become Int64, Uint64 or Float64. Each value stays
// what it is: an integer becomes a float64 that is equal to it, or of which InfluxDB prints
// that integer. If there is one that does not, or the types are others, the error is a
// *[ConvertError] and the column is unchanged. Convert reuses the memory of the column.
func (c *Column) Convert(t Type) error {
	switch {
	case c.Type == t:
		return nil
	case c.Type == Null && t <= Dict:
		c.fromNull(t)
		return nil
	case c.Type == Int64 && t == Float64:
		return c.convert(t, c.intFloat)
	case c.Type == Uint64 && t == Float64:
		return c.convert(t, c.uintFloat)
	case c.Type == Int64 && t == Uint64:
		return c.convert(t, c.intUint)
	case c.Type == Uint64 && t == Int64:
		return c.convert(t, c.uintInt)
	}
	return &ConvertError{Column: c.Name, Row: -1, From: c.Type, To: t, Err: ErrConvert}
}

// fromNull gives a column of nulls a type.
func (c *Column) fromNull(t Type) {
	n := c.n
	c.Type, c.n = t, 0
	c.Offsets, c.Data, c.codes = c.Offsets[:0], c.Data[:0], nil
	c.reserve(n)
	switch t {
	case Bool:
		c.n = n
	case Float32:
		c.Floats32 = grown(c.Floats32, n)
	case String:
		c.Offsets = grown(c.Offsets, n+1)
		clear(c.Offsets)
	case Dict:
		c.Offsets = append(c.Offsets, 0)
		clear(c.Codes)
	}
	c.Valid = grown(c.Valid, bitmapLen(n))
	clear(c.Valid)
}

// convert calls one for each row that is not null, and then changes the type. one checks a
// value and puts it into the other slice.
func (c *Column) convert(t Type, one func(i int) error) error {
	from, n := c.Type, c.Len()
	if t == Float64 {
		c.Floats = grown(c.Floats, n)
	} else if t == Uint64 {
		c.Uints = grown(c.Uints, n)
	} else {
		c.Ints = grown(c.Ints, n)
	}
	for i := range n {
		if c.IsNull(i) {
			continue
		}
		if err := one(i); err != nil {
			return &ConvertError{Column: c.Name, Row: i, From: from, To: t, Err: err}
		}
	}
	c.Type = t
	return nil
}

func (c *Column) intFloat(i int) (err error) {
	c.Floats[i] = float64(c.Ints[i])
	if v := c.Ints[i]; beyond53(v) && !printedAs(strconv.AppendInt(nil, v, 10), c.Floats[i]) && (c.Floats[i] >= 1<<63 || int64(c.Floats[i]) != v) {
		err = jsonscan.ErrInexact
	}
	return err
}

func (c *Column) uintFloat(i int) (err error) {
	c.Floats[i] = float64(c.Uints[i])
	if v := c.Uints[i]; v > 1<<53 && !printedAs(strconv.AppendUint(nil, v, 10), c.Floats[i]) && (c.Floats[i] >= 1<<64 || uint64(c.Floats[i]) != v) {
		err = jsonscan.ErrInexact
	}
	return err
}

func (c *Column) intUint(i int) error {
	if c.Ints[i] < 0 {
		return jsonscan.ErrRange
	}
	c.Uints[i] = uint64(c.Ints[i])
	return nil
}

func (c *Column) uintInt(i int) error {
	if c.Uints[i] > math.MaxInt64 {
		return jsonscan.ErrRange
	}
	c.Ints[i] = int64(c.Uints[i])
	return nil
}

// printedAs reports whether InfluxDB prints f as text.
func printedAs(text []byte, f float64) bool {
	var b [32]byte
	return string(strconv.AppendFloat(b[:0], f, 'f', -1, 64)) == string(text)
}
