//go:build !((386 || amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego)

package swar

// This file holds the checked twins of load_unsafe.go, of which it is the exact
// negation. A breach of a contract panics here.

import "encoding/binary"

// Load64 returns the 8 bytes of b from i on. The caller makes sure that 0 <= i
// and i+8 <= cap(b).
func Load64(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

// Load32 returns the 4 bytes of b from i on. The caller makes sure that 0 <= i
// and i+4 <= cap(b).
func Load32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i : i+4]) }

// Load64String returns the 8 bytes of s from i on. The caller makes sure that
// 0 <= i and i+8 <= len(s).
func Load64String(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// Load32String returns the 4 bytes of s from i on. The caller makes sure that
// 0 <= i and i+4 <= len(s).
func Load32String(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// Load16String returns the 2 bytes of s from i on. The caller makes sure that
// 0 <= i and i+2 <= len(s).
func Load16String(s string, i int) uint16 {
	s = s[i : i+2]
	return uint16(s[0]) | uint16(s[1])<<8
}

// LoadByte returns byte i of b. The caller makes sure that 0 <= i < cap(b).
func LoadByte(b []byte, i int) byte { return b[i : i+1][0] }

// LoadByteString returns byte i of s. The caller makes sure that 0 <= i < len(s).
func LoadByteString(s string, i int) byte { return s[i] }

// Store64 writes the 8 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+8 <= cap(b).
func Store64(b []byte, i int, v uint64) { binary.LittleEndian.PutUint64(b[i:i+8], v) }

// Store32 writes the 4 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+4 <= cap(b).
func Store32(b []byte, i int, v uint32) { binary.LittleEndian.PutUint32(b[i:i+4], v) }

// Store16 writes the 2 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+2 <= cap(b).
func Store16(b []byte, i int, v uint16) { binary.LittleEndian.PutUint16(b[i:i+2], v) }

// Copy16 copies the 16 bytes of src from i on to b from n on. The caller makes
// sure that n+16 <= cap(b) and i+16 <= cap(src).
func Copy16(b []byte, n int, src []byte, i int) { copy(b[n:n+16], src[i:i+16]) }

// StoreByte writes v to b at i. The caller makes sure that 0 <= i < cap(b).
func StoreByte(b []byte, i int, v byte) { b[i : i+1][0] = v }

// Unsafe reports whether loads and stores are unchecked in this build.
const Unsafe = false
