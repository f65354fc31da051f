package frame

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/pointwire/pointwire/lp"
)

// This file compiles what stands before the fields of a line: measurement and tags.
//
// compileTags makes an op for each tag, puts them in order, joins those that all rows
// have (joinLiterals), and may make one op of several (fuse). Texts of codes are made
// later, in the blocks that have them, by addCode.
//
// Many frames of one series follow each other, so the ops are kept, with the texts of
// the codes. signature holds everything that they were made from; if the next frame
// has the same, makeTags only replaces the columns that the ops point to. What the
// signature lacks must not influence the ops: TestEncoderReuse changes frames a little
// at a time.

// keptText bounds the escaped text that is kept for the next frame.
const keptText = 1 << 20

// makeTags compiles what stands before the fields, or keeps the ops it made last if
// their signature is the same.
func (p *plan) makeTags(f *Frame, o *lp.Options, extra []lp.Tag, rows int) bool {
	p.old, p.made = p.made, p.signature(p.old[:0], f, o, extra, rows)
	if p.tagsOK && len(p.text) < keptText && bytes.Equal(p.old, p.made) {
		p.ops = p.ops[:p.fields]
		p.setColumns(f)
		return true
	}
	p.text, p.ops, p.longest, p.spans = p.text[:0], p.ops[:0], 0, p.spans[:0]
	p.tagsOK = p.compileTags(f, o, extra, rows)
	return p.tagsOK
}

// signature appends everything that the ops of the tags are made from.
func (p *plan) signature(dst []byte, f *Frame, o *lp.Options, extra []lp.Tag, rows int) []byte {
	put := func(b []byte) {
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		dst = append(dst, b...)
	}
	dst = append(dst, byte(o.TagOrder))
	dst = binary.AppendUvarint(dst, uint64(rows))
	dst = append(dst, byte(len(f.Tags)))
	put([]byte(f.Measurement))
	for _, t := range f.Tags {
		put([]byte(t.Key))
		put([]byte(t.Value))
	}
	for k := range f.Columns {
		c := &f.Columns[k]
		if c.Role != Tag || c.Type == Null {
			continue
		}
		dst = append(dst, 1, byte(c.Type))
		dst = binary.AppendUvarint(dst, uint64(k))
		put([]byte(c.Name))
		if c.Valid != nil {
			dst = append(dst, 1)
		}
		if c.Type == Dict {
			put(c.Data)
			for _, at := range c.Offsets {
				dst = binary.AppendVarint(dst, int64(at))
			}
		}
	}
	for _, t := range extra {
		dst = append(dst, 2)
		put([]byte(t.Key))
		put([]byte(t.Value))
	}
	return dst
}

// setColumns points the ops that were made for another frame to the columns of f.
func (p *plan) setColumns(f *Frame) {
	set := func(ops []op) {
		for k := range ops {
			if o := &ops[k]; o.column >= 0 {
				o.col = &f.Columns[o.column]
			}
		}
	}
	set(p.ops)
	set(p.fused)
}

// compileTags is makeTags without keeping anything.
func (p *plan) compileTags(f *Frame, o *lp.Options, extra []lp.Tag, rows int) bool {
	if lp.CheckMeasurement(f.Measurement) != nil {
		return false
	}
	p.text = lp.AppendMeasurement(p.text, f.Measurement)
	p.head = len(p.text)
	for _, t := range f.Tags {
		if !p.addTag(t) {
			return false
		}
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && c.Type != Null && !p.addTagColumn(c, k) {
			return false
		}
	}
	for _, t := range extra {
		if !p.addTag(t) {
			return false
		}
	}
	if !p.orderTags(o.TagOrder == lp.TagsSorted) {
		return false
	}
	p.joinLiterals()
	p.fuse(rows)
	p.fields = len(p.ops)
	return true
}

// addTag adds a tag that all rows have.
func (p *plan) addTag(t lp.Tag) bool {
	if lp.CheckTag(t.Key, t.Value) != nil {
		return false
	}
	if start := len(p.text); t.Value != "" {
		p.text = lp.AppendTag(p.text, t.Key, t.Value)
		p.ops = append(p.ops, op{kind: opLiteral, column: -1, start: start, end: len(p.text)})
	}
	return true
}

// addTagColumn adds column k, a tag that differs from row to row.
func (p *plan) addTagColumn(c *Column, k int) bool {
	if lp.CheckTag(c.Name, "") != nil {
		return false
	}
	start := len(p.text)
	p.text = lp.AppendTag(p.text, c.Name, "_")
	p.text = p.text[:len(p.text)-1]
	o := op{kind: opText, column: k, start: start, end: len(p.text), col: c}
	if c.Type == Dict {
		o.kind = opCode
		o.spans = borrow(&p.spans, max(len(c.Offsets)-1, 0))
		clear(o.spans)
	}
	p.ops = append(p.ops, o)
	return true
}

// tagKey returns the comma and the escaped key of a tag.
func (p *plan) tagKey(o *op) []byte {
	text := p.text[o.start:o.end]
	i := 1
	for ; text[i] != '='; i++ {
		if text[i] == '\\' && text[i+1] == '=' {
			i++
		}
	}
	return text[:i]
}

// orderTags reports false if a tag comes twice.
func (p *plan) orderTags(sorted bool) bool {
	if p.repeated(len(p.ops), func(i int) string { return viewString(p.tagKey(&p.ops[i])) }) {
		return false
	}
	if sorted {
		slices.SortFunc(p.ops, func(a, b op) int { return bytes.Compare(p.tagKey(&a), p.tagKey(&b)) })
	}
	return true
}

// joinLiterals joins tags that all rows have to the measurement or to the tag of that
// kind before them.
func (p *plan) joinLiterals() {
	old := p.text
	text := append(p.spare[:0], old[:p.head]...)
	ops := p.ops[:0]
	for _, o := range p.ops {
		start := len(text)
		text = append(text, old[o.start:o.end]...)
		switch n := len(ops); {
		case o.kind != opLiteral:
			o.start, o.end = start, len(text)
			ops = append(ops, o)
		case n == 0:
			p.head = len(text)
		case ops[n-1].kind == opLiteral:
			ops[n-1].end = len(text)
		default:
			o.start, o.end = start, len(text)
			ops = append(ops, o)
		}
	}
	p.ops = ops
	p.spare, p.text = old, text
}

// maxFused is the largest number of texts of an opCodes.
const maxFused = 4096

// fuse makes one op of the measurement and the first tags if there are far more rows
// than combinations of their values. Each combination is then put together once.
func (p *plan) fuse(rows int) {
	k, n := 0, 1
	for ; k < len(p.ops); k++ {
		o := &p.ops[k]
		if o.kind == opCode && o.col.Valid == nil && len(o.spans) > 0 && n*len(o.spans) <= min(rows/4, maxFused) {
			n *= len(o.spans)
		} else if o.kind != opLiteral {
			break
		}
	}
	if n == 1 {
		return
	}
	p.fused = append(p.fused[:0], p.ops[:k]...)
	spans := borrow(&p.spans, n)
	clear(spans)
	p.ops[0] = op{kind: opCodes, column: -1, spans: spans}
	p.ops = slices.Delete(p.ops, 1, k)
}

// addCode makes the tag of a code. It reports false if lp.Encoder has to write the
// rows that have it.
func (p *plan) addCode(o *op, code int32) bool {
	c := o.col
	value := viewString(c.Data[c.Offsets[code]:c.Offsets[code+1]])
	if lp.CheckTag(c.Name, value) != nil || len(p.text)+len(value) > maxText {
		return false
	}
	start := len(p.text)
	p.text = lp.AppendTag(p.text, c.Name, value)
	n := len(p.text) - start
	o.longest = max(o.longest, n)
	p.longest = max(p.longest, n)
	o.spans[code] = span{int32(start), int32(start + n)}
	return true
}
