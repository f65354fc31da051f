package line

import (
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// Lines repeat: a measurement is nearly always followed by what followed it last time. A
// shape remembers the keys of a measurement, so that fast.go compares them in whole words
// instead of looking for their ends, and knows without a look that they are clean, that
// no tag is there twice and that none is "time".

// Bounds of what a scanner remembers: 5 MiB of keys at most.
const (
	maxShapes    = 4096
	maxShapeKeys = 1024
	maxKeyText   = 256
	maxShapeText = 4 << 20
)

// words is how many bytes of a pattern are in words.
const words = 32

// A pattern is a text to be compared in words: a measurement with the byte after it,
// or a key with its equals sign.
type pattern struct {
	w    [4]uint64 // its first 32 bytes
	mask [4]uint64
	n    int
	rest []byte // the bytes after these
}

// set makes p the pattern of text. The bytes of text after the first 32 are kept at the
// end of store.
func (p *pattern) set(text, store []byte) (stored []byte) {
	*p = pattern{n: len(text)}
	var b [words]byte
	copy(b[:], text)
	for i := range p.w {
		p.w[i] = swar.Load64(b[:], 8*i)
		if left := len(text) - 8*i; left > 0 {
			p.mask[i] = ^uint64(0) >> (64 - 8*min(left, 8))
		}
	}
	if len(text) > words {
		at := len(store)
		store = append(store, text[words:]...)
		p.rest = store[at:]
	}
	return store
}

// at reports whether b holds p from i on. 32 bytes from i on are readable.
func (p *pattern) at(b []byte, i int) bool {
	if (swar.Load64(b, i)^p.w[0])&p.mask[0] != 0 {
		return false
	}
	return p.n <= 8 || p.restAt(b, i)
}

func (p *pattern) restAt(b []byte, i int) bool {
	if (swar.Load64(b, i+8)^p.w[1])&p.mask[1]|(swar.Load64(b, i+16)^p.w[2])&p.mask[2]|(swar.Load64(b, i+24)^p.w[3])&p.mask[3] != 0 {
		return false
	}
	return p.n <= words || len(b) >= i+p.n && string(b[i+words:i+p.n]) == string(p.rest)
}

// A shape is what lines of one measurement look like.
type shape struct {
	name  pattern // with the comma or space after it
	keys  []pattern
	tags  int    // the first keys are those of tags
	next  *shape // of the line that came after the last one of this shape
	size  int    // memory it is counted with
	store []byte // for the patterns
}

// shapes are the shapes by the hash of their names.
type shapes struct {
	table []entry // a power of two
	n     int
	size  int
	hand  int // where the search for the next victim begins
}

// An entry is a place in the table.
type entry struct {
	hash  uint32
	shape *shape
}

// probes is the number of places that a shape may be in.
const probes = 8

// find returns the shape of the name at the beginning of b, of n bytes with its comma or
// space and with the hash h. If there is none and the name is clean, it makes one; beyond
// the bounds it reuses the memory of another.
func (t *shapes) find(h uint32, b []byte, n int) *shape {
	if n > maxKeyText {
		return nil
	}
	for {
		mask := uint32(len(t.table) - 1)
		var free *entry
		if len(t.table) > 0 {
			for i := range uint32(probes) {
				e := &t.table[(h+i)&mask]
				if e.shape == nil {
					if free == nil {
						free = e
					}
				} else if e.hash == h && e.shape.name.n == n && e.shape.name.at(b, 0) {
					return e.shape
				}
			}
		}
		if !cleanName(b[:n]) {
			return nil
		}
		for t.size > maxShapeText+maxShapeText/8 && t.n > 1 {
			t.drop()
		}
		sparse := t.n < len(t.table)/2
		var sh *shape
		switch {
		case t.size > maxShapeText || len(t.table) == 2*maxShapes && (free == nil || !sparse):
			if free == nil {
				free = &t.table[h&mask]
				sh = free.shape
			} else {
				sh = t.victim()
			}
		case free == nil || !sparse:
			t.grow()
			continue
		default:
			sh = new(shape)
			t.n++
		}
		*free = entry{h, sh}
		sh.reset(t, b[:n])
		return sh
	}
}

// victim takes a shape out of the table.
func (t *shapes) victim() *shape {
	for {
		t.hand = (t.hand + 1) & (len(t.table) - 1)
		if sh := t.table[t.hand].shape; sh != nil {
			t.table[t.hand] = entry{}
			return sh
		}
	}
}

// drop forgets a shape. Others may still expect it as their next one: it then holds no
// memory and equals no line.
func (t *shapes) drop() {
	sh := t.victim()
	t.size -= sh.size
	t.n--
	*sh = shape{name: pattern{n: words + 1}}
	sh.next = sh
}

// mix spreads the information in a few bits of x over all of them, by both halves of a
// product, as in wyhash: names differ in a few digits.
func mix(x uint64) uint64 {
	hi, lo := bits.Mul64(x, 0x9e3779b97f4a7c15)
	return hi ^ lo
}

// reset makes s the shape of a name, without keys. It keeps the memory.
func (s *shape) reset(t *shapes, name []byte) {
	clear(s.keys) // or what they had in store is kept
	s.store = s.name.set(name, s.store[:0])
	s.keys, s.tags = s.keys[:0], 0
	s.next = s
	s.count(t)
}

// count brings the memory that s is counted with up to date.
func (s *shape) count(t *shapes) {
	const fixed, each = 200, 96 // of a shape and a pattern
	size := fixed + each*cap(s.keys) + cap(s.store)
	t.size += size - s.size
	s.size = size
}

func (t *shapes) grow() {
	old := t.table
	t.table = make([]entry, max(16, 2*len(old)))
	mask := uint32(len(t.table) - 1)
	t.n, t.size = 0, 0
	for _, o := range old {
		if o.shape == nil {
			continue
		}
		for i := range uint32(probes) {
			if e := &t.table[(o.hash+i)&mask]; e.shape == nil {
				*e = o
				t.n++
				t.size += o.shape.size
				break
			}
		}
	}
}

// insert puts a key, with its equals sign, before key j; tag keys end at tags. It reports
// false if there is no space for it.
func (s *shape) insert(t *shapes, j int, key []byte, tag bool) bool {
	if len(s.keys) >= maxShapeKeys || len(key) > maxKeyText || t.size > maxShapeText+maxShapeText/4 {
		return false
	}
	s.keys = append(s.keys, pattern{})
	copy(s.keys[j+1:], s.keys[j:])
	old := cap(s.store)
	s.store = s.keys[j].set(key, s.store)
	if cap(s.store) != old {
		s.moved(old, j)
	}
	if tag {
		s.tags++
	}
	s.count(t)
	return true
}

// moved makes all patterns but that of key j, which is new, use the store instead of the
// previous one, of capacity old, which would otherwise be kept for them.
func (s *shape) moved(old, j int) {
	move := func(p *pattern) {
		if len(p.rest) > 0 {
			at := old - cap(p.rest)
			p.rest = s.store[at : at+len(p.rest)]
		}
	}
	move(&s.name)
	for i := range s.keys {
		if i != j {
			move(&s.keys[i])
		}
	}
}

// index returns the place of a key, which has its equals sign, among keys[from:to], or
// -1.
func (s *shape) index(key []byte, from, to int) int {
	var b [words]byte
	copy(b[:], key)
	w := [4]uint64{swar.Load64(b[:], 0), swar.Load64(b[:], 8), swar.Load64(b[:], 16), swar.Load64(b[:], 24)}
	for i := from; i < to; i++ {
		p := &s.keys[i]
		if p.n == len(key) && p.w == w && (p.n <= words || string(key[words:]) == string(p.rest)) {
			return i
		}
	}
	return -1
}
