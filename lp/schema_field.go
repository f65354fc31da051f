package lp

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// putFields writes the fields, each behind a comma. The returned n is negative if
// there is a fault.
func (s *program) putFields(b []byte, n int, p base, opt *Options, f *fault) ([]byte, int) {
	for i := range s.fields {
		o := &s.fields[i]
		at := o.at.here(p)
		if o.pointer {
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
				if !s.notFinite(o, p, opt, f) {
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
			if len(v) <= longText && putText(b, end, v) && !opt.RefuseNewline {
				n = end + len(v)
				swar.StoreByte(b, n, '"')
				n++
				continue
			}
			if b, n = s.putString(o, b, n, v, p, opt, f); n < 0 {
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
			if b, n = s.putField(o, b, n, at, p, opt, f); n < 0 {
				return b, -1
			}
		}
	}
	return b, n
}

// notFinite applies the policy for values that are not finite. It reports
// whether the point goes on without the field.
func (s *program) notFinite(o *op, p base, opt *Options, f *fault) bool {
	if opt.NotFinite == NotFiniteDropField {
		f.count(ErrNotFinite)
		return true
	}
	f.set(PartFieldValue, o.more.key, ErrNotFinite)
	f.measurement = s.measurementOf(p)
	f.drop = opt.NotFinite == NotFiniteDropPoint
	return false
}

// putField writes a field of one of the rarer kinds.
func (s *program) putField(o *op, b []byte, n int, at, p base, opt *Options, f *fault) ([]byte, int) {
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
		return b, s.putUint(o, b, n, v, p, opt, f)
	case kindFloat32:
		v := loadFloat32(at)
		if v == 0 && o.omit {
			return b, n
		}
		if v-v != 0 {
			if !s.notFinite(o, p, opt, f) {
				return b, -1
			}
			return b, n
		}
		return b, decimal.PutFloat32(b, o.put(b, n), v)
	case kindEnum:
		name, ok := o.enumName(at)
		if !ok {
			return b, s.bad(o, p, f, ErrValue, nil)
		}
		if name == "" && o.omit {
			return b, n
		}
		b = growAt(b, n, len(name)+int(o.rest))
		n = putLiteral(b, o.put(b, n), name)
		swar.StoreByte(b, n, '"')
		return b, n + 1
	case kindText:
		return s.putText(o, b, n, at, p, opt, f)
	case kindBytes:
		v := loadBytes(at)
		if v == nil || len(v) == 0 && o.omit {
			return b, n
		}
		return s.putString(o, b, n, viewString(v), p, opt, f)
	}
	// kindDecimal
	v := loadString(at)
	if v == "" && o.omit {
		return b, n
	}
	if !validNumber(v) {
		return b, s.bad(o, p, f, ErrNumber, nil)
	}
	b = growAt(b, n, len(v)+int(o.rest))
	return b, putLiteral(b, o.put(b, n), v)
}

// bad sets the fault of a field and returns -1.
func (s *program) bad(o *op, p base, f *fault, r Reason, err error) int {
	f.set(PartFieldValue, o.more.key, r)
	f.measurement, f.err = s.measurementOf(p), err
	return -1
}

func (s *program) putUint(o *op, b []byte, n int, v uint64, p base, opt *Options, f *fault) int {
	suffix := byte('i')
	switch {
	case opt.Unsigned <= UnsignedKeep:
		suffix = 'u'
	case opt.Unsigned == UnsignedRefuse || opt.Unsigned == UnsignedInt && v > math.MaxInt64:
		return s.bad(o, p, f, ErrUnsigned, nil)
	case v > math.MaxInt64:
		f.count(ErrUnsigned)
		v = math.MaxInt64
	}
	n = decimal.PutUint64(b, o.put(b, n), v)
	swar.StoreByte(b, n, suffix)
	return n + 1
}

// putString writes a string that may need escaping, replacing or refusing.
func (s *program) putString(o *op, b []byte, n int, v string, p base, opt *Options, f *fault) ([]byte, int) {
	b = growAt(b, n, 2*len(v)+int(o.rest))
	if end, ascii := escapeText(b, o.put(b, n), v); ascii && !opt.RefuseNewline {
		swar.StoreByte(b, end, '"')
		return growAt(b, end+1, int(o.rest)), end + 1
	}
	r := checkUTF8(v)
	if opt.RefuseNewline && strings.IndexByte(v, '\n') >= 0 {
		r = ErrNewline
	}
	if r != 0 {
		if !f.text(opt, PartFieldValue, o.more.key, r) {
			f.measurement = s.measurementOf(p)
			return b, -1
		}
		if r == ErrNewline {
			v = strings.ReplaceAll(v, "\n", "_")
		}
	}
	b = appendText(b[:o.put(b, n)-1], v)
	return growAt(b, len(b), int(o.rest)), len(b)
}

// putText writes a value that writes itself.
func (s *program) putText(o *op, b []byte, n int, at, p base, opt *Options, f *fault) ([]byte, int) {
	b = growAt(b, n, int(o.rest))
	end := o.put(b, n)
	out, err := o.more.value.appendText(b[:end:cap(b)], hide(at))
	if err != nil || len(out) < end {
		return b, s.bad(o, p, f, ErrValue, err)
	}
	v := viewString(out[end:])
	switch {
	case v == "" && o.omit:
		return out, n
	case o.more.decimal:
		if !validNumber(v) {
			return b, s.bad(o, p, f, ErrNumber, nil)
		}
		return growAt(out, len(out), int(o.rest)), len(out)
	}
	for i := range len(v) {
		if c := v[i]; c == '"' || c == '\\' || c >= 0x80 || c == '\n' {
			return s.putString(o, out, n, strings.Clone(v), p, opt, f)
		}
	}
	out = append(out, '"')
	return growAt(out, len(out), int(o.rest)), len(out)
}

// putTime writes a space and the timestamp. It returns -1 with a fault.
func (s *program) putTime(b []byte, n int, p base, opt *Options, times *decimal.TimestampCache, f *fault) int {
	o := s.time
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
		f.set(PartTimestamp, "", r)
		f.measurement = s.measurementOf(p)
		return -1
	}
	swar.StoreByte(b, n, ' ')
	if times != nil {
		return times.Put(b, n+1, ts)
	}
	return decimal.PutTimestamp(b, n+1, ts)
}

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
