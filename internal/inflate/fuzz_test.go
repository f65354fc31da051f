package inflate

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	kgzip "github.com/klauspost/compress/gzip"
)

// FuzzGunzip decodes any bytes, in every form.
func FuzzGunzip(f *testing.F) {
	for _, p := range small(f) {
		f.Add(p)
		f.Add(p[:len(p)-9])
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, src []byte) { check(t, src) })
}

// FuzzDeflate decodes any bytes as deflate data after a valid header. They may be long
// enough for the fast loops.
func FuzzDeflate(f *testing.F) {
	for _, p := range small(f) {
		f.Add(p[headerBytes:], uint16(0))
		f.Add(p[headerBytes:], uint16(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, again uint16) {
		src := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
		for range 1 + again%50 {
			src = append(src, data...)
		}
		check(t, src)
	})
}

// FuzzBody compresses any bytes, repeated, at any level, then flips a bit of the result or
// cuts it, and decodes it.
func FuzzBody(f *testing.F) {
	f.Add([]byte(`[1540184340000000000,"host",1.25],`), uint16(300), uint8(6), uint32(0), false)
	f.Add([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x80\x90\xa0\xb0"), uint16(2000), uint8(1), uint32(77), true)
	f.Fuzz(func(t *testing.T, text []byte, times uint16, level uint8, bit uint32, cut bool) {
		if len(text) > 1<<16 {
			return
		}
		// Each copy differs from the one before it.
		var all []byte
		for i := range int(times)%500 + 1 {
			if len(all) > 200_000 {
				break
			}
			at := len(all)
			all = append(all, text...)
			if len(text) > 0 {
				all[at+i*7%len(text)] += byte(i * 31)
			}
		}
		p := pack(t, all, int(level)%12-2)
		check(t, p)
		if cut {
			p = p[:int(bit)%len(p)]
		} else {
			p[int(bit/8)%len(p)] ^= 1 << (bit % 8)
		}
		check(t, p)
		var b bytes.Buffer
		z, _ := kgzip.NewWriterLevel(&b, int(level)%13-3)
		z.Write(all)
		z.Close()
		checkWhole(t, b.Bytes())
	})
}

// FuzzTables compares the tables of any code lengths with a decoder that reads codes bit
// by bit, for every value of 15 bits.
func FuzzTables(f *testing.F) {
	f.Add([]byte{1, 2, 3, 3})
	f.Add([]byte{0, 1})
	f.Add(bytes.Repeat([]byte{8}, 256))
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15})
	f.Fuzz(func(t *testing.T, lengths []byte) {
		if len(lengths) > maxLits {
			lengths = lengths[:maxLits]
		}
		lengths = bytes.Clone(lengths)
		for i := range lengths {
			lengths[i] &= maxBits
		}
		checkTables(t, lengths)
	})
}

var testTables tables

func checkTables(t *testing.T, lengths []byte) {
	// The codes of RFC 1951, 3.2.2, as a 1 followed by the bits of the code.
	symbols := map[int]int{}
	used, kraft, next := 0, 0, 0
	for n := 1; n <= maxBits; n++ {
		next <<= 1
		for i, l := range lengths {
			if int(l) == n {
				symbols[1<<n|next&(1<<n-1)] = i
				next++
				used++
				kraft += 1 << (maxBits - n)
			}
		}
	}
	tables := &testTables
	ok := build(tables, tables.lit[:], litBits, lengths, litSymbols[:], 1)
	single := used == 1 && kraft == 1<<(maxBits-1)
	if want := kraft == 1<<maxBits || used == 0 || single; ok != want {
		t.Fatalf("%v: built %v, want %v", lengths, ok, want)
	}
	if !ok {
		return
	}
	// one returns the symbol at the beginning of bits, or -1, and its code length.
	one := func(bits uint) (int, uint) {
		c := 1
		for n := uint(1); n <= maxBits; n++ {
			c = c<<1 | int(bits>>(n-1)&1)
			if s, ok := symbols[c]; ok {
				return s, n
			}
		}
		return -1, 0
	}
	tables.fill()
	for bits := range uint(1) << maxBits {
		symbol, n := one(bits)
		e := tables.lit[bits&litMask]
		first := uint(0)
		if e&(literals|special|continued) == special|continued {
			first = litBits
			e = tables.lit[uint(e>>valueShift)+bits>>litBits&(1<<(e>>extraShift&7)-1)]
		}
		want := special
		if symbol >= 0 {
			want = litSymbols[symbol] + entry(n-first)
		}
		if e != want {
			t.Fatalf("%v: %015b gives %x, want %x", lengths, bits, e, want)
		}
		checkSeveral(t, tables.several[bits&multiMask], bits&multiMask, one)
	}
}

// checkSeveral checks that an entry of several symbols has the meaning of its bits, and
// holds as many symbols as fit.
func checkSeveral(t *testing.T, e multi, bits uint, one func(uint) (int, uint)) {
	left, at := uint(multiBits), uint(0)
	for k := range e >> countShift & 3 {
		symbol, n := one(bits >> at)
		if symbol < 0 || symbol >= endSymbol || n > left || e>>(8+8*k)&0xff != multi(symbol) {
			t.Fatalf("%012b: %x, want literal %d to be %d", bits, e, k, symbol)
		}
		at, left = at+n, left-n
	}
	if e&lengthFlag != 0 && e>>countShift&3 < 3 {
		symbol, n := one(bits >> at)
		if symbol <= endSymbol || n > left {
			t.Fatalf("%012b: %x has a length, but the symbol is %d", bits, e, symbol)
		}
		s := litSymbols[symbol]
		extra := uint(s & consumeMask)
		if want := uint(s>>valueShift) + bits>>(at+n)&(1<<extra-1); n+extra > left || uint(e>>24&maxMultiLen) != want {
			t.Fatalf("%012b: %x, want length %d", bits, e, want)
		}
		at += n + extra
	}
	if uint(e&consumeMask) != at {
		t.Fatalf("%012b: %x consumes %d bits, want %d", bits, e, e&consumeMask, at)
	}
	if at == 0 {
		if symbol, n := one(bits); symbol >= 0 && symbol < endSymbol && n <= multiBits {
			t.Fatalf("%012b: no symbol, although %d fits", bits, symbol)
		}
	}
}

// FuzzCopy compares copyMatch with copying byte by byte.
func FuzzCopy(f *testing.F) {
	f.Add(uint16(1), uint16(258))
	f.Add(uint16(8), uint16(3))
	f.Add(uint16(17), uint16(100))
	f.Fuzz(func(t *testing.T, distance, length uint16) {
		d, n := int(distance)%window+1, int(length)%256+3
		out := make([]byte, d+n+15)
		for i := range d {
			out[i] = byte(i*7 + i>>8)
		}
		want := bytes.Clone(out[:d])
		for range n {
			want = append(want, want[len(want)-d])
		}
		copyMatch(out, d, d, n)
		if !bytes.Equal(out[:d+n], want) {
			t.Fatalf("distance %d, length %d", d, n)
		}
	})
}

// FuzzMembers decodes several members one after the other.
func FuzzMembers(f *testing.F) {
	f.Add([]byte("one"), []byte("two"), []byte(nil))
	f.Add([]byte(nil), []byte("two"), []byte{0})
	f.Add([]byte("one"), []byte(nil), []byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, a, b, rest []byte) {
		src := append(pack(t, a, gzip.DefaultCompression), pack(t, b, gzip.BestSpeed)...)
		got, err := io.ReadAll(NewReader(bytes.NewReader(src)))
		if err != nil || !bytes.Equal(got, append(bytes.Clone(a), b...)) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		check(t, append(src, rest...))
	})
}
