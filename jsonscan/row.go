package jsonscan

import (
	"math"
	"strconv"
	"time"
)

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
	KindString      // a text; times without an epoch parameter are texts
)

var kindNames = [...]string{"null", "bool", "int", "uint", "float", "string"}

// String returns the name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "invalid"
}

// cell is one value of a row.
type cell struct {
	bits  uint64 // int64, uint64, float64 bits, or bool
	start uint32 // the JSON text is row.text[start:end], with the quotes
	end   uint32
	kind  Kind
	fix   bool // the text of the string is not its bytes
}

// Row is one row of a series. It is valid until the next row is asked for. Its
// getters take the index of a column; an index out of range is an error, never
// a panic.
type Row struct {
	cells     []cell
	text      []byte
	series    *Series
	precision Precision
	unescaped []byte
}

func (r *Row) reserve(n int) {
	if cap(r.cells) < n {
		r.cells = make([]cell, n)
	}
}

// Series returns what the rows of the series have in common. It stays valid.
func (r *Row) Series() *Series { return r.series }

// Len returns the number of cells, which is the number of columns.
func (r *Row) Len() int { return len(r.cells) }

// Kind returns the kind of cell i, KindNull if there is no such cell.
func (r *Row) Kind(i int) Kind {
	if uint(i) >= uint(len(r.cells)) {
		return KindNull
	}
	return r.cells[i].kind
}

// IsNull reports whether cell i is null, or absent.
func (r *Row) IsNull(i int) bool { return r.Kind(i) == KindNull }

// Raw returns the JSON text of cell i as it was sent, a view valid until the
// next row; nil if there is no such cell.
func (r *Row) Raw(i int) []byte {
	if uint(i) >= uint(len(r.cells)) {
		return nil
	}
	c := &r.cells[i]
	return r.text[c.start:c.end:c.end]
}

func (r *Row) fail(i int, want string, err error) error {
	e := &CellError{Index: i, Kind: r.Kind(i), Want: want, Err: err}
	if uint(i) >= uint(len(r.cells)) {
		e.Err = ErrColumn
	} else if e.Kind == KindNull {
		e.Err = ErrNull
	}
	if r.series != nil && uint(i) < uint(len(r.series.Columns)) {
		e.Column = r.series.Columns[i]
	}
	return e
}

// Int returns cell i as an int64. A float without fraction is converted; a
// value that does not fit is a *CellError.
func (r *Row) Int(i int) (int64, error) {
	if uint(i) < uint(len(r.cells)) && r.cells[i].kind == KindInt {
		return int64(r.cells[i].bits), nil
	}
	switch r.Kind(i) {
	case KindUint:
		return 0, r.fail(i, "int64", ErrRange)
	case KindFloat:
		f := math.Float64frombits(r.cells[i].bits)
		if f != math.Trunc(f) {
			return 0, r.fail(i, "int64", ErrInexact)
		}
		if f < -1<<63 || f >= 1<<63 {
			return 0, r.fail(i, "int64", ErrRange)
		}
		return int64(f), nil
	}
	return 0, r.fail(i, "int64", ErrKind)
}

// Uint returns cell i as a uint64. A float without fraction is converted; a
// value that does not fit is a *CellError.
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
		f := math.Float64frombits(r.cells[i].bits)
		if f != math.Trunc(f) {
			return 0, r.fail(i, "uint64", ErrInexact)
		}
		if f < 0 || f >= 1<<64 {
			return 0, r.fail(i, "uint64", ErrRange)
		}
		return uint64(f), nil
	}
	return 0, r.fail(i, "uint64", ErrKind)
}

// Float returns cell i as the float64 nearest to its text, for every kind of
// number: for an integer beyond 2^53 that is not the integer itself. Kind tells
// the two apart.
func (r *Row) Float(i int) (float64, error) {
	if uint(i) < uint(len(r.cells)) {
		switch c := &r.cells[i]; c.kind {
		case KindFloat:
			return math.Float64frombits(c.bits), nil
		case KindInt:
			return float64(int64(c.bits)), nil
		case KindUint:
			return float64(c.bits), nil
		}
	}
	return 0, r.fail(i, "float64", ErrKind)
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

// Bytes returns the text of cell i, which must be a string: a view valid until
// the next row.
func (r *Row) Bytes(i int) ([]byte, error) {
	if r.Kind(i) != KindString {
		return nil, r.fail(i, "string", ErrKind)
	}
	c := &r.cells[i]
	raw := r.text[c.start+1 : c.end-1 : c.end-1]
	if !c.fix {
		return raw, nil
	}
	n := len(r.unescaped)
	r.unescaped = appendUnescaped(r.unescaped, raw)
	return r.unescaped[n:len(r.unescaped):len(r.unescaped)], nil
}

// AppendString appends the text of cell i, which must be a string, to dst.
func (r *Row) AppendString(dst []byte, i int) ([]byte, error) {
	if r.Kind(i) != KindString {
		return dst, r.fail(i, "string", ErrKind)
	}
	c := &r.cells[i]
	raw := r.text[c.start+1 : c.end-1]
	if c.fix {
		return appendUnescaped(dst, raw), nil
	}
	return append(dst, raw...), nil
}

// Time returns cell i as a time in UTC: an integer in the precision of the
// scanner, or an RFC 3339 text with any offset.
func (r *Row) Time(i int) (time.Time, error) {
	if r.Kind(i) == KindString {
		b, err := r.Bytes(i)
		if err != nil {
			return time.Time{}, err
		}
		t, err := time.Parse(time.RFC3339Nano, string(b))
		if err != nil {
			return time.Time{}, r.fail(i, "time", ErrTime)
		}
		return t.UTC(), nil
	}
	v, err := r.Int(i)
	if err != nil {
		err.(*CellError).Want = "time"
		return time.Time{}, err
	}
	unit := r.precision.Unit()
	if unit <= int64(time.Second) {
		per := int64(time.Second) / unit
		sec, rest := v/per, v%per
		return time.Unix(sec, rest*unit).UTC(), nil
	}
	sec := unit / int64(time.Second)
	if v > maxUnixSec/sec || v < -maxUnixSec/sec {
		return time.Time{}, r.fail(i, "time", ErrRange)
	}
	return time.Unix(v*sec, 0).UTC(), nil
}

// maxUnixSec keeps seconds inside what time.Time can hold.
const maxUnixSec = 1 << 62

// Timestamp returns cell i as nanoseconds since 1970-01-01T00:00:00Z: an
// integer in the precision of the scanner, or an RFC 3339 text. A time that
// does not fit is a *CellError.
func (r *Row) Timestamp(i int) (int64, error) {
	if r.Kind(i) != KindString {
		v, err := r.Int(i)
		if err != nil {
			err.(*CellError).Want = "timestamp"
			return 0, err
		}
		unit := r.precision.Unit()
		if v > math.MaxInt64/unit || v < math.MinInt64/unit {
			return 0, r.fail(i, "timestamp", ErrRange)
		}
		return v * unit, nil
	}
	t, err := r.Time(i)
	if err != nil {
		return 0, err
	}
	if t.Before(minTimestamp) || t.After(maxTimestamp) {
		return 0, r.fail(i, "timestamp", ErrRange)
	}
	return t.UnixNano(), nil
}

var (
	minTimestamp = time.Unix(0, math.MinInt64)
	maxTimestamp = time.Unix(0, math.MaxInt64)
)

// number converts the text of a JSON number.
func number(text []byte) (kind Kind, bits uint64, ok bool) {
	t := string(text)
	if v, err := strconv.ParseInt(t, 10, 64); err == nil && t != "-0" {
		return KindInt, uint64(v), true
	}
	if v, err := strconv.ParseUint(t, 10, 64); err == nil {
		return KindUint, v, true
	}
	f, err := strconv.ParseFloat(t, 64)
	return KindFloat, math.Float64bits(f), err == nil
}
