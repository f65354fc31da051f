package lp

import (
	"slices"

	"github.com/pointwire/pointwire/internal/keyindex"
	"github.com/pointwire/pointwire/internal/swar"
)

// A keySet finds a key that a point has twice.
//
// Points mostly repeat the keys of the point before, in the same order and from the
// same strings. As long as a point does, its keys are not compared with each other:
// they were distinct then, so they are distinct now. From the first key that differs
// on, a small hash table tells of nearly every key that it is new; keys are compared
// only where it does not. Beyond fewKeys an index has the keys, so that the time for a
// point stays linear whoever chose its keys.
//
// A key is recognised by its address, which is sound only while the set keeps the
// string alive. So the set keeps its keys, after Reset too, since many batches are one
// point.
type keySet struct {
	keys   []string // of the open point, the first n, and of the point before it
	n      int
	mode   keyMode
	change uint64   // how often keys got other keys
	stamp  uint16   // marks the slots of the open point, never 0
	stamps []uint16 // the table: each slot has the stamp of the point that used it last
	index  *keyindex.Index
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

// again adds key if the point before had the same string at this place, and reports
// whether it did.
func (s *keySet) again(key string) bool {
	if s.n < len(s.keys) && s.mode == keysRepeat && sameString(s.keys[s.n], key) {
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
	if s.n >= fewKeys {
		if !s.isNew(key) {
			return false
		}
	} else {
		slot := &s.stamps[hashKey(key)&(stampSlots-1)]
		if *slot == s.stamp {
			for _, k := range s.keys {
				if k == key {
					return false
				}
			}
		}
		*slot = s.stamp
	}
	s.keys = append(s.keys, key)
	s.n++
	return true
}

// part ends the repetition: it puts the keys so far into the table.
func (s *keySet) part() {
	s.mode = keysDiffer
	s.change++
	clear(s.keys[s.n:])
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
	for _, k := range s.keys {
		s.stamps[hashKey(k)&(stampSlots-1)] = s.stamp
	}
}

// isNew reports whether key is new, for a point that has many keys.
func (s *keySet) isNew(key string) bool {
	if s.index == nil {
		s.index = new(keyindex.Index)
	}
	return s.index.Search(key, s.n, func(i int) string { return s.keys[i] }) < 0
}

// has reports whether key is one of the first n of keys.
func (s *keySet) has(key string, n int) bool {
	if len(s.keys) > fewKeys {
		if s.index == nil {
			s.index = new(keyindex.Index)
		}
		i := s.index.Search(key, len(s.keys), func(i int) string { return s.keys[i] })
		return i >= 0 && i < n
	}
	return n > 0 && s.stamps[hashKey(key)&(stampSlots-1)] == s.stamp && slices.Contains(s.keys[:n], key)
}

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
