package frame

import (
	"math"
	"slices"

	"github.com/pointwire/pointwire/lp"
)

// This file holds Column: the slices that hold its values, and how rows are read from
// them.
//
// Type says which slices are in use, as listed there; the others may hold memory and
// have no meaning. Row i of a column is null if its bit in Valid is 0; what the
// slices hold for it then means nothing. These invariants hold for a column that
// passes check:
//
//   - Every slice in use has Len elements. Offsets has one more than there are texts,
//     Bits and Valid have at least one bit per row.
//   - Offsets of type String and of Dict never decrease and stay within Data.
//   - A code of a row that is not null is the index of a text.

// A Role says what a column is in line protocol.
type Role uint8

const (
	// Field is a column of field values.
	Field Role = iota
	// Tag is a column of tag values. A row whose value is null or empty has no such
	// tag.
	Tag
)

// A Type says which slices of a column hold its values.
type Type uint8

// The types of columns.
const (
	Null    Type = iota // every row is null
	Bool                // Bits
	Int64               // Ints
	Uint64              // Uints
	Float64             // Floats
	Float32             // Floats32; a Reader makes no such columns
	String              // Offsets and Data
	Dict                // Codes, and Offsets and Data of the texts they stand for
)

var typeNames = [...]string{"null", "bool", "int64", "uint64", "float64", "float32", "string", "dictionary"}

// String returns the name of the type.
func (t Type) String() string {
	if int(t) >= len(typeNames) {
		return "invalid"
	}
	return typeNames[t]
}

// A Column is a column of one type. The zero value is empty and takes the type of
// the first value that is appended. The values of null rows have no meaning.
type Column struct {
	Name string
	Role Role
	Type Type

	Bits     Bitmap
	Ints     []int64
	Uints    []uint64
	Floats   []float64
	Floats32 []float32
	// Offsets has one more element than there are texts: text i is
	// Data[Offsets[i]:Offsets[i+1]]. A column of type String has a text per row, a
	// column of type Dict a text per code.
	Offsets []int32
	Data    []byte
	Codes   []int32

	// Valid has a bit set for each row that is not null. Nil means all rows.
	Valid Bitmap

	// Rounded counts the integers beyond 2^53 that became floats because another
	// cell of the column is a float. If the field is a float, nothing was lost: the
	// float is the value that the server stores, whatever integer it printed. If the
	// field has integers in one shard and floats in another, an integer was rounded.
	Rounded int

	n     int // rows of a column of type Null or Bool
	codes map[string]int32
	spare Bitmap // memory of Valid while that is nil
}

// Ints returns a column of integers. It keeps values and does not copy them.
func Ints(name string, values []int64) Column { return Column{Name: name, Type: Int64, Ints: values} }

// Uints returns a column of unsigned integers. It keeps values and does not copy
// them.
func Uints(name string, values []uint64) Column {
	return Column{Name: name, Type: Uint64, Uints: values}
}

// Floats returns a column of floats. It keeps values and does not copy them.
func Floats(name string, values []float64) Column {
	return Column{Name: name, Type: Float64, Floats: values}
}

// Floats32 returns a column of float32. It keeps values and does not copy them. A
// value is written as the shortest text that parses back to the same float32.
func Floats32(name string, values []float32) Column {
	return Column{Name: name, Type: Float32, Floats32: values}
}

// Bools returns a column of booleans.
func Bools(name string, values []bool) Column {
	c := Column{Name: name}
	for _, v := range values {
		c.AppendBool(v)
	}
	return c
}

// Strings returns a column of texts, copied into one arena.
func Strings(name string, values []string) Column {
	c := Column{Name: name}
	for _, v := range values {
		c.AppendString(v)
	}
	return c
}

// Tags returns a dictionary-coded column of tag values.
func Tags(name string, values []string) Column {
	c := Column{Name: name, Role: Tag}
	for _, v := range values {
		c.AppendCode(v)
	}
	return c
}

// Len returns the number of rows.
func (c *Column) Len() int {
	switch c.Type {
	case Int64:
		return len(c.Ints)
	case Uint64:
		return len(c.Uints)
	case Float64:
		return len(c.Floats)
	case Float32:
		return len(c.Floats32)
	case String:
		return max(len(c.Offsets)-1, 0)
	case Dict:
		return len(c.Codes)
	}
	return c.n
}

// IsNull reports whether row i is null.
func (c *Column) IsNull(i int) bool {
	return c.Type == Null || c.Valid != nil && !c.Valid.Get(i)
}

// Nulls returns the number of rows that are null.
func (c *Column) Nulls() int {
	switch {
	case c.Type == Null:
		return c.n
	case c.Valid == nil:
		return 0
	}
	return c.Len() - c.Valid.Count()
}

// SetNull makes row i null.
func (c *Column) SetNull(i int) {
	if c.Type == Null {
		return
	}
	if c.Valid == nil {
		c.Valid = NewBitmap(c.Len())
	}
	c.Valid.Clear(i)
}

// Bool returns row i of a column of type Bool.
func (c *Column) Bool(i int) bool { return c.Bits.Get(i) }

// Text returns the text of row i of a column of type String or Dict, as a view into
// the column. It returns nil for a row that is null and for every other type.
func (c *Column) Text(i int) []byte {
	if c.IsNull(i) {
		return nil
	}
	switch c.Type {
	case String:
	case Dict:
		i = int(c.Codes[i])
	default:
		return nil
	}
	lo, hi := c.Offsets[i], c.Offsets[i+1]
	return c.Data[lo:hi:hi]
}

// AppendValue appends row i as text to dst. Numbers have the shortest form that is
// exact. A null row appends nothing.
func (c *Column) AppendValue(dst []byte, i int) []byte {
	if c.IsNull(i) {
		return dst
	}
	switch c.Type {
	case Bool:
		return lp.AppendBool(dst, c.Bits.Get(i))
	case Int64:
		return lp.AppendTimestamp(dst, c.Ints[i])
	case Uint64:
		dst = lp.AppendUint(dst, c.Uints[i])
		return dst[:len(dst)-1] // without the u
	case Float64:
		return lp.AppendFloat(dst, c.Floats[i])
	case Float32:
		return lp.AppendFloat32(dst, c.Floats32[i])
	}
	return append(dst, c.Text(i)...)
}

// check returns ErrLayout if one of the rows lo to hi-1 points beyond what the
// column holds.
func (c *Column) check(lo, hi int) error {
	n := c.Len()
	if c.Valid != nil && len(c.Valid) < bitmapLen(n) || c.Type == Bool && len(c.Bits) < bitmapLen(n) {
		return ErrLayout
	}
	offsets := c.Offsets
	switch c.Type {
	case String:
		offsets = offsets[min(lo, len(offsets)):min(hi+1, len(offsets))]
	case Dict:
		for i, code := range c.Codes[lo:hi] {
			if (code < 0 || int(code) >= len(offsets)-1) && !c.IsNull(lo+i) {
				return ErrLayout
			}
		}
	default:
		return nil
	}
	last := int32(0)
	for _, o := range offsets {
		if o < last || int(o) > len(c.Data) {
			return ErrLayout
		}
		last = o
	}
	return nil
}

// clone returns a copy that shares no memory with c.
func (c *Column) clone() Column {
	d := *c
	d.Bits, d.Valid = slices.Clone(c.Bits), slices.Clone(c.Valid)
	d.Ints, d.Uints, d.Floats, d.Floats32 = slices.Clone(c.Ints), slices.Clone(c.Uints), slices.Clone(c.Floats), slices.Clone(c.Floats32)
	d.Offsets, d.Data, d.Codes = slices.Clone(c.Offsets), slices.Clone(c.Data), slices.Clone(c.Codes)
	d.codes, d.spare = nil, nil
	return d
}

// beyond53 reports whether v is beyond the integers that float64 can all represent.
func beyond53(v int64) bool { return v > 1<<53 || v < -1<<53 }

// checkArena panics if an arena of n bytes is too large for offsets of 32 bits.
func checkArena(n int) {
	if n > math.MaxInt32 {
		panic(ErrTooLarge)
	}
}
