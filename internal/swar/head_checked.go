//go:build !((386 || amd64 || arm64 || loong64 || ppc64le || riscv64) && !purego && !race && !msan && !asan)

package swar

// Head returns the bytes of s, at most 8 of them, as a word: the first is the
// lowest, and what is beyond the end is zero. The caller makes sure that s is not
// empty and not longer than 8. It is the checked twin of head_unsafe.go, of which
// this file is the exact negation.
func Head(s string) (w uint64) {
	switch {
	case len(s) == 8:
		return Load64String(s, 0)
	case len(s) >= 4:
		return uint64(Load32String(s, 0)) | uint64(Load32String(s, len(s)-4))<<(8*(len(s)-4))
	}
	for i := len(s) - 1; i >= 0; i-- {
		w = w<<8 | uint64(s[i])
	}
	return w
}
