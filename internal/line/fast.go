package line

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/swar"
)

// This file takes the lines that nearly all lines are like: clean names, one space
// between the parts, values without exotic forms, nothing that is wrong. It declines
// every other line, which walk.go then takes from its beginning; so it never decides
// that a line is bad, and what it takes is what walk.go would take. FuzzFast compares
// the two.
//
// It reads in words, up to pad bytes beyond the byte it looks at. The caller makes sure
// of them, and that there is a line feed at lim-1: every loop ends there at the latest,
// or, within a string, asks for lim.

// A mode says whether values are wanted or only looked at. It is a type so that the
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

// quoteOrEscape marks bytes of w that are a double quote or a backslash. The lowest
// mark is exact.
func quoteOrEscape(w uint64) uint64 {
	const ones = swar.Ones
	q, b := w^ones*'"', w^ones*'\\'
	return ((q-ones)&^q | (b-ones)&^b) & swar.Highs
}

// fast takes the line that b begins with, and returns its length with its line feed, or
// 0 if it declines.
func fast[M mode](s *Scanner, b []byte, lim int) (n int) {
	var m M
	converts := len(m) == len(convert{})

	sh := s.expect
	if sh == nil || !sh.name.at(b, 0) {
		if sh = s.shapeOf(b); sh == nil {
			return 0
		}
	}
	s.ownLen = 0
	p := sh.name.n
	j := 0
	tags := 0
	sep := p - 1
	if b[sep] == ',' {
		for {
			if j < sh.tags && sh.keys[j].at(b, p) {
				// as last time
			} else if j = s.seekTag(sh, b, p, j); j < 0 {
				return 0
			}
			key := p
			p += sh.keys[j].n
			j++
			v := p
			w := special(swar.Load64(b, p))
			for w == 0 {
				p += 8
				w = special(swar.Load64(b, p))
			}
			p += bits.TrailingZeros64(w) >> 3
			if p == v {
				return 0
			}
			if converts {
				if tags >= len(s.Tags) {
					s.growTags()
				}
				s.Tags[tags] = Tag{span(key, v-1), span(v, p)}
				tags++
			}
			c := b[p]
			if c == ',' {
				p++
				continue
			}
			if c != ' ' {
				return 0
			}
			break
		}
		sep = p
		p++
		j = sh.tags
	}
	from := p
	fields := 0
	for {
		if p >= lim {
			return 0
		}
		key := p
		if j < len(sh.keys) && sh.keys[j].at(b, p) {
			p += sh.keys[j].n
			j++
		} else if p = s.seekField(sh, b, p, &j); p < 0 {
			return 0
		}
		v := p
		var f Field
		c := b[p]
		switch {
		case c == '"':
			p++
			w := quoteOrEscape(swar.Load64(b, p))
			for w == 0 {
				p += 8
				if p >= lim {
					return 0
				}
				w = quoteOrEscape(swar.Load64(b, p))
			}
			p += bits.TrailingZeros64(w) >> 3
			if p >= lim {
				return 0
			}
			if b[p] == '"' {
				f.Bits = uint64(span(v+1, p))
			} else if converts {
				at := s.ownLen
				if p = s.unescape(b, v+1, p, lim); p < 0 {
					return 0
				}
				f.Bits = uint64(span(at, s.ownLen) | ownText)
			} else if p = skipString(b, p, lim); p < 0 {
				return 0
			}
			p++
			f.Kind = String
		case c-'0' < 10 || c == '-':
			if converts {
				var form decimal.Form
				f.Bits, form, p = decimal.Number(b, p)
				switch c := b[p]; form {
				case decimal.Float:
					f.Kind = Float
				case decimal.Int:
					f.Kind = Float
					if c == 'i' {
						f.Kind = Int
						p++
					} else if c == 'u' && int64(f.Bits) >= 0 && b[v] != '-' {
						f.Kind = Uint
						p++
					} else {
						f.Bits = math.Float64bits(float64(int64(f.Bits)))
					}
				case decimal.Uint:
					f.Kind = Float
					if c == 'u' {
						f.Kind = Uint
						p++
					} else {
						f.Bits = math.Float64bits(float64(f.Bits))
					}
				default:
					return 0
				}
			} else if p = skipNumber(b, p); p < 0 {
				return 0
			}
		default:
			if f.Bits, p = boolean(b, p); p < 0 {
				return 0
			}
			f.Kind = Bool
		}
		if converts {
			f.Key = span(key, v-1)
			if fields >= len(s.Fields) {
				s.growFields()
			}
			s.Fields[fields] = f
			fields++
		}
		c = b[p]
		if c == ',' {
			p++
			continue
		}
		if c == '\n' {
			if p > s.brief {
				return 0
			}
			s.expect = sh.next
			s.last.next, s.last = sh, sh
			s.Point = Point{Name: span(0, sh.name.n-1), Plain: true, tags: tags, fields: fields, sep: sep, from: from, to: p, end: p, b: b}
			return p + 1
		}
		if c != ' ' {
			return 0
		}
		break
	}
	to := p
	p++
	stamp := p
	neg := b[p] == '-'
	if neg {
		p++
	}
	w := swar.Load64(b, p)
	nd := swar.NonDigits(w)
	var ts uint64
	if nd == 0 {
		ts = uint64(swar.Value8(w ^ swar.Zeros))
		p += 8
		w = swar.Load64(b, p)
		if nd = swar.NonDigits(w); nd == 0 {
			ts = ts*1e8 + uint64(swar.Value8(w^swar.Zeros))
			p += 8
			w = swar.Load64(b, p)
			if nd = swar.NonDigits(w); nd&(1<<32-1) == 0 {
				return 0 // more than 19 digits
			}
		}
	}
	k := uint(bits.TrailingZeros64(nd)) - 7
	if k > 0 {
		ts = ts*pow10[k>>3&7] + uint64(swar.Value8((w^swar.Zeros)<<((64-k)&63)))
		p += int(k >> 3)
	}
	if b[p] != '\n' || p == stamp || b[p-1] == '-' || ts > s.latest || p > s.brief {
		return 0
	}
	t := int64(ts)
	if neg {
		t = -t
	}
	s.expect = sh.next
	s.last.next, s.last = sh, sh
	s.Point = Point{
		Name: span(0, sh.name.n-1), Time: t, Stamped: true, Plain: true,
		tags: tags, fields: fields, sep: sep, from: from, to: to, stamp: stamp, end: p, b: b,
	}
	return p + 1
}

var pow10 = [8]uint64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}

// shapeOf finds the shape of the line that b begins with by its measurement. It returns
// nil where that is not clean.
func (s *Scanner) shapeOf(b []byte) *shape {
	p := 0
	for {
		w := swar.Load64(b, p)
		m := special(w)
		// An equals sign in a measurement is nothing special.
		for m != 0 && byte(w>>(uint(bits.TrailingZeros64(m))-7)) == '=' {
			i := uint(bits.TrailingZeros64(m)) - 7
			w ^= uint64('='^'a') << i
			m = special(w)
		}
		if m != 0 {
			p += bits.TrailingZeros64(m) >> 3
			break
		}
		p += 8
	}
	if c := b[p]; p == 0 || b[0] == '#' || c != ',' && c != ' ' {
		return nil
	}
	return s.shapes.find(b[:p+1])
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
// it is not clean. j is the index in sh where it was expected; it becomes that of the
// key which is expected next.
//
//go:noinline
func (s *Scanner) seekField(sh *shape, b []byte, p int, j *int) int {
	for i := *j + 1; i < min(*j+8, len(sh.keys)); i++ {
		if sh.keys[i].at(b, p) {
			*j = i + 1
			return p + sh.keys[i].n
		}
	}
	key := cleanKey(b, p)
	if key == nil {
		return -1
	}
	if i := sh.index(key, sh.tags, len(sh.keys)); i >= 0 {
		*j = i + 1
	} else if sh.insert(&s.shapes, *j, key, false) {
		*j++
	}
	return p + len(key)
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

// boolean returns the value of the boolean at p and the place after it, or -1.
func boolean(b []byte, p int) (v uint64, next int) {
	w := swar.Load64(b, p)
	switch {
	case w&0xffffffff == 't'|'r'<<8|'u'<<16|'e'<<24:
		return 1, p + 4
	case w&0xffffffffff == 'f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32:
		return 0, p + 5
	}
	c := byte(w >> 8)
	if c != ',' && c != ' ' && c != '\n' {
		return 0, -1
	}
	switch byte(w) {
	case 't', 'T':
		return 1, p + 1
	case 'f', 'F':
		return 0, p + 1
	}
	return 0, -1
}

// skipNumber returns the place after the number at p, or -1 where it has an exponent, or
// so many digits that its range has to be looked at.
func skipNumber(b []byte, p int) int {
	if b[p] == '-' {
		p++
	}
	start := p
	m := swar.NonDigits(swar.Load64(b, p))
	for m == 0 {
		p += 8
		m = swar.NonDigits(swar.Load64(b, p))
	}
	p += bits.TrailingZeros64(m) >> 3
	if p == start || p-start > 18 {
		return -1
	}
	switch b[p] {
	case 'i':
		return p + 1
	case 'u':
		if b[start-1] == '-' {
			return -1
		}
		return p + 1
	case '.':
		p++
		m = swar.NonDigits(swar.Load64(b, p))
		for m == 0 {
			p += 8
			m = swar.NonDigits(swar.Load64(b, p))
		}
		return p + bits.TrailingZeros64(m)>>3
	}
	return p
}

// skipString returns the place of the quote that ends the string of which the first
// backslash is at p, or -1.
func skipString(b []byte, p, lim int) int {
	for p < lim {
		if b[p] == '"' {
			return p
		}
		p += 2
		w := quoteOrEscape(swar.Load64(b, p))
		for w == 0 {
			p += 8
			if p >= lim {
				return -1
			}
			w = quoteOrEscape(swar.Load64(b, p))
		}
		p += bits.TrailingZeros64(w) >> 3
	}
	return -1
}

// unescape puts the string that begins at from, and whose first backslash is at p,
// without its escapes after what is in s.own. It returns the place of the quote that
// ends it, or -1.
func (s *Scanner) unescape(b []byte, from, p, lim int) int {
	n := s.ownLen
	s.growOwn(n + p - from + 2*pad)
	own := s.own[:cap(s.own)]
	n += copy(own[n:], b[from:p])
	for p < lim {
		if n+pad > len(own) {
			s.ownLen = n
			s.growOwn(n + 2*pad)
			own = s.own[:cap(s.own)]
		}
		if b[p] == '"' {
			s.ownLen = n
			return p
		}
		// A backslash stands for itself unless it is before a quote or another one.
		c := b[p+1]
		if c == '"' || c == '\\' {
			own[n] = c
			n++
			p += 2
		} else {
			own[n] = '\\'
			n++
			p++
		}
		w := swar.Load64(b, p)
		swar.Store64(own, n, w)
		m := quoteOrEscape(w)
		for m == 0 {
			p += 8
			n += 8
			if p >= lim {
				return -1
			}
			if n+pad > len(own) {
				s.ownLen = n
				s.growOwn(n + 2*pad)
				own = s.own[:cap(s.own)]
			}
			w = swar.Load64(b, p)
			swar.Store64(own, n, w)
			m = quoteOrEscape(w)
		}
		k := bits.TrailingZeros64(m) >> 3
		p += k
		n += k
	}
	return -1
}

//go:noinline
func (s *Scanner) growTags() {
	s.Tags = append(s.Tags, make([]Tag, max(16, len(s.Tags)))...)
}

//go:noinline
func (s *Scanner) growFields() {
	s.Fields = append(s.Fields, make([]Field, max(16, len(s.Fields)))...)
}

// growOwn makes room for n bytes in s.own, and keeps its first ownLen.
func (s *Scanner) growOwn(n int) {
	if cap(s.own) >= n {
		return
	}
	grown := make([]byte, 2*n)
	copy(grown, s.own[:s.ownLen])
	s.own = grown
}
