//go:build (386 || amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego

package swar

// This file holds every load and store of the module that is not checked by
// the compiler. load_purego.go is its exact negation.
//
// The build constraint names the little-endian machines on which the compiler
// may emit an unaligned access of 8 bytes. The pointers are formed with
// unsafe.Add and dereferenced in the same expression, so the garbage collector
// always sees a pointer into the object (rule 1 and 3 of package unsafe). The
// contract of each function keeps the access inside the object; the tests of
// the callers run with the tag purego, where a breach panics.

import "unsafe"

// Load64 returns the 8 bytes of b from i on. The caller makes sure that 0 <= i
// and i+8 <= cap(b).
func Load64(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// Load32 returns the 4 bytes of b from i on. The caller makes sure that 0 <= i
// and i+4 <= cap(b).
func Load32(b []byte, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// Load64String returns the 8 bytes of s from i on. The caller makes sure that
// 0 <= i and i+8 <= len(s).
func Load64String(s string, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

// Load32String returns the 4 bytes of s from i on. The caller makes sure that
// 0 <= i and i+4 <= len(s).
func Load32String(s string, i int) uint32 {
	return *(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

// Load16String returns the 2 bytes of s from i on. The caller makes sure that
// 0 <= i and i+2 <= len(s).
func Load16String(s string, i int) uint16 {
	return *(*uint16)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

// LoadByte returns byte i of b. The caller makes sure that 0 <= i < cap(b).
func LoadByte(b []byte, i int) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// LoadByteString returns byte i of s. The caller makes sure that 0 <= i < len(s).
func LoadByteString(s string, i int) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

// Store64 writes the 8 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+8 <= cap(b).
func Store64(b []byte, i int, v uint64) {
	*(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}

// Store32 writes the 4 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+4 <= cap(b).
func Store32(b []byte, i int, v uint32) {
	*(*uint32)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}

// Store16 writes the 2 bytes of v to b from i on. The caller makes sure that
// 0 <= i and i+2 <= cap(b).
func Store16(b []byte, i int, v uint16) {
	*(*uint16)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}

// Copy16 copies the 16 bytes of src from i on to b from n on. The caller makes
// sure that 0 <= n, n+16 <= cap(b), 0 <= i, i+16 <= cap(src), and that the two do
// not overlap.
func Copy16(b []byte, n int, src []byte, i int) {
	*(*[2]uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)) =
		*(*[2]uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(src)), i))
}

// StoreByte writes v to b at i. The caller makes sure that 0 <= i < cap(b).
func StoreByte(b []byte, i int, v byte) {
	*(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i)) = v
}

// Unsafe reports whether loads and stores are unchecked in this build.
const Unsafe = true
