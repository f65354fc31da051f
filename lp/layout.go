package lp

import (
	"strings"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/nocopy"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes the fields of a Layout, a list of keys that is escaped beforehand.
//
// A key is kept as its escaped text, and its first 16 bytes also as two words, so that a
// short key is written by two stores. Row.next writes the separator and the key and returns
// the place of the value; the method of the value's type writes it there. Floats does both
// in one loop.
//
// The keys of a Layout are compared with each other once, in NewLayout. For a point whose
// fields are one row there is nothing else to compare: Encoder.row remembers the Layout,
// and its keys go into the set of the point only if another field or row follows.

// A Layout is a fixed list of field keys for points of one shape. The keys are
// checked, compared and escaped once. A Layout is immutable and may be shared. The
// zero value has no keys.
type Layout struct{ p *layout }

type layout struct {
	keys  []string
	wires []string // ",key="
	words [][2]uint64
	room  int // of the longest wire
}

func (l *layout) key(i int) string { return l.keys[i] }

// NewLayout returns the layout of fields with the given keys. An error is a
// *[PointError].
func NewLayout(keys ...string) (Layout, error) {
	l := &layout{}
	var seen keyindex.Index
	for i, key := range keys {
		if r := checkFieldKey(key, Portable); r != 0 {
			return Layout{}, &PointError{Part: PartFieldKey, Key: key, Reason: r}
		}
		if seen.Search(key, i, func(i int) string { return keys[i] }) >= 0 {
			return Layout{}, &PointError{Part: PartFieldKey, Key: key, Reason: ErrDuplicateField}
		}
		wire := string(AppendFieldKey([]byte{','}, key))
		l.keys = append(l.keys, strings.Clone(key))
		l.wires = append(l.wires, wire)
		var b [16]byte
		copy(b[:], wire)
		l.words = append(l.words, [2]uint64{swar.Load64(b[:], 0), swar.Load64(b[:], 8)})
		l.room = max(l.room, len(wire))
	}
	return Layout{l}, nil
}

// Len returns the number of keys.
func (l Layout) Len() int {
	if l.p == nil {
		return 0
	}
	return len(l.p.keys)
}

// Key returns key i, not escaped.
func (l Layout) Key(i int) string { return l.p.keys[i] }

// Row returns a row that adds the fields of l to the open point of e. Its methods
// take the values in the order of the keys. All tags must be written before. Other
// fields and rows may come before and after the row: if one of them has a key of l,
// even a key that was skipped, the point is refused with [ErrDuplicateField], unless
// [Options.AllowDuplicateFields] is set.
//
//	e.Series(series)
//	r := layout.Row(&e)
//	r.Float(0.64)
//	r.Int(3)
//	r.Skip()
//	err := e.EndTimestamp(ts)
func (l Layout) Row(e *Encoder) Row {
	if e.state == stateTags {
		e.startFields()
		e.row, e.fields.mode = l.p, keysOfRow
	} else {
		e.addKeys(l.p)
	}
	return Row{e: e, l: l.p}
}

// addRowKeys puts the keys of the row that began the fields into the set.
func (e *Encoder) addRowKeys() {
	e.fields.mode = keysRepeat
	e.addKeys(e.row)
}

// addKeys puts the keys of a row into the set. A key that the point has already
// refuses the point.
func (e *Encoder) addKeys(l *layout) {
	if l == nil || e.state != stateFields {
		return
	}
	for _, key := range l.keys {
		if !e.fields.again(key) && !e.newField(key) {
			return
		}
	}
}

// A Row takes the values of one point for the fields of a [Layout]. A value after
// the last key refuses the point with [ErrOrder]; keys without a value are not
// written. A Row must not be copied after first use, nor used for another point.
type Row struct {
	_ nocopy.Field
	e *Encoder
	l *layout
	i int
}

// next writes the separator and the next key, makes room for n bytes, and
// returns the place of the value, or -1.
func (r *Row) next(n int) int {
	e, i := r.e, r.i
	if e.state != stateFields || r.l == nil || i >= len(r.l.wires) {
		return r.misplaced()
	}
	r.i = i + 1
	wire := r.l.wires[i]
	e.buf = grow(e.buf, len(wire)+room+n)
	at := len(e.buf)
	if len(wire) <= 16 {
		swar.Store64(e.buf, at, r.l.words[i][0])
		swar.Store64(e.buf, at+8, r.l.words[i][1])
	} else {
		putLiteral(e.buf, at, wire)
	}
	swar.StoreByte(e.buf, at, e.separator)
	e.separator = ','
	return at + len(wire)
}

func (r *Row) misplaced() int {
	r.e.misplaced(PartFieldKey, "")
	return -1
}

// key returns the key that was written last.
func (r *Row) key() string { return r.l.keys[r.i-1] }

// Float gives a float value, like [Encoder.Float].
func (r *Row) Float(v float64) {
	if !finite(v) {
		r.notFinite()
		return
	}
	if n := r.next(decimal.RoomFloat); n >= 0 {
		r.e.buf = r.e.buf[:decimal.PutFloat64(r.e.buf, n, v)]
	}
}

// Float32 gives a float value, like [Encoder.Float32].
func (r *Row) Float32(v float32) {
	if !finite(float64(v)) {
		r.notFinite()
		return
	}
	if n := r.next(decimal.RoomFloat); n >= 0 {
		r.e.buf = r.e.buf[:decimal.PutFloat32(r.e.buf, n, v)]
	}
}

func (r *Row) notFinite() {
	if r.l == nil || r.i >= len(r.l.keys) {
		r.misplaced()
		return
	}
	r.i++
	r.e.notFinite(r.key())
}

// Int gives an integer value.
func (r *Row) Int(v int64) {
	if n := r.next(decimal.RoomInt); n >= 0 {
		n = decimal.PutInt64(r.e.buf, n, v)
		swar.StoreByte(r.e.buf, n, 'i')
		r.e.buf = r.e.buf[:n+1]
	}
}

// Uint gives an unsigned value, like [Encoder.Uint].
func (r *Row) Uint(v uint64) {
	n := r.next(decimal.RoomInt)
	if n < 0 {
		return
	}
	v, suffix, verdict := r.e.opt.Unsigned.decide(v)
	if verdict != verdictKeep && !r.e.obey(verdict, PartFieldValue, r.key(), ErrUnsigned, ErrUnsigned) {
		return
	}
	n = decimal.PutUint64(r.e.buf, n, v)
	swar.StoreByte(r.e.buf, n, suffix)
	r.e.buf = r.e.buf[:n+1]
}

// Bool gives a boolean value.
func (r *Row) Bool(v bool) {
	if n := r.next(room); n >= 0 {
		r.e.buf = AppendBool(r.e.buf[:n], v)
	}
}

// String gives a string value, like [Encoder.String].
func (r *Row) String(v string) {
	if n := r.next(len(v) + 2 + room); n >= 0 {
		r.e.putString(n, r.key(), v)
	}
}

// Skip leaves the next field out.
func (r *Row) Skip() {
	if r.l == nil || r.i >= len(r.l.keys) {
		r.misplaced()
		return
	}
	r.i++
}

// foundAhead is how many floats that follow each other are found before they are written,
// see [decimal.Found].
const foundAhead = 8

// Floats gives the next fields one value each. It does the same as a call of
// [Row.Float] for each value, but is quicker.
func (r *Row) Floats(values []float64) {
	e := r.e
	if e.state != stateFields || r.l == nil || r.i+len(values) > len(r.l.wires) {
		if len(values) > 0 {
			r.misplaced()
		}
		return
	}
	wires, words := r.l.wires[r.i:], r.l.words[r.i:]
	size := r.l.room + room + decimal.RoomFloat
	b := grow(e.buf, len(values)*size)
	n := len(b)
	var found [foundAhead]decimal.Found
	for i, v := range values {
		if i%foundAhead == 0 {
			for k := range min(foundAhead, len(values)-i) {
				found[k].Find(values[i+k])
			}
		}
		if !finite(v) {
			e.buf = b[:n]
			e.notFinite(r.l.keys[r.i+i])
			if e.state == stateBad {
				return
			}
			continue
		}
		at := n
		if wire := wires[i]; len(wire) <= 16 {
			swar.Store64(b, n, words[i][0])
			swar.Store64(b, n+8, words[i][1])
			n += len(wire)
		} else {
			n = putLiteral(b, n, wire)
		}
		swar.StoreByte(b, at, e.separator)
		e.separator = ','
		n = found[i%foundAhead].Put(b, n)
	}
	r.i += len(values)
	e.buf = b[:n]
}
