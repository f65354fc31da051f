package lp

import (
	"math"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file runs a schema. A [program] is a list of ops, made once for a type by
// schema_compile.go; the [cursor] walks it over one struct. append writes the
// measurement, then the tags by putTags, or putTagsWith if others are added, then the
// fields and the timestamp of schema_field.go.
//
// Invariants: an op reserves space for itself and all ops after it without their texts,
// so only texts need a check; with a fault, dst is returned unchanged.

// A program writes structs of one type. It is a list of ops: each finds a value in the
// struct and writes it after its key.
type program struct {
	measurement string // of points that have none of their own
	escaped     string
	name        *op // the measurement in the struct, or nil
	tags        []op
	fields      []op
	time        *op    // the timestamp, or nil
	fieldBits   uint64 // keyBit of the fields
	placeholder bool
	room        int           // for the parts of known size
	inOrder     *program      // the same with the tags sorted, or itself if they are
	plain       *plainProgram // the same in another form, or nil if it has none
}

// setMeasurement sets the measurement of points that have none of their own.
func (s *program) setMeasurement(name string) {
	escaped := string(AppendMeasurement(nil, name))
	s.room += len(escaped) - len(s.escaped)
	s.measurement, s.escaped = name, escaped
	s.plain = plainOf(s)
}

// An op writes one value. What nearly every op needs is in its first 64 bytes.
type op struct {
	kind    kind
	omit    bool // nothing if false, zero or empty
	pointer bool // reached by pointers: nothing is written if one is nil
	bits    uint8
	size    uint8     // of the literal in words, 0 if it is longer
	rest    int32     // space for this op and all after it, without their texts
	words   [2]uint64 // the literal: ",key=", or `,key="`
	at      location
	more    *opMore
}

// An opMore holds what few ops need.
type opMore struct {
	key      string
	text     string // the literal
	decimal  bool
	unsigned bool
	first    []string         // names of the values from 0 on, escaped
	names    map[int64]string // names of values, escaped
	value    valueText
	times    TimePolicy // of a time that is a field
	empty    bool       // a number that is a text, which may be empty
}

type kind uint8

const (
	kindNone kind = iota
	kindString
	kindFloat64
	kindInt64
	kindInt
	kindUint64
	kindUint
	kindFloat32
	kindBool
	kindBytes
	kindTime
	kindText    // writes itself
	kindEnum    // an integer with names
	kindDecimal // a string that is a number
	kindNumber  // a number by its methods
	kindConst   // an extra tag: the literal is all
)

// An overlay is a list of tags that are not in the struct.
type overlay struct {
	extra []Tag           // with values; they replace tags of the same key
	index *keyindex.Index // of extra, nil if they are few
	fixed []fixedTag      // of an encoder
}

// hides reports whether another tag replaces the one with this key.
func (x *overlay) hides(key string) bool {
	if x.index != nil {
		if x.index.Find(key, func(i int) string { return x.extra[i].Key }) >= 0 {
			return true
		}
	} else {
		for i := range x.extra {
			if x.extra[i].Key == key {
				return true
			}
		}
	}
	for i := range x.fixed {
		if x.fixed[i].override && x.fixed[i].key == key {
			return true
		}
	}
	return false
}

// append appends the point at p. With a fault it returns dst unchanged.
func (c *cursor) append(dst []byte, p base, x *overlay) []byte {
	s := c.s
	if c.opt.TagOrder == TagsSorted {
		s = s.inOrder
	}
	if s.plain != nil && x == nil {
		return c.appendPlain(dst, p, s)
	}
	b := grow(dst, s.room)
	n := len(dst)
	if s.name == nil {
		n = putLiteral(b, n, s.escaped)
	} else {
		b, n = c.putName(b, n, p)
		if n < 0 {
			return c.fail(dst, p)
		}
	}
	if x == nil {
		b, n = s.putTags(b, n, p, c)
	} else {
		b, n = s.putTagsWith(b, n, p, c, x)
	}
	if n < 0 {
		return c.fail(dst, p)
	}
	space := n
	b, n = s.putFields(b, n, p, c)
	if n < 0 {
		return c.fail(dst, p)
	}
	if n == space {
		if !s.placeholder {
			c.refuse(PartLine, "", ErrNoFields, nil)
			return c.fail(dst, p)
		}
		n = putLiteral(b, n, ",_=true")
	}
	// Every field begins with a comma: the first becomes the space.
	swar.StoreByte(b, space, ' ')
	if s.time != nil {
		if n = c.putTime(b, n, p); n < 0 {
			return c.fail(dst, p)
		}
	}
	swar.StoreByte(b, n, '\n')
	return b[:n+1]
}

// measurementOf returns the measurement of the point at p, for errors.
func (s *program) measurementOf(p base) string {
	if s.name != nil {
		if at, ok := s.name.at.in(p); ok {
			if v := loadString(at); v != "" {
				return v
			}
		}
	}
	return s.measurement
}

// putName writes the measurement that is in the struct.
func (c *cursor) putName(b []byte, n int, p base) ([]byte, int) {
	name := c.s.measurementOf(p)
	if len(name) > 16 {
		b = growAt(b, n, len(name)+c.s.room)
	}
	if putName(b, n, name) && name != "" && name[0] != '#' {
		return b, n + len(name)
	}
	if r := checkMeasurement(name); r != 0 && !c.badText(PartMeasurement, "", r) {
		return b, -1
	}
	b = AppendMeasurement(b[:n], name)
	return growAt(b, len(b), c.s.room), len(b)
}

// growAt returns b with space for size more bytes after n.
func growAt(b []byte, n, size int) []byte {
	if cap(b)-n < size {
		b = extend(b[:n], size)
	}
	return b
}

// put writes the literal of o.
func (o *op) put(b []byte, n int) int {
	if o.size != 0 {
		swar.Store64(b, n, o.words[0])
		swar.Store64(b, n+8, o.words[1])
		return n + int(o.size)
	}
	return putLiteral(b, n, o.more.text)
}

// putTags writes the tags. The returned n is negative if there is a fault.
func (s *program) putTags(b []byte, n int, p base, c *cursor) ([]byte, int) {
	for i := range s.tags {
		o := &s.tags[i]
		if o.kind != kindString || o.pointer {
			if b, n = c.putTag(o, b, n, p); n < 0 {
				return b, -1
			}
			continue
		}
		v := loadString(o.at.here(p))
		if v == "" {
			c.f.empty++
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
		if len(v) <= 8 {
			w := swar.Head(v)
			swar.Store64(b, end, w)
			if len(v) < 8 {
				w = fill(w, len(v))
			}
			if unclean(w) == 0 {
				n = end + len(v)
				continue
			}
		} else if putName(b, end, v) {
			n = end + len(v)
			continue
		}
		if b, n = c.putTagText(o, b, n, v); n < 0 {
			return b, -1
		}
	}
	return b, n
}

// putTagsWith writes the tags and those of an overlay.
func (s *program) putTagsWith(b []byte, n int, p base, c *cursor, x *overlay) ([]byte, int) {
	start := n
	for i := range s.tags {
		o := &s.tags[i]
		if x.hides(o.more.key) {
			continue
		}
		if b, n = c.putTag(o, b, n, p); n < 0 {
			return b, -1
		}
	}
	own := n
	b = b[:n]
	for _, t := range x.extra {
		if s.hasField(t.Key) && !c.sharedKey(t.Key) {
			return b, -1
		}
		b = appendCheckedTag(b, t.Key, t.Value)
	}
	for _, t := range x.fixed {
		if t.override || !hasTag(b[start:own], t.wire) {
			if s.hasField(t.key) && !c.sharedKey(t.key) {
				return b, -1
			}
			b = append(b, t.wire...)
		}
	}
	if c.opt.TagOrder == TagsSorted {
		b = sortTags(b, start)
	}
	n = len(b)
	return growAt(b, n, s.room), n
}

// keyBit returns one of 64 bits for a key, so that most keys that a program does not have
// are told by the bits of those that it has.
func keyBit(key string) uint64 { return 1 << (hashKey(key) & 63) }

// hasField reports whether the program has a field of this key.
func (s *program) hasField(key string) bool {
	if s.fieldBits&keyBit(key) != 0 {
		for i := range s.fields {
			if s.fields[i].more.key == key {
				return true
			}
		}
	}
	return false
}

// sortTags sorts the tags that b has from start on by their escaped keys.
func sortTags(b []byte, start int) []byte {
	type tag struct{ start, end int }
	var some [16]tag
	tags := some[:0]
	for i := start; i < len(b); {
		end := i + 1
		for end < len(b) && (b[end] != ',' || b[end-1] == '\\') {
			end++
		}
		tags = append(tags, tag{i, end})
		i = end
	}
	n := len(b)
	b = append(b, b[start:]...) // they are copied back from there
	from := b[n-start:]
	slices.SortFunc(tags, func(x, y tag) int {
		return compareWireKeys(from[x.start:x.end], from[y.start:y.end])
	})
	at := start
	for _, t := range tags {
		at += copy(b[at:], from[t.start:t.end])
	}
	return b[:n]
}

// hasTag reports whether tags, in the form ",key=value,key=value", has one with
// the key of tag, ",key=value".
func hasTag(tags []byte, tag string) bool {
	key := tag[:1+len(wireKey([]byte(tag)))+1] // ",key="
	for i := 0; i+len(key) <= len(tags); i++ {
		// A comma after a backslash is not a separator.
		if tags[i] == ',' && (i == 0 || tags[i-1] != '\\') && string(tags[i:i+len(key)]) == key {
			return true
		}
	}
	return false
}

// putTag writes a tag of any kind.
func (c *cursor) putTag(o *op, b []byte, n int, p base) ([]byte, int) {
	if o.kind == kindConst {
		return b, o.put(b, n)
	}
	at, ok := o.at.in(p)
	if !ok {
		c.f.empty++
		return b, n
	}
	switch o.kind {
	case kindInt64, kindInt:
		v := loadInt(at, o.bits)
		if v == 0 && o.omit {
			return b, n
		}
		return b, decimal.PutInt64(b, o.put(b, n), v)
	case kindUint64, kindUint:
		v := loadUint(at, o.bits)
		if v == 0 && o.omit {
			return b, n
		}
		return b, decimal.PutUint64(b, o.put(b, n), v)
	case kindEnum:
		name, ok := o.enumName(at)
		if !ok {
			return b, c.refuse(PartTagValue, o.more.key, ErrValue, nil)
		}
		if name == "" {
			c.f.empty++
			return b, n
		}
		b = growAt(b, n, len(name)+int(o.rest))
		return b, putLiteral(b, o.put(b, n), name)
	case kindText:
		// The text is written where it will be, and escaped from there.
		b = growAt(b, n, int(o.rest))
		end := o.put(b, n)
		out, err := o.more.value.appendText(b[:end:cap(b)], hide(at))
		if err != nil || len(out) < end {
			return b, c.refuse(PartTagValue, o.more.key, ErrValue, err)
		}
		v := viewString(out[end:])
		if v == "" {
			c.f.empty++
			return b, n
		}
		if allClean(v) {
			return growAt(out, len(out), int(o.rest)), len(out)
		}
		return c.putTagText(o, out, n, strings.Clone(v))
	}
	v := o.loadText(at)
	if v == "" {
		c.f.empty++
		return b, n
	}
	b = growAt(b, n, len(v)+int(o.rest))
	end := o.put(b, n)
	if putName(b, end, v) {
		return b, end + len(v)
	}
	return c.putTagText(o, b, n, v)
}

// putTagText writes a tag whose value may need escaping, replacing or refusing.
func (c *cursor) putTagText(o *op, b []byte, n int, v string) ([]byte, int) {
	if r := checkTagValue(v, c.opt.Dialect); r != 0 {
		if !c.badText(PartTagValue, o.more.key, r) {
			return b, -1
		}
		v = replaceTagValue(v, c.opt.Dialect)
	}
	b = append(b[:n], o.more.text...)
	b = escapeTag(b, v)
	return growAt(b, len(b), int(o.rest)), len(b)
}

// allClean reports whether s is clean in a name.
func allClean(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if unclean(swar.Load64String(s, i)) != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if unclean(uint64(s[i])*swar.Ones) != 0 {
			return false
		}
	}
	return true
}

// loadText returns the text of a string or []byte.
func (o *op) loadText(at base) string {
	if o.kind == kindBytes {
		return viewString(loadBytes(at))
	}
	return loadString(at)
}

func (o *op) enumName(at base) (string, bool) {
	var v int64
	if o.more.unsigned {
		u := loadUint(at, o.bits)
		if u > math.MaxInt64 {
			return "", false
		}
		v = int64(u)
	} else {
		v = loadInt(at, o.bits)
	}
	if uint64(v) < uint64(len(o.more.first)) {
		return o.more.first[v], true
	}
	name, ok := o.more.names[v]
	return name, ok
}
