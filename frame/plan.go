package frame

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/lp"
)

// A plan is a frame's lines compiled: the parts of a line in their order, with
// what stays the same from row to row escaped once. Rows are written in blocks:
// block.go turns the values of a block into text column by column, append.go puts
// the texts together row by row.
type plan struct {
	text    []byte // measurement and tags, escaped, with room for loads behind them
	keys    []byte // what stands before the values of fields
	longest int    // length of the longest text by code
	head    int    // text[:head] is the measurement, and the tags behind it that all rows have
	ops     []op
	fields  int // index of the first field in ops
	times   op  // the end of the line
	block   int // how many rows are a block
	headEnd *[blockRows]int32
	cache   decimal.TimestampCache

	lo, hi    int    // the rows of the block at hand
	irregular uint64 // those of them that lp.Encoder has to write
	room      int    // bytes that the lines of the block may take
	parts     []part
	fused     []op // what an opCodes stands for
	tags      int  // how many of the parts come before the fields

	made, old []byte // what the tags were made from, and before
	tagsOK    bool   // they were
	spare     []byte // for the next text

	spans   [][]span // memory of the ops
	slots   [][]byte
	bounds  []*[blockRows]int32
	taken   int // of bounds
	scratch []byte
	names   []string // the fields that were looked through last
	twice   bool     // and whether one of them comes twice
}

type opKind uint8

const (
	opLiteral opKind = iota // the text alone
	opCode                  // a text by code
	opCodes                 // measurement and first tags, by the codes of all of them
	opSlot                  // a text in a slot for each row of the block
	opText                  // a text of any length
)

// An op is a piece of a line.
type op struct {
	kind       opKind
	start, end int // the text that all rows have: a tag, or the key and what stands before it
	col        *Column
	column     int  // of a tag: its index in the frame, or -1
	suffix     byte // of integers
	// refuseNewline: a line feed in a string is for lp.Encoder to see.
	refuseNewline bool

	spans    []span // opCode: by code; an end of 0 is not made yet
	slots    []byte // opSlot: a slot of size bytes for each row; opText: the texts one behind the other
	size     int
	from, to *[blockRows]int32 // bounds of the rows' texts
	longest  int               // length of the longest text
	// opText, if the texts are clean: the bounds of the key before them, the ends of
	// the keys where there are nulls, and those of the quote behind them.
	keyFrom, keyTo, keyEnds, quotes *[blockRows]int32
}

type span struct{ start, end int32 }

const (
	// blockRows is the largest number of rows of a block: as many as irregular has
	// bits.
	blockRows = 64
	// blockBytes is how much memory the slots of a block should not exceed, so that
	// they stay in the nearest cache.
	blockBytes = 24 << 10
	// pad is how many bytes may be read or written behind a text.
	pad = 16
)

// make compiles f for the rows lo to hi-1. It reports false if every row has to go
// the plain way.
func (p *plan) make(f *Frame, o *lp.Options, extra []lp.Tag, lo, hi int) bool {
	p.keys, p.lo, p.hi = p.keys[:0], 0, 0
	p.slots, p.taken = p.slots[:0], 0
	if !f.Precision.Valid() || p.duplicate(f) && !o.AllowDuplicateFields || !p.makeTags(f, o, extra, hi-lo) {
		return false
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && c.Type != Null && !p.addField(c, o) {
			return false
		}
	}
	p.addSlots(f, hi-lo)
	p.text = slices.Grow(p.text, p.longest+pad)
	p.keys = slices.Grow(p.keys, pad)
	return true
}

// keptText is how much escaped text is kept for the next frame.
const keptText = 1 << 20

// makeTags compiles what stands before the fields, or takes what it made the last
// time if that was made from the same.
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

// signature appends all that the texts of the tags are made from.
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
		if !f.hasTag(t.Key) {
			dst = append(dst, 2)
			put([]byte(t.Key))
			put([]byte(t.Value))
		}
	}
	return dst
}

// setColumns gives the columns of f to the ops that were made for those of another
// frame.
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

// compileTags is makeTags without a look at what is there.
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
		if !f.hasTag(t.Key) && !p.addTag(t) {
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

// addTag adds a tag that every row has.
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

// addTagColumn adds a tag that differs from row to row, column k.
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

// borrow takes the next slice of a list that is used again, with n elements.
func borrow[E any](list *[][]E, n int) []E {
	k := len(*list)
	if k < cap(*list) {
		*list = (*list)[:k+1]
	} else {
		*list = append(*list, nil)
	}
	s := (*list)[k]
	if cap(s) < n {
		s = make([]E, n)
	}
	(*list)[k] = s[:n]
	return s[:n]
}

// tagKey returns the escaped key of a tag, behind a comma.
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
	for i := range p.ops {
		for k := range p.ops[:i] {
			if bytes.Equal(p.tagKey(&p.ops[i]), p.tagKey(&p.ops[k])) {
				return false
			}
		}
	}
	if sorted {
		slices.SortFunc(p.ops, func(a, b op) int { return bytes.Compare(p.tagKey(&a), p.tagKey(&b)) })
	}
	return true
}

// joinLiterals makes one text of the measurement and the tags behind it that all
// rows have, and of other such tags that follow each other.
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

// maxFused is how many texts an opCodes may have.
const maxFused = 4096

// fuse makes one op of the measurement and the first tags, if there are far more
// rows than ways to put their values together: each way is put together once.
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

// duplicate reports whether two fields of f have one name.
func (p *plan) duplicate(f *Frame) bool {
	n := 0
	same := true
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field {
			if same = same && n < len(p.names) && p.names[n] == c.Name; !same {
				p.names = append(p.names[:n], c.Name)
			}
			n++
		}
	}
	if same && n == len(p.names) {
		return p.twice
	}
	p.names = p.names[:n]
	p.twice = false
	for i, name := range p.names {
		p.twice = p.twice || slices.Contains(p.names[:i], name)
	}
	return p.twice
}

// addField adds a field.
func (p *plan) addField(c *Column, o *lp.Options) bool {
	if lp.CheckFieldKey(c.Name) != nil {
		return false
	}
	start := len(p.keys)
	p.keys = append(p.keys, ',')
	p.keys = lp.AppendFieldKey(p.keys, c.Name)
	f := op{kind: opSlot, start: start, end: len(p.keys), col: c}
	switch c.Type {
	case Bool, Float64, Float32:
	case Int64:
		f.suffix = 'i'
	case Uint64:
		if f.suffix = unsignedSuffix(o.Unsigned); f.suffix == 0 {
			return false
		}
	case String, Dict:
		p.keys = append(p.keys, '"') // behind the key, see cleanTexts
		f.kind = opText
		f.refuseNewline = o.RefuseNewline
	default:
		return false
	}
	p.ops = append(p.ops, f)
	return true
}

// unsignedSuffixes has the result of unsignedSuffix by policy.
var unsignedSuffixes = sync.OnceValue(func() (suffixes [lp.UnsignedRefuse + 1]byte) {
	for policy := range suffixes {
		var e lp.Encoder
		e.SetOptions(lp.Options{Unsigned: lp.UnsignedPolicy(policy)})
		e.Point("m")
		e.Uint("f", 0)
		if e.EndNoTimestamp() == nil {
			line := e.Bytes()
			suffixes[policy] = line[len(line)-len("i\n")]
		}
	}
	return suffixes
})

// unsignedSuffix returns the byte that the policy puts after an unsigned integer
// which fits its type, or 0 if lp.Encoder has to see every value. It is lp.Encoder
// that was asked: the policy itself stands in package lp alone.
func unsignedSuffix(policy lp.UnsignedPolicy) byte {
	suffixes := unsignedSuffixes()
	if int(policy) >= len(suffixes) {
		return 0
	}
	return suffixes[policy]
}

// addCode makes the tag of a code. It reports false if line protocol cannot carry
// it.
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

// bound takes memory for one bound of the texts of a block.
func (p *plan) bound() *[blockRows]int32 {
	if p.taken == len(p.bounds) {
		p.bounds = append(p.bounds, new([blockRows]int32))
	}
	p.taken++
	return p.bounds[p.taken-1]
}

// constant takes memory for a bound that is the same in all rows.
func (p *plan) constant(at int) *[blockRows]int32 {
	b := p.bound()
	for i := range b {
		b[i] = int32(at)
	}
	return b
}

// addSlots gives memory to the ops, with the key in each slot, and decides how many
// rows are a block.
func (p *plan) addSlots(f *Frame, rows int) {
	p.times = op{kind: opSlot, size: decimal.RoomInt + pad}
	total := p.times.size
	for k := range p.ops {
		if o := &p.ops[k]; o.kind == opSlot {
			o.size = (o.end - o.start + decimal.RoomFloat + pad + 7) &^ 7
			total += o.size
		}
	}
	p.block = min(max(blockBytes/total, 8), blockRows, rows)
	for k := range p.ops {
		o := &p.ops[k]
		o.from, o.to = p.bound(), p.bound()
		switch o.kind {
		case opSlot:
			p.addSlot(o)
		case opText:
			o.slots = borrow(&p.slots, 0)
			o.keyFrom, o.keyTo = p.constant(o.start), p.constant(o.end+1)
			o.keyEnds, o.quotes = p.bound(), p.bound()
		case opLiteral:
			o.from, o.to, o.longest = p.constant(o.start), p.constant(o.end), o.end-o.start
		}
	}
	p.headEnd = p.constant(p.head)
	p.times.from, p.times.to = p.bound(), p.bound()
	p.addSlot(&p.times)
	for i := range p.block {
		slot := p.times.slots[i*p.times.size:]
		if slot[0] = ' '; f.Time == nil {
			slot[0] = '\n'
			p.times.to[i] = 1
		}
	}
}

// addSlot gives a slot to each row of a block.
func (p *plan) addSlot(o *op) {
	o.slots = borrow(&p.slots, p.block*o.size+pad)
	for i := range p.block {
		copy(o.slots[i*o.size:], p.keys[o.start:o.end])
		o.from[i] = int32(i * o.size)
	}
}

// forget lets go of the frame.
func (p *plan) forget() {
	clear(p.ops[:cap(p.ops)])
	clear(p.fused[:cap(p.fused)])
	clear(p.names[:cap(p.names)])
	p.names, p.twice, p.tagsOK = p.names[:0], false, false
}
