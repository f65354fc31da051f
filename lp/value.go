package lp

import (
	"math"
	"reflect"
	"strings"
	"time"
)

// This file takes values whose type is known at run time only, for an Encoder and for a
// Point. Both ask for the common types first; byKind knows the others.

// Value adds a field with a value whose type is known at run time only: any integer
// or float type, bool, string, []byte, time.Duration, which becomes an integer of
// nanoseconds, and types made of these, such as type Celsius float64. A time.Time follows
// [Options.Times]. Nil adds no field; any other type refuses the point with [ErrType]. The
// methods for one type are quicker.
//
// A json.Number, or another type with the methods Int64() (int64, error) and Float64()
// (float64, error), is an integer if Int64 succeeds, so if it is an integer without a
// point or exponent that an int64 holds, and a float otherwise. Without either the point is
// refused with [ErrNumber]. Programs that print 1.0 as 1 make an integer of a float, which
// InfluxDB refuses in a field of floats: write such a field by [Encoder.Float] or
// [Encoder.Decimal].
func (e *Encoder) Value(key string, v any) {
	// The most common types first: the switch below searches by a hash of the type.
	switch v := v.(type) {
	case float64:
		e.Float(key, v)
		return
	case int64:
		e.Int(key, v)
		return
	case string:
		e.String(key, v)
		return
	}
	e.otherValue(key, v)
}

// otherValue is Value for a type that is less common.
func (e *Encoder) otherValue(key string, v any) {
	switch v := v.(type) {
	case nil:
	case float32:
		e.Float32(key, v)
	case int:
		e.Int(key, int64(v))
	case int32:
		e.Int(key, int64(v))
	case int16:
		e.Int(key, int64(v))
	case int8:
		e.Int(key, int64(v))
	case uint:
		e.Uint(key, uint64(v))
	case uint64:
		e.Uint(key, v)
	case uint32:
		e.Uint(key, uint64(v))
	case uint16:
		e.Uint(key, uint64(v))
	case uint8:
		e.Uint(key, uint64(v))
	case bool:
		e.Bool(key, v)
	case []byte:
		e.StringBytes(key, v)
	case time.Duration:
		e.Int(key, int64(v))
	case time.Time:
		e.timeField(key, v)
	default:
		switch f, r := byKind(v); {
		case r != 0:
			if e.open(key) {
				e.fail(PartFieldValue, key, r, nil)
			}
		default:
			f.key = key
			f.add(e)
		}
	}
}

// timeField adds a time as the policy says.
func (e *Encoder) timeField(key string, t time.Time) {
	if !e.open(key) {
		return
	}
	text, n, r := e.opt.Times.decide(t)
	switch {
	case r != 0:
		e.fail(PartFieldValue, key, r, nil)
	case !text:
		e.Int(key, n)
	default:
		if n := e.field(key, roomTime+2+room); n >= 0 {
			e.buf = append(appendTime(append(e.buf[:n], '"'), t), '"')
		}
	}
}

// SetValue sets a field to a value of a type known at run time, see
// [Encoder.Value]. Nil removes the field. The error is a *[PointError] with
// [ErrType].
func (p *Point) SetValue(key string, v any) error {
	if v == nil {
		p.remove(key)
		return nil
	}
	f := pointField{key: key}
	if r := f.setValue(v); r != 0 {
		return &PointError{Measurement: p.measurement, Part: PartFieldValue, Key: key, Reason: r}
	}
	p.set(f)
	return nil
}

// setValue sets the value of f, which has none, to v, which is not nil. It keeps no memory
// of v but that of a string. The reason says that line protocol has no such value.
func (f *pointField) setValue(v any) Reason {
	switch v := v.(type) {
	case float64:
		f.kind, f.f = kindFloat64, v
	case float32:
		f.kind, f.f = kindFloat32, float64(v)
	case int:
		f.kind, f.num = kindInt64, uint64(v)
	case int64:
		f.kind, f.num = kindInt64, uint64(v)
	case int32:
		f.kind, f.num = kindInt64, uint64(v)
	case int16:
		f.kind, f.num = kindInt64, uint64(v)
	case int8:
		f.kind, f.num = kindInt64, uint64(v)
	case uint:
		f.kind, f.num = kindUint64, uint64(v)
	case uint64:
		f.kind, f.num = kindUint64, v
	case uint32:
		f.kind, f.num = kindUint64, uint64(v)
	case uint16:
		f.kind, f.num = kindUint64, uint64(v)
	case uint8:
		f.kind, f.num = kindUint64, uint64(v)
	case bool:
		f.kind = kindBool
		if v {
			f.num = 1
		}
	case string:
		f.kind, f.s = kindString, v
	case []byte:
		f.kind, f.s = kindString, string(v)
	case time.Duration:
		f.kind, f.num = kindInt64, uint64(v)
	case time.Time:
		f.kind, f.num, f.f = kindTime, uint64(v.Unix()), float64(v.Nanosecond())
	default:
		g, r := byKind(v)
		if r != 0 {
			return r
		}
		f.kind, f.num, f.f, f.s = g.kind, g.num, g.f, strings.Clone(g.s)
	}
	return 0
}

// A number is a value that tells its number by methods, as json.Number does.
type number interface {
	Int64() (int64, error)
	Float64() (float64, error)
}

// numberOf returns v as an integer if it is one that fits, and as a float otherwise.
func numberOf(v number) (f pointField, r Reason) {
	if n, err := v.Int64(); err == nil {
		return pointField{kind: kindInt64, num: uint64(n)}, 0
	}
	n, err := v.Float64()
	if err != nil {
		return f, ErrNumber
	}
	return pointField{kind: kindFloat64, f: n}, 0
}

// byKind returns v as a field without a key, by the kind of its type, so that a named type
// is written like its underlying type. A type that is no number or boolean is one if it is a
// [number]. The reason says that line protocol has no such value. The text may share the
// memory of v. Callers handle the common types before they call it.
func byKind(v any) (f pointField, _ Reason) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		f.kind, f.num = kindInt64, uint64(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		f.kind, f.num = kindUint64, r.Uint()
	case reflect.Float64:
		f.kind, f.f = kindFloat64, r.Float()
	case reflect.Float32:
		f.kind, f.f = kindFloat32, r.Float()
	case reflect.Bool:
		f.kind = kindBool
		if r.Bool() {
			f.num = 1
		}
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			f.kind, f.s = kindString, viewString(r.Bytes())
		}
	case reflect.Pointer:
		if n, ok := v.(number); ok && !r.IsNil() {
			return numberOf(n)
		}
	default:
		if n, ok := v.(number); ok {
			return numberOf(n)
		}
		if r.Kind() == reflect.String {
			f.kind, f.s = kindString, r.String()
		}
	}
	if f.kind == kindNone {
		return f, ErrType
	}
	return f, 0
}

// integer returns v as an int64. The reason is ErrType if v is not of an integer kind,
// ErrTime if it is a [number] but no integer, and ErrTimeRange if it is too large.
func integer(v any) (int64, Reason) {
	f, r := byKind(v)
	_, isNumber := v.(number)
	switch {
	case f.kind == kindUint64 && f.num > math.MaxInt64:
		return 0, ErrTimeRange
	case f.kind == kindInt64 || f.kind == kindUint64:
		return int64(f.num), 0
	case isNumber && (r == ErrNumber || f.kind == kindFloat64):
		return 0, ErrTime
	}
	return 0, ErrType
}
