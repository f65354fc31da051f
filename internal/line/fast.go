package line

import (
	"bytes"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file takes lines of the common form: clean names, one space between the parts,
// values without exotic forms, and no fault. It declines every other line, which walk.go
// then takes from its beginning. So it never decides that a line is bad, and what it
// takes is what walk.go would take. FuzzFast compares the two.
//
// It reads in words, up to pad bytes beyond the byte it looks at. The caller provides
// them, and a line feed at lim-1: every loop ends there at the latest, or, within a
// string, asks for lim.

// A mode says whether values are converted or only checked. It is a type so that the
// compiler makes a function for each.
type mode interface{ convert | check }

type (
	convert [1]struct{ byte }
	check   [2]struct{ byte }
)

// special marks bytes of w that end a clean tag value or name, or make it unclean:
// control characters, space, comma, equals sign, backslash. The lowest mark is exact.
func special(w uint64) uint64 {
	const ones = swar.Ones
	c, e, b := w^ones*',', w^ones*'=', w^ones*'\\'
	return ((w-ones*0x21)&^w | (c-ones)&^c | (e-ones)&^e | (b-ones)&^b) & swar.Highs
}

// fast takes the line at the beginning of b, and returns its length with its line feed,
// or 0 if it declines. It is divided into functions where few variables are alive, to
// save registers.
func fast[M mode](s *Scanner, b []byte, lim int) (n int) {
	sh := s.expect
	if sh == nil || !sh.name.at(b, 0) {
		if sh = s.shapeOf(b); sh == nil {
			return 0
		}
	}
	s.ownLen = 0
	p := sh.name.n
	sep := p - 1
	if swar.LoadByte(b, sep) == ',' {
		if p = fastTags[M](s, sh, b, p); p < 0 {
			return 0
		}
		sep = p
		p++
	} else {
		s.Tags = s.Tags[:0]
	}
	from := p
	if p = fastFields[M](s, sh, b, p, lim); p < 0 {
		return 0
	}
	to, stamp := p, 0
	ts := int64(0)
	if c := swar.LoadByte(b, p); c == ' ' {
		stamp = p + 1
		if ts, p = s.fastTime(b, stamp); p < 0 {
			return 0
		}
	} else if c != '\n' {
		return 0
	}
	if p > s.brief {
		return 0
	}
	if s.last != sh {
		s.last.next, s.last = sh, sh
	}
	if s.expect != sh.next {
		s.expect = sh.next
	}
	s.texts[0] = b
	q := &s.Point
	q.Name, q.Time, q.Stamped, q.Plain = span(0, sh.name.n-1), ts, stamp > 0, true
	q.first, q.sep, q.from, q.to, q.stamp, q.end = 0, int32(sep), int32(from), int32(to), int32(stamp), int32(p)
	return p + 1
}

// fastTags takes the tags from p on and returns the place of the space after them, or
// -1.
func fastTags[M mode](s *Scanner, sh *shape, b []byte, p int) int {
	var m M
	all := s.Tags[:cap(s.Tags)]
	keys := sh.keys[:sh.tags]
	n, j := 0, 0
	for {
		var k *pattern
		if j < len(keys) {
			k = &keys[j]
		}
		if k == nil || (swar.Load64(b, p)^k.w[0])&k.mask[0] != 0 || k.n > 8 && !k.restAt(b, p) {
			if j = s.seekTag(sh, b, p, j); j < 0 {
				return -1
			}
			keys = sh.keys[:sh.tags]
			k = &keys[j]
		}
		j++
		v := p + k.n
		key := span(p, v-1)
		p = v
		w := special(swar.Load64(b, p))
		for w == 0 {
			p += 8
			w = special(swar.Load64(b, p))
		}
		p += bits.TrailingZeros64(w) >> 3
		value := span(v, p)
		c := swar.LoadByte(b, p)
		if c == '\\' {
			if p = escapedTag(b, p); p < 0 {
				return -1
			}
			if len(m) == len(convert{}) {
				value = s.ownTag(b[v:p])
			}
			c = swar.LoadByte(b, p)
		}
		if p == v {
			return -1
		}
		if len(m) == len(convert{}) {
			if n >= len(all) {
				all = s.growTags()
			}
			all[n] = Tag{key, value}
			n++
		}
		if c != ',' {
			if c != ' ' {
				return -1
			}
			s.Tags = s.Tags[:n]
			return p
		}
		p++
	}
}

// fastFields takes the fields from p on and returns the place after them, or -1.
func fastFields[M mode](s *Scanner, sh *shape, b []byte, p, lim int) int {
	var m M
	all := s.Fields[:cap(s.Fields)]
	keys := sh.keys
	n, j := 0, sh.tags
	for p < lim {
		key := p
		if j < len(keys) && (swar.Load64(b, p)^keys[j].w[0])&keys[j].mask[0] == 0 && (keys[j].n <= 8 || keys[j].restAt(b, p)) {
			p += keys[j].n
			j++
		} else {
			if p, j = s.seekField(sh, b, p, j); p < 0 {
				return -1
			}
			keys = sh.keys
		}
		name := span(key, p-1)
		var bits uint64
		var kind Kind
		c := swar.LoadByte(b, p)
		switch {
		case c-'0' < 10 || c == '-':
			if len(m) == len(convert{}) {
				bits, kind, p = number(b, p)
			} else {
				p = skipNumber(b, p)
			}
		case c == '"':
			kind = String
			bits, p = fastString[M](s, b, p+1, lim)
		default:
			kind = Bool
			bits, p = boolean(b, p)
		}
		if p < 0 {
			return -1
		}
		if len(m) == len(convert{}) {
			if n >= len(all) {
				all = s.growFields()
			}
			all[n] = Field{name, bits, kind}
			n++
		}
		if swar.LoadByte(b, p) != ',' {
			s.Fields = s.Fields[:n]
			return p
		}
		p++
	}
	return -1
}

// fastString returns the text that begins at p, after its quote, and the place after
// the quote that ends it, or -1.
func fastString[M mode](s *Scanner, b []byte, p, lim int) (text uint64, next int) {
	var m M
	v := p
	w := quoteOrEscape(swar.Load64(b, p))
	for w == 0 {
		if p += 8; p >= lim {
			return 0, -1
		}
		w = quoteOrEscape(swar.Load64(b, p))
	}
	if p += bits.TrailingZeros64(w) >> 3; p >= lim {
		return 0, -1
	}
	if swar.LoadByte(b, p) == '"' {
		return uint64(span(v, p)), p + 1
	}
	if len(m) != len(convert{}) {
		p = skipString(b, p, lim)
	} else {
		at := s.ownLen
		p = s.unescape(b, v, p, lim)
		text = uint64(span(at, s.ownLen) | ownText)
	}
	if p < 0 {
		return 0, -1
	}
	return text, p + 1
}

// escapedTag returns the end of the tag value of which the first backslash is at p, or
// -1. It declines backslashes in a row, which mean one thing where lines are cut and
// another where tags are read.
//
//go:noinline
func escapedTag(b []byte, p int) int {
	for b[p] == '\\' {
		if c := b[p+1]; c == '\\' || c == '\n' {
			return -1
		}
		p += 2
		m := special(swar.Load64(b, p))
		for m == 0 {
			p += 8
			m = special(swar.Load64(b, p))
		}
		p += bits.TrailingZeros64(m) >> 3
	}
	return p
}

// ownTag puts the tag value without its escapes after what is in s.own.
//
//go:noinline
func (s *Scanner) ownTag(text []byte) Span {
	at := s.ownLen
	s.growOwn(at + len(text))
	s.ownLen += len(AppendTag(s.own[at:at:cap(s.own)], text))
	return span(at, s.ownLen) | ownText
}

// shapeOf finds the shape of the line at the beginning of b by its measurement. It
// returns nil if that is not clean.
func (s *Scanner) shapeOf(b []byte) *shape {
	p := 0
	h := uint64(0)
	w := swar.Load64(b, 0)
	m := separator(w)
	for m == 0 {
		h = mix(h ^ w)
		p += 8
		w = swar.Load64(b, p)
		m = separator(w)
	}
	k := bits.TrailingZeros64(m) - 7 // 8 times the number of bytes before it
	h = mix(h ^ w<<(uint(56-k)&63) ^ uint64(p)<<56)
	return s.shapes.find(uint32(h), b, p+k>>3+1)
}

// separator marks bytes of w that are a comma, a space, a line feed or another control
// character. The lowest mark is exact.
func separator(w uint64) uint64 {
	const ones = swar.Ones
	c := w ^ ones*','
	return ((w-ones*0x21)&^w | (c-ones)&^c) & swar.Highs
}

// cleanName reports whether name, which ends with a control character, a space or a
// comma, is a measurement without escapes and its separator.
func cleanName(name []byte) bool {
	n := len(name) - 1
	return n > 0 && name[0] != '#' && (name[n] == ',' || name[n] == ' ') && bytes.IndexByte(name, '\\') < 0
}

// seekTag returns the index in sh of the tag key at p, which is none before j, and
// inserts it if there is none. It returns -1 where the key is not clean, or comes out
// of order, so that it may be there twice.
//
//go:noinline
func (s *Scanner) seekTag(sh *shape, b []byte, p, j int) int {
	for i := j + 1; i < min(j+8, sh.tags); i++ {
		if sh.keys[i].at(b, p) {
			return i
		}
	}
	key := cleanKey(b, p)
	if key == nil {
		return -1
	}
	i := sh.index(key, 0, sh.tags)
	switch {
	case i >= j:
		return i
	case i >= 0 || !sh.insert(&s.shapes, j, key, true):
		return -1
	}
	return j
}

// seekField returns the place after the field key at p and its equals sign, or -1 where
// it is not clean, and the index in sh of the key which is expected after it. j is where
// this one was expected.
//
//go:noinline
func (s *Scanner) seekField(sh *shape, b []byte, p, j int) (next, expected int) {
	for i := j + 1; i < min(j+8, len(sh.keys)); i++ {
		if sh.keys[i].at(b, p) {
			return p + sh.keys[i].n, i + 1
		}
	}
	key := cleanKey(b, p)
	if key == nil {
		return -1, j
	}
	if len(sh.keys) >= maxShapeKeys {
		// Most keys of so wide a line are none of the shape: do not look for each of
		// them among all of these.
	} else if i := sh.index(key, sh.tags, len(sh.keys)); i >= 0 {
		j = i + 1
	} else if sh.insert(&s.shapes, j, key, false) {
		j++
	}
	return p + len(key), j
}

// cleanKey returns the key at p with its equals sign, or nil where it is not clean.
func cleanKey(b []byte, p int) []byte {
	i := p
	m := special(swar.Load64(b, i))
	for m == 0 {
		i += 8
		m = special(swar.Load64(b, i))
	}
	i += bits.TrailingZeros64(m) >> 3
	if b[i] != '=' || i == p || string(b[p:i]) == "time" {
		return nil
	}
	return b[p : i+1]
}

//go:noinline
func (s *Scanner) growTags() []Tag {
	s.Tags = append(s.Tags[:cap(s.Tags)], make([]Tag, max(16, cap(s.Tags)))...)
	return s.Tags
}

//go:noinline
func (s *Scanner) growFields() []Field {
	s.Fields = append(s.Fields[:cap(s.Fields)], make([]Field, max(16, cap(s.Fields)))...)
	return s.Fields
}
