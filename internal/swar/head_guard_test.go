//go:build linux || darwin

package swar

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// TestHeadGuard proves that Head never touches a page that holds no byte of its
// string. It puts every length at every place of a page whose two neighbours
// cannot be read: a read that left the page would kill the process. Strings that
// cross from one page into the next are tried between two such neighbours too.
func TestHeadGuard(t *testing.T) {
	page := os.Getpagesize()
	for _, readable := range []int{1, 2} {
		mem, err := syscall.Mmap(-1, 0, (readable+2)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := syscall.Munmap(mem); err != nil {
				t.Error(err)
			}
		}()
		in := mem[page : (readable+1)*page]
		for i := range in {
			in[i] = byte(i*31 + i>>8 + 1)
		}
		for _, guard := range [][]byte{mem[:page], mem[(readable+1)*page:]} {
			if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
				t.Fatal(err)
			}
		}
		for i := range in {
			for n := 1; n <= 8 && i+n <= len(in); n++ {
				var want uint64
				for j := range n {
					want |= uint64(in[i+j]) << (8 * j)
				}
				if got := Head(unsafe.String(&in[i], n)); got != want {
					t.Fatalf("Head of %d bytes at %d of %d pages = %x, want %x", n, i, readable, got, want)
				}
			}
		}
	}
}
