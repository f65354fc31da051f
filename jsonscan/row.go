package jsonscan

import (
	"bytes"
	"math"
	"strconv"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file holds rows and cells, and the getters that convert them.
//
// A Cell has no text. It has the kind, the value if that fits 64 bits, and positions
// in the buffer of the scanner, which are valid until the next row. Row.Raw and the
// getters of texts read the buffer at those positions:
//
//	kind     bits                                              meta
//	null     0                                                 start
//	bool     0 or 1                                            start, kind
//	int      the int64                                         start, kind
//	uint     the uint64                                        start, kind
//	float    math.Float64bits                                  start, kind
//	string   end; above it the offset in Row.unescaped or 0    start, kind, fixBit, timeBit, nestedBit
//
// A string without fixBit is the bytes of the buffer between its quotes. With fixBit
// it is in Row.unescaped, at the offset if that is not 0; otherwise Row.Bytes
// unescapes it there now. The cells of MessagePack responses are like those, see
// packed_row.go. A cell that a row of a jsonl response does not have is the zero Cell, and
// one with nestedBit is a list or a struct, see lines.go.
//
// Getters return errors of type *CellError and never panic: an index out of range is
// ErrColumn. Each getter that must be cheap tests for its own kind and leaves the
// rest to a second function, toInt for Int, so that the common case is short. Even so the
// compiler inlines none of them; it does inline the methods of Cell, and Row.Text.

// Kind is what a cell holds. InfluxDB prints a float without fraction as an
// integer, so one float column may hold cells of both kinds; the getters of Row
// convert between them where nothing is lost.
type Kind uint8

// The kinds of cells.
const (
	KindNull   Kind = iota
	KindBool        // true or false
	KindInt         // an integer from -1<<63 to 1<<63-1
	KindUint        // an integer from 1<<63 to 1<<64-1
	KindFloat       // any other number, and -0
	KindString      // a text; a time is a text if the query had no epoch parameter
)

var kindNames = [...]string{"null", "bool", "int", "uint", "float", "string"}

// String returns the name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// Cell is one value of a row, for loops that visit every cell; Row.Int, Row.Float
// and the other getters read the same value. Row.Text reads a text fast. A Cell is valid as long as its row. The
// zero Cell is null.
type Cell struct {
	// bits is the value of a number or a bool. Of a string, the low 32 bits are the
	// end of its JSON text in the buffer, after the quote. The high 32 bits are the
	// offset of its text in Row.unescaped, or 0 if it is not there.
	bits uint64
	// meta holds the start of the JSON text in the buffer in the low 32 bits, then
	// the kind, then fixBit, which says that the text of a string differs from its
	// bytes.
	meta uint64
}

const (
	kindShift = 32
	fixBit    = 1 << 40
	timeBit   = 1 << 41 // a time of MessagePack, see packed_row.go
	nestedBit = 1 << 42 // a list or a struct of jsonl: its text has no quotes
	textShift = 32
)

// Kind returns what the cell holds.
func (c Cell) Kind() Kind { return Kind(c.meta >> kindShift) }

// Bits returns the int64 or uint64 of an integer, the math.Float64bits of a
// float, and 1 for true. For any other cell it means nothing.
func (c Cell) Bits() uint64 { return c.bits }

// Int returns the integer in a cell of KindInt, and false for any other.
func (c Cell) Int() (int64, bool) { return int64(c.bits), c.Kind() == KindInt }

// Float returns the number in a cell of KindFloat or KindInt, and false for any other cell
// and for an integer beyond 1<<53. Row.Float converts those of them that it need not
// round.
func (c Cell) Float() (float64, bool) {
	if c.Kind() == KindFloat {
		return math.Float64frombits(c.bits), true
	}
	return float64(int64(c.bits)), c.Kind() == KindInt && c.bits+1<<53 <= 1<<54
}

// Bool returns the value of a cell of KindBool, and false, false for any other.
func (c Cell) Bool() (value, ok bool) {
	ok = c.Kind() == KindBool
	return ok && c.bits != 0, ok
}

func (c Cell) start() int { return int(uint32(c.meta)) }
func (c Cell) fix() bool  { return c.meta&fixBit != 0 }
func (c Cell) time() bool { return c.meta&timeBit != 0 }

func (c Cell) nested() bool { return c.meta&nestedBit != 0 }

// end returns the end of a string, after its quote.
func (c Cell) end() int { return int(uint32(c.bits)) }

// Row is one row of a series. It is valid until the scanner moves to the next row.
// Its getters take the index of a column; an index out of range is an error, never
// a panic.
type Row struct {
	cells     []Cell
	s         *Scanner
	series    *Series // nil until Row.Series is called, see Scanner.makeSeries
	precision Precision
	unescaped []byte // texts without their escapes; some have their length before them
}

// emptyRow comes with the errors of Scanner.Rows. It has no cells, and its series no
// columns. Nothing writes to it, so every scanner may hand it out.
var emptyRow Row

// Series returns what the rows of the series have in common. The Series stays valid
// after the row. That of a row without a scanner, such as the row that comes with an
// error, is empty.
func (r *Row) Series() *Series {
	if r.series == nil {
		if r.s == nil {
			return &noSeries
		}
		return r.s.makeSeries()
	}
	return r.series
}

// Len returns the number of cells, which is the number of columns.
func (r *Row) Len() int { return len(r.cells) }

// Cells returns the cells of the row, valid until the next row. They must not be
// changed.
func (r *Row) Cells() []Cell { return r.cells }

// Cell returns cell i, or the zero Cell if there is no such cell.
func (r *Row) Cell(i int) Cell {
	if uint(i) >= uint(len(r.cells)) {
		return Cell{}
	}
	return r.cells[i]
}

// Kind returns the kind of cell i, or KindNull if there is no such cell.
func (r *Row) Kind(i int) Kind {
	if uint(i) >= uint(len(r.cells)) {
		return KindNull
	}
	return r.cells[i].Kind()
}

// IsNull reports whether cell i is null, or absent.
func (r *Row) IsNull(i int) bool { return r.Kind(i) == KindNull }

// Raw returns the JSON text of cell i as it was sent, or nil if there is no such
// cell. The text is a view that is valid until the next row. In a MessagePack response it
// is the text that InfluxDB prints for the value, and null for NaN and the infinities,
// which JSON cannot express. It is null, too, for a column that a row of a jsonl response
// leaves out.
func (r *Row) Raw(i int) []byte {
	if uint(i) >= uint(len(r.cells)) {
		return nil
	}
	if r.s.MessagePack {
		n := len(r.unescaped)
		r.unescaped = r.appendCellText(r.unescaped, i)
		return r.unescaped[n:len(r.unescaped):len(r.unescaped)]
	}
	c := r.cells[i]
	start, end := c.start(), r.end(i)
	switch {
	case c.meta == 0:
		n := len(r.unescaped)
		r.unescaped = append(r.unescaped, "null"...)
		return r.unescaped[n:len(r.unescaped):len(r.unescaped)]
	case c.nested():
		start, end = start+1, end-1
	}
	return r.s.buf[start:end:end]
}

// end returns the end of the JSON text of cell i.
func (r *Row) end(i int) int {
	c := &r.cells[i]
	switch c.Kind() {
	case KindString:
		return c.end()
	case KindNull:
		return c.start() + 4
	case KindBool:
		return c.start() + 5 - int(c.bits)
	}
	n, _ := scanNumber(r.s.buf, c.start(), len(r.s.buf))
	return n
}

// fail returns the error of cell i. A cell that is absent or null overrides err.
func (r *Row) fail(i int, want string, err error) error {
	e := &CellError{Index: i, Kind: r.Kind(i), Want: want, Err: err}
	if uint(i) >= uint(len(r.cells)) {
		e.Err = ErrColumn
	} else if e.Kind == KindNull {
		e.Err = ErrNull
	}
	if s := r.Series(); s != nil && uint(i) < uint(len(s.Columns)) {
		e.Column = s.Columns[i]
	}
	return e
}

// Int returns cell i as an int64. A number with a point or an exponent is converted if
// it is an integer, such as 1.0 and 1e3. The value is always that of the text, or of the
// float in a MessagePack response: one with a fraction is a *CellError with ErrInexact, one
// beyond int64 with ErrRange.
func (r *Row) Int(i int) (int64, error) {
	if uint(i) < uint(len(r.cells)) && r.cells[i].Kind() == KindInt {
		return int64(r.cells[i].bits), nil
	}
	return r.toInt(i)
}

// toInt is the rest of Int, which is short without it. The other getters are divided in
// the same way.
func (r *Row) toInt(i int) (int64, error) {
	switch r.Kind(i) {
	case KindUint:
		return 0, r.fail(i, "int64", ErrRange)
	case KindFloat:
		v, negative, err := r.exactInt(i)
		switch {
		case err != nil:
			return 0, r.fail(i, "int64", err)
		case negative && v <= 1<<63:
			return -int64(v), nil
		case v >= 1<<63:
			return 0, r.fail(i, "int64", ErrRange)
		}
		return int64(v), nil
	}
	return 0, r.fail(i, "int64", ErrKind)
}

// Uint returns cell i as a uint64, by the rules of Int. A negative number is a
// *CellError with ErrRange.
func (r *Row) Uint(i int) (uint64, error) {
	switch r.Kind(i) {
	case KindInt:
		if int64(r.cells[i].bits) < 0 {
			return 0, r.fail(i, "uint64", ErrRange)
		}
		return r.cells[i].bits, nil
	case KindUint:
		return r.cells[i].bits, nil
	case KindFloat:
		v, negative, err := r.exactInt(i)
		if err == nil && negative && v != 0 {
			err = ErrRange
		}
		if err != nil {
			return 0, r.fail(i, "uint64", err)
		}
		return v, nil
	}
	return 0, r.fail(i, "uint64", ErrKind)
}

// Float returns cell i as a float64. A number of KindFloat is the float64 nearest to its
// text. An integer is converted if the float64 is equal to it, or if it is what InfluxDB 1.x
// and 2.x print for the float64: 1152921504606847000 is 2^60. Any other integer would be
// rounded, such as 1<<53 + 1, and is a *CellError with ErrInexact.
func (r *Row) Float(i int) (float64, error) {
	if uint(i) < uint(len(r.cells)) && r.cells[i].Kind() == KindFloat {
		return math.Float64frombits(r.cells[i].bits), nil
	}
	return r.toFloat(i)
}

func (r *Row) toFloat(i int) (float64, error) {
	var f float64
	ok := true
	switch r.Kind(i) {
	case KindInt:
		v := int64(r.cells[i].bits)
		if f = float64(v); beyond53(v) {
			f, ok = exactFloatInt(v)
		}
		if r.s.JSONLines && math.Abs(f) < 1<<63 { // InfluxDB 3 prints every float as one
			ok = int64(f) == v
		}
	case KindUint:
		f, ok = exactFloat(r.cells[i].bits, false)
		if r.s.JSONLines && f < 1<<64 {
			ok = uint64(f) == r.cells[i].bits
		}
	default:
		return 0, r.fail(i, "float64", ErrKind)
	}
	if !ok {
		return 0, r.fail(i, "float64", ErrInexact)
	}
	return f, nil
}

// Bool returns cell i, which must be a bool.
func (r *Row) Bool(i int) (bool, error) {
	if r.Kind(i) == KindBool {
		return r.cells[i].bits != 0, nil
	}
	return false, r.fail(i, "bool", ErrKind)
}

// String returns a copy of the text of cell i, which must be a string.
func (r *Row) String(i int) (string, error) {
	b, err := r.Bytes(i)
	return string(b), err
}

// Text returns the text of c, a cell of this row, if it is a string whose text is the bytes
// that the server sent. If it reports false, c is no string, or one with an escape or of
// another rare form, which Bytes reads. The text is a view that is valid until the next row.
//
// The compiler inlines Text and not Bytes, which makes a loop over many cells a fifth to two
// fifths faster.
func (r *Row) Text(c Cell) (text []byte, ok bool) {
	if c.meta>>kindShift != uint64(KindString) { // without a bit above the kind
		return nil, false
	}
	end := c.end() - 1
	return r.s.buf[c.start()+1 : end : end], true
}

// Bytes returns the text of cell i, which must be a string. The text is a view that
// is valid until the next row.
func (r *Row) Bytes(i int) ([]byte, error) {
	if uint(i) < uint(len(r.cells)) {
		if text, ok := r.Text(r.cells[i]); ok {
			return text, nil
		}
	}
	return r.toBytes(i)
}

func (r *Row) toBytes(i int) ([]byte, error) {
	if r.Kind(i) != KindString {
		return nil, r.fail(i, "string", ErrKind)
	}
	c := r.cells[i]
	if c.nested() {
		end := c.end() - 1
		return r.s.buf[c.start()+1 : end : end], nil
	}
	if at := int(c.bits >> textShift); at != 0 {
		end := at + int(swar.Load32(r.unescaped, at-4))
		return r.unescaped[at:end:end], nil
	}
	n := len(r.unescaped)
	r.unescaped = r.appendFixed(r.unescaped, c)
	return r.unescaped[n:len(r.unescaped):len(r.unescaped)], nil
}

// shortText is the length up to which copying words is faster than calling memmove.
const shortText = 64

// AppendString appends the text of cell i, which must be a string, to dst. It may
// write past the length of the result, up to its capacity.
func (r *Row) AppendString(dst []byte, i int) ([]byte, error) {
	if r.Kind(i) != KindString {
		return dst, r.fail(i, "string", ErrKind)
	}
	c := r.cells[i]
	b, start, end := r.s.buf, c.start()+1, c.end()-1
	if c.fix() {
		at := int(c.bits >> textShift)
		if at == 0 {
			return r.appendFixed(dst, c), nil
		}
		b, start = r.unescaped, at
		end = at + int(swar.Load32(b, at-4))
	}
	n, size := len(dst), end-start
	if size > shortText || cap(dst)-n < shortText || start+shortText > cap(b) {
		return append(dst, b[start:end]...), nil
	}
	dst = dst[:n+shortText]
	for k := 0; k < size; k += 16 {
		swar.Copy16(dst, n+k, b, start+k)
	}
	return dst[:n+size], nil
}

// number converts the text of a JSON number with strconv. It is the plain twin of
// decimal.Number.
func number(text []byte) (kind Kind, value uint64, ok bool) {
	if !bytes.ContainsAny(text, ".eE") && string(text) != "-0" {
		if v, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return KindInt, uint64(v), true
		}
		if v, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return KindUint, v, true
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return KindFloat, math.Float64bits(f), err == nil
}
