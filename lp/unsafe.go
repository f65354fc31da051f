//go:build !purego

package lp

import (
	"encoding"
	"fmt"
	"reflect"
	"time"
	"unsafe"
)

// This file and unsafe_purego.go, its exact negation, hold the uses of package
// unsafe in lp.

// viewString returns the bytes of b as a string, without a copy. It is safe as
// long as nobody writes to b while the string is in use: callers pass it down to
// functions that read it and keep nothing, see TestNothingKept.
func viewString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sameString reports whether a and b are the same bytes in memory. It reads no
// memory.
func sameString(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b)
}

// base is where a struct or a value in it begins. It is always a pointer into an
// object of the type that the program was compiled for: Schema[T] makes it from
// a *T, and location adds offsets that package reflect gave for T.
type base = unsafe.Pointer

func baseOf[T any](v *T) base { return unsafe.Pointer(v) }

// location is the way from a struct to a value in it: pointers to follow, each
// found at an offset, then an offset.
type location struct {
	pointers []uintptr
	offset   uintptr
}

// field returns the location of field i of the struct at l.
func (l location) field(_ int, offset uintptr) location {
	l.offset += offset
	return l
}

// pointee returns the location of what the pointer at l points to.
func (l location) pointee() location {
	n := len(l.pointers)
	return location{append(l.pointers[:n:n], l.offset), 0}
}

// indirect reports whether there are pointers on the way.
func (l *location) indirect() bool { return l.pointers != nil }

// here returns the value, if there are no pointers on the way.
func (l *location) here(p base) base { return unsafe.Add(p, l.offset) }

// in returns the value, or false if a pointer on the way is nil.
func (l *location) in(p base) (base, bool) {
	for _, offset := range l.pointers {
		p = *(*unsafe.Pointer)(unsafe.Add(p, offset))
		if p == nil {
			return nil, false
		}
	}
	return unsafe.Add(p, l.offset), true
}

// spot is where a value is in a struct, without pointers on the way. Like location it comes
// from the offsets that package reflect gave for the type of the struct.
type spot struct{ offset uintptr }

// spot returns the spot of a location without pointers on the way.
func (l *location) spot() spot { return spot{l.offset} }

// here returns the value.
func (s spot) here(p base) base { return unsafe.Add(p, s.offset) }

// The load functions read a value of the kind that the compiler of the program
// found there: the conversions are between types of one memory layout.

func loadString(p base) string   { return *(*string)(p) }
func loadBytes(p base) []byte    { return *(*[]byte)(p) }
func loadFloat64(p base) float64 { return *(*float64)(p) }
func loadFloat32(p base) float32 { return *(*float32)(p) }
func loadBool(p base) bool       { return *(*bool)(p) }
func loadInt64(p base) int64     { return *(*int64)(p) }
func loadTime(p base) *time.Time { return (*time.Time)(p) }

func loadInt(p base, bits uint8) int64 {
	switch bits {
	case 8:
		return int64(*(*int8)(p))
	case 16:
		return int64(*(*int16)(p))
	case 32:
		return int64(*(*int32)(p))
	}
	return *(*int64)(p)
}

func loadUint(p base, bits uint8) uint64 {
	switch bits {
	case 8:
		return uint64(*(*uint8)(p))
	case 16:
		return uint64(*(*uint16)(p))
	case 32:
		return uint64(*(*uint32)(p))
	}
	return *(*uint64)(p)
}

// hide returns p such that the compiler does not see that it is passed on. A
// value that writes itself gets a pointer to itself through an interface, which
// the compiler takes for an escape: every struct given to a Schema would have to
// be on the heap, whether it has such a field or not. It is safe because no method
// gets the pointer of a value in the struct itself, see safeText.
//
// What the struct points to is not hidden: escape tells the compiler that it
// escapes. A method may keep that, and a copy of the value on the heap points to it.
func hide(p base) base {
	if escape.ever {
		escape.to = *(*unsafe.Pointer)(p)
	}
	return unsafe.Add(nil, uintptr(p))
}

// escape.ever is never true, which the compiler does not know.
var escape struct {
	ever bool
	to   unsafe.Pointer
}

// baseOfValue returns where v is, which is addressable.
func baseOfValue(v reflect.Value) base { return v.Addr().UnsafePointer() }

// setValue sets dst to the value of its type at p, which comes from hide.
func setValue(dst reflect.Value, p base) { dst.Set(reflect.NewAt(dst.Type(), p).Elem()) }

// methods is an interface value of a pointer type: the table of its methods and
// the pointer. The layout is that of the runtime since Go 1.4; newMethods checks
// it where it is used.
type methods struct {
	table unsafe.Pointer
	data  unsafe.Pointer
}

// tableOf returns the table of methods of the interface value at i, which holds
// a pointer to a new value.
func tableOf(i unsafe.Pointer, data unsafe.Pointer) unsafe.Pointer {
	m := (*methods)(i)
	if m.data != data {
		panic("lp: unknown layout of interface values")
	}
	return m.table
}

type appenderText struct{ table unsafe.Pointer }

func newAppenderText(_ reflect.Type, v encoding.TextAppender) valueText {
	return appenderText{tableOf(unsafe.Pointer(&v), reflect.ValueOf(v).UnsafePointer())}
}

func (t appenderText) appendText(dst []byte, at base) ([]byte, error) {
	m := methods{t.table, at}
	return (*(*encoding.TextAppender)(unsafe.Pointer(&m))).AppendText(dst)
}

type marshalerText struct{ table unsafe.Pointer }

func newMarshalerText(_ reflect.Type, v encoding.TextMarshaler) valueText {
	return marshalerText{tableOf(unsafe.Pointer(&v), reflect.ValueOf(v).UnsafePointer())}
}

func (t marshalerText) appendText(dst []byte, at base) ([]byte, error) {
	m := methods{t.table, at}
	text, err := (*(*encoding.TextMarshaler)(unsafe.Pointer(&m))).MarshalText()
	return append(dst, text...), err
}

type stringerText struct{ table unsafe.Pointer }

func newStringerText(_ reflect.Type, v fmt.Stringer) valueText {
	return stringerText{tableOf(unsafe.Pointer(&v), reflect.ValueOf(v).UnsafePointer())}
}

func (t stringerText) appendText(dst []byte, at base) ([]byte, error) {
	m := methods{t.table, at}
	return append(dst, (*(*fmt.Stringer)(unsafe.Pointer(&m))).String()...), nil
}

type numberText struct{ table unsafe.Pointer }

func newNumberText(_ reflect.Type, v number) valueText {
	return numberText{tableOf(unsafe.Pointer(&v), reflect.ValueOf(v).UnsafePointer())}
}

func (t numberText) appendText(dst []byte, at base) ([]byte, error) {
	m := methods{t.table, at}
	return appendNumber(dst, *(*number)(unsafe.Pointer(&m)))
}
