package inflate

// worthIt is the number of bytes of a block from which on filling t.several pays off.
// Filling it takes as long as decoding a quarter of them.
const worthIt = 4 << 10

// symbols decodes symbols of a block, with the loop that suits it.
func (d *decoder) symbols(out []byte, w, stop int) (int, verdict) {
	if w >= stop {
		return w, full
	}
	t := &d.tables
	v := more
	left := len(d.in) - d.at
	if !t.filled && t.seen+left >= worthIt {
		t.fill()
	}
	if t.filled {
		w, v = d.several(out, w, stop)
	} else {
		w, v = d.single(out, w, stop)
		t.seen += left - (len(d.in) - d.at)
	}
	if v == more {
		w, v = d.careful(out, w, stop)
	}
	if v == done {
		d.phase = atBlock
	}
	return w, v
}

// careful decodes symbols while all bits of the next symbol are there. It returns done at
// the end of the block, full when w reaches stop, more when bits are missing, and bad for
// a symbol that is not valid.
//
// Like compress/flate, it takes no symbol while there are fewer bits than an end of block
// has. That holds nothing back, since a flush ends the block.
func (d *decoder) careful(out []byte, w, stop int) (int, verdict) {
	t := &d.tables
	b := d.reserve()
	v := full
	for w < stop {
		if b.n < 48 {
			b.fill()
		}
		if b.n < t.least {
			v = more
			break
		}
		e := t.lit[b.bits&litMask]
		used := uint(0)
		if e&(literals|special|continued) == special|continued {
			used = litBits
			e = t.lit[uint64(e>>valueShift)+b.bits>>litBits&(1<<(e>>extraShift&7)-1)]
		}
		used += uint(e & consumeMask)
		if used > b.n {
			v = more
			break
		}
		if e&literals != 0 {
			out[w] = byte(e >> literalShift)
			w++
			b.drop(used)
			continue
		}
		if e&special != 0 {
			b.drop(used)
			if v = done; e&endOfBlock == 0 {
				v = bad
			}
			break
		}
		extra := uint(e >> extraShift & 63)
		length := int(e>>valueShift) + int(b.bits>>(used-extra)&(1<<extra-1))

		rest := b.bits >> used
		far := t.dist[rest&distMask]
		if far&distEntry(special|continued) == distEntry(special|continued) {
			rest >>= distBits
			used += distBits
			far = t.dist[far>>valueShift+distEntry(rest)&(1<<(far>>extraShift&7)-1)]
		}
		used += uint(far & distEntry(consumeMask))
		if used > b.n {
			v = more
			break
		}
		if far&distEntry(special) != 0 {
			v = bad
			break
		}
		distance := far.distance(rest)
		if distance > w-d.base {
			v = bad
			break
		}
		b.drop(used)
		for range length {
			out[w] = out[w-distance]
			w++
		}
	}
	b.commit(d)
	if v == bad {
		d.fail(ErrCorrupt)
	}
	return w, v
}

// give sets the state of the decoder to where a fast loop stopped with verdict v. It
// returns whole bytes that the loop has loaded to the input.
func (d *decoder) give(at int, bits, n uint64, v verdict) {
	n &= 63
	d.at = at - int(n>>3)
	d.n = uint(n & 7)
	d.bits = bits & (1<<d.n - 1)
	if v == bad {
		d.fail(ErrCorrupt)
	}
}
