package lp

import (
	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/swar"
)

// A keySet finds a key that a point has twice.
//
// Points mostly repeat the keys of the point before, in the same order. As long as a point
// does, its keys are not compared with each other: they were distinct then, so they are
// distinct now. From the first key that differs on, a small hash table tells of nearly every
// key that it is new; keys are compared only where it does not. Beyond fewKeys an index has
// the keys, so that the time for a point stays linear whoever chose its keys.
//
// The set holds the text of a short clean key that is repeated, and recognises the key by it
// from then on. So the Encoder writes that text and need not look at what is in it again.
//
// The set keeps its keys, after Reset too, since many batches are one point. A key of a Layout
// or a FieldKey, which cannot change, is recognised by its address, and that is sound only
// while the set keeps the string alive.
type keySet struct {
	keys   []heldKey // of the open point, the first n, and of the point before it
	n      int
	mode   keyMode
	change uint64   // how often keys got other keys
	stamp  uint16   // marks the slots of the open point, never 0
	stamps []uint16 // the table: each slot has the stamp of the point that used it last
	index  *keyindex.Index
}

// A heldKey is a key of a keySet.
type heldKey struct {
	text [heldText]byte // ",key=" if the key is clean and that is no longer
	size uint32         // of the text, 0 if there is none
	hash uint32         // of one of the first fewKeys keys
	key  string
}

// heldText is the length up to which the text of a key is held.
const heldText = 32

// hold holds the text of the key, which is clean.
func (k *heldKey) hold() {
	if n := len(k.key); n+2 <= heldText {
		swar.StoreByte(k.text[:], 0, ',')
		putLiteral(k.text[:], 1, k.key)
		swar.StoreByte(k.text[:], n+1, '=')
		k.size = uint32(n + 2)
	}
}

// is reports whether k has a text and key is the key in it. Its parts are functions of their
// own so that they can be inlined where every field and tag comes by.
func (k *heldKey) is(key string) bool {
	if len(key)+2 != int(k.size) {
		return false
	}
	if len(key) < 8 {
		return k.isShort(key)
	}
	return k.isEnds(key) && (len(key) <= 16 || k.isMiddle(key))
}

// isShort is the comparison of fewer than 8 bytes.
func (k *heldKey) isShort(key string) bool {
	return swar.Head(key) == swar.Load64(k.text[:], 1)&(1<<(8*uint(len(key))&63)-1)
}

// isEnds compares the first and the last 8 bytes.
func (k *heldKey) isEnds(key string) bool {
	last := len(key) - 8
	return swar.Load64String(key, 0) == swar.Load64(k.text[:], 1) && swar.Load64String(key, last) == swar.Load64(k.text[:], 1+last)
}

// isMiddle compares what isEnds leaves of more than 16 bytes.
func (k *heldKey) isMiddle(key string) bool {
	return swar.Load64String(key, 8) == swar.Load64(k.text[:], 9) &&
		(len(key) <= 24 || swar.Load64String(key, 16) == swar.Load64(k.text[:], 17))
}

// equals reports whether key is the key of k.
func (k *heldKey) equals(key string) bool {
	if k.size != 0 {
		return k.is(key)
	}
	return k.key == key
}

// put writes the text of k to b from n on and returns the end. The caller reserves
// heldText bytes.
func (k *heldKey) put(b []byte, n int) int {
	swar.Copy16(b, n, k.text[:], 0)
	if k.size > 16 {
		swar.Copy16(b, n+16, k.text[:], 16)
	}
	return n + int(k.size)
}

const (
	// fewKeys is the number of keys up to which the small table is used.
	fewKeys = 64
	// stampSlots is the size of the small table, a power of two.
	stampSlots = 4 * fewKeys
)

// keyMode says how the keys of the open point are held.
type keyMode uint8

const (
	keysRepeat keyMode = iota // they are the first n keys of the point before, at the same addresses
	keysDiffer                // they are in the table, or in the index if there are many
	keysOfRow                 // they are those of Encoder.row and are added when another field comes
)

// reset makes the set empty, for the next point.
func (s *keySet) reset() { s.n, s.mode = 0, keysRepeat }

// repeats adds key if the point before had it at this place, and reports whether it did. It
// then holds the text of the key, if the caller says that this is clean.
func (s *keySet) repeats(key string, clean bool) bool {
	if s.n >= len(s.keys) || s.mode != keysRepeat {
		return false
	}
	k := &s.keys[s.n]
	if !k.equals(key) {
		return false
	}
	if clean && k.size == 0 {
		k.hold()
	}
	s.n++
	return true
}

// again is repeats for a key that cannot change, such as that of a Layout.
func (s *keySet) again(key string) bool {
	if s.n < len(s.keys) && s.mode == keysRepeat && sameString(s.keys[s.n].key, key) {
		s.n++
		return true
	}
	return false
}

// add adds key, which is not empty, and reports whether it is new.
func (s *keySet) add(key string) bool {
	if s.mode == keysRepeat {
		s.part()
	}
	var hash uint32
	if s.n >= fewKeys {
		if !s.isNew(key) {
			return false
		}
	} else {
		hash = hashKey(key)
		slot := &s.stamps[hash&(stampSlots-1)]
		if *slot == s.stamp {
			for i := range s.keys {
				if s.keys[i].equals(key) {
					return false
				}
			}
		}
		*slot = s.stamp
	}
	if s.n < cap(s.keys) {
		s.keys = s.keys[:s.n+1]
	} else {
		s.keys = append(s.keys, heldKey{})
	}
	k := &s.keys[s.n]
	k.key, k.size, k.hash = key, 0, hash
	s.n++
	return true
}

// part ends the repetition: it puts the keys so far into the table.
func (s *keySet) part() {
	s.mode = keysDiffer
	s.change++
	for i := s.n; i < len(s.keys); i++ {
		s.keys[i].key = "" // so that its memory is free
	}
	s.keys = s.keys[:s.n]
	if s.index != nil {
		s.index.Reset()
	}
	if s.n > fewKeys {
		return
	}
	if s.stamp++; s.stamp == 0 {
		clear(s.stamps)
		s.stamp = 1
	}
	if s.stamps == nil {
		s.stamps = make([]uint16, stampSlots)
	}
	for i := range s.keys {
		s.stamps[s.keys[i].hash&(stampSlots-1)] = s.stamp
	}
}

// isNew reports whether key is new, for a point that has many keys.
func (s *keySet) isNew(key string) bool {
	if s.index == nil {
		s.index = new(keyindex.Index)
	}
	return s.index.Search(key, s.n, s.key) < 0
}

// has reports whether key is one of the first n of keys.
func (s *keySet) has(key string, n int) bool {
	if len(s.keys) > fewKeys {
		if s.index == nil {
			s.index = new(keyindex.Index)
		}
		i := s.index.Search(key, len(s.keys), s.key)
		return i >= 0 && i < n
	}
	if n == 0 || s.stamps[hashKey(key)&(stampSlots-1)] != s.stamp {
		return false
	}
	for i := range s.keys[:n] {
		if s.keys[i].equals(key) {
			return true
		}
	}
	return false
}

func (s *keySet) key(i int) string { return s.keys[i].key }

// large reports whether the set holds more memory than a pool should keep.
func (s *keySet) large() bool { return cap(s.keys) > 1024 }

// hashKey mixes the length, the first and the last 8 bytes of s.
func hashKey(s string) uint32 {
	var a, b uint64
	switch {
	case len(s) >= 8:
		a, b = swar.Load64String(s, 0), swar.Load64String(s, len(s)-8)
	case len(s) >= 4:
		a, b = uint64(swar.Load32String(s, 0)), uint64(swar.Load32String(s, len(s)-4))
	default:
		a, b = uint64(s[0]), uint64(s[len(s)-1])<<8|uint64(s[len(s)>>1])<<16
	}
	h := (a + b*0x9E3779B97F4A7C15 + uint64(len(s))) * 0xD6E8FEB86659FD93
	return uint32(h >> 32)
}
