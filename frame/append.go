package frame

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
	"github.com/pointwire/pointwire/lp"
)

// append appends the rows i to hi-1 of f, up to the first that needs a look by
// lp.Encoder, and returns how many it appended.
func (p *plan) append(dst []byte, f *Frame, i, hi int) (int, []byte) {
	first := i
	for ; i < hi; i++ {
		if cap(dst)-len(dst) < p.room {
			dst = slices.Grow(dst, p.room)
		}
		b, n := p.tags(dst, i)
		if n < 0 {
			break
		}
		end := n
		if b, n = p.values(b, n, i); n <= end {
			dst = b[:len(dst)]
			break
		}
		if f.Time != nil {
			ts := f.Time[i]
			if !decimal.InRange(ts, f.Precision) {
				dst = b[:len(dst)]
				break
			}
			swar.StoreByte(b, n, ' ')
			n = p.times.Put(b, n+1, ts)
		}
		swar.StoreByte(b, n, '\n')
		dst = b[:n+1]
	}
	return i - first, dst
}

// put copies the text from start to end to b from n on and returns its end there.
// It reads and writes up to 7 bytes more.
func (p *plan) put(b []byte, n, start, end int) int {
	text := p.text
	if end-start > 64 {
		return n + copy(b[n:cap(b)], text[start:end])
	}
	for i := start; i < end; i += 8 {
		swar.Store64(b, n+i-start, swar.Load64(text, i))
	}
	return n + end - start
}

// tags writes measurement and tags of row i behind dst, and returns the end, or
// -1 if lp.Encoder has to.
func (p *plan) tags(dst []byte, i int) ([]byte, int) {
	n := p.put(dst, len(dst), 0, p.head)
	for k := range p.ops[:p.fields] {
		o := &p.ops[k]
		if o.kind == opLiteral {
			n = p.put(dst, n, o.start, o.end)
			continue
		}
		if o.col.Valid != nil && !o.col.Valid.Get(i) {
			continue
		}
		if o.kind == opTag {
			if dst, n = p.tagValue(dst, n, o, i); n < 0 {
				return dst, n
			}
			continue
		}
		s := o.spans[o.col.Codes[i]]
		if s.end == 0 {
			if s = p.escape(o, i); s.end == 0 {
				return dst, -1
			}
		}
		if size := int(s.end-s.start) + p.room; cap(dst)-n < size {
			dst = slices.Grow(dst[:n], size)[:len(dst)]
		}
		n = p.put(dst, n, int(s.start), int(s.end))
	}
	return dst, n
}

// escape makes the tag of the code of row i. It returns the zero span if
// lp.Encoder has to write it.
func (p *plan) escape(o *op, i int) span {
	value := o.col.Text(i)
	if lp.CheckTag(o.col.Name, viewString(value)) != nil || len(p.text) > math.MaxInt32/2 {
		return span{}
	}
	start := len(p.text)
	p.text = lp.AppendTag(p.text, o.col.Name, viewString(value))
	s := span{int32(start), int32(len(p.text))}
	p.text = slices.Grow(p.text, pad)
	o.spans[o.col.Codes[i]] = s
	return s
}

// tagValue writes a tag whose value is in no dictionary.
func (p *plan) tagValue(dst []byte, n int, o *op, i int) ([]byte, int) {
	p.scratch = o.col.AppendValue(p.scratch[:0], i)
	value := viewString(p.scratch)
	if lp.CheckTag(o.col.Name, value) != nil {
		return dst, -1
	}
	length := len(dst)
	b := lp.AppendTag(dst[:n], o.col.Name, value)
	n = len(b)
	return slices.Grow(b, p.room)[:length], n
}

// values writes the fields of row i to b from n on, and returns their end: n if
// there are none, or -1 if lp.Encoder has to write them.
func (p *plan) values(b []byte, n, i int) ([]byte, int) {
	separator := byte(' ')
	for k := range p.ops[p.fields:] {
		o := &p.ops[p.fields+k]
		c := o.col
		if c.Valid != nil && !c.Valid.Get(i) {
			continue
		}
		at := n
		n = p.put(b, n, o.start, o.end)
		swar.StoreByte(b, at, separator)
		separator = ','
		switch o.kind {
		case opFloat:
			v := c.Floats[i]
			if v-v != 0 {
				return b, -1
			}
			n = decimal.PutFloat64(b, n, v)
		case opInt:
			n = decimal.PutInt64(b, n, c.Ints[i])
			swar.StoreByte(b, n, 'i')
			n++
		case opUint:
			v := c.Uints[i]
			if v > math.MaxInt64 && o.suffix == 'i' {
				return b, -1
			}
			n = decimal.PutUint64(b, n, v)
			swar.StoreByte(b, n, o.suffix)
			n++
		case opBool:
			n = putBool(b, n, c.Bits.Get(i))
		case opFloat32:
			v := c.Floats32[i]
			if v-v != 0 {
				return b, -1
			}
			n = decimal.PutFloat32(b, n, v)
		default:
			j := i
			if o.kind == opDictString {
				j = int(c.Codes[i])
			}
			text := c.Data[c.Offsets[j]:c.Offsets[j+1]]
			if o.check && (!utf8.Valid(text) || bytes.IndexByte(text, '\n') >= 0) {
				return b, -1
			}
			length := len(b)
			s := lp.AppendString(b[:n], viewString(text))
			n = len(s)
			if cap(s)-n < p.room {
				s = slices.Grow(s, p.room)
			}
			b = s[:length]
		}
	}
	return b, n
}

func putBool(b []byte, n int, v bool) int {
	if v {
		swar.Store32(b, n, 't'|'r'<<8|'u'<<16|'e'<<24)
		return n + 4
	}
	swar.Store32(b, n, 'f'|'a'<<8|'l'<<16|'s'<<24)
	swar.StoreByte(b, n+4, 'e')
	return n + 5
}
