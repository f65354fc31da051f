package swar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// interesting are the bytes around every limit that the tests of bytes know.
var interesting = []byte{0, 1, '\n', 0x1f, ' ', '!', '"', ',', '/', '0', '5', '9', ':', '=', '\\', 0x7f, 0x80, 0x81, 0xb0, 0xc3, 0xff}

func words(yield func([8]byte) bool) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var b [8]byte
		for i := range b {
			if r.IntN(3) == 0 {
				b[i] = byte(r.Uint32())
			} else {
				b[i] = interesting[r.IntN(len(interesting))]
			}
		}
		if !yield(b) {
			return
		}
	}
}

func firstByte(b [8]byte, f func(byte) bool) int {
	for i, c := range b {
		if f(c) {
			return i
		}
	}
	return 8
}

func TestMarks(t *testing.T) {
	for b := range words {
		v := binary.LittleEndian.Uint64(b[:])
		for _, c := range interesting {
			if got, want := First(Equal(v, c)), firstByte(b, func(x byte) bool { return x == c }); got != want {
				t.Fatalf("Equal(%x, %x): first %d, want %d", b, c, got, want)
			}
			if c == 0 || c > 0x80 || v&Highs != 0 {
				continue
			}
			if got, want := First(Less(v, c)), firstByte(b, func(x byte) bool { return x < c }); got != want {
				t.Fatalf("Less(%x, %x): first %d, want %d", b, c, got, want)
			}
		}
		nondigit := func(x byte) bool { return x < '0' || x > '9' }
		m := NonDigits(v)
		first := firstByte(b, nondigit)
		if got := First(m); got != first {
			t.Fatalf("NonDigits(%x): first %d, want %d", b, got, first)
		}
		if v&Highs == 0 {
			for i, c := range b {
				if got := m>>(8*i)&0x80 != 0; got != nondigit(c) {
					t.Fatalf("NonDigits(%x): byte %d is %v", b, i, got)
				}
			}
		}
	}
}

func digits8Plain(x uint32) (b [8]byte) {
	for i := 7; i >= 0; i-- {
		b[i] = byte(x % 10)
		x /= 10
	}
	return b
}

func checkDigits8(t *testing.T, x uint32) {
	t.Helper()
	b := digits8Plain(x)
	want := binary.LittleEndian.Uint64(b[:])
	if got := Digits8(x); got != want {
		t.Fatalf("Digits8(%d) = %016x, want %016x", x, got, want)
	}
	if got := Value8(want); got != x {
		t.Fatalf("Value8(%016x) = %d, want %d", want, got, x)
	}
}

func TestDigits8(t *testing.T) {
	step := uint32(997)
	if testing.Short() {
		step = 99991
	}
	for x := uint32(0); x < 1e8; x += step {
		checkDigits8(t, x)
	}
	for x := range uint32(20000) {
		checkDigits8(t, x)
		checkDigits8(t, 1e8-1-x)
		checkDigits8(t, x*5000)
		if x > 0 {
			checkDigits8(t, x*5000-1)
		}
	}
}

func FuzzDigits8(f *testing.F) {
	for _, x := range []uint32{0, 9, 10, 99999999, 10000, 9999} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x uint32) { checkDigits8(t, x%1e8) })
}

func TestLoadStore(t *testing.T) {
	src := make([]byte, 40)
	for i := range src {
		src[i] = byte(i*37 + 1)
	}
	s := string(src)
	for i := range 32 {
		want := binary.LittleEndian.Uint64(src[i:])
		if got := Load64(src, i); got != want {
			t.Errorf("Load64 at %d: %x", i, got)
		}
		if got := Load64(src[:0], i); got != want {
			t.Errorf("Load64 of capacity at %d: %x", i, got)
		}
		if got := Load64String(s, i); got != want {
			t.Errorf("Load64String at %d: %x", i, got)
		}
		if got := Load32(src, i); got != uint32(want) {
			t.Errorf("Load32 at %d: %x", i, got)
		}
		if got := Load32String(s, i); got != uint32(want) {
			t.Errorf("Load32String at %d: %x", i, got)
		}
		if got := Load16String(s, i); got != uint16(want) {
			t.Errorf("Load16String at %d: %x", i, got)
		}
		if got := LoadByte(src[:0], i); got != byte(want) {
			t.Errorf("LoadByte at %d: %x", i, got)
		}
		if got := LoadByteString(s, i); got != byte(want) {
			t.Errorf("LoadByteString at %d: %x", i, got)
		}
		for size, store := range map[int]func([]byte, int){
			8: func(b []byte, i int) { Store64(b, i, want) },
			4: func(b []byte, i int) { Store32(b, i, uint32(want)) },
			2: func(b []byte, i int) { Store16(b, i, uint16(want)) },
			1: func(b []byte, i int) { StoreByte(b, i, byte(want)) },
		} {
			got, exp := make([]byte, 40), make([]byte, 40)
			store(got[:0], i)
			for j := range size {
				exp[i+j] = byte(want >> (8 * j))
			}
			if string(got) != string(exp) {
				t.Errorf("store of %d at %d: %x", size, i, got)
			}
		}
	}
}

func ExampleDigits8() {
	var b [8]byte
	Store64(b[:], 0, Digits8(20491231)|Zeros)
	fmt.Println(string(b[:]))
	// Output: 20491231
}

// TestHead tries every length at every place around the end of a memory page.
func TestHead(t *testing.T) {
	mem := make([]byte, 3*4096)
	for i := range mem {
		mem[i] = byte(i*31 + i>>8 + 1)
	}
	s := string(mem)
	for i := 4096 - 64; i < 2*4096+64; i++ {
		for n := 1; n <= 8; n++ {
			var want uint64
			for j := range n {
				want |= uint64(s[i+j]) << (8 * j)
			}
			if got := Head(s[i : i+n]); got != want {
				t.Fatalf("Head of %d bytes at %d = %x, want %x", n, i, got, want)
			}
		}
	}
}

func TestCopy16(t *testing.T) {
	src := []byte("0123456789abcdefghijklmnop")
	for i := range 10 {
		for n := range 10 {
			b := bytes.Repeat([]byte("-"), 30)
			Copy16(b, n, src, i)
			if want := strings.Repeat("-", n) + string(src[i:i+16]) + strings.Repeat("-", 14-n); string(b) != want {
				t.Fatalf("from %d to %d: %q, want %q", i, n, b, want)
			}
		}
	}
}
