// Package swar holds the 8-byte tricks of the module: whole-word loads and
// stores, and tests and conversions that treat a uint64 as eight bytes (SWAR:
// SIMD within a register). Words are little-endian on every machine: the byte
// at the lowest address is the lowest byte of the word.
//
// It is the only package that loads and stores memory without a bounds check;
// see load_unsafe.go for the reasons and load_purego.go for the checked twins
// that the build tag purego selects. Everything else is plain arithmetic.
package swar

import "math/bits"

const (
	// Ones has the lowest bit of every byte set. Ones*c repeats the byte c.
	Ones = 0x0101010101010101
	// Highs has the highest bit of every byte set.
	Highs = 0x8080808080808080
	// Zeros is the text "00000000".
	Zeros = 0x3030303030303030
)

// Less marks with its highest bit every byte of v that is below c. The lowest
// mark is exact and there is a mark if and only if such a byte exists, provided
// that all bytes of v are below 0x80 and 0 < c <= 0x80; marks above the lowest
// may be false, because a subtraction borrows from the byte above it.
func Less(v uint64, c byte) uint64 { return (v - Ones*uint64(c)) &^ v & Highs }

// Equal marks with its highest bit every byte of v that is c. The lowest mark is
// exact and there is a mark if and only if such a byte exists; marks above the
// lowest may be false.
func Equal(v uint64, c byte) uint64 {
	x := v ^ Ones*uint64(c)
	return (x - Ones) &^ x & Highs
}

// First returns the index of the byte that the lowest mark of m stands at, and
// 8 if there is no mark.
func First(m uint64) int { return bits.TrailingZeros64(m) >> 3 }

// NonDigits marks with its highest bit every byte of v that is no ASCII digit.
// It is exact up to and including the first such byte; beyond that byte it is
// exact only if the byte is below 0x80, else a carry may reach its neighbours.
func NonDigits(v uint64) uint64 { return NonValues(v ^ Zeros) }

// NonValues is NonDigits for a word of which each byte is xor '0' already, so that a digit is
// one of the values 0..9.
func NonValues(x uint64) uint64 {
	// Adding 0x76 sets the highest bit from 10 up.
	return ((x + 0x76*Ones) | x) & Highs
}

// Digits8 returns the eight decimal digits of x, which must be below 1e8, one
// per byte with the most significant in the lowest byte, as the values 0..9.
// OR the result with [Zeros] for text.
//
// The number is split by 10^4, 10^2 and 10 with one multiplication each that
// serves all the parts; the multipliers are exact in the range they are used
// for (109951163>>40 below 1e8, 5243>>19 below 1e4, 103>>10 below 100). A part v
// with the quotient h = v/m becomes the two parts h and v-h*m, the latter s bits
// above the former: h + (v-h*m)<<s is v<<s - h*(m<<s-1), and neither of the terms
// leaves the 2*s bits of the part.
func Digits8(x uint32) uint64 {
	v := uint64(x)
	v = v<<32 - v*109951163>>40*(10000<<32-1)
	v = v<<16 - v*5243>>19&0x0000007F_0000007F*(100<<16-1)
	return v<<8 - v*103>>10&0x000F000F_000F000F*(10<<8-1)
}

// Value8 is the inverse of [Digits8]: it returns the number whose eight digits
// are the bytes of v, each 0..9, the most significant in the lowest byte.
func Value8(v uint64) uint32 {
	v = v*10 + v>>8
	v = (v&0x000000FF_000000FF*(100+1000000<<32) + v>>16&0x000000FF_000000FF*(1+10000<<32)) >> 32
	return uint32(v)
}
