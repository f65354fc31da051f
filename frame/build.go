package frame

// This file appends values to columns one by one, for programs that make their own
// frames. Readers fill columns by index instead, in fill.go.
//
// The first value that is not null decides the type of a column. Appending a value of
// another type panics, like an index out of range: whoever writes the call knows the
// type. While Valid is nil no row is null; it comes into being with the first null.

// begin makes c a column of type t. All rows that c holds so far are null.
func (c *Column) begin(t Type) {
	n := c.Len()
	c.Type = t
	switch t {
	case Bool:
		c.Bits, c.n = resize(c.Bits, bitmapLen(n)), n
	case Int64:
		c.Ints = resize(c.Ints, n)
	case Uint64:
		c.Uints = resize(c.Uints, n)
	case Float64:
		c.Floats = resize(c.Floats, n)
	case Float32:
		c.Floats32 = resize(c.Floats32, n)
	case String:
		c.Offsets, c.Data = resize(c.Offsets, n+1), c.Data[:0]
	case Dict:
		c.Codes, c.Offsets, c.Data = resize(c.Codes, n), append(c.Offsets[:0], 0), c.Data[:0]
		c.resetCodes()
	}
	if n > 0 {
		c.Valid = resize(c.spare, bitmapLen(n))
	}
}

// setAside drops Valid, so that all rows are valid, and keeps its memory.
func (c *Column) setAside() {
	if c.Valid != nil {
		c.spare, c.Valid = c.Valid[:0], nil
	}
}

// resize returns s with n elements, all zero.
func resize[S ~[]E, E any](s S, n int) S {
	if cap(s) < n {
		return make(S, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// to makes c a column of type t if it has no type yet. It panics if c has another
// type.
func (c *Column) to(t Type) {
	if c.Type == Null {
		c.begin(t)
	}
	if c.Type != t {
		panic("frame: " + t.String() + " appended to a column of type " + c.Type.String())
	}
}

// added marks the last row as not null.
func (c *Column) added() {
	if c.Valid == nil {
		return
	}
	n := c.Len()
	if len(c.Valid) < bitmapLen(n) {
		c.Valid = append(c.Valid, 0)
	}
	c.Valid.Set(n - 1)
}

// AppendInt appends v to a column of type Int64.
func (c *Column) AppendInt(v int64) {
	c.to(Int64)
	c.Ints = append(c.Ints, v)
	c.added()
}

// AppendUint appends v to a column of type Uint64.
func (c *Column) AppendUint(v uint64) {
	c.to(Uint64)
	c.Uints = append(c.Uints, v)
	c.added()
}

// AppendFloat appends v to a column of type Float64.
func (c *Column) AppendFloat(v float64) {
	c.to(Float64)
	c.Floats = append(c.Floats, v)
	c.added()
}

// AppendFloat32 appends v to a column of type Float32.
func (c *Column) AppendFloat32(v float32) {
	c.to(Float32)
	c.Floats32 = append(c.Floats32, v)
	c.added()
}

// AppendBool appends v to a column of type Bool.
func (c *Column) AppendBool(v bool) {
	c.to(Bool)
	if c.n&7 == 0 {
		c.Bits = append(c.Bits, 0)
	}
	if v {
		c.Bits.Set(c.n)
	}
	c.n++
	c.added()
}

// AppendString appends a copy of v to a column of type String. It panics with
// [ErrTooLarge] if the column would then hold more than 2 GiB.
func (c *Column) AppendString(v string) {
	c.to(String)
	checkArena(len(c.Data) + len(v))
	if len(c.Offsets) == 0 {
		c.Offsets = append(c.Offsets, 0)
	}
	c.Data = append(c.Data, v...)
	c.Offsets = append(c.Offsets, int32(len(c.Data)))
	c.added()
}

// AppendCode appends v to a column of type Dict, which keeps each text once. It
// panics with [ErrTooLarge] if the texts would then take more than 2 GiB.
func (c *Column) AppendCode(v string) {
	c.to(Dict)
	c.Codes = append(c.Codes, c.code(v))
	c.added()
}

// AppendNull appends a row that is null.
func (c *Column) AppendNull() {
	n := c.Len()
	switch c.Type {
	case Null:
		c.n++
		return
	case Bool:
		if c.n&7 == 0 {
			c.Bits = append(c.Bits, 0)
		}
		c.n++
	case Int64:
		c.Ints = append(c.Ints, 0)
	case Uint64:
		c.Uints = append(c.Uints, 0)
	case Float64:
		c.Floats = append(c.Floats, 0)
	case Float32:
		c.Floats32 = append(c.Floats32, 0)
	case String:
		if len(c.Offsets) == 0 {
			c.Offsets = append(c.Offsets, 0)
		}
		c.Offsets = append(c.Offsets, int32(len(c.Data)))
	case Dict:
		c.Codes = append(c.Codes, 0)
	}
	if c.Valid == nil {
		c.Valid = NewBitmap(n)
	}
	if len(c.Valid) < bitmapLen(n+1) {
		c.Valid = append(c.Valid, 0)
	}
	c.Valid.Clear(n)
}

// Reset empties the column, which keeps its name, role and memory.
func (c *Column) Reset() {
	c.Type, c.n, c.Rounded = Null, 0, 0
	c.setAside()
	c.Ints, c.Uints, c.Floats, c.Floats32 = c.Ints[:0], c.Uints[:0], c.Floats[:0], c.Floats32[:0]
	c.Bits, c.Offsets, c.Data, c.Codes = c.Bits[:0], c.Offsets[:0], c.Data[:0], c.Codes[:0]
	c.resetCodes()
}

// code returns the code of v. A text that is new gets the next code.
func (c *Column) code(v string) int32 {
	if code, ok := c.codes[v]; ok {
		return code
	}
	checkArena(len(c.Data) + len(v))
	if c.codes == nil {
		c.codes = make(map[string]int32)
		for i := range len(c.Offsets) - 1 {
			c.codes[string(c.Data[c.Offsets[i]:c.Offsets[i+1]])] = int32(i)
		}
		if len(c.codes) > 0 {
			return c.code(v)
		}
	}
	if len(c.Offsets) == 0 {
		c.Offsets = append(c.Offsets, 0)
	}
	code := int32(len(c.Offsets) - 1)
	c.codes[v] = code
	c.Data = append(c.Data, v...)
	c.Offsets = append(c.Offsets, int32(len(c.Data)))
	return code
}

// resetCodes forgets which text has which code.
func (c *Column) resetCodes() { clear(c.codes) }
