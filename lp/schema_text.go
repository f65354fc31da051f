package lp

import (
	"encoding"
	"fmt"
	"reflect"
	"sync"
)

// A valueText writes the text of a value that is found at a place.
type valueText interface {
	appendText(dst []byte, at base) ([]byte, error)
}

// textValue returns how a value of type t, of which t or *t implements a text
// interface, writes itself. Behind a pointer it is on the heap.
func textValue(t reflect.Type, behindPointer bool) valueText {
	switch v := reflect.New(t).Interface().(type) {
	case encoding.TextAppender:
		return safeText(newAppenderText(t, v), t, reflect.TypeFor[encoding.TextAppender](), behindPointer)
	case encoding.TextMarshaler:
		return safeText(newMarshalerText(t, v), t, reflect.TypeFor[encoding.TextMarshaler](), behindPointer)
	}
	return nil
}

// stringerValue returns how a value of type t writes the text of its String method.
func stringerValue(t reflect.Type, behindPointer bool) valueText {
	v := reflect.New(t).Interface().(fmt.Stringer)
	return safeText(newStringerText(t, v), t, reflect.TypeFor[fmt.Stringer](), behindPointer)
}

// safeText returns v, which calls a method of the given interface, such that the
// method cannot keep a pointer into a struct given to a Schema, which may be on the
// stack. One with a value receiver gets a copy from the compiler. One with a pointer
// receiver gets a pointer to a copy on the heap, unless the value is there already:
// whatever a pointer in the struct points to is, see hide.
func safeText(v valueText, t, method reflect.Type, behindPointer bool) valueText {
	if behindPointer || t.Implements(method) {
		return v
	}
	c := &copiedText{value: v}
	c.copies.New = func() any {
		v := reflect.New(t).Elem()
		return &textCopy{v, baseOfValue(v)}
	}
	return c
}

// copiedText calls the method of a value on a copy.
type copiedText struct {
	value  valueText
	copies sync.Pool // of *textCopy
}

// textCopy is room for a copy, and where that is.
type textCopy struct {
	value reflect.Value
	at    base
}

func (t *copiedText) appendText(dst []byte, at base) ([]byte, error) {
	c := t.copies.Get().(*textCopy)
	setValue(c.value, at)
	dst, err := t.value.appendText(dst, c.at)
	c.value.SetZero()
	t.copies.Put(c)
	return dst, err
}
