package frame

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/lp"
)

// An Encoder writes frames as line protocol, by the rules of lp.Encoder. The
// zero value is strict and ready to use. It must not be copied after first use,
// nor used by two goroutines at once.
type Encoder struct {
	// Options are the policies for what cannot be written as it is. Their
	// precision is not used: the times of a frame have one of their own.
	Options lp.Options
	// Tags are tags for every row that has none of the same key, in its frame or
	// in a column.
	Tags []lp.Tag

	plain   lp.Encoder // writes the rows that the plan does not
	lines   int
	skipped int

	plan
}

// Lines returns the number of lines written so far.
func (e *Encoder) Lines() int { return e.lines }

// Skipped returns the number of rows left out so far because they have no field.
func (e *Encoder) Skipped() int { return e.skipped }

// Count returns how often something was refused, left out or changed for reason.
// Rows without a field are counted by Skipped alone.
func (e *Encoder) Count(reason lp.Reason) uint64 {
	if reason == lp.ErrNoFields {
		return 0
	}
	return e.plain.Count(reason)
}

// Append appends a line per row of f, in order, to dst. Nulls are left out, and
// so are rows without a field, which are counted. A row that cannot be written is
// left out and the others are written; the error is then the *[lp.PointError] of
// the first of them, with its number in Index and how many followed in More. A
// frame that is no table is a *[ShapeError], and nothing is appended.
//
// Tags come in the order of Frame.Tags, tag columns, Encoder.Tags, or sorted if
// the options say so.
func (e *Encoder) Append(dst []byte, f *Frame) ([]byte, error) {
	return e.AppendRows(dst, f, 0, f.Len())
}

// AppendRows is [Encoder.Append] for the rows lo to hi-1 of f alone. It panics if
// f has no such rows.
func (e *Encoder) AppendRows(dst []byte, f *Frame, lo, hi int) ([]byte, error) {
	if lo < 0 || lo > hi || hi > f.Len() {
		panic("frame: rows out of range")
	}
	if err := f.check(lo, hi); err != nil || lo == hi {
		return dst, err
	}
	usable := e.make(f, &e.Options, e.Tags, lo, hi)
	o := e.Options
	o.Precision = f.Precision
	e.plain.SetOptions(o)
	var first *lp.PointError
	for i := lo; i < hi; i++ {
		if usable {
			var n int
			n, dst = e.plan.append(dst, f, i, hi)
			e.lines += n
			if i += n; i == hi {
				break
			}
		}
		var err error
		dst, err = e.appendPlain(dst, f, i)
		var bad *lp.PointError
		if errors.As(err, &bad) {
			if first != nil {
				first.More++
			} else {
				first = bad
				first.Index = i
			}
		}
	}
	if first != nil {
		return dst, first
	}
	return dst, nil
}

// appendPlain appends row i by way of lp.Encoder. It knows all policies, and is
// the plain twin of the plan.
func (e *Encoder) appendPlain(dst []byte, f *Frame, i int) ([]byte, error) {
	if !f.hasField(i) {
		e.skipped++
		return dst, nil
	}
	p := &e.plain
	p.Reset()
	p.Point(f.Measurement)
	addTag := func(key, value string) {
		if value != "" {
			p.Tag(key, value)
		}
	}
	for _, t := range f.Tags {
		addTag(t.Key, t.Value)
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && !c.IsNull(i) {
			e.scratch = c.AppendValue(e.scratch[:0], i)
			addTag(c.Name, string(e.scratch))
		}
	}
	for _, t := range e.Tags {
		if !f.hasTag(t.Key) {
			addTag(t.Key, t.Value)
		}
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && !c.IsNull(i) {
			c.addTo(p, i)
		}
	}
	var err error
	if f.Time != nil {
		err = p.EndTimestamp(f.Time[i])
	} else {
		err = p.EndNoTimestamp()
	}
	if errors.Is(err, lp.ErrNoFields) {
		e.skipped++
		return dst, nil
	}
	e.lines += p.Lines()
	return append(dst, p.Bytes()...), err
}

// hasField reports whether row i has a field.
func (f *Frame) hasField(i int) bool {
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && !c.IsNull(i) {
			return true
		}
	}
	return false
}

// hasTag reports whether rows of f may have a tag of this key.
func (f *Frame) hasTag(key string) bool {
	if f.Tag(key) != "" {
		return true
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && c.Name == key {
			return true
		}
	}
	return false
}

// addTo adds row i, which is not null, as a field.
func (c *Column) addTo(p *lp.Encoder, i int) {
	switch c.Type {
	case Bool:
		p.Bool(c.Name, c.Bits.Get(i))
	case Int64:
		p.Int(c.Name, c.Ints[i])
	case Uint64:
		p.Uint(c.Name, c.Uints[i])
	case Float64:
		p.Float(c.Name, c.Floats[i])
	case Float32:
		p.Float32(c.Name, c.Floats32[i])
	default:
		p.StringBytes(c.Name, c.Text(i))
	}
}

// AppendLP appends a line per row of f to dst: see [Encoder.Append], of an
// Encoder that is strict. [Frame.Skipped] then says how many rows were left out
// because they have no field.
func (f *Frame) AppendLP(dst []byte) ([]byte, error) {
	e := encoders.Get().(*Encoder)
	before := e.skipped
	dst, err := e.Append(dst, f)
	f.skipped = e.skipped - before
	e.forget()
	encoders.Put(e)
	return dst, err
}

// Skipped returns the number of rows that the last AppendLP left out because
// they have no field.
func (f *Frame) Skipped() int { return f.skipped }

var encoders = sync.Pool{New: func() any { return new(Encoder) }}

var _ lp.Appender = (*Frame)(nil)

// plan is a frame's lines compiled: what stays the same from row to row, escaped
// once, in the order of the line.
type plan struct {
	text    []byte // what is escaped, with pad bytes behind it
	head    int    // the measurement is text[:head]
	ops     []op
	fields  int // index of the first field in ops
	room    int // bytes of a row without its texts
	times   decimal.TimestampCache
	spans   [][]span
	scratch []byte
	names   []string // the fields that were looked through last
	twice   bool     // and whether one of them comes twice
}

// pad is how many bytes behind its end a text may be read, and a line written.
const pad = 16

type opKind uint8

const (
	opLiteral opKind = iota // the text alone
	opDict                  // a tag with the value of a code
	opTag                   // a tag with another value
	opBool
	opInt
	opUint
	opFloat
	opFloat32
	opString
	opDictString
)

type op struct {
	kind       opKind
	check      bool // texts may not be UTF-8, or hold a line feed that is refused
	suffix     byte // of unsigned integers
	start, end int  // in text
	col        *Column
	spans      []span // of escaped tags by code; an end of 0 is not made yet
}

type span struct{ start, end int32 }

// make compiles f for the rows lo to hi-1. It reports false if every row has to go the plain way.
func (p *plan) make(f *Frame, o *lp.Options, extra []lp.Tag, lo, hi int) bool {
	p.text, p.ops, p.room = p.text[:0], p.ops[:0], 2*pad+decimal.RoomInt
	p.spans = p.spans[:0]
	if lp.CheckMeasurement(f.Measurement) != nil || !f.Precision.Valid() || p.duplicate(f) && !o.AllowDuplicateFields {
		return false
	}
	p.text = lp.AppendMeasurement(p.text, f.Measurement)
	p.head = len(p.text)
	p.room += p.head
	ok := true
	for _, t := range f.Tags {
		ok = ok && p.addTag(t)
	}
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Tag && c.Type != Null {
			ok = ok && p.addTagColumn(c)
		}
	}
	for _, t := range extra {
		if !f.hasTag(t.Key) {
			ok = ok && p.addTag(t)
		}
	}
	if !ok || !p.orderTags(o.TagOrder == lp.TagsSorted) {
		return false
	}
	p.fields = len(p.ops)
	for k := range f.Columns {
		if c := &f.Columns[k]; c.Role == Field && c.Type != Null && !p.addField(c, o, lo, hi) {
			return false
		}
	}
	p.text = slices.Grow(p.text, pad)
	return true
}

// addTag adds a tag that every row has.
func (p *plan) addTag(t lp.Tag) bool {
	if lp.CheckTag(t.Key, t.Value) != nil {
		return false
	}
	if start := len(p.text); t.Value != "" {
		p.text = lp.AppendTag(p.text, t.Key, t.Value)
		p.ops = append(p.ops, op{kind: opLiteral, start: start, end: len(p.text)})
		p.room += len(p.text) - start
	}
	return true
}

// addTagColumn adds a tag that differs from row to row.
func (p *plan) addTagColumn(c *Column) bool {
	if lp.CheckTag(c.Name, "") != nil {
		return false
	}
	start := len(p.text)
	p.text = lp.AppendTag(p.text, c.Name, "_")
	p.text = p.text[:len(p.text)-1]
	o := op{kind: opTag, start: start, end: len(p.text), col: c}
	if c.Type == Dict {
		o.kind = opDict
		o.spans = p.newSpans(max(len(c.Offsets)-1, 0))
	}
	p.ops = append(p.ops, o)
	p.room += len(p.text) - start
	return true
}

// newSpans returns n spans that are not made yet, in memory that is used again.
func (p *plan) newSpans(n int) []span {
	k := len(p.spans)
	if k < cap(p.spans) {
		p.spans = p.spans[:k+1]
	} else {
		p.spans = append(p.spans, nil)
	}
	p.spans[k] = resize(p.spans[k], n)
	return p.spans[k]
}

// orderTags reports false if a tag comes twice.
func (p *plan) orderTags(sorted bool) bool {
	key := func(o op) []byte {
		text := p.text[o.start:o.end]
		i := 1
		for ; text[i] != '='; i++ {
			if text[i] == '\\' && i+1 < len(text) && text[i+1] == '=' {
				i++
			}
		}
		return text[:i]
	}
	for i, o := range p.ops {
		for _, other := range p.ops[:i] {
			if bytes.Equal(key(o), key(other)) {
				return false
			}
		}
	}
	if sorted {
		slices.SortFunc(p.ops, func(a, b op) int { return bytes.Compare(key(a), key(b)) })
	}
	return true
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
func (p *plan) addField(c *Column, o *lp.Options, lo, hi int) bool {
	if lp.CheckFieldKey(c.Name) != nil {
		return false
	}
	start := len(p.text)
	p.text = append(p.text, ',')
	p.text = lp.AppendFieldKey(p.text, c.Name)
	f := op{start: start, end: len(p.text), col: c}
	switch c.Type {
	case Bool:
		f.kind = opBool
	case Int64:
		f.kind = opInt
	case Uint64:
		f.kind, f.suffix = opUint, 'u'
		switch o.Unsigned {
		case lp.UnsignedKeep:
		case lp.UnsignedRefuse:
			return false
		default:
			f.suffix = 'i'
		}
	case Float64:
		f.kind = opFloat
	case Float32:
		f.kind = opFloat32
	case String, Dict:
		f.kind = opString
		offsets := c.Offsets
		if c.Type == Dict {
			f.kind = opDictString
		} else {
			offsets = offsets[lo : hi+1]
		}
		f.check = !validTexts(offsets, c.Data, o.RefuseNewline)
	default:
		return false
	}
	p.ops = append(p.ops, f)
	p.room += len(p.text) - start + decimal.RoomFloat + pad
	return true
}

// validTexts reports whether the texts between offsets are UTF-8, and without a
// line feed if it is refused. It may report false for texts that are valid.
func validTexts(offsets []int32, data []byte, refuseNewline bool) bool {
	if len(offsets) == 0 {
		return true
	}
	data = data[:offsets[len(offsets)-1]]
	all := data[offsets[0]:]
	if !utf8.Valid(all) || refuseNewline && bytes.IndexByte(all, '\n') >= 0 {
		return false
	}
	for _, o := range offsets {
		if int(o) < len(data) && !utf8.RuneStart(data[o]) {
			return false // a text begins within a character
		}
	}
	return true
}

// forget lets go of the frame.
func (e *Encoder) forget() {
	clear(e.ops[:cap(e.ops)])
	clear(e.names[:cap(e.names)])
	e.names = e.names[:0]
	e.twice = false
}
