package lp

import (
	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes fields. Each method reserves a field with Encoder.field, which
// completes the tags, checks and writes the key, and returns the place of the value;
// then it writes the value there and sets the length of the buffer. A value that a
// policy has to decide about is looked at before its key is written. Float and Int, which most
// fields are, have the way through field for a key that is repeated in themselves.

// field starts a field: it writes the separator and "key=", makes room for n
// more bytes, and returns the place of the value, or -1 if no field may follow.
func (e *Encoder) field(key string, n int) int {
	if e.state == stateTags {
		e.startFields()
	} else if e.state != stateFields {
		e.misplaced(PartFieldKey, key)
		return -1
	}
	if s := &e.fields; s.mode == keysRepeat && s.n < len(s.keys) {
		k := &s.keys[s.n]
		// This is heldKey.is.
		if len(key)+2 == int(k.size) && (len(key) < 8 && k.isShort(key) || len(key) >= 8 && k.isEnds(key) && (len(key) <= 16 || k.isMiddle(key))) {
			s.n++
			e.buf = grow(e.buf, heldText+n)
			at := len(e.buf)
			end := k.put(e.buf, at)
			swar.StoreByte(e.buf, at, e.separator)
			e.separator = ','
			return end
		}
	}
	return e.otherField(key, n)
}

// otherField is field for a key that the point before did not have at this place.
func (e *Encoder) otherField(key string, n int) int {
	e.buf = grow(e.buf, len(key)+2+room+n)
	at := len(e.buf)
	swar.StoreByte(e.buf, at, e.separator)
	at++
	if !putKey(e.buf, at, key) {
		return e.fieldSlow(key, n)
	}
	at += len(key)
	swar.StoreByte(e.buf, at, '=')
	e.separator = ','
	if e.fields.mode == keysRepeat && e.fields.repeats(key, true) || e.newField(key) {
		return at + 1
	}
	return -1
}

// startFields completes the tags, if they are not complete yet.
func (e *Encoder) startFields() {
	if e.state == stateTags {
		e.endTags()
		e.state = stateFields
		e.separator = ' '
	}
}

// fieldSlow is field for a key that may need escaping, replacing or refusing.
func (e *Encoder) fieldSlow(key string, n int) int {
	if r := checkFieldKey(key, e.opt.Dialect); r != 0 {
		if !e.badText(PartFieldKey, key, r) {
			return -1
		}
		key = replaceFieldKey(key, e.opt.Dialect)
	}
	if !e.fields.repeats(key, false) && !e.newField(key) {
		return -1
	}
	e.buf = append(e.buf, e.separator)
	e.buf = escapeFieldKey(e.buf, key)
	e.buf = append(e.buf, '=')
	e.buf = grow(e.buf, n)
	e.separator = ','
	return len(e.buf)
}

// newField adds key to the keys of the point. It refuses the point if it has a field
// with this key already.
func (e *Encoder) newField(key string) bool {
	if e.fields.mode == keysOfRow {
		e.addRowKeys()
		if e.fields.repeats(key, false) {
			return true
		}
	}
	if e.fields.add(key) || e.opt.AllowDuplicateFields {
		return true
	}
	e.fail(PartFieldKey, key, ErrDuplicateField, nil)
	return false
}

// open reports whether a field may be added now.
func (e *Encoder) open(key string) bool {
	if e.state == stateTags || e.state == stateFields {
		return true
	}
	e.misplaced(PartFieldKey, key)
	return false
}

// notFinite applies the policy for values that are not finite.
func (e *Encoder) notFinite(key string) {
	if !e.open(key) {
		return
	}
	e.obey(e.opt.NotFinite.verdict(), PartFieldValue, key, ErrNotFinite, ErrNotFinite)
}

func finite(v float64) bool { return v-v == 0 }

// Float adds a float field, in the text of [AppendFloat]. NaN and the infinities
// follow [Options.NotFinite].
func (e *Encoder) Float(key string, v float64) {
	if !finite(v) {
		e.notFinite(key)
		return
	}
	if s := &e.fields; e.state == stateFields && s.mode == keysRepeat && s.n < len(s.keys) {
		k := &s.keys[s.n]
		if len(key)+2 == int(k.size) && (len(key) < 8 && k.isShort(key) || len(key) >= 8 && k.isEnds(key) && (len(key) <= 16 || k.isMiddle(key))) {
			s.n++
			b := grow(e.buf, heldText+decimal.RoomFloat)
			n := k.put(b, len(b))
			swar.StoreByte(b, len(b), e.separator)
			e.separator = ','
			e.buf = b[:decimal.PutFloat64(b, n, v)]
			return
		}
	}
	if n := e.field(key, decimal.RoomFloat); n >= 0 {
		e.buf = e.buf[:decimal.PutFloat64(e.buf, n, v)]
	}
}

// Float32 adds a float field, in the text of [AppendFloat32]. NaN and the
// infinities follow [Options.NotFinite].
func (e *Encoder) Float32(key string, v float32) {
	if !finite(float64(v)) {
		e.notFinite(key)
		return
	}
	if n := e.field(key, decimal.RoomFloat); n >= 0 {
		e.buf = e.buf[:decimal.PutFloat32(e.buf, n, v)]
	}
}

// Int adds an integer field.
func (e *Encoder) Int(key string, v int64) {
	if s := &e.fields; e.state == stateFields && s.mode == keysRepeat && s.n < len(s.keys) {
		k := &s.keys[s.n]
		if len(key)+2 == int(k.size) && (len(key) < 8 && k.isShort(key) || len(key) >= 8 && k.isEnds(key) && (len(key) <= 16 || k.isMiddle(key))) {
			s.n++
			b := grow(e.buf, heldText+decimal.RoomInt)
			n := k.put(b, len(b))
			swar.StoreByte(b, len(b), e.separator)
			e.separator = ','
			n = decimal.PutInt64(b, n, v)
			swar.StoreByte(b, n, 'i')
			e.buf = b[:n+1]
			return
		}
	}
	if n := e.field(key, decimal.RoomInt); n >= 0 {
		n = decimal.PutInt64(e.buf, n, v)
		swar.StoreByte(e.buf, n, 'i')
		e.buf = e.buf[:n+1]
	}
}

// Uint adds an unsigned field, or what [Options.Unsigned] makes of it.
func (e *Encoder) Uint(key string, v uint64) {
	if e.opt.Unsigned > UnsignedKeep {
		e.uintByPolicy(key, v)
		return
	}
	if n := e.field(key, decimal.RoomInt); n >= 0 {
		n = decimal.PutUint64(e.buf, n, v)
		swar.StoreByte(e.buf, n, 'u')
		e.buf = e.buf[:n+1]
	}
}

// uintByPolicy adds an unsigned field under a policy that never writes one as such.
func (e *Encoder) uintByPolicy(key string, v uint64) {
	if !e.open(key) {
		return
	}
	n, _, verdict := e.opt.Unsigned.decide(v)
	if e.obey(verdict, PartFieldValue, key, ErrUnsigned, ErrUnsigned) {
		e.Int(key, int64(n))
	}
}

// Bool adds a boolean field.
func (e *Encoder) Bool(key string, v bool) {
	if n := e.field(key, room); n >= 0 {
		e.buf = AppendBool(e.buf[:n], v)
	}
}

// String adds a string field. The empty string is a value.
func (e *Encoder) String(key, v string) {
	if n := e.field(key, len(v)+2+room); n >= 0 {
		e.putString(n, key, v)
	}
}

// putString writes the string v, for the field key, to the buffer from n on.
func (e *Encoder) putString(n int, key, v string) {
	if len(v) <= longText && !e.opt.RefuseNewline {
		swar.StoreByte(e.buf, n, '"')
		if putText(e.buf, n+1, v) {
			n += 1 + len(v)
			swar.StoreByte(e.buf, n, '"')
			e.buf = e.buf[:n+1]
			return
		}
	}
	e.putStringSlow(n, key, v)
}

// putStringSlow is putString for a string that may need escaping, replacing or
// refusing.
func (e *Encoder) putStringSlow(n int, key, v string) {
	e.buf = grow(e.buf[:n], 2*len(v)+2+room)
	swar.StoreByte(e.buf, n, '"')
	end, ascii := escapeText(e.buf, n+1, v)
	if ascii && !e.opt.RefuseNewline {
		swar.StoreByte(e.buf, end, '"')
		e.buf = e.buf[:end+1]
		return
	}
	if r := e.opt.checkString(v); r != 0 {
		if !e.badText(PartFieldValue, key, r) {
			return
		}
		v = replaceString(v, r)
	}
	e.buf = appendText(e.buf[:n], v)
}

// StringBytes adds a string field whose text is v.
func (e *Encoder) StringBytes(key string, v []byte) { e.String(key, viewString(v)) }

// Decimal adds a float field with the text number as its value, unchanged. The text
// is an optional '-', digits with an optional point before, among or after them, and
// an optional exponent. Any other text, and a number beyond the range of a float64,
// refuses the point with [ErrNumber]. Use it for decimal types; servers store a
// float64.
func (e *Encoder) Decimal(key, number string) {
	if !validNumber(number) {
		if e.open(key) {
			e.fail(PartFieldValue, key, ErrNumber, nil)
		}
		return
	}
	if n := e.field(key, len(number)); n >= 0 {
		e.buf = append(e.buf[:n], number...)
	}
}
