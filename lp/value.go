package lp

import (
	"math"
	"reflect"
)

// byKind returns v, whose type is none of those that have a case of their own, as a
// value of line protocol by the kind of its type: a named type is written like the
// type it is made of. k is kindNone if there is none; num, f or s is the value, as in
// a pointField. s is in the memory of v.
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

// integer returns v as an int64 if it is of an integer kind: ErrType if it is not,
// ErrTimeRange if it is too large.
func integer(v any) (int64, Reason) {
	switch k, num, _, _ := byKind(v); {
	case k == kindUint64 && num > math.MaxInt64:
		return 0, ErrTimeRange
	case k == kindInt64 || k == kindUint64:
		return int64(num), 0
	}
	return 0, ErrType
}
