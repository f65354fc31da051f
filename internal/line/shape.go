package line

import "github.com/pointwire/pointwire/internal/swar"

// Lines repeat: what follows a measurement is nearly always what followed it last
// time. A shape remembers the keys of a measurement, so that fast.go compares them in
// whole words in place of looking for their ends, and knows without a look that they
// are clean, that no tag is there twice and that none is "time".

// Bounds of what a scanner remembers: 4 MiB of keys at most.
const (
	maxShapes    = 4096
	maxShapeKeys = 1024
	maxKeyText   = 256
	maxShapeText = 4 << 20
)

// A pattern is a text to be compared in words: a measurement with the byte after it,
// or a key with its equals sign.
type pattern struct {
	w    [3]uint64 // its first 24 bytes
	mask [3]uint64
	n    int
	rest []byte // what is beyond them
}

// set makes p the pattern of text, of which it keeps what is beyond 24 bytes at the end
// of store.
func (p *pattern) set(text, store []byte) (stored []byte) {
	*p = pattern{n: len(text)}
	var b [24]byte
	copy(b[:], text)
	for i := range p.w {
		p.w[i] = swar.Load64(b[:], 8*i)
		if left := len(text) - 8*i; left > 0 {
			p.mask[i] = ^uint64(0) >> (64 - 8*min(left, 8))
		}
	}
	if len(text) > 24 {
		at := len(store)
		store = append(store, text[24:]...)
		p.rest = store[at:]
	}
	return store
}

// at reports whether b holds p from i on. 24 bytes from i on are readable.
func (p *pattern) at(b []byte, i int) bool {
	if (swar.Load64(b, i)^p.w[0])&p.mask[0] != 0 {
		return false
	}
	return p.n <= 8 || p.restAt(b, i)
}

func (p *pattern) restAt(b []byte, i int) bool {
	if (swar.Load64(b, i+8)^p.w[1])&p.mask[1]|(swar.Load64(b, i+16)^p.w[2])&p.mask[2] != 0 {
		return false
	}
	return p.n <= 24 || len(b) >= i+p.n && string(b[i+24:i+p.n]) == string(p.rest)
}

// A shape is what lines of one measurement look like.
type shape struct {
	name  pattern // with the comma or space after it
	keys  []pattern
	tags  int    // the first keys are those of tags
	next  *shape // of the line that came after the last one of this shape
	hash  uint32
	size  int    // memory it is counted with
	store []byte // for the patterns
}

// shapes are the shapes by the hash of their names.
type shapes struct {
	table []*shape // a power of two
	n     int
	size  int
	hand  int // the next victim is looked for from here on
}

// probes is the number of places that a shape may be in.
const probes = 8

// find returns the shape of the name, which has its comma or space, and makes it if
// there is none. Beyond the bounds it takes the memory of another one for it.
func (t *shapes) find(name []byte) *shape {
	if len(name) > maxKeyText {
		return nil
	}
	h := hash(name)
	if len(t.table) == 0 {
		t.table = make([]*shape, 16)
	}
	for {
		mask := uint32(len(t.table) - 1)
		var free **shape
		for i := range uint32(probes) {
			e := &t.table[(h+i)&mask]
			if *e == nil {
				if free == nil {
					free = e
				}
			} else if (*e).hash == h && (*e).is(name) {
				return *e
			}
		}
		for t.size > maxShapeText+maxShapeText/8 && t.n > 1 {
			t.size -= t.victim().size
			t.n--
		}
		sparse := t.n < len(t.table)/2
		var sh *shape
		switch {
		case t.size > maxShapeText || len(t.table) == 2*maxShapes && (free == nil || !sparse):
			if free == nil {
				free = &t.table[h&mask]
				sh = *free
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
		*free = sh
		sh.reset(t, name, h)
		return sh
	}
}

// victim takes a shape out of the table.
func (t *shapes) victim() *shape {
	for {
		t.hand = (t.hand + 1) & (len(t.table) - 1)
		if sh := t.table[t.hand]; sh != nil {
			t.table[t.hand] = nil
			return sh
		}
	}
}

// hash is FNV-1a.
func hash(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h ^ h>>15
}

func (s *shape) is(name []byte) bool {
	if s.name.n != len(name) {
		return false
	}
	var b [24]byte
	copy(b[:], name)
	for i := range s.name.w {
		if s.name.w[i] != swar.Load64(b[:], 8*i) {
			return false
		}
	}
	return len(name) <= 24 || string(name[24:]) == string(s.name.rest)
}

// reset makes s the shape of a name, without keys. It keeps the memory.
func (s *shape) reset(t *shapes, name []byte, h uint32) {
	s.store = s.name.set(name, s.store[:0])
	s.keys, s.tags, s.hash = s.keys[:0], 0, h
	s.next = s
	s.count(t)
}

// count brings the memory that s is counted with up to date.
func (s *shape) count(t *shapes) {
	const fixed, each = 160, 80 // of a shape and a pattern
	size := fixed + each*cap(s.keys) + cap(s.store)
	t.size += size - s.size
	s.size = size
}

func (t *shapes) grow() {
	old := t.table
	t.table = make([]*shape, 2*len(old))
	mask := uint32(len(t.table) - 1)
	t.n, t.size = 0, 0
	for _, s := range old {
		if s == nil {
			continue
		}
		for i := range uint32(probes) {
			if e := &t.table[(s.hash+i)&mask]; *e == nil {
				*e = s
				t.n++
				t.size += s.size
				break
			}
		}
	}
}

// insert puts a key, which has its equals sign, before key j, where tag keys end at
// tags. It reports false if there is no room for it.
func (s *shape) insert(t *shapes, j int, key []byte, tag bool) bool {
	if len(s.keys) >= maxShapeKeys || len(key) > maxKeyText || t.size > maxShapeText+maxShapeText/4 {
		return false
	}
	s.keys = append(s.keys, pattern{})
	copy(s.keys[j+1:], s.keys[j:])
	s.store = s.keys[j].set(key, s.store)
	if tag {
		s.tags++
	}
	s.count(t)
	return true
}

// index returns the place of a key, which has its equals sign, among keys[from:to], or
// -1.
func (s *shape) index(key []byte, from, to int) int {
	var b [24]byte
	copy(b[:], key)
	w := [3]uint64{swar.Load64(b[:], 0), swar.Load64(b[:], 8), swar.Load64(b[:], 16)}
	for i := from; i < to; i++ {
		p := &s.keys[i]
		if p.n == len(key) && p.w == w && (p.n <= 24 || string(key[24:]) == string(p.rest)) {
			return i
		}
	}
	return -1
}
