//go:build purego

package lp

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// viewString returns the bytes of b as a string.
func viewString(b []byte) string { return string(b) }

// sameString reports whether a and b are the same.
func sameString(a, b string) bool { return a == b }

// base is a struct or a value in it.
type base = reflect.Value

func baseOf[T any](v *T) base { return reflect.ValueOf(v).Elem() }

// location is the way from a struct to a value in it: numbers of fields, and -1
// where a pointer is followed.
type location struct{ steps []int }

// field returns the location of field i of the struct at l.
func (l location) field(i int, _ uintptr) location {
	n := len(l.steps)
	return location{append(l.steps[:n:n], i)}
}

// pointee returns the location of what the pointer at l points to.
func (l location) pointee() location { return l.field(-1, 0) }

// indirect reports whether there are pointers on the way.
func (l *location) indirect() bool { return slices.Contains(l.steps, -1) }

// here returns the value, if there are no pointers on the way.
func (l *location) here(p base) base {
	at, _ := l.in(p)
	return at
}

// spot is a location without pointers on the way.
type spot = location

func (l *location) spot() spot { return *l }

// in returns the value, or false if a pointer on the way is nil.
func (l *location) in(p base) (base, bool) {
	for _, i := range l.steps {
		if i >= 0 {
			p = p.Field(i)
			continue
		}
		if p.IsNil() {
			return base{}, false
		}
		p = p.Elem()
	}
	return p, true
}

// hide is for the other file: here every struct given to a Schema is on the heap.
func hide(p base) base { return p }

// baseOfValue returns where v is, which is addressable.
func baseOfValue(v reflect.Value) base { return v }

// setValue sets dst to the value of its type at p.
func setValue(dst reflect.Value, p base) { dst.Set(p) }

func loadString(p base) string   { return p.String() }
func loadBytes(p base) []byte    { return p.Bytes() }
func loadFloat64(p base) float64 { return p.Float() }
func loadFloat32(p base) float32 { return float32(p.Float()) }
func loadBool(p base) bool       { return p.Bool() }
func loadInt64(p base) int64     { return p.Int() }
func loadTime(p base) *time.Time { return p.Addr().Interface().(*time.Time) }

func loadInt(p base, _ uint8) int64   { return p.Int() }
func loadUint(p base, _ uint8) uint64 { return p.Uint() }

type appenderText struct{}

func newAppenderText(reflect.Type, encoding.TextAppender) valueText { return appenderText{} }

func (appenderText) appendText(dst []byte, at base) ([]byte, error) {
	return at.Addr().Interface().(encoding.TextAppender).AppendText(dst)
}

type marshalerText struct{}

func newMarshalerText(reflect.Type, encoding.TextMarshaler) valueText { return marshalerText{} }

func (marshalerText) appendText(dst []byte, at base) ([]byte, error) {
	text, err := at.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	return append(dst, text...), err
}

type stringerText struct{}

func newStringerText(reflect.Type, fmt.Stringer) valueText { return stringerText{} }

func (stringerText) appendText(dst []byte, at base) ([]byte, error) {
	return append(dst, at.Addr().Interface().(fmt.Stringer).String()...), nil
}

type numberText struct{}

func newNumberText(reflect.Type, number) valueText { return numberText{} }

func (numberText) appendText(dst []byte, at base) ([]byte, error) {
	return appendNumber(dst, at.Addr().Interface().(number))
}
