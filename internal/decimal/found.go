package decimal

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes floats that follow each other in two steps.
//
// To find the digits of a float and to write them is one chain of about 190 instructions, each
// of which waits for the one before. The place of the next float depends on the last
// of them, so that a processor overlaps little of two floats. Finding the digits needs no place:
// if this is done for some floats first, their chains overlap, and so do those of the writing.

// Found is a float64 whose digits are found. The zero value is that of 0.
type Found struct {
	v     float64
	t     uint64
	e     int32
	digit uint8
	way   foundWay
}

type foundWay uint8

const (
	foundOther     foundWay = iota // nothing but v
	foundFour                      // t is v*10^4
	foundEight                     // t is v*10^8, no multiple of 10^4
	foundSeventeen                 // t, digit and e are from findFraction
)

// Find makes f the value v. Its digits are found if it takes a short way of [PutFloat64].
func (f *Found) Find(v float64) {
	f.v, f.way = v, foundOther
	u := math.Float64bits(v)
	abs := u &^ (1 << 63)
	if abs-shortMin >= shortMax-shortMin {
		return
	}
	ulp := uint64(625) << ((abs>>mantBits64 - (bias64 - 68)) & 63)
	m, left := bits.Mul64(abs&(1<<mantBits64-1)|1<<mantBits64, ulp)
	if left+ulp>>1 < ulp {
		f.t, f.way = m+left>>63, foundFour
		return
	}
	low, left := bits.Mul64(left, 1e4)
	if ulp *= 1e4; left+ulp>>1 < ulp {
		f.t, f.way = m*1e4+low+left>>63, foundEight
		return
	}
	if t, digit, e, ok := findFraction(u); ok {
		f.t, f.digit, f.e, f.way = t, uint8(digit), int32(e), foundSeventeen
	}
}

// Put writes the value like [PutFloat64]. It needs [RoomFloat] bytes.
func (f *Found) Put(b []byte, n int) int {
	sign := int(math.Float64bits(f.v) >> 63)
	switch f.way {
	case foundSeventeen:
		swar.StoreByte(b, n, '-')
		return putDigits17(b, n+sign, f.t, uint64(f.digit), int(f.e))
	case foundFour:
		swar.StoreByte(b, n, '-')
		return putTenThousandths(b, n+sign, uint32(f.t))
	case foundEight:
		swar.StoreByte(b, n, '-')
		whole := f.t / 1e8
		return putEight(b, n+sign, whole, uint32(f.t-whole*1e8))
	}
	return PutFloat64(b, n, f.v)
}

// Finite reports whether the value is finite.
func (f *Found) Finite() bool { return f.v-f.v == 0 }
