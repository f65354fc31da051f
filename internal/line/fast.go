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
	allTags, allFields := s.Tags[:cap(s.Tags)], s.Fields[:cap(s.Fields)]
	p := sh.name.n
	j := 0
	tags := 0
	sep := p - 1
	if b[sep] == ',' {
		tagKeys := sh.keys[:sh.tags]
		for {
			var k *pattern
			if j < len(tagKeys) {
				k = &tagKeys[j]
			}
			if k == nil || (swar.Load64(b, p)^k.w[0])&k.mask[0] != 0 || k.n > 8 && !k.restAt(b, p) {
				if j = s.seekTag(sh, b, p, j); j < 0 {
					return 0
				}
				tagKeys = sh.keys[:sh.tags]
				k = &tagKeys[j]
			}
			key := p
			p += k.n
			j++
			v := p
			w := special(swar.Load64(b, p))
			for w == 0 {
				p += 8
				w = special(swar.Load64(b, p))
			}
			p += bits.TrailingZeros64(w) >> 3
			value := span(v, p)
			if b[p] == '\\' {
				if p = escapedTag(b, p); p < 0 {
					return 0
				}
				if converts {
					value = s.ownTag(b[v:p])
				}
			}
			if p == v {
				return 0
			}
			if converts {
				if tags >= len(allTags) {
					allTags = s.growTags()
				}
				allTags[tags] = Tag{span(key, v-1), value}
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
	keys := sh.keys
	for {
		if p >= lim {
			return 0
		}
		key := p
		if j < len(keys) && (swar.Load64(b, p)^keys[j].w[0])&keys[j].mask[0] == 0 && (keys[j].n <= 8 || keys[j].restAt(b, p)) {
			p += keys[j].n
			j++
		} else {
			if p, j = s.seekField(sh, b, p, j); p < 0 {
				return 0
			}
			keys = sh.keys
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
			if fields >= len(allFields) {
				allFields = s.growFields()
			}
			allFields[fields] = f
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
			s.taken(sh, b, tags, fields)
			s.Point = Point{Name: span(0, sh.name.n-1), Plain: true,
				sep: int32(sep), from: int32(from), to: int32(p), end: int32(p)}
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
	s.taken(sh, b, tags, fields)
	s.Point = Point{
		Name: span(0, sh.name.n-1), Time: t, Stamped: true, Plain: true,
		sep: int32(sep), from: int32(from), to: int32(to), stamp: int32(stamp), end: int32(p),
	}
	return p + 1
}

// taken notes what fast has taken.
func (s *Scanner) taken(sh *shape, b []byte, tags, fields int) {
	s.expect = sh.next
	s.last.next, s.last = sh, sh
	s.texts[0], s.texts[1] = b, s.own[:cap(s.own)]
	s.Tags, s.Fields = s.Tags[:tags], s.Fields[:fields]
}

var pow10 = [8]uint64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}

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

// shapeOf finds the shape of the line that b begins with by its measurement. It returns
// nil where that is not clean.
func (s *Scanner) shapeOf(b []byte) *shape {
	p := 0
	for {
		w := swar.Load64(b, p)
		m := special(w)
		// An equals sign in a measurement is nothing special.
		for m != 0 && byte(w>>(uint(bits.TrailingZeros64(m)-7)&63)) == '=' {
			w ^= uint64('='^'a') << (uint(bits.TrailingZeros64(m)-7) & 63)
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
	return s.shapes.find(b, p+1)
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
	if i := sh.index(key, sh.tags, len(sh.keys)); i >= 0 {
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
	carry := uint64(0) // 1 if the first byte of the word is escaped
	for ; p < lim; p += 8 {
		w := swar.Load64(b, p)
		escapes := equalBits(w, '\\')
		quotes := equalBits(w, '"')
		e := escaped[carry<<8|escapes]
		carry = uint64(e >> 8)
		if end := quotes &^ uint64(e&0xff); end != 0 {
			if p += bits.TrailingZeros64(end); p < lim {
				return p
			}
			return -1
		}
	}
	return -1
}

// unescape puts the string that begins at from, and whose first backslash is at p,
// without its escapes after what is in s.own. It returns the place of the quote that
// ends it, or -1.
//
// Where escapes are, no branch can know. So a word is taken whole: a table tells which
// of its bytes a backslash escapes, two bytes are closed up whether there are any or
// not, and only what is rare, more than two in a word, is branched on.
func (s *Scanner) unescape(b []byte, from, p, lim int) int {
	n := s.ownLen
	s.growOwn(n + p - from + 4*pad)
	own := s.own[:cap(s.own)]
	n += copy(own[n:], b[from:p])
	carry := uint64(0) // 1 if the first byte of the word is escaped
	for ; p < lim; p += 8 {
		if n+pad > len(own) {
			s.ownLen = n
			s.growOwn(n + 2*pad)
			own = s.own[:cap(s.own)]
		}
		w := swar.Load64(b, p)
		if carry == 0 && quoteOrEscape(w) == 0 {
			swar.Store64(own, n, w)
			n += 8
			continue
		}
		escapes := equalBits(w, '\\')
		quotes := equalBits(w, '"')
		e := escaped[carry<<8|escapes]
		// The backslash before this word stands already, and goes if it escapes
		// something.
		n -= int(carry & (escapes | quotes))
		carry = uint64(e >> 8)
		drop := escapes &^ uint64(e) & ((escapes | quotes) >> 1)
		end := quotes &^ uint64(e&0xff)
		size := 8
		if end != 0 {
			size = bits.TrailingZeros64(end)
			drop &= 1<<(uint(size)&7) - 1
		}
		gone := 0
		for d := drop; ; {
			k := uint(bits.TrailingZeros64(d|0x100)) << 3
			low := uint64(1)<<k - 1 // all of it for k = 64
			w = w&low | w>>8&^low
			d = d & (d - 1) >> 1
			k = uint(bits.TrailingZeros64(d|0x100)) << 3
			low = uint64(1)<<k - 1
			w = w&low | w>>8&^low
			if d = d & (d - 1) >> 1; d == 0 {
				break
			}
		}
		gone = bits.OnesCount8(uint8(drop))
		swar.Store64(own, n, w)
		n += size - gone
		if end != 0 {
			s.ownLen = n
			if p += size; p < lim {
				return p
			}
			return -1
		}
	}
	return -1
}

// equalBits returns a bit for each byte of w that is c.
func equalBits(w uint64, c byte) uint64 {
	x := w ^ swar.Ones*uint64(c)
	// The highest bit of each byte that is not zero, exactly.
	m := (x&^swar.Highs + ^uint64(swar.Highs) | x) & swar.Highs
	return ^(m >> 7 * 0x0102040810204080 >> 56) & 0xff
}

// escaped tells, by the bits of the backslashes in a word of which the first byte is
// escaped or not, which bytes are escaped, and with the ninth bit whether the first byte
// of the next word is.
var escaped = func() (t [512]uint16) {
	for i := range t {
		active := i>>8 == 1
		for k := range 8 {
			if active {
				t[i] |= 1 << k
				active = false
			} else {
				active = i>>k&1 == 1
			}
		}
		if active {
			t[i] |= 1 << 8
		}
	}
	return t
}()

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

// growOwn makes room for n bytes in s.own, and keeps its first ownLen.
func (s *Scanner) growOwn(n int) {
	if cap(s.own) >= n {
		return
	}
	grown := make([]byte, 2*n)
	copy(grown, s.own[:s.ownLen])
	s.own = grown
}
