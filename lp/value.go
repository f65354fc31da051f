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
// nanoseconds, and types made of these, such as type Celsius float64. Nil adds no
// field; any other type refuses the point with [ErrType]. The methods for one type
// are quicker.
func (e *Encoder) Value(key string, v any) {
	switch v := v.(type) {
	case nil:
	case float64:
		e.Float(key, v)
	case float32:
		e.Float32(key, v)
	case int:
		e.Int(key, int64(v))
	case int64:
		e.Int(key, v)
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
	case string:
		e.String(key, v)
	case []byte:
		e.StringBytes(key, v)
	case time.Duration:
		e.Int(key, int64(v))
	default:
		switch k, num, f, s := byKind(v); k {
		case kindFloat64:
			e.Float(key, f)
		case kindFloat32:
			e.Float32(key, float32(f))
		case kindInt64:
			e.Int(key, int64(num))
		case kindUint64:
			e.Uint(key, num)
		case kindBool:
			e.Bool(key, num != 0)
		case kindString:
			e.String(key, s)
		default:
			if e.open(key) {
				e.fail(PartFieldValue, key, ErrType, nil)
			}
		}
	}
}

// SetValue sets a field to a value of a type known at run time, see
// [Encoder.Value]. Nil removes the field. The error is a *[PointError] with
// [ErrType].
func (p *Point) SetValue(key string, v any) error {
	switch v := v.(type) {
	case nil:
		p.remove(key)
	case float64:
		p.SetFloat(key, v)
	case float32:
		p.SetFloat32(key, v)
	case int:
		p.SetInt(key, int64(v))
	case int64:
		p.SetInt(key, v)
	case int32:
		p.SetInt(key, int64(v))
	case int16:
		p.SetInt(key, int64(v))
	case int8:
		p.SetInt(key, int64(v))
	case uint:
		p.SetUint(key, uint64(v))
	case uint64:
		p.SetUint(key, v)
	case uint32:
		p.SetUint(key, uint64(v))
	case uint16:
		p.SetUint(key, uint64(v))
	case uint8:
		p.SetUint(key, uint64(v))
	case bool:
		p.SetBool(key, v)
	case string:
		p.SetString(key, v)
	case []byte:
		p.SetString(key, string(v))
	case time.Duration:
		p.SetInt(key, int64(v))
	default:
		k, num, f, s := byKind(v)
		if k != kindNone {
			p.set(pointField{key, k, num, f, strings.Clone(s)})
			return nil
		}
		return &PointError{Measurement: p.measurement, Part: PartFieldValue, Key: key, Reason: ErrType}
	}
	return nil
}

// byKind returns v as a value of line protocol by the kind of its type, so that a named
// type is written like its underlying type. k is kindNone if line protocol has no such
// value; else num, f or s is the value, as in a pointField. s may share the memory of v.
// Callers handle the common types before they call it.
func byKind(v any) (k kind, num uint64, f float64, s string) {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		k, num = kindInt64, uint64(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		k, num = kindUint64, r.Uint()
	case reflect.Float64:
		k, f = kindFloat64, r.Float()
	case reflect.Float32:
		k, f = kindFloat32, r.Float()
	case reflect.Bool:
		k = kindBool
		if r.Bool() {
			num = 1
		}
	case reflect.String:
		k, s = kindString, r.String()
	case reflect.Slice:
		if r.Type().Elem().Kind() == reflect.Uint8 {
			k, s = kindString, viewString(r.Bytes())
		}
	}
	return k, num, f, s
}

// integer returns v as an int64. The reason is ErrType if v is not of an integer kind,
// and ErrTimeRange if it is too large.
func integer(v any) (int64, Reason) {
	switch k, num, _, _ := byKind(v); {
	case k == kindUint64 && num > math.MaxInt64:
		return 0, ErrTimeRange
	case k == kindInt64 || k == kindUint64:
		return int64(num), 0
	}
	return 0, ErrType
}
