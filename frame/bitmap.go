package frame

import "math/bits"

// A Bitmap holds one bit per row, the least significant bit of each byte first.
// Bits after the last row are zero.
type Bitmap []byte

// NewBitmap returns a bitmap of n bits, all of them set.
func NewBitmap(n int) Bitmap {
	b := make(Bitmap, bitmapLen(n))
	b.fill(n)
	return b
}

// Get returns bit i.
func (b Bitmap) Get(i int) bool { return b[i>>3]&(1<<(i&7)) != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>3] |= 1 << (i & 7) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>3] &^= 1 << (i & 7) }

// Count returns the number of bits that are set.
func (b Bitmap) Count() int {
	n := 0
	for _, c := range b {
		n += bits.OnesCount8(c)
	}
	return n
}

// put sets bit i to v.
func (b Bitmap) put(i int, v uint64) {
	p := &b[i>>3]
	*p = *p&^(1<<(i&7)) | byte(v&1)<<(i&7)
}

// fill sets the first n bits and clears the others.
func (b Bitmap) fill(n int) {
	for i := range b {
		b[i] = 0xff
	}
	b.trim(n)
}

// trim clears the bits from n on.
func (b Bitmap) trim(n int) {
	if n>>3 >= len(b) {
		return
	}
	b[n>>3] &= 1<<(n&7) - 1
	clear(b[n>>3+1:])
}

// none reports whether none of the first n bits is set.
func (b Bitmap) none(n int) bool {
	for i := range n {
		if b.Get(i) {
			return false
		}
	}
	return true
}

// bitmapLen returns the number of bytes that n bits take.
func bitmapLen(n int) int { return (n + 7) >> 3 }
