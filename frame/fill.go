package frame

import (
	"math"

	"github.com/pointwire/pointwire/jsonscan"
)

// This file puts rows into the columns of the frame that a Reader makes.
//
// While a frame is read, its columns have memory for Reader.rows rows, of which n are
// filled, and are written by index. finish in reader.go truncates them to n rows. So the
// slices of a column are longer than its rows until then, and Len means nothing.
//
// fill takes one row: its time, then the cells on both sides of the time, by
// fillCells. That has a case for each kind of cell that fits the type of its column.
// Any other cell may change the type, in next and become, by these rules:
//
//   - A column of nulls takes the type of the first value.
//   - Numbers become the narrowest type that holds all of them: int64, uint64 if there
//     are no negative ones, otherwise float64, which counts what it rounds.
//   - Any other change has no place in the column: fill reports false, undo takes back
//     what the row counted, and the row begins a new frame.
//
// A type changes only if the whole row fits, so a row that moves to the next frame
// leaves no trace in this one.
//
// The bitmap of validity comes into being with the first null, with the bits of all
// rows to come set. A value that is not null therefore writes to its own slice only.

// fill puts row into the frame. It reports false if the row does not fit the
// types of the columns and must begin a new frame. A row without a valid time is left
// out, with its error in r.late.
func (r *Reader) fill(row *jsonscan.Row, limit int) bool {
	n := r.n
	if n == r.rows {
		r.grow(limit)
	}
	cells, cols := row.Cells(), r.f.Columns
	t := r.time
	if t < 0 {
		t = len(cells)
	} else if c := cells[t]; c.Kind() == jsonscan.KindInt && !r.texts {
		r.f.Time[n] = int64(c.Bits())
	} else if ok, err := r.slowTime(row); !ok {
		r.late = err
		return err != nil
	}
	if k := r.fillCells(row, 0, t, cols); k < t {
		r.undo(cells[:k], cols)
		return false
	}
	if t < len(cells) {
		if k := r.fillCells(row, t+1, len(cells), cols[t:]); k < len(cells) {
			r.undo(cells[:t], cols)
			r.undo(cells[t+1:k], cols[t:])
			return false
		}
	}
	if len(r.codes) > 0 {
		tags := cols[len(cols)-len(r.codes):]
		for k, code := range r.codes {
			tags[k].Codes[n] = code
		}
	}
	r.n++
	return true
}

// undo takes back what the cells of a row counted that goes into another frame.
func (r *Reader) undo(cells []jsonscan.Cell, cols []Column) {
	for k, cell := range cells {
		v, ok := cell.Int()
		if cols[k].Type == Float64 && (ok && beyond53(v) || cell.Kind() == jsonscan.KindUint) {
			cols[k].Rounded--
		}
	}
}

// slowTime reads a time that is a text, or not of the kind that the frame has so far.
// It reports false without an error if the row must begin a new frame.
func (r *Reader) slowTime(row *jsonscan.Row) (bool, error) {
	if text := row.Kind(r.time) == jsonscan.KindString; text != r.texts && r.n > 0 {
		return false, nil
	} else if !text {
		v, err := row.Int(r.time)
		r.f.Time[r.n] = v
		return err == nil, err
	}
	ns, err := row.Timestamp(r.time)
	r.f.Time[r.n] = ns
	return err == nil, err
}

// fits reports whether every cell of row has a place in its column.
func (r *Reader) fits(row *jsonscan.Row) bool {
	cols := r.f.Columns
	for i, cell := range row.Cells() {
		if i == r.time {
			continue
		}
		if cell.Kind() != jsonscan.KindNull {
			if _, ok := cols[0].next(cell, r.n); !ok {
				return false
			}
		}
		cols = cols[1:]
	}
	return true
}

// fillCells puts the cells lo to hi-1 of row into the next row of cols. It returns
// hi, or the index of the cell that has no place.
func (r *Reader) fillCells(row *jsonscan.Row, lo, hi int, cols []Column) int {
	n, rows := r.n, r.rows
	cells := row.Cells()[lo:hi]
	cols = cols[:len(cells)]
	for k := range cells {
		c, cell := &cols[k], cells[k]
		switch kind := cell.Kind(); {
		case c.Type == Float64 && kind == jsonscan.KindFloat:
			c.Floats[n] = math.Float64frombits(cell.Bits())
			continue
		case c.Type == Int64 && kind == jsonscan.KindInt:
			c.Ints[n] = int64(cell.Bits())
			continue
		case c.Type == String && kind == jsonscan.KindString:
			if c.addText(row, lo+k, n) {
				continue
			}
			return lo + k
		case c.Type == Float64 && kind == jsonscan.KindInt:
			c.Floats[n] = c.rounded(int64(cell.Bits()))
			continue
		case c.Type == Bool && kind == jsonscan.KindBool:
			c.Bits.put(n, cell.Bits())
			continue
		case kind == jsonscan.KindNull:
			c.setNull(n, rows)
			continue
		}
		t, ok := c.next(cell, n)
		if !ok || t != c.Type && n > 0 && !r.fits(row) {
			return lo + k
		}
		if t != c.Type {
			c.become(t, n, rows)
		}
		if !c.put(row, lo+k, n) {
			return lo + k
		}
	}
	return hi
}

// addText puts the text of cell i into row n. It reports false if the arena is full.
func (c *Column) addText(row *jsonscan.Row, i, n int) bool {
	c.Data, _ = row.AppendString(c.Data[:c.Offsets[n]], i)
	c.Offsets[n+1] = int32(len(c.Data))
	return len(c.Data) <= math.MaxInt32
}

// setNull makes row n null.
func (c *Column) setNull(n, rows int) {
	switch c.Type {
	case Null:
		return
	case String:
		c.Offsets[n+1] = c.Offsets[n]
	case Dict:
		c.Codes[n] = 0
	}
	if c.Valid == nil {
		c.Valid = resize(c.spare, bitmapLen(rows))
		c.Valid.fill(rows)
	}
	c.Valid.Clear(n)
}

// next returns the type that the column needs to hold cell, which is not null, in
// row n: its own type, or one to which it can change. It reports false if there is no
// such type.
func (c *Column) next(cell jsonscan.Cell, n int) (t Type, ok bool) {
	kind := cell.Kind()
	if c.Type == Dict && kind == jsonscan.KindString {
		return Dict, true
	}
	if c.Type == Null || c.allNull(n) {
		return c.typeOf(kind), true
	}
	switch c.Type {
	case Bool:
		return Bool, kind == jsonscan.KindBool
	case String:
		return String, kind == jsonscan.KindString
	case Dict:
		return Dict, false
	}
	switch kind {
	case jsonscan.KindInt:
		if c.Type == Uint64 && int64(cell.Bits()) < 0 {
			return Float64, true
		}
		return c.Type, true
	case jsonscan.KindUint:
		if c.Type == Float64 || c.Type == Int64 && c.negative(n) {
			return Float64, true
		}
		return Uint64, true
	case jsonscan.KindFloat:
		return Float64, true
	}
	return c.Type, false
}

// become makes c a column of type t and converts its first n rows.
func (c *Column) become(t Type, n, rows int) {
	if c.Type == Null || c.allNull(n) {
		c.setType(t, n, rows)
		return
	}
	old := c.Type
	c.Type = t
	c.reserve(rows)
	switch {
	case t == Uint64:
		for i, v := range c.Ints[:n] {
			c.Uints[i] = uint64(v)
		}
	case old == Int64:
		for i, v := range c.Ints[:n] {
			c.Floats[i] = float64(v)
			if beyond53(v) && !c.IsNull(i) {
				c.Rounded++
			}
		}
	case old == Uint64:
		for i, v := range c.Uints[:n] {
			c.Floats[i] = float64(v)
			if v > 1<<53 && !c.IsNull(i) {
				c.Rounded++
			}
		}
	}
}

// put puts cell i of row, which fits the type of the column, into row n. It reports
// false if the arena is full.
func (c *Column) put(row *jsonscan.Row, i, n int) bool {
	cell := row.Cell(i)
	kind := cell.Kind()
	switch c.Type {
	case Int64:
		c.Ints[n] = int64(cell.Bits())
	case Uint64:
		c.Uints[n] = cell.Bits()
	case Float64:
		switch kind {
		case jsonscan.KindInt:
			c.Floats[n] = c.rounded(int64(cell.Bits()))
		case jsonscan.KindUint:
			c.Rounded++
			c.Floats[n] = float64(cell.Bits())
		default:
			c.Floats[n] = math.Float64frombits(cell.Bits())
		}
	case Bool:
		c.Bits.put(n, cell.Bits())
	case String:
		return c.addText(row, i, n)
	case Dict:
		text, _ := row.Bytes(i)
		code, ok := c.codes[string(text)]
		if !ok {
			code = c.code(string(text))
		}
		c.Codes[n] = code
	}
	return true
}

// typeOf returns the type of a column that begins with a cell of kind.
func (c *Column) typeOf(kind jsonscan.Kind) Type {
	switch kind {
	case jsonscan.KindBool:
		return Bool
	case jsonscan.KindInt:
		return Int64
	case jsonscan.KindUint:
		return Uint64
	case jsonscan.KindFloat:
		return Float64
	}
	if c.Role == Tag {
		return Dict
	}
	return String
}

// allNull reports whether the first n rows are null.
func (c *Column) allNull(n int) bool {
	return n == 0 || c.Valid != nil && c.Valid.none(n)
}

// negative reports whether one of the first n integers is negative.
func (c *Column) negative(n int) bool {
	for i, v := range c.Ints[:n] {
		if v < 0 && !c.IsNull(i) {
			return true
		}
	}
	return false
}

// rounded returns v as a float, and counts it if the float may differ.
func (c *Column) rounded(v int64) float64 {
	if beyond53(v) {
		c.Rounded++
	}
	return float64(v)
}

// setType makes c, whose first n rows are null, a column of type t.
func (c *Column) setType(t Type, n, rows int) {
	c.setAside()
	c.Type = t
	c.reserve(rows)
	switch t {
	case String:
		clear(c.Offsets[:n+1])
		c.Data = c.Data[:0]
	case Dict:
		clear(c.Codes[:n])
		c.Offsets, c.Data = append(c.Offsets[:0], 0), c.Data[:0]
		c.resetCodes()
	}
	if n > 0 {
		c.Valid = resize(c.spare, bitmapLen(rows))
		c.Valid.fill(rows)
		for i := range n {
			c.Valid.Clear(i)
		}
	}
}

// grow gives the columns memory for more rows.
func (r *Reader) grow(limit int) {
	old := r.rows
	// A very wide row must not get memory for rows that may never come.
	r.rows = max(min(64, max(1, 1<<16/max(1, len(r.f.Columns)))), 2*old)
	if limit > 0 {
		r.rows = min(r.rows, limit)
	}
	if r.time >= 0 {
		r.f.Time = grown(r.f.Time, r.rows)
	}
	for i := range r.f.Columns {
		c := &r.f.Columns[i]
		c.reserve(r.rows)
		if c.Valid != nil {
			c.Valid.grow(old, r.rows)
		}
	}
}

// grow makes b a bitmap of rows bits, of which those from n on are set.
func (b *Bitmap) grow(n, rows int) {
	v := grown(*b, bitmapLen(rows))
	for i := n; i < rows && i&7 != 0; i++ {
		v.Set(i)
	}
	for i := bitmapLen(n); i < len(v); i++ {
		v[i] = 0xff
	}
	*b = v
}

// grown returns s with n elements, and keeps those that s has.
func grown[S ~[]E, E any](s S, n int) S {
	if cap(s) < n {
		t := make(S, n)
		copy(t, s)
		return t
	}
	return s[:n]
}

// reserve gives c memory for rows rows.
func (c *Column) reserve(rows int) {
	switch c.Type {
	case Bool:
		c.Bits = grown(c.Bits, bitmapLen(rows))
	case Int64:
		c.Ints = grown(c.Ints, rows)
	case Uint64:
		c.Uints = grown(c.Uints, rows)
	case Float64:
		c.Floats = grown(c.Floats, rows)
	case String:
		c.Offsets = grown(c.Offsets, rows+1)
	case Dict:
		c.Codes = grown(c.Codes, rows)
	}
}

// truncate ends the filling of c with n rows.
func (c *Column) truncate(n int) {
	c.n = n
	switch c.Type {
	case Bool:
		c.Bits = c.Bits[:bitmapLen(n)]
		c.Bits.trim(n)
	case Int64:
		c.Ints = c.Ints[:n]
	case Uint64:
		c.Uints = c.Uints[:n]
	case Float64:
		c.Floats = c.Floats[:n]
	case String:
		c.Offsets = c.Offsets[:n+1]
		c.Data = c.Data[:c.Offsets[n]]
	case Dict:
		c.Codes = c.Codes[:n]
	}
	if c.Valid != nil {
		c.Valid = c.Valid[:bitmapLen(n)]
		c.Valid.trim(n)
	}
}
