package inflate

import "github.com/pointwire/pointwire/internal/swar"

// A multi is an entry of several symbols: up to three literals, or up to two literals
// and a length. Its low 6 bits are the number of bits that the symbols consume, extra
// bits included; 0 if the first symbol does not fit.
//
//	6-7   number of literals
//	8-31  the literals
//	31    a length follows the literals; then there are at most two
//	24-30 that length
//
// A third literal is below 0x80, so bit 31 is not mistaken for a length. The bits
// between the literals and a length are zero.
type multi = uint32

const (
	multiBits         = 12
	multiMask         = 1<<multiBits - 1
	lengthFlag  multi = 1 << 31
	maxMultiLen       = 0x7f
)

// aheadSeveral is how many bytes of input must be left for a step of several: it
// loads 8 bytes up to three times and moves on by at most 7 in between.
const aheadSeveral = 22

// several decodes symbols while at least aheadSeveral bytes of input are left, as many at
// a time as an entry of t.several holds. It returns more when fewer bytes are left, and
// otherwise the same verdicts as careful. bits and n are as in single.
//
// In numbers, ids and times, literals and matches alternate at random. A branch on which
// comes next is predicted wrongly every second time, and that costs as much as decoding
// some symbols. An entry that holds the last digits of a number and the match after them
// needs no such branch: four bytes are written whatever the number of literals. One
// branch is left, on whether a match follows. Replacing it by a match of length 0 is
// slower where literals prevail, since each step would wait for one table after the
// other.
func (d *decoder) several(out []byte, w, stop int) (int, verdict) {
	var (
		t    = &d.tables
		in   = d.in
		at   = d.at
		bits = d.bits
		n    = uint64(d.n)
		last = len(in) - aheadSeveral
		v    = full
	)
	if at > last {
		return w, more
	}
	// Load64: at+8 <= len(in), since at <= last. At the loads below, at has moved on by
	// at most 14.
	bits |= swar.Load64(in, at) << (n & 63)
	at += int(^n >> 3 & 7)
	n |= 56
	for w < stop {
		if at > last {
			v = more
			break
		}
		// A load fills all 64 bits. Since then a distance has consumed at most 28, so
		// at least 36 bits are valid, and 24 after the next 12. A distance whose code
		// does not continue in the second table has at most 21.
		e := t.several[bits&multiMask]
		var length int
		if e&consumeMask != 0 {
			bits >>= e & consumeMask
			n -= uint64(e)
			// Store32, Copy16: there is slack after stop.
			swar.Store32(out, w, e>>literalShift)
			w += int(e >> countShift & 3)
			if e&lengthFlag == 0 {
				bits |= swar.Load64(in, at) << (n & 63)
				at += int(^n >> 3 & 7)
				n |= 56
				continue
			}
			length = int(e >> 24 & maxMultiLen)
		} else {
			bits |= swar.Load64(in, at) << (n & 63)
			at += int(^n >> 3 & 7)
			n |= 56
			e := t.lit[bits&litMask]
			for e&(literals|special|continued) == special|continued {
				bits >>= litBits
				n -= litBits
				e = t.lit[uint64(e>>valueShift)+bits&(1<<(e>>extraShift&7)-1)]
			}
			before := bits
			bits >>= e & consumeMask
			n -= uint64(e)
			if e&literals != 0 {
				out[w] = byte(e >> literalShift)
				w++
				continue
			}
			if e&special != 0 {
				if v = done; e&endOfBlock == 0 {
					v = bad
				}
				break
			}
			extra := e >> extraShift
			length = int(e>>valueShift) + int(before>>((e-extra)&63)&(1<<(extra&63)-1))
		}
		far := t.dist[bits&distMask]
		if far&distEntry(special) != 0 {
			if far&distEntry(continued) == 0 {
				v = bad
				break
			}
			bits |= swar.Load64(in, at) << (n & 63)
			at += int(^n >> 3 & 7)
			n |= 56
			bits >>= distBits
			n -= distBits
			far = t.dist[far>>valueShift+distEntry(bits)&(1<<(far>>extraShift&7)-1)]
			if far&distEntry(special) != 0 {
				v = bad
				break
			}
		}
		distance := far.distance(bits)
		bits |= swar.Load64(in, at) << (n & 63)
		at += int(^n >> 3 & 7)
		n |= 56
		bits >>= far & 63
		n -= uint64(far)
		if distance > w-d.base {
			v = bad
			break
		}
		from := w - distance
		if distance >= 16 {
			// Few matches are longer than 64 bytes.
			swar.Copy16(out, w, out, from)
			swar.Copy16(out, w+16, out, from+16)
			swar.Copy16(out, w+32, out, from+32)
			swar.Copy16(out, w+48, out, from+48)
			for i := 64; i < length; i += 16 {
				swar.Copy16(out, w+i, out, from+i)
			}
		} else {
			for i := range length {
				out[w+i] = out[from+i]
			}
		}
		w += length
	}
	d.give(at, bits, n, v)
	return w, v
}

// follow holds the tables of fewer bits from which fill builds t.several.
type follow struct {
	one, two, fitting [1 << (multiBits - 1)]multi
}

// fill fills t.several. It places the lengths with their extra bits first. Every other
// entry is a first literal, followed by the symbols of an entry from a smaller table,
// indexed by the bits after that literal.
func (t *tables) fill() {
	t.filled = true
	clear(t.several[:])
	t.lengths(t.several[:], multiBits)
	shortest := uint(0)
	for at, symbol := range t.sorted[:t.used] {
		if symbol < endSymbol {
			shortest = t.codes[at].bits()
			break
		}
	}
	if shortest == 0 || shortest >= multiBits {
		return // no entry holds two symbols
	}
	size := multiBits - shortest
	one, two := t.follow.one[:1<<size], t.follow.two[:1<<size]
	clear(one)
	t.lengths(one, size)
	for at, symbol := range t.sorted[:t.used] {
		n := t.codes[at].bits()
		if n > size {
			break
		}
		if symbol < 0x80 { // since it may become the third literal
			e := multi(symbol)<<literalShift | oneLiteral | multi(n)
			for i := t.codes[at].value(); i < uint(len(one)); i += 1 << n {
				one[i] = e
			}
		}
	}
	copy(two, one)
	t.prepend(two, size, one, one)
	t.prepend(t.several[:], multiBits, two, one)
}

// lengths enters the lengths whose codes and extra bits fit into size bits.
func (t *tables) lengths(table []multi, size uint) {
	for at, symbol := range t.sorted[:t.used] {
		n := t.codes[at].bits()
		if n > size {
			return
		}
		if symbol <= endSymbol || symbol >= fixedLits-2 {
			continue
		}
		e := litSymbols[symbol]
		extra := uint(e & consumeMask)
		all := n + extra
		value := e >> valueShift
		if all > size || value+1<<extra > maxMultiLen+1 {
			continue
		}
		for x := range uint(1) << extra {
			for i := t.codes[at].value() | x<<n; i < uint(len(table)); i += 1 << all {
				table[i] = lengthFlag | value<<24 | multi(all)
			}
			value++
		}
	}
}

// prepend enters all literals whose codes fit into size bits. After each literal come the
// symbols of an entry of more if it fits, or else of less, or else none. Entries of more
// hold at most two symbols.
func (t *tables) prepend(table []multi, size uint, more, less []multi) {
	var fits []multi
	last := uint(0)
	for at, symbol := range t.sorted[:t.used] {
		n := t.codes[at].bits()
		if n > size {
			return
		}
		if symbol >= endSymbol {
			continue
		}
		if n != last { // t.codes is in the order of code lengths
			last = n
			fits = t.follow.fitting[:1<<(size-n)]
			fit(fits, more, less, multi(size-n))
		}
		fitting := fits
		// The sums of bits and of literals stay within their fields.
		first := multi(symbol)<<literalShift | oneLiteral + multi(n)
		i := t.codes[at].value()
		step := uint(1) << n
		for len(fitting) >= 4 {
			table[i] = fitting[0] + first
			table[i+step] = fitting[1] + first
			table[i+2*step] = fitting[2] + first
			table[i+3*step] = fitting[3] + first
			i += 4 * step
			fitting = fitting[4:]
		}
		for _, e := range fitting {
			table[i] = e + first
			i += step
		}
	}
}

// fit writes to dst the entries of more, or else of less, that consume at most size bits,
// with their literals moved up to make room for one before them. It has no branches,
// since they could not predict which entries fit.
func fit(dst, more, less []multi, size multi) {
	more, less = more[:len(dst)], less[:len(dst)]
	for i := range dst {
		e, l := more[i], less[i]
		tooLong := multi(int32(size-e&consumeMask) >> 31) // all ones, or 0
		e ^= (e ^ l) & tooLong
		e &^= multi(int32(size-e&consumeMask) >> 31)
		dst[i] = e&0xff0000ff + e&0x00ffff00<<8
	}
}
