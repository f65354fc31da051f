package inflate

// bitReader takes bits from a decoder's input. The decoder stays where it was until
// commit.
type bitReader struct {
	in   []byte
	at   int
	bits uint64
	n    uint // number of valid bits in bits; the others are zero
}

// reserve returns a bitReader that starts where d is.
func (d *decoder) reserve() bitReader { return bitReader{d.in, d.at, d.bits, d.n} }

// fill reads bytes until there are at least 57 bits, or the input is used up.
func (b *bitReader) fill() {
	for b.n <= 56 && b.at < len(b.in) {
		b.bits |= uint64(b.in[b.at]) << b.n
		b.at++
		b.n += 8
	}
}

// drop consumes n bits, which must be there.
func (b *bitReader) drop(n uint) {
	b.bits >>= n & 63
	b.n -= n
}

// take consumes n bits, which must be there, and returns them.
func (b *bitReader) take(n uint) uint64 {
	v := b.bits & (1<<(n&63) - 1)
	b.drop(n)
	return v
}

// commit makes d go on where b is. It returns whole bytes that b did not consume to the
// input.
func (b *bitReader) commit(d *decoder) {
	d.at = b.at - int(b.n>>3)
	d.n = b.n & 7
	d.bits = b.bits & (1<<d.n - 1)
}
