package lp

import "github.com/pointwire/pointwire/internal/swar"

// A keySet finds the second tag or field of a key in a point.
//
// Points mostly repeat the keys of the point before in the same order, from the
// same strings. As long as that holds, nothing is compared: what was distinct
// then is distinct now. From the first key that differs on, a small hash table
// says of nearly every key that it is new, and the keys are compared where it
// does not. The strings are kept for that, beyond Reset too, since many batches are
// one point: a place in memory stands for a key as long as the key is there.
type keySet struct {
	keys   []string // of the open point, the first n, and of the point before it
	n      int
	apart  bool     // the open point differs from the one before: the table is in use
	stamp  uint16   // of the open point in stamps, not 0
	stamps []uint16 // the point that used the slot last; a power of two many
}

// reset makes the set empty, for the next point.
func (s *keySet) reset() { s.n, s.apart = 0, false }

// again adds key if it is the one that the point before had at this place. It
// reports false if it did not add it.
func (s *keySet) again(key string) bool {
	if s.n < len(s.keys) && !s.apart && sameString(s.keys[s.n], key) {
		s.n++
		return true
	}
	return false
}

// add adds key, which is not empty, and reports whether it is new.
func (s *keySet) add(key string) bool {
	if !s.apart {
		s.part()
	} else if 4*s.n >= len(s.stamps) {
		s.grow()
	}
	slot := &s.stamps[hashKey(key)&uint32(len(s.stamps)-1)]
	if *slot == s.stamp {
		for _, k := range s.keys {
			if k == key {
				return false
			}
		}
	}
	*slot = s.stamp
	s.keys = append(s.keys, key)
	s.n++
	return true
}

// part puts the keys so far into the table.
func (s *keySet) part() {
	s.apart = true
	clear(s.keys[s.n:])
	s.keys = s.keys[:s.n]
	s.stamp++
	if s.stamp == 0 {
		clear(s.stamps)
		s.stamp = 1
	}
	if 4*s.n >= len(s.stamps) {
		s.grow()
		return
	}
	s.fill()
}

// grow makes the table larger.
func (s *keySet) grow() {
	s.stamps = make([]uint16, max(256, 4*len(s.stamps)))
	s.fill()
}

func (s *keySet) fill() {
	for _, k := range s.keys {
		s.stamps[hashKey(k)&uint32(len(s.stamps)-1)] = s.stamp
	}
}

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
