package lp

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes the fields of a struct, and its timestamp: putFields has the loop for
// the common kinds, putField the rarer ones. A value that writes its own text is called
// on a copy unless it is on the heap, so that a struct given to a Schema can stay on the
// stack.

// putFields writes the fields, each after a comma. The returned n is negative if there is
// a fault.
func (s *program) putFields(b []byte, n int, p base, c *cursor) ([]byte, int) {
	for i := range s.fields {
		o := &s.fields[i]
		var at base
		if !o.pointer {
			at = o.at.here(p)
		} else {
			// The offset is one in another struct, which may be longer than that at p.
			var ok bool
			if at, ok = o.at.in(p); !ok {
				continue
			}
		}
		switch o.kind {
		case kindFloat64:
			v := loadFloat64(at)
			if v == 0 && o.omit {
				continue
			}
			if v-v != 0 {
				if !c.notFinite(o) {
					return b, -1
				}
				continue
			}
			swar.Store64(b, n, o.words[0])
			swar.Store64(b, n+8, o.words[1])
			end := n + int(o.size)
			if o.size == 0 {
				end = putLiteral(b, n, o.more.text)
			}
			n = decimal.PutFloat64(b, end, v)
		case kindInt64:
			v := loadInt64(at)
			if v == 0 && o.omit {
				continue
			}
			swar.Store64(b, n, o.words[0])
			swar.Store64(b, n+8, o.words[1])
			end := n + int(o.size)
			if o.size == 0 {
				end = putLiteral(b, n, o.more.text)
			}
			n = decimal.PutInt64(b, end, v)
			swar.StoreByte(b, n, 'i')
			n++
		case kindString:
			v := loadString(at)
			if v == "" && o.omit {
				continue
			}
			if cap(b)-n < len(v)+int(o.rest) {
				b = growAt(b, n, len(v)+int(o.rest))
			}
			swar.Store64(b, n, o.words[0])
			swar.Store64(b, n+8, o.words[1])
			end := n + int(o.size)
			if o.size == 0 {
				end = putLiteral(b, n, o.more.text)
			}
			if len(v) <= longText && putText(b, end, v) && !c.opt.RefuseNewline {
				n = end + len(v)
				swar.StoreByte(b, n, '"')
				n++
				continue
			}
			if b, n = c.putString(o, b, n, v); n < 0 {
				return b, -1
			}
		case kindBool:
			v := loadBool(at)
			if !v && o.omit {
				continue
			}
			n = o.put(b, n)
			if v {
				swar.Store32(b, n, 't'|'r'<<8|'u'<<16|'e'<<24)
				n += 4
			} else {
				swar.Store64(b, n, 'f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32)
				n += 5
			}
		default:
			if b, n = c.putField(o, b, n, at); n < 0 {
				return b, -1
			}
		}
	}
	return b, n
}

// notFinite applies the policy for values that are not finite. It reports
// whether the point goes on, without the field.
func (c *cursor) notFinite(o *op) bool {
	return c.obey(c.opt.NotFinite.verdict(), PartFieldValue, o.more.key, ErrNotFinite, ErrNotFinite)
}

// putField writes a field of one of the rarer kinds.
func (c *cursor) putField(o *op, b []byte, n int, at base) ([]byte, int) {
	switch o.kind {
	case kindInt:
		v := loadInt(at, o.bits)
		if v == 0 && o.omit {
			return b, n
		}
		n = decimal.PutInt64(b, o.put(b, n), v)
		swar.StoreByte(b, n, 'i')
		return b, n + 1
	case kindUint64, kindUint:
		v := loadUint(at, o.bits)
		if v == 0 && o.omit {
			return b, n
		}
		return b, c.putUint(o, b, n, v)
	case kindFloat32:
		v := loadFloat32(at)
		if v == 0 && o.omit {
			return b, n
		}
		if v-v != 0 {
			if !c.notFinite(o) {
				return b, -1
			}
			return b, n
		}
		return b, decimal.PutFloat32(b, o.put(b, n), v)
	case kindEnum:
		name, ok := o.enumName(at)
		if !ok {
			return b, c.refuse(PartFieldValue, o.more.key, ErrValue, nil)
		}
		if name == "" && o.omit {
			return b, n
		}
		b = growAt(b, n, len(name)+int(o.rest))
		n = putLiteral(b, o.put(b, n), name)
		swar.StoreByte(b, n, '"')
		return b, n + 1
	case kindText:
		return c.putText(o, b, n, at)
	case kindNumber:
		return c.putNumber(o, b, n, at)
	case kindTime:
		return c.putTimeField(o, b, n, *loadTime(at))
	case kindBytes:
		v := loadBytes(at)
		if v == nil || len(v) == 0 && o.omit {
			return b, n
		}
		return c.putString(o, b, n, viewString(v))
	}
	// kindDecimal
	v := loadString(at)
	if v == "" && o.omit {
		return b, n
	}
	if !validNumber(v) {
		return b, c.refuse(PartFieldValue, o.more.key, ErrNumber, nil)
	}
	b = growAt(b, n, len(v)+int(o.rest))
	return b, putLiteral(b, o.put(b, n), v)
}

// putUint writes an unsigned integer, or what the policy makes of it.
func (c *cursor) putUint(o *op, b []byte, n int, v uint64) int {
	v, suffix, verdict := c.opt.Unsigned.decide(v)
	if verdict != verdictKeep && !c.obey(verdict, PartFieldValue, o.more.key, ErrUnsigned, ErrUnsigned) {
		return -1
	}
	n = decimal.PutUint64(b, o.put(b, n), v)
	swar.StoreByte(b, n, suffix)
	return n + 1
}

// putString writes a string that may need escaping, replacing or refusing.
func (c *cursor) putString(o *op, b []byte, n int, v string) ([]byte, int) {
	b = growAt(b, n, 2*len(v)+int(o.rest))
	if end, ascii := escapeText(b, o.put(b, n), v); ascii && !c.opt.RefuseNewline {
		swar.StoreByte(b, end, '"')
		return growAt(b, end+1, int(o.rest)), end + 1
	}
	if r := c.opt.checkString(v); r != 0 {
		if !c.badText(PartFieldValue, o.more.key, r) {
			return b, -1
		}
		v = replaceString(v, r)
	}
	b = appendText(b[:o.put(b, n)-1], v)
	return growAt(b, len(b), int(o.rest)), len(b)
}

// putText writes a value that writes itself.
func (c *cursor) putText(o *op, b []byte, n int, at base) ([]byte, int) {
	b = growAt(b, n, int(o.rest))
	end := o.put(b, n)
	out, err := o.more.value.appendText(b[:end:cap(b)], hide(at))
	if err != nil || len(out) < end {
		return b, c.refuse(PartFieldValue, o.more.key, ErrValue, err)
	}
	v := viewString(out[end:])
	switch {
	case v == "" && o.omit:
		return out, n
	case o.more.decimal:
		if !validNumber(v) {
			return b, c.refuse(PartFieldValue, o.more.key, ErrNumber, nil)
		}
		return growAt(out, len(out), int(o.rest)), len(out)
	}
	for i := range len(v) {
		if char := v[i]; char == '"' || char == '\\' || char >= 0x80 || char == '\n' {
			return c.putString(o, out, n, strings.Clone(v))
		}
	}
	out = append(out, '"')
	return growAt(out, len(out), int(o.rest)), len(out)
}

// putNumber writes a number that its methods tell.
func (c *cursor) putNumber(o *op, b []byte, n int, at base) ([]byte, int) {
	if o.omit && o.more.empty && loadString(at) == "" {
		return b, n
	}
	b = growAt(b, n, int(o.rest))
	end := o.put(b, n)
	out, err := o.more.value.appendText(b[:end:cap(b)], hide(at))
	if err == error(ErrNotFinite) {
		if !c.notFinite(o) {
			return b, -1
		}
		return b, n
	}
	if err != nil {
		return b, c.refuse(PartFieldValue, o.more.key, ErrNumber, nil)
	}
	if v := out[end:]; o.omit && (string(v) == "0i" || string(v) == "0" || string(v) == "-0") {
		return out, n
	}
	return growAt(out, len(out), int(o.rest)), len(out)
}

// putTimeField writes a time that is a field.
func (c *cursor) putTimeField(o *op, b []byte, n int, t time.Time) ([]byte, int) {
	if o.omit && t.IsZero() {
		return b, n
	}
	text, v, r := o.more.times.decide(t)
	if r != 0 {
		return b, c.refuse(PartFieldValue, o.more.key, r, nil)
	}
	if !text {
		n = decimal.PutInt64(b, o.put(b, n), v)
		swar.StoreByte(b, n, 'i')
		return b, n + 1
	}
	b = growAt(b, n, roomTime+int(o.rest))
	b = append(appendTime(b[:o.put(b, n)], t), '"')
	return b, len(b)
}

// numberTime returns the timestamp that is a number.
func (c *cursor) numberTime(o *op, b []byte, at base) (ts int64, r Reason) {
	text, err := o.more.value.appendText(b, hide(at))
	if text = text[len(b):]; err != nil || len(text) == 0 || text[len(text)-1] != 'i' {
		return 0, ErrTime
	}
	ts, err = strconv.ParseInt(viewString(text[:len(text)-1]), 10, 64)
	if err != nil || !decimal.InRange(ts, c.opt.Precision) {
		return 0, ErrTimeRange
	}
	return ts, 0
}

// putTime writes a space and the timestamp. It returns -1 with a fault.
func (c *cursor) putTime(b []byte, n int, p base) int {
	o, opt := c.s.time, c.opt
	at, ok := o.at.in(p)
	if !ok {
		return n
	}
	var ts int64
	r := Reason(0)
	switch o.kind {
	case kindInt64, kindInt:
		ts = loadInt(at, o.bits)
		if ts == 0 && o.omit {
			return n
		}
		if !decimal.InRange(ts, opt.Precision) {
			r = ErrTimeRange
		}
	case kindUint64, kindUint:
		u := loadUint(at, o.bits)
		if u == 0 && o.omit {
			return n
		}
		ts = int64(u)
		if u > math.MaxInt64 || !decimal.InRange(ts, opt.Precision) {
			r = ErrTimeRange
		}
	case kindString:
		text := loadString(at)
		if text == "" && o.omit {
			return n
		}
		ts, r = parseTimestamp(text, opt.Precision)
	case kindNumber:
		if o.omit && o.more.empty && loadString(at) == "" {
			return n
		}
		if ts, r = c.numberTime(o, b[n:n:cap(b)], at); ts == 0 && r == 0 && o.omit {
			return n
		}
	default:
		t := loadTime(at)
		if t.IsZero() {
			return n
		}
		if ts, ok = decimal.TimeIn(*t, opt.Precision); !ok {
			r = ErrTimeRange
		}
	}
	if r != 0 || !opt.Precision.Valid() {
		if r == 0 {
			r = ErrTimeRange
		}
		return c.refuse(PartTimestamp, "", r, nil)
	}
	swar.StoreByte(b, n, ' ')
	if c.times != nil {
		return c.times.Put(b, n+1, ts)
	}
	return decimal.PutTimestamp(b, n+1, ts)
}

// A valueText writes the text of a value, given its address.
type valueText interface {
	appendText(dst []byte, at base) ([]byte, error)
}

// textValue returns the valueText of type t, where t or *t implements a text interface. A
// value behind a pointer is on the heap.
func textValue(t reflect.Type, behindPointer bool) valueText {
	switch v := reflect.New(t).Interface().(type) {
	case encoding.TextAppender:
		return safeText(newAppenderText(t, v), t, reflect.TypeFor[encoding.TextAppender](), behindPointer)
	case encoding.TextMarshaler:
		return safeText(newMarshalerText(t, v), t, reflect.TypeFor[encoding.TextMarshaler](), behindPointer)
	}
	return nil
}

// numberValue returns the valueText of type t that appends a number as line protocol has it.
func numberValue(t reflect.Type, behindPointer bool) valueText {
	v := reflect.New(t).Interface().(number)
	return safeText(newNumberText(t, v), t, reflect.TypeFor[number](), behindPointer)
}

// appendNumber appends v as line protocol has it. The error of a float that is not finite
// is ErrNotFinite.
func appendNumber(dst []byte, v number) ([]byte, error) {
	f, r := numberOf(v)
	switch {
	case r != 0:
		return dst, r
	case f.kind == kindInt64:
		return AppendInt(dst, int64(f.num)), nil
	case !finite(f.f):
		return dst, ErrNotFinite
	}
	return AppendFloat(dst, f.f), nil
}

// stringerValue returns the valueText of type t that calls its String method.
func stringerValue(t reflect.Type, behindPointer bool) valueText {
	v := reflect.New(t).Interface().(fmt.Stringer)
	return safeText(newStringerText(t, v), t, reflect.TypeFor[fmt.Stringer](), behindPointer)
}

// safeText returns v, which calls a method of the given interface, such that the method
// cannot keep a pointer into a struct given to a Schema, which may be on the stack. A
// method with a value receiver gets a copy from the compiler. A method with a pointer
// receiver gets a pointer to a copy on the heap, unless the value is on the heap already,
// as everything is that a pointer in the struct points to; see hide.
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

// A textCopy is memory for a copy, and its address.
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
