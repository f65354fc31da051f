//go:build purego

package jsonscan

import (
	"encoding"
	"reflect"
	"time"
)

func viewString(b []byte) string { return string(b) }

type (
	structPtr = reflect.Value
	slot      = reflect.Value
)

func pointTo[T any](p *T) structPtr { return reflect.ValueOf(p).Elem() }

func slotOf(base structPtr, f *structField) slot {
	if f.index == nil { // a scalar, which is its own field
		return base
	}
	return base.FieldByIndex(f.index)
}

func follow(base structPtr, hops []hop) structPtr {
	for i := range hops {
		p := base.FieldByIndex(hops[i].index)
		if p.IsNil() {
			p.Set(reflect.New(hops[i].elem).Convert(p.Type()))
		}
		base = p.Elem()
	}
	return base
}

func slotNew(s slot, f *structField) slot {
	p := reflect.New(f.elem)
	s.Set(p.Convert(s.Type()))
	return p.Elem()
}

func setInt(s slot, _ uint8, v int64)   { s.SetInt(v) }
func setUint(s slot, _ uint8, v uint64) { s.SetUint(v) }
func setFloat64(s slot, v float64)      { s.SetFloat(v) }
func setFloat32(s slot, v float32)      { s.SetFloat(float64(v)) }
func setBool(s slot, v bool)            { s.SetBool(v) }
func setString(s slot, v string)        { s.SetString(v) }
func setBytes(s slot, v []byte)         { s.SetBytes(v) }
func setTime(s slot, v time.Time)       { s.Set(reflect.ValueOf(v)) }

func setZero(s slot, _ *structField) { s.SetZero() }

func unmarshaler(s slot, _ *structField) encoding.TextUnmarshaler {
	return s.Addr().Interface().(encoding.TextUnmarshaler)
}
