package frame

import (
	"slices"
	"sync"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/lp"
)

// This file compiles a frame into a plan: a list of ops, one for each piece of a line,
// in the order of the line, with what all rows have in common escaped once.
//
//	measurement and tags   ops[:fields]   opLiteral, opCode, opCodes, opText
//	fields                 ops[fields:]   opSlot, opText
//	time                   times          opSlot
//
// The work of writing is divided in three. make compiles, once per call of AppendRows.
// plan.append (append.go) then writes rows in blocks of up to 64: begin (block.go)
// turns the values of a block into text, column by column, and assemble (append.go)
// puts the texts together, row by row.
//
// make declines, and every row goes by lp.Encoder, if something in the frame needs a
// policy or is an error: a bad measurement, key or tag, a key that comes twice or that a tag
// and a field share, an unknown precision. What depends on values is found in the blocks,
// row by row.
//
// The ops before the fields are kept from one frame to the next (plan_tags.go). The ops
// of the fields are made for each frame, since their keys are cheap.
//
// Memory is borrowed by the ops from lists in the plan (spans, slots, bounds) and used
// again by the next frame. p.text and p.keys have pad readable bytes after them,
// because copies move whole words.

// A plan is the lines of a frame, compiled.
type plan struct {
	text    []byte // measurement and tags, escaped
	keys    []byte // what stands before the values of fields: comma, key, equals sign
	longest int    // length of the longest text by code
	head    int    // text[:head] is the measurement with the tags right after it that all rows have
	ops     []op
	fields  int // index of the first field in ops
	times   op  // the end of the line
	block   int // rows per block
	headEnd *[blockRows]int32
	cache   decimal.TimestampCache

	lo, hi    int    // the rows of the block at hand
	irregular uint64 // the rows of the block that lp.Encoder has to write, as bits
	room      int    // bytes that the lines of the block may take
	parts     []part
	fused     []op // the ops that one opCodes stands for
	tags      int  // number of parts before the fields

	made, old []byte // the signature of the tags, and the one before
	tagsOK    bool   // the ops of the tags are those of made
	spare     []byte // memory for the next text

	spans   [][]span // memory of the ops
	slots   [][]byte
	bounds  []*[blockRows]int32
	taken   int // number of bounds in use
	scratch []byte
	names   []string // the fields that duplicate looked through last
	twice   bool     // one of names comes twice
	tagKeys []string // the keys of tags that sharesKey looked through last
	seen    keyindex.Index
}

type opKind uint8

const (
	opLiteral opKind = iota // the same text in all rows
	opCode                  // a text for each code of a dictionary
	opCodes                 // measurement and first tags, a text for each combination of codes
	opSlot                  // a text in a slot of fixed size for each row of the block
	opText                  // a text of any length
)

// An op is a piece of a line.
type op struct {
	kind          opKind
	start, end    int // what all rows have: a whole tag in plan.text, or comma and key in plan.keys
	col           *Column
	column        int  // the index of a tag column in the frame, or -1
	suffix        byte // after integers
	refuseNewline bool // lp.Encoder has to see strings with a line feed

	spans    []span // opCode and opCodes: the texts in plan.text; an end of 0 is not made yet
	slots    []byte // opSlot: a slot of size bytes for each row; opText: the texts one after the other
	size     int
	from, to *[blockRows]int32 // bounds of the text of each row
	longest  int               // length of the longest text
	// For an opText with clean texts: the bounds of the key before each text, and the
	// ends of the key and of the quote after the text, which differ where rows are null.
	keyFrom, keyTo, keyEnds, quotes *[blockRows]int32
}

// A span is a part of plan.text.
type span struct{ start, end int32 }

const (
	// blockRows is the largest number of rows in a block, which is the number of bits
	// of irregular.
	blockRows = 64
	// blockBytes bounds the memory of the slots of a block, so that they stay in the
	// nearest cache.
	blockBytes = 24 << 10
	// pad is how many bytes may be read or written after a text.
	pad = 16
)

// make compiles f for the rows lo to hi-1. It reports false if lp.Encoder has to write
// every row.
func (p *plan) make(f *Frame, o *lp.Options, extra []lp.Tag, lo, hi int) bool {
	p.keys, p.lo, p.hi = p.keys[:0], 0, 0
	p.slots, p.taken = p.slots[:0], 0
	if !f.Precision.Valid() || p.duplicate(f) && !o.AllowDuplicateFields || !p.makeTags(f, o, extra, hi-lo) || p.sharesKey(f, extra) {
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

// borrow returns the next slice of a reused list, with n elements.
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
	p.twice = p.repeated(n, func(i int) string { return p.names[i] })
	return p.twice
}

// repeated reports whether one of n keys comes twice.
func (p *plan) repeated(n int, key func(i int) string) bool {
	defer p.seen.Reset()
	for i := range n {
		if p.seen.Search(key(i), i, key) >= 0 {
			return true
		}
	}
	return false
}

// sharesKey reports whether a field of f has the key of a tag. No tag comes twice, as
// orderTags has seen.
func (p *plan) sharesKey(f *Frame, extra []lp.Tag) bool {
	p.tagKeys = p.tagKeys[:0]
	for _, tags := range [][]lp.Tag{f.Tags, extra} {
		for _, t := range tags {
			if t.Value != "" {
				p.tagKeys = append(p.tagKeys, t.Key)
			}
		}
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && c.Type != Null {
			p.tagKeys = append(p.tagKeys, c.Name)
		}
	}
	defer p.seen.Reset()
	for _, name := range p.names {
		if p.seen.Search(name, len(p.tagKeys), func(i int) string { return p.tagKeys[i] }) >= 0 {
			return true
		}
	}
	return false
}

// addField adds a field. It reports false if lp.Encoder has to write every row.
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
		p.keys = append(p.keys, '"') // after the key, see cleanTexts
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

// unsignedSuffix returns the byte that the policy puts after an unsigned integer, or
// 0 if lp.Encoder has to see every value. The suffixes were found by asking lp.Encoder,
// so that package lp is the only place of the policy.
func unsignedSuffix(policy lp.UnsignedPolicy) byte {
	suffixes := unsignedSuffixes()
	if int(policy) >= len(suffixes) {
		return 0
	}
	return suffixes[policy]
}

// bound borrows memory for one bound of the texts of a block.
func (p *plan) bound() *[blockRows]int32 {
	if p.taken == len(p.bounds) {
		p.bounds = append(p.bounds, new([blockRows]int32))
	}
	p.taken++
	return p.bounds[p.taken-1]
}

// constant borrows memory for a bound that is the same in all rows.
func (p *plan) constant(at int) *[blockRows]int32 {
	b := p.bound()
	for i := range b {
		b[i] = int32(at)
	}
	return b
}

// addSlots decides how many rows a block has and gives memory to the ops. Each slot
// begins with its key already.
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

// forget drops all references to the frame.
func (p *plan) forget() {
	clear(p.ops[:cap(p.ops)])
	clear(p.fused[:cap(p.fused)])
	clear(p.names[:cap(p.names)])
	clear(p.tagKeys[:cap(p.tagKeys)])
	p.names, p.twice, p.tagsOK = p.names[:0], false, false
}
