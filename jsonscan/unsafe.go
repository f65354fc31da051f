//go:build !purego

package jsonscan

import (
	"encoding"
	"reflect"
	"time"
	"unsafe"
)

// This file holds every use of unsafe in the package. unsafe_purego.go has the same
// functions for builds without it.

// viewString returns b as a string without copying it. b must not change as long
// as the string is in use: seriesSlab and textBlock only append after it, and
// Row.timeText and tagCell drop the string before they return.
// TestSeriesOutlivesScanner and TestStructsOutliveScanner hold that.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// structPtr points to the struct that is filled, slot to one of its fields. A field
// is at the offset that reflect reported for its type, and is written as the kind
// that reflect reported. So a write stays in the field, and pointers are written with
// the write barriers of their type. TestStructKinds holds that: it expects the same
// values in this build and in the purego build.
type (
	structPtr = unsafe.Pointer
	slot      = unsafe.Pointer
)

func pointTo[T any](p *T) structPtr { return unsafe.Pointer(p) }

func slotOf(base structPtr, f *structField) slot { return unsafe.Add(base, f.offset) }

// follow returns the struct that hops lead to from base. It makes the structs that are
// missing. Each pointer is where reflect reported it, and points to a value of its type.
func follow(base structPtr, hops []hop) structPtr {
	for i := range hops {
		p := (*unsafe.Pointer)(unsafe.Add(base, hops[i].offset))
		if *p == nil {
			*p = reflect.New(hops[i].elem).UnsafePointer()
		}
		base = *p
	}
	return base
}

// slotNew makes the field at s, a pointer, point to a new value, and returns that.
func slotNew(s slot, f *structField) slot {
	p := reflect.New(f.elem).UnsafePointer()
	*(*unsafe.Pointer)(s) = p
	return p
}

func setInt(s slot, size uint8, v int64) {
	switch size {
	case 8:
		*(*int8)(s) = int8(v)
	case 16:
		*(*int16)(s) = int16(v)
	case 32:
		*(*int32)(s) = int32(v)
	default:
		*(*int64)(s) = v
	}
}

func setUint(s slot, size uint8, v uint64) {
	switch size {
	case 8:
		*(*uint8)(s) = uint8(v)
	case 16:
		*(*uint16)(s) = uint16(v)
	case 32:
		*(*uint32)(s) = uint32(v)
	default:
		*(*uint64)(s) = v
	}
}

func setFloat64(s slot, v float64) { *(*float64)(s) = v }
func setFloat32(s slot, v float32) { *(*float32)(s) = v }
func setBool(s slot, v bool)       { *(*bool)(s) = v }
func setString(s slot, v string)   { *(*string)(s) = v }
func setBytes(s slot, v []byte)    { *(*[]byte)(s) = v }
func setTime(s slot, v time.Time)  { *(*time.Time)(s) = v }

// setZero makes the field at s zero, and nil if it is a pointer.
func setZero(s slot, f *structField) {
	if f.pointer {
		*(*unsafe.Pointer)(s) = nil
		return
	}
	switch f.op {
	case opInt, opUint, opDuration:
		setUint(s, f.size, 0)
	case opFloat64:
		setFloat64(s, 0)
	case opFloat32:
		setFloat32(s, 0)
	case opBool:
		setBool(s, false)
	case opString:
		setString(s, "")
	case opBytes:
		setBytes(s, nil)
	case opTime:
		setTime(s, time.Time{})
	case opText:
		reflect.NewAt(f.elem, s).Elem().SetZero()
	}
}

func unmarshaler(s slot, f *structField) encoding.TextUnmarshaler {
	return reflect.NewAt(f.elem, s).Interface().(encoding.TextUnmarshaler)
}
