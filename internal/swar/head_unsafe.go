//go:build (386 || amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego && !race && !msan && !asan

package swar

import "unsafe"

// Head returns the bytes of s, at most 8 of them, as a word: the first is the
// lowest, and what is beyond the end is zero. The caller makes sure that s is not
// empty and not longer than 8.
//
// It reads 8 bytes without asking how long s is: short strings differ in length
// at random, and a branch on it would be predicted wrongly half of the time. The
// read reaches beyond s but never beyond the memory pages that s is in, which are
// at least 4096 bytes and mapped as a whole, so it cannot fault: forward from the
// start of s, or, if that is within 7 bytes of the end of a page, backward from
// the end of s, which is then in the same page or the next. The bytes that are
// not of s are masked off: whoever else writes to them does not change the
// result. Builds that watch over memory accesses use head_checked.go.
func Head(s string) uint64 {
	p := unsafe.Pointer(unsafe.StringData(s))
	n := uint(64-8*len(s)) & 63
	if uintptr(p)&4095 <= 4096-8 {
		return *(*uint64)(p) << n >> n
	}
	return *(*uint64)(unsafe.Add(p, len(s)-8)) >> n
}
