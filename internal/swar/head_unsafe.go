//go:build (386 || amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego && !race && !msan && !asan

package swar

import "unsafe"

// block divides the size of a memory page on every machine that the build
// constraint names: their pages have 4, 16 or 64 KiB.
const block = 4096

// Head returns the bytes of s, at most 8 of them, as a word: the first is the
// lowest, and the bytes beyond the end are zero. The caller makes sure that s is
// not empty and not longer than 8.
//
// It reads 8 bytes whatever the length of s is. Short strings differ in length at
// random, so a branch on the length would be mispredicted half of the time: writing
// a trade with the checked twin takes 20 % longer.
//
// The read reaches beyond s, but every byte that it touches lies in the same aligned
// block of 4096 bytes as some byte of s. Such a block is within one memory page, and
// a page that holds a byte of s can be read. Let p be the address of s.
//
//   - If p is at most 4088 bytes into its block, the read is [p, p+8), which ends at
//     or before the end of that block.
//   - Otherwise p is at least 4089 bytes into its block, and the read is
//     [p+len(s)-8, p+len(s)). It begins at most 7 bytes before p, in the block of p,
//     and ends where s ends.
//
// TestHeadGuard runs this between pages that cannot be read. The bytes that are not
// of s are shifted out, so a concurrent write to them does not change the result.
// The pointer that is formed in the second case may lie outside the object of s. It
// is used up by the load in the same expression, without a call in between, so
// neither the garbage collector nor a growing stack ever meets it. Builds that watch
// over memory accesses (race, msan, asan) use head_checked.go.
func Head(s string) uint64 {
	p := unsafe.Pointer(unsafe.StringData(s))
	n := uint(64-8*len(s)) & 63
	if uintptr(p)&(block-1) <= block-8 {
		return *(*uint64)(p) << n >> n
	}
	return *(*uint64)(unsafe.Add(p, len(s)-8)) >> n
}
