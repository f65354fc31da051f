// Package msgpack reads MessagePack: the head of a value, which says what it is and how
// long. It knows bytes only; what values mean is the business of its callers.
package msgpack

import (
	"encoding/binary"
	"math"
)

// Type is what a value is.
type Type uint8

// The types of values.
const (
	Invalid Type = iota // the one byte that begins no value
	Nil
	Bool   // Bits is 1 for true
	Int    // Bits is the int64
	Uint   // Bits is a uint64 from 1<<63 on
	Float  // Bits is math.Float64bits of it, also of a float32
	String // Bits bytes of text follow the head
	Binary // Bits bytes follow
	Ext    // Bits bytes follow, of the kind in Ext
	Array  // Bits values follow
	Map    // Bits keys follow, each before its value
)

// MaxHead is the length of the longest head.
const MaxHead = 9

// Head is the beginning of a value, and all of a number, a bool or nil.
type Head struct {
	Type Type
	Ext  int8
	Bits uint64
}

// Read returns the head that begins at b[i], and the position after it. The position is 0
// if b ends inside the head. A length is what the head says, and may be a lie.
func Read(b []byte, i int) (h Head, next int) {
	if i >= len(b) {
		return Head{}, 0
	}
	c := b[i]
	switch {
	case c < 0x80:
		return Head{Type: Int, Bits: uint64(c)}, i + 1
	case c < 0x90:
		return Head{Type: Map, Bits: uint64(c & 0x0f)}, i + 1
	case c < 0xa0:
		return Head{Type: Array, Bits: uint64(c & 0x0f)}, i + 1
	case c < 0xc0:
		return Head{Type: String, Bits: uint64(c & 0x1f)}, i + 1
	case c >= 0xe0:
		return Head{Type: Int, Bits: uint64(int64(int8(c)))}, i + 1
	}
	f := forms[c-0xc0]
	next = i + 1 + int(f.size)
	if f.typ == Ext {
		next++
	}
	if next > len(b) {
		return Head{}, 0
	}
	h = Head{Type: f.typ, Bits: number(b[i+1:], f.size)}
	switch {
	case f.typ == Int && f.signed:
		shift := 64 - 8*uint(f.size)
		h.Bits = uint64(int64(h.Bits<<shift) >> shift)
	case f.typ == Int && h.Bits > math.MaxInt64:
		h.Type = Uint
	case f.typ == Float && f.size == 4:
		h.Bits = math.Float64bits(float64(math.Float32frombits(uint32(h.Bits))))
	case f.typ == Bool:
		h.Bits = uint64(c & 1)
	case f.typ == Ext:
		h.Ext = int8(b[next-1])
		if f.size == 0 {
			h.Bits = 1 << (c - 0xd4)
		}
	}
	return h, next
}

// number returns the number of that many bytes at the beginning of b.
func number(b []byte, size uint8) uint64 {
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	case 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// A form is what a first byte from 0xc0 to 0xdf says.
type form struct {
	typ    Type
	size   uint8 // of the number after it
	signed bool
}

// forms has the form of each first byte from 0xc0 to 0xdf.
var forms = [0x20]form{
	0x00: {typ: Nil},
	0x01: {typ: Invalid},
	0x02: {typ: Bool}, 0x03: {typ: Bool},
	0x04: {typ: Binary, size: 1}, 0x05: {typ: Binary, size: 2}, 0x06: {typ: Binary, size: 4},
	0x07: {typ: Ext, size: 1}, 0x08: {typ: Ext, size: 2}, 0x09: {typ: Ext, size: 4},
	0x0a: {typ: Float, size: 4}, 0x0b: {typ: Float, size: 8},
	0x0c: {typ: Int, size: 1}, 0x0d: {typ: Int, size: 2}, 0x0e: {typ: Int, size: 4}, 0x0f: {typ: Int, size: 8},
	0x10: {typ: Int, size: 1, signed: true}, 0x11: {typ: Int, size: 2, signed: true},
	0x12: {typ: Int, size: 4, signed: true}, 0x13: {typ: Int, size: 8, signed: true},
	0x14: {typ: Ext}, 0x15: {typ: Ext}, 0x16: {typ: Ext}, 0x17: {typ: Ext}, 0x18: {typ: Ext},
	0x19: {typ: String, size: 1}, 0x1a: {typ: String, size: 2}, 0x1b: {typ: String, size: 4},
	0x1c: {typ: Array, size: 2}, 0x1d: {typ: Array, size: 4},
	0x1e: {typ: Map, size: 2}, 0x1f: {typ: Map, size: 4},
}

// StringMember returns the text of the first member called key that has one, of the map at
// the beginning of b. It is "" if there is none, or if it comes after a key that is no text.
func StringMember(b []byte, key string) string {
	h, i := Read(b, 0)
	if i == 0 || h.Type != Map {
		return ""
	}
	for range h.Bits {
		name, next := text(b, i)
		if next == 0 {
			return ""
		}
		if string(name) == key {
			if value, n := text(b, next); n != 0 {
				return string(value)
			}
		}
		if i = Skip(b, next); i == 0 {
			return ""
		}
	}
	return ""
}

// text returns the text at b[i] and the position after it, or 0 if there is none.
func text(b []byte, i int) ([]byte, int) {
	h, start := Read(b, i)
	if start == 0 || h.Type != String || h.Bits > uint64(len(b)-start) {
		return nil, 0
	}
	end := start + int(h.Bits)
	return b[start:end], end
}

// Skip returns the position after the value at b[i], with everything in it, or 0 if b ends
// inside the value or something in it is invalid.
func Skip(b []byte, i int) int {
	for left := uint64(1); left > 0; left-- {
		h, next := Read(b, i)
		if next == 0 {
			return 0
		}
		i = next
		switch h.Type {
		case Invalid:
			return 0
		case String, Binary, Ext:
			if h.Bits > uint64(len(b)-i) {
				return 0
			}
			i += int(h.Bits)
		case Array:
			left += h.Bits
		case Map:
			left += 2 * h.Bits
		}
		// Every value has a byte.
		if left-1 > uint64(len(b)-i) {
			return 0
		}
	}
	return i
}
