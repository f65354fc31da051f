// Package keyindex finds keys among many in constant time each, so that looking for a key
// that a point has twice takes linear time however many keys there are and whoever chose
// them. For few keys its callers compare them with each other instead, which is quicker.
package keyindex

import "hash/maphash"

// Few is the number of keys up to which comparing them with each other is quicker.
const Few = 32

// maxKept is the number of slots of a table that Reset keeps: 512 KiB.
const maxKept = 1 << 16

// An Index is a hash table of the places that keys have in a list. It does not hold the
// keys: the list stays with the caller, whose function key returns the key at a place. The
// hash has a random seed, so nobody can choose keys that collide. The zero value is empty.
//
// Find may be called by several goroutines at once while no other method is.
type Index struct {
	slots []slot // a power of two, at most half of them in use
	spare []slot // memory for the next table
	n     int
}

// A slot has the hash of a key and its place, counted from 1. The zero value is free.
type slot struct{ hash, place uint32 }

var seed = maphash.MakeSeed()

func hash(key string) uint32 { return uint32(maphash.String(seed, key)) }

// Len returns the number of keys, which is the place that the next new key gets.
func (x *Index) Len() int { return x.n }

// Reset makes the index empty. It keeps at most 1 MiB of memory.
func (x *Index) Reset() {
	if cap(x.slots) > maxKept {
		x.slots = nil
	}
	if cap(x.spare) > maxKept {
		x.spare = nil
	}
	x.slots, x.n = x.slots[:0], 0
}

// Find returns the place of key, or -1 if the index does not have it.
func (x *Index) Find(key string, at func(place int) string) int {
	if x.n == 0 {
		return -1
	}
	i := x.find(hash(key), key, at)
	return int(x.slots[i].place) - 1
}

// find returns the index of the slot of key, or of the free slot where it belongs.
func (x *Index) find(h uint32, key string, at func(place int) string) uint32 {
	mask := uint32(len(x.slots) - 1)
	i := h & mask
	for ; x.slots[i].place != 0; i = (i + 1) & mask {
		if s := x.slots[i]; s.hash == h && at(int(s.place)-1) == key {
			break
		}
	}
	return i
}

// Add gives key the place [Index.Len] if it is new, and reports whether it is. Otherwise it
// returns the place that key has.
func (x *Index) Add(key string, at func(place int) string) (place int, added bool) {
	if 2*x.n >= len(x.slots) {
		x.grow()
	}
	h := hash(key)
	s := &x.slots[x.find(h, key, at)]
	if s.place != 0 {
		return int(s.place) - 1, false
	}
	x.n++
	*s = slot{h, uint32(x.n)}
	return x.n - 1, true
}

// grow makes the table larger.
func (x *Index) grow() {
	old := x.slots
	size := max(4*Few, 4*len(old))
	if len(old) == 0 && size <= cap(old) {
		x.slots = old[:size]
		clear(x.slots)
		return
	}
	if size <= cap(x.spare) {
		x.slots = x.spare[:size]
		clear(x.slots)
	} else {
		x.slots = make([]slot, size)
	}
	x.spare = old[:0]
	mask := uint32(size - 1)
	for _, s := range old {
		if s.place != 0 {
			i := s.hash & mask
			for x.slots[i].place != 0 {
				i = (i + 1) & mask
			}
			x.slots[i] = s
		}
	}
}

// Of returns an index of the first n keys of a list, which are different, or nil if they
// are few.
func Of(n int, at func(place int) string) *Index {
	if n <= Few {
		return nil
	}
	x := new(Index)
	for i := range n {
		x.Add(at(i), at)
	}
	return x
}

// Find returns the place of key among the first n keys of a list, or -1. x is what [Of]
// returned for them.
func Find(x *Index, n int, key string, at func(place int) string) int {
	if x != nil {
		return x.Find(key, at)
	}
	for i := range n {
		if at(i) == key {
			return i
		}
	}
	return -1
}

// Search returns the place of key among the first n keys of a list, which are different, or
// -1. It is for a list that is being made: a key that is not there yet may be appended. If
// the keys are few, Search compares them and adds nothing to the index.
func (x *Index) Search(key string, n int, at func(place int) string) int {
	if n < Few {
		return Find(nil, n, key, at)
	}
	for i := x.n; i < n; i++ {
		x.Add(at(i), at)
	}
	return x.Find(key, at)
}

// Repeated returns the first place of n whose key an earlier place has too, or -1 if all
// keys are different.
func Repeated(n int, at func(place int) string) int {
	var x Index
	for i := range n {
		if x.Search(at(i), i, at) >= 0 {
			return i
		}
	}
	return -1
}
