package lp

import (
	"math"
	"slices"
)

// fieldSet is what the encoder knows of the fields of the open point.
type fieldSet struct{ keys []string }

func (f *fieldSet) reset() {
	clear(f.keys)
	f.keys = f.keys[:0]
}

// add adds key and reports whether it is new.
func (f *fieldSet) add(key string) bool {
	if slices.Contains(f.keys, key) {
		return false
	}
	f.keys = append(f.keys, key)
	return true
}

// field starts a field: it writes the separator and "key=". It reports whether
// the value may follow.
func (e *Encoder) field(key string) bool {
	if !e.fieldSeparator(key) {
		return false
	}
	if r := checkFieldKey(key); r != 0 {
		if !e.badText(PartFieldKey, key, r) {
			return false
		}
		key = replaceFieldKey(key)
	}
	if !e.newField(key) {
		return false
	}
	e.buf = escapeFieldKey(e.buf, key)
	e.buf = append(e.buf, '=')
	return true
}

// fieldSeparator writes what goes before the key of a field.
func (e *Encoder) fieldSeparator(key string) bool {
	switch e.state {
	case stateFields:
		e.buf = append(e.buf, ',')
	case stateTags:
		if !e.endTags() {
			return false
		}
		e.state = stateFields
		e.buf = append(e.buf, ' ')
	default:
		e.misplaced(PartFieldKey, key)
		return false
	}
	return true
}

// newField refuses the point if it has a field of this key already.
func (e *Encoder) newField(key string) bool {
	if e.opt.AllowDuplicateFields || e.fields.add(key) {
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
	switch e.opt.NotFinite {
	case NotFiniteDropField:
		e.counts[ErrNotFinite]++
	case NotFiniteDropPoint:
		e.drop(ErrNotFinite)
	default:
		e.fail(PartFieldValue, key, ErrNotFinite, nil)
	}
}

func finite(v float64) bool { return v-v == 0 }

// Float adds a float field, in the text of [AppendFloat]. NaN and the infinities
// follow [Options.NotFinite].
func (e *Encoder) Float(key string, v float64) {
	if !finite(v) {
		e.notFinite(key)
		return
	}
	if e.field(key) {
		e.buf = AppendFloat(e.buf, v)
	}
}

// Float32 adds a float field, in the text of [AppendFloat32]. NaN and the
// infinities follow [Options.NotFinite].
func (e *Encoder) Float32(key string, v float32) {
	if !finite(float64(v)) {
		e.notFinite(key)
		return
	}
	if e.field(key) {
		e.buf = AppendFloat32(e.buf, v)
	}
}

// Int adds an integer field.
func (e *Encoder) Int(key string, v int64) {
	if e.field(key) {
		e.buf = AppendInt(e.buf, v)
	}
}

// Uint adds an unsigned field, or what [Options.Unsigned] makes of it.
func (e *Encoder) Uint(key string, v uint64) {
	if e.opt.Unsigned != UnsignedKeep {
		e.uintAsInt(key, v)
		return
	}
	if e.field(key) {
		e.buf = AppendUint(e.buf, v)
	}
}

func (e *Encoder) uintAsInt(key string, v uint64) {
	if e.opt.Unsigned == UnsignedRefuse || v > math.MaxInt64 {
		if !e.open(key) {
			return
		}
		if e.opt.Unsigned != UnsignedClamp {
			e.fail(PartFieldValue, key, ErrUnsigned, nil)
			return
		}
		e.counts[ErrUnsigned]++
		v = math.MaxInt64
	}
	e.Int(key, int64(v))
}

// Bool adds a boolean field.
func (e *Encoder) Bool(key string, v bool) {
	if e.field(key) {
		e.buf = AppendBool(e.buf, v)
	}
}

// String adds a string field. The empty string is a value.
func (e *Encoder) String(key, v string) {
	if r := e.checkString(v); r != 0 {
		if !e.open(key) || !e.badText(PartFieldValue, key, r) {
			return
		}
	}
	if e.field(key) {
		e.buf = AppendString(e.buf, v)
	}
}

// StringBytes adds a string field whose text is v.
func (e *Encoder) StringBytes(key string, v []byte) { e.String(key, viewString(v)) }

// Decimal adds a float field whose value is written as the text number, digit by
// digit: an optional '-', digits with an optional point among or before or after
// them, an optional exponent. Other text refuses the point with [ErrNumber].
// Use it for decimal types; servers store a float64.
func (e *Encoder) Decimal(key, number string) {
	if !validNumber(number) {
		if e.open(key) {
			e.fail(PartFieldValue, key, ErrNumber, nil)
		}
		return
	}
	if e.field(key) {
		e.buf = append(e.buf, number...)
	}
}

// checkString returns why v is not a string field, or 0.
func (e *Encoder) checkString(v string) Reason {
	if e.opt.RefuseNewline {
		if i := indexByte(v, '\n'); i >= 0 {
			return ErrNewline
		}
	}
	return checkUTF8(v)
}
