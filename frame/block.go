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

// This file turns the values of a block into text, column by column. Where a number
// is written in a line depends on the length of the number before it; in a column the
// processor can convert the next number without waiting for the last.
//
// begin makes the texts of one block, for append.go to put together. For each op of
// the plan it calls the function for the kind of the op, which finds or makes the text
// of each row and sets its bounds, from and to:
//
//	opLiteral  nothing to do: the bounds are the same for all rows
//	opCode     codes: the text of a tag, made when its code is first met
//	opCodes    fusedCodes: measurement and tags, likewise
//	opSlot     numbers: keys were written by the plan, the value goes after its key
//	opText     cleanTexts: texts in the arena of the column, with key and quotes as
//	           parts of their own; or texts: escaped copies, one after the other
//
// A row that a policy has to decide gets its bit in p.irregular, and lp.Encoder writes
// it: NaN, a bad text, a time out of range, a number that does not fit its suffix. No
// policy of lp.Options is carried out here.
//
// p.room counts the bytes that the lines of the block may take, with what the copies
// of append.go write past them.

// begin makes the texts of the rows from lo on: of a block, but of no row from hi on.
func (p *plan) begin(f *Frame, lo, hi int) {
	hi = min(hi, lo+p.block)
	p.lo, p.hi, p.irregular = lo, hi, 0
	p.room = 3 * pad * (hi - lo) // for the times
	p.parts = p.parts[:0]
	if p.fields == 0 || p.ops[0].kind != opCodes {
		p.parts = append(p.parts, part{p.text, &zeros, p.headEnd, p.head})
		p.reserve(p.head, (hi-lo)*p.head)
	}
	for k := range p.ops {
		if k == p.fields {
			p.tags = len(p.parts)
		}
		switch o := &p.ops[k]; o.kind {
		case opSlot:
			p.numbers(o, lo, hi)
			p.add(o.slots, o, (hi-lo)*o.longest)
		case opCode:
			p.codes(o, lo, hi)
			p.add(p.text, o, (hi-lo)*o.longest)
		case opCodes:
			p.fusedCodes(o, lo, hi)
			p.add(p.text, o, (hi-lo)*o.longest)
		case opLiteral:
			p.add(p.text, o, (hi-lo)*o.longest)
		case opText:
			if !p.cleanTexts(o, lo, hi) {
				p.texts(o, lo, hi)
				p.add(o.slots, o, len(o.slots))
			}
		}
	}
	if p.fields == len(p.ops) {
		p.tags = len(p.parts)
	}
	if f.Time != nil {
		p.timestamps(f, lo, hi)
	}
}

// add adds a part to the lines of the block, which has size bytes in all.
func (p *plan) add(src []byte, o *op, size int) {
	p.parts = append(p.parts, part{src, o.from, o.to, o.longest})
	p.reserve(o.longest, size)
}

// reserve adds the room for a part of the lines of the block.
func (p *plan) reserve(longest, size int) {
	if longest > shortText {
		p.room += size
	} else {
		p.room += (p.hi - p.lo) * (longest + pad)
	}
}

var (
	zeros, ones [blockRows]int32
	quote       = append(make([]byte, 0, 2*pad), '"')
)

func init() {
	for i := range ones {
		ones[i] = 1
	}
}

// null reports whether row i of the column is null. The text of such a row is empty.
func (o *op) null(i int) bool { return o.col.Valid != nil && !o.col.Valid.Get(i) }

// codes finds the tags of the block by their codes, and makes those that are new.
func (p *plan) codes(o *op, lo, hi int) {
	c, from, to, longest := o.col, o.from, o.to, int32(0)
	for i, code := range c.Codes[lo:hi] {
		i &= blockRows - 1
		from[i], to[i] = 0, 0
		if c.Valid != nil && !c.Valid.Get(lo+i) {
			continue
		}
		s := o.spans[code]
		if s.end == 0 {
			if !p.addCode(o, code) {
				p.irregular |= 1 << i
				continue
			}
			s = o.spans[code]
		}
		from[i], to[i] = s.start, s.end
		longest = max(longest, s.end-s.start)
	}
	o.longest = int(longest)
	// The copy of a short text reads as many bytes as the longest text has.
	p.text = slices.Grow(p.text, p.longest+pad)
}

// fusedCodes is codes for the ops that were fused into one.
func (p *plan) fusedCodes(o *op, lo, hi int) {
	var index [blockRows]int32
	for k := range p.fused {
		if f := &p.fused[k]; f.kind == opCode {
			n := int32(len(f.spans))
			for i, code := range f.col.Codes[lo:hi] {
				index[i&(blockRows-1)] = index[i&(blockRows-1)]*n + code
			}
		}
	}
	from, to, longest := o.from, o.to, int32(0)
	for i := range hi - lo {
		i &= blockRows - 1
		s := o.spans[index[i]]
		if s.end == 0 {
			s = p.fusedText(lo + i)
			if o.spans[index[i]] = s; s.end == 0 {
				p.irregular |= 1 << i
			}
		}
		from[i], to[i] = s.start, s.end
		longest = max(longest, s.end-s.start)
	}
	o.longest = int(longest)
	p.text = slices.Grow(p.text, p.longest+pad)
}

// fusedText puts measurement and tags of row i together. It returns the zero span if
// lp.Encoder has to write the row.
func (p *plan) fusedText(i int) span {
	for k := range p.fused {
		f := &p.fused[k]
		if f.kind == opCode && f.spans[f.col.Codes[i]].end == 0 && !p.addCode(f, f.col.Codes[i]) {
			return span{}
		}
	}
	if len(p.text) > maxText {
		return span{}
	}
	start := len(p.text)
	p.text = append(p.text, p.text[:p.head]...)
	for k := range p.fused {
		f := &p.fused[k]
		s := span{int32(f.start), int32(f.end)}
		if f.kind == opCode {
			s = f.spans[f.col.Codes[i]]
		}
		p.text = append(p.text, p.text[s.start:s.end]...)
	}
	p.longest = max(p.longest, len(p.text)-start)
	return span{int32(start), int32(len(p.text))}
}

// cleanTexts takes the texts of the block from the arena of the column. It reports
// false if something has to be escaped, or if the column does not hold strings.
func (p *plan) cleanTexts(o *op, lo, hi int) bool {
	c := o.col
	if c.Role != Field || c.Type != String {
		return false
	}
	offsets := c.Offsets[lo : hi+1]
	first, last := offsets[0], offsets[hi-lo]
	if int(last)+shortText+pad > cap(c.Data) || !clean(c.Data[first:last]) {
		return false
	}
	key := part{p.keys, o.keyFrom, o.keyTo, o.end + 1 - o.start}
	end := part{quote, &zeros, &ones, 1}
	text := part{c.Data, o.from, o.to, 0}
	longest := int32(0)
	if c.Valid == nil {
		for i := range hi - lo {
			longest = max(longest, offsets[i+1]-offsets[i])
		}
		copy(o.from[:], offsets[:hi-lo])
		copy(o.to[:], offsets[1:])
	} else {
		// For a row that is null all three are empty.
		key.to, end.to = o.keyEnds, o.quotes
		for i := range hi - lo {
			o.from[i], o.to[i], key.to[i], end.to[i] = 0, 0, int32(o.start), 0
			if !o.null(lo + i) {
				o.from[i], o.to[i], key.to[i], end.to[i] = offsets[i], offsets[i+1], int32(o.end+1), 1
				longest = max(longest, offsets[i+1]-offsets[i])
			}
		}
	}
	text.longest = int(longest)
	p.parts = append(p.parts, key, text, end)
	p.reserve(key.longest, (hi-lo)*key.longest)
	p.reserve(text.longest, int(last-first))
	p.reserve(1, hi-lo)
	return true
}

// clean reports whether text can be written as it is. It is true only for ASCII
// without a quote, a backslash or a line feed, and may be false for some of that.
func clean(text []byte) bool {
	const ones = swar.Ones
	marks, i := uint64(0), 0
	for ; i+8 <= len(text); i += 8 {
		w := swar.Load64(text, i)
		// A false mark comes from a borrow, which starts at a true mark.
		marks |= ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | ((w ^ ones*'\n') - ones) | w
	}
	for _, c := range text[i:] {
		if c >= 0x80 || c == '"' || c == '\\' || c == '\n' {
			return false
		}
	}
	return marks&swar.Highs == 0
}

// maxText bounds the texts that are kept. Below it, the bounds of one more text fit
// 32 bits even if every byte gets a backslash. Rows beyond it are left to lp.Encoder.
// Tests make it small.
var maxText = math.MaxInt32 / 4

// texts writes the values of a column that may need escaping one after the other:
// fields with their key, or tags.
func (p *plan) texts(o *op, lo, hi int) {
	c, longest := o.col, 0
	b := o.slots[:0]
	for i := range hi - lo {
		start := len(b)
		switch {
		case o.null(lo + i):
		case start > maxText:
			p.irregular |= 1 << i
		case c.Role == Tag:
			p.scratch = c.AppendValue(p.scratch[:0], lo+i)
			value := viewString(p.scratch)
			if lp.CheckTag(c.Name, value) != nil {
				p.irregular |= 1 << i
				break
			}
			b = lp.AppendTag(b, c.Name, value)
		default:
			text := c.Text(lo + i)
			if !utf8.Valid(text) || o.refuseNewline && bytes.IndexByte(text, '\n') >= 0 {
				p.irregular |= 1 << i
				break
			}
			b = append(b, p.keys[o.start:o.end]...)
			b = lp.AppendString(b, viewString(text))
		}
		o.from[i], o.to[i] = int32(start), int32(len(b))
		longest = max(longest, len(b)-start)
	}
	o.longest = longest
	o.slots = slices.Grow(b, shortText+pad)
}

// numbers writes the values of a column of numbers or booleans into its slots, after
// the key.
func (p *plan) numbers(o *op, lo, hi int) {
	switch c := o.col; c.Type {
	case Float64:
		p.floats(o, c.Floats[lo:hi])
	case Int64:
		b, at, to := o.slots, o.end-o.start, o.to
		for i, v := range c.Ints[lo:hi] {
			n := decimal.PutInt64(b, at, v)
			swar.StoreByte(b, n, o.suffix)
			to[i&(blockRows-1)] = int32(n + 1)
			at += o.size
		}
	case Uint64:
		for i, v := range c.Uints[lo:hi] {
			if v > math.MaxInt64 && o.suffix == 'i' {
				p.refuse(o, i)
			}
			n := decimal.PutUint64(o.slots, i*o.size+o.end-o.start, v)
			swar.StoreByte(o.slots, n, o.suffix)
			o.to[i] = int32(n + 1)
		}
	case Float32:
		for i, v := range c.Floats32[lo:hi] {
			if v-v != 0 {
				p.refuse(o, i)
				v = 0
			}
			o.to[i] = int32(decimal.PutFloat32(o.slots, i*o.size+o.end-o.start, v))
		}
	case Bool:
		for i := range hi - lo {
			o.to[i] = int32(putBool(o.slots, i*o.size+o.end-o.start, c.Bits.Get(lo+i)))
		}
	}
	longest := int32(0)
	if o.col.Valid != nil {
		for i := range hi - lo {
			if o.null(lo + i) {
				o.to[i] = o.from[i]
			}
		}
	}
	for i := range hi - lo {
		longest = max(longest, o.to[i&(blockRows-1)]-o.from[i&(blockRows-1)])
	}
	o.longest = int(longest)
}

// floats is numbers for float64.
func (p *plan) floats(o *op, values []float64) {
	b, at, to := o.slots, o.end-o.start, o.to
	for i, v := range values {
		if v-v != 0 {
			p.refuse(o, i)
			v = 0
		}
		to[i&(blockRows-1)] = int32(decimal.PutFloat64(b, at, v))
		at += o.size
	}
}

// refuse leaves row i of the block to lp.Encoder, unless the row is null: then the
// value has no meaning.
func (p *plan) refuse(o *op, i int) {
	if !o.null(p.lo + i) {
		p.irregular |= 1 << i
	}
}

// putBool writes v to b[n:] and returns its end.
func putBool(b []byte, n int, v bool) int {
	if v {
		swar.Store32(b, n, 't'|'r'<<8|'u'<<16|'e'<<24)
		return n + 4
	}
	swar.Store32(b, n, 'f'|'a'<<8|'l'<<16|'s'<<24)
	swar.StoreByte(b, n+4, 'e')
	return n + 5
}

// timestamps writes the times of the block into their slots. Ends are counted from
// the start of the slot.
func (p *plan) timestamps(f *Frame, lo, hi int) {
	o, at := &p.times, 0
	for i, ts := range f.Time[lo:hi] {
		if !decimal.InRange(ts, f.Precision) {
			p.irregular |= 1 << i
			ts = 0
		}
		n := p.cache.Put(o.slots, at+1, ts)
		swar.StoreByte(o.slots, n, '\n')
		o.to[i&(blockRows-1)] = int32(n + 1 - at)
		at += o.size
	}
}
