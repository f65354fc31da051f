package jsonscan

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/pointwire/pointwire/internal/structtag"
)

// This file fills structs from rows, in two steps.
//
// bind runs once per series. It matches the names of columns and tags with the fields
// of the struct (structs.go compiles those once per type) and makes two lists: columns
// that have a field, and fields whose value is the same in all rows, because it comes
// from a tag or from the name of the series. Series of one response share their
// columns, so the first list often stays as it is.
//
// fill runs once per row. It goes through the two lists and sets each field from its
// cell: cell for numbers and bools, textCell for the rest. It writes through a slot,
// which unsafe.go makes of the struct and the offset of the field, so nothing is boxed.
// A struct that fill returns an error for may be partly filled; its callers drop it.
//
// Strings of fields are in blocks of memory that are only appended to, see textBlock.

// binder fills structs from rows.
type binder struct {
	st      *structType
	options StructOption
	series  *Series  // the series that columns and tags are bound to
	unfit   bool     // the series does not fit, and its rows are left out
	grows   bool     // further columns may come: of jsonl, in which they are null until then
	bound   []string // the columns of the series that columns was made of
	keys    []string // and the keys of its tags
	columns []boundColumn
	tags    []boundTag
	text    textBlock
}

// boundColumn is a field whose value is in a column.
type boundColumn struct {
	f    *structField
	col  int    // -1 if no row of a jsonl response has had it yet
	last string // the text of the previous row, which the next row often repeats
}

// boundTag is a field whose value is the same in all rows of a series.
type boundTag struct {
	f      *structField
	value  string
	number uint64 // value as the bits of the field, if that is an integer
}

// newBinder returns a binder for a type, or the *StructError of the type.
func newBinder(st *structType, options []StructOption) (*binder, error) {
	b := &binder{st: st}
	for _, o := range options {
		b.options |= o
	}
	return b, b.st.err
}

// bind binds the columns and tags of s to fields, or returns a *BindError.
func (b *binder) bind(s *Series) error {
	b.series, b.unfit = s, false
	if b.st.scalar {
		return b.bindScalar(s)
	}
	b.tags = b.tags[:0]
	known := b.known(s)
	if !known {
		b.columns, b.bound, b.keys = b.columns[:0], s.Columns, b.keys[:0]
		for i := range s.Tags {
			b.keys = append(b.keys, s.Tags[i].Key)
		}
	}
	var missing, ambiguous []string
	for i := range b.st.fields {
		f := &b.st.fields[i]
		if f.role == structtag.MeasurementRole {
			b.tags = append(b.tags, boundTag{f: f, value: s.Name})
			continue
		}
		col, tag := f.find(s)
		switch {
		case f.shared && col >= 0 && f.role == structtag.TagRole:
			ambiguous = append(ambiguous, f.name+" (a tag and a field, which GROUP BY tells apart)")
		case tag >= 0:
			b.tags = append(b.tags, boundTag{f: f, value: s.Tags[tag].Value})
		case col >= 0 && !known:
			b.columns = append(b.columns, boundColumn{f: f, col: col})
		case col < 0 && !f.null && b.options&AllowMissingColumns == 0 && b.grows:
			if !known {
				b.columns = append(b.columns, boundColumn{f: f, col: -1})
			}
		case col < 0 && !f.null && b.options&AllowMissingColumns == 0:
			missing = append(missing, f.name)
		}
	}
	extra := ambiguous
	if b.options&AllowExtraColumns == 0 {
		extra = append(extra, b.extra(s)...)
	}
	if len(missing)+len(extra) > 0 {
		b.unfit = true
		return &BindError{Type: b.st.name, Series: s, Extra: extra, Missing: missing}
	}
	for i := range b.tags {
		if t := &b.tags[i]; !t.parse() {
			b.unfit = true
			what := t.f.name + "=" + strconv.Quote(t.value) + " (a tag that " + t.f.elem.String() + " cannot hold)"
			return &BindError{Type: b.st.name, Series: s, Extra: []string{what}}
		}
	}
	return nil
}

// known reports whether the columns of s are bound already. Series of one response share
// their columns; which of them a field gets also depends on the keys of the tags.
func (b *binder) known(s *Series) bool {
	return len(s.Columns) > 0 && sameSlice(s.Columns, b.bound) &&
		slices.EqualFunc(s.Tags, b.keys, func(t Tag, key string) bool { return t.Key == key })
}

// find returns the column of s that f is read from, or the tag, and -1 for the other one,
// or for both. A field that is a tag prefers the tag, and any other one the column. A tag
// that has a field of its own is for no other one.
func (f *structField) find(s *Series) (col, tag int) {
	tag = -1
	if f.role == structtag.TagRole || f.role == structtag.FieldRole && !f.shared {
		tag = slices.IndexFunc(s.Tags, func(t Tag) bool { return t.Key == f.name })
	}
	if tag >= 0 && f.role == structtag.TagRole {
		return -1, tag
	}
	if col = s.Column(f.name); col >= 0 {
		return col, -1
	}
	return -1, tag
}

// extra returns the columns other than time, and the tags, that have no field. Of several
// columns of one name only the first has one. Asking the series which is the first would
// take quadratic time if a response had many of one name.
func (b *binder) extra(s *Series) (names []string) {
	field := func(name string) int {
		return slices.IndexFunc(b.st.fields, func(f structField) bool { return f.name == name })
	}
	seen := make([]bool, len(b.st.fields)+2) // the last two are time and the placeholder
	at, placeholder := len(seen)-2, len(seen)-1
	for _, c := range s.Columns {
		i := field(c)
		switch {
		case c == "time":
			i = at
		case i < 0 && c == "_" && !b.st.holds: // of lp.SchemaOptions
			i = placeholder
		}
		if i < 0 || seen[i] {
			names = append(names, c)
			continue
		}
		seen[i] = true
	}
	for _, t := range s.Tags {
		if field(t.Key) < 0 {
			names = append(names, t.Key)
		}
	}
	return names
}

// fill sets the bound fields of the struct at base from r and leaves other fields
// alone.
func (b *binder) fill(base structPtr, r *Row) error {
	if s := r.Series(); s != b.series {
		b.grows = r.s != nil && r.s.JSONLines
		if err := b.bind(s); err != nil {
			return err
		}
	}
	if b.unfit {
		return errSkip
	}
	for i := range b.columns {
		c, at := &b.columns[i], base
		if c.f.hops != nil {
			if r.IsNull(c.col) {
				continue
			}
			at = follow(base, c.f.hops)
		}
		if err := b.cell(at, c, r); err != nil {
			return err
		}
	}
	for i := range b.tags {
		t, at := &b.tags[i], base
		if t.f.hops != nil {
			if t.value == "" {
				continue
			}
			at = follow(base, t.f.hops)
		}
		s := slotOf(at, t.f)
		if t.value == "" && t.f.null {
			setZero(s, t.f) // a point without the tag
			continue
		}
		if t.f.pointer {
			s = slotNew(s, t.f)
		}
		switch t.f.op {
		case opString:
			setString(s, t.value)
		case opBytes:
			setBytes(s, []byte(t.value))
		case opInt, opDuration:
			setInt(s, t.f.size, int64(t.number))
		case opUint:
			setUint(s, t.f.size, t.number)
		default:
			if err := unmarshaler(s, t.f).UnmarshalText([]byte(t.value)); err != nil {
				return err
			}
		}
	}
	return nil
}

// parse reports whether the value fits the field, and keeps it if it is an integer.
// The field may be of any kind that lp.Schema writes as a tag.
func (t *boundTag) parse() bool {
	switch t.f.op {
	case opString, opBytes, opText:
		return true
	case opInt, opUint, opDuration:
		if t.value == "" && t.f.null {
			return true
		}
		var err error
		t.number, err = t.f.parse(t.value)
		return err == nil
	}
	return false
}

// parse returns the number in a text, such as that of a tag, as the bits of the field.
func (f *structField) parse(text string) (uint64, error) {
	switch f.op {
	case opDuration:
		if d, err := time.ParseDuration(text); err == nil {
			return uint64(d), nil
		}
	case opUint:
		return strconv.ParseUint(text, 10, int(f.size))
	}
	v, err := strconv.ParseInt(text, 10, int(f.size))
	return uint64(v), err
}

// cell sets the field of c from its cell in r.
func (b *binder) cell(base structPtr, c *boundColumn, r *Row) error {
	f, i := c.f, c.col
	s := slotOf(base, f)
	cell := r.Cell(i)
	kind := cell.Kind()
	if kind == KindNull {
		switch {
		case f.null || b.options&NullAsZero != 0:
		case i < 0:
			return &CellError{Index: i, Column: b.columnName(f), Want: f.elem.String(), Err: ErrNull}
		default:
			return r.fail(i, f.elem.String(), ErrNull)
		}
		setZero(s, f)
		return nil
	}
	if f.pointer {
		s = slotNew(s, f)
	}
	if f.role == structtag.TimestampRole && f.op != opTime && f.op != opText && f.op != opString && kind == KindString {
		ns, err := r.Timestamp(i)
		if err != nil {
			return err
		}
		// The time in the unit that an integer in its place would have.
		unit := r.precision.Unit()
		cell, kind = Cell{bits: uint64(floorDiv(ns, unit))}, KindInt
	}
	if kind == KindString && (f.op == opDuration || f.role == structtag.TagRole && (f.op == opInt || f.op == opUint)) {
		return tagCell(s, f, r, i)
	}
	switch f.op {
	case opInt, opDuration:
		v := int64(cell.bits)
		if kind != KindInt {
			var err error
			if v, err = r.Int(i); err != nil {
				return err
			}
		}
		if shift := 64 - f.size; v<<shift>>shift != v {
			return r.fail(i, f.elem.String(), ErrRange)
		}
		setInt(s, f.size, v)
	case opUint:
		v := cell.bits
		if kind != KindInt || int64(v) < 0 {
			var err error
			if v, err = r.Uint(i); err != nil {
				return err
			}
		}
		if shift := 64 - f.size; v<<shift>>shift != v {
			return r.fail(i, f.elem.String(), ErrRange)
		}
		setUint(s, f.size, v)
	case opFloat64:
		v, err := r.Float(i)
		if err != nil {
			return err
		}
		setFloat64(s, v)
	case opFloat32:
		v, err := b.float32(r, i)
		if err != nil {
			return err
		}
		setFloat32(s, v)
	case opBool:
		if kind != KindBool {
			return r.fail(i, f.elem.String(), ErrKind)
		}
		setBool(s, cell.bits != 0)
	default:
		return b.textCell(s, c, r)
	}
	return nil
}

// columnName returns the name of the column of f. A scalar does not know it.
func (b *binder) columnName(f *structField) string {
	if b.st.scalar {
		return ""
	}
	return f.name
}

// tagCell sets an integer from a tag, which is text in a response, or a duration. The text
// of a point without the tag is empty, and the integer is then 0.
func tagCell(s slot, f *structField, r *Row, i int) error {
	text, err := r.Bytes(i)
	if err != nil {
		return err
	}
	var v uint64
	if len(text) > 0 {
		if v, err = f.parse(viewString(text)); err != nil {
			if errors.Is(err, strconv.ErrRange) {
				return r.fail(i, f.elem.String(), ErrRange)
			}
			return r.fail(i, f.elem.String(), ErrKind)
		}
	}
	if f.op == opUint {
		setUint(s, f.size, v)
	} else {
		setInt(s, f.size, int64(v))
	}
	return nil
}

// textCell is cell for a field that holds a time or a text.
func (b *binder) textCell(s slot, c *boundColumn, r *Row) error {
	f, i := c.f, c.col
	switch f.op {
	case opTime:
		t, err := timeCell(f, r, i)
		if err != nil {
			return err
		}
		setTime(s, t)
		return nil
	case opText:
		text, err := r.textOf(i)
		if err != nil {
			return err
		}
		if err := unmarshaler(s, f).UnmarshalText(text); err != nil {
			return r.fail(i, f.elem.String(), err)
		}
		return nil
	}
	var text []byte
	var err error
	if k := r.Kind(i); f.decimal && (k == KindInt || k == KindUint || k == KindFloat) {
		text, err = r.textOf(i)
	} else {
		text, err = r.Bytes(i)
	}
	if err != nil {
		return err
	}
	if f.op == opBytes {
		setBytes(s, b.text.bytes(text))
		return nil
	}
	if string(text) != c.last {
		c.last = b.text.string(text)
	}
	setString(s, c.last)
	return nil
}

// textOf returns the text of cell i, and of a cell that is no string its JSON text.
func (r *Row) textOf(i int) ([]byte, error) {
	switch c := r.Cell(i); c.Kind() {
	case KindString:
		return r.Bytes(i)
	case KindFloat:
		if v := math.Float64frombits(c.bits); v-v != 0 { // in MessagePack
			return nil, r.fail(i, "text", ErrRange)
		}
	}
	return r.Raw(i), nil
}

// timeCell returns the time in cell i, an integer in the unit of the field if that has one.
func timeCell(f *structField, r *Row, i int) (time.Time, error) {
	if f.unit == 0 || r.Kind(i) == KindString {
		return r.Time(i)
	}
	v, err := r.Int(i)
	if err != nil {
		return time.Time{}, err
	}
	return r.unixTime(i, v, f.unit)
}

// float32 returns the float32 nearest to the text of cell i. The nearest float64
// determines it, unless that lies half way between two float32.
func (b *binder) float32(r *Row, i int) (float32, error) {
	v, err := r.Float(i)
	if err != nil {
		return 0, err
	}
	f := float32(v)
	const below = 1<<29 - 1 // the bits of a float64 that a normal float32 lacks
	if a := math.Abs(v); math.Float64bits(v)&below == 1<<28 || a < 0x1p-126 && a != 0 {
		x, err := strconv.ParseFloat(string(r.Raw(i)), 32)
		if err != nil {
			return 0, r.fail(i, "float32", ErrRange)
		}
		return float32(x), nil
	}
	if math.IsInf(float64(f), 0) && !math.IsInf(v, 0) {
		return 0, r.fail(i, "float32", ErrRange)
	}
	return f, nil
}

// floorDiv returns a / b, rounded down.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
