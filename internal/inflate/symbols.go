package inflate

import "github.com/pointwire/pointwire/internal/swar"

// symbols decodes the symbols of a block.
func (d *decoder) symbols(out []byte, w, stop int) (int, verdict) {
	w, v := d.fast(out, w, stop)
	if v == more {
		w, v = d.careful(out, w, stop)
	}
	if v == done {
		d.phase = atBlock
	}
	return w, v
}

// careful decodes symbols as long as the bits of a symbol are there.
func (d *decoder) careful(out []byte, w, stop int) (int, verdict) {
	t := &d.tables
	b := d.reserve()
	for w < stop {
		if b.n < 48 {
			b.fill()
		}
		if b.n < t.least {
			b.commit(d)
			return w, more
		}
		e := t.lit[b.bits&litMask]
		used := uint(0)
		if e&(literals|special|continued) == special|continued {
			used = litBits
			e = t.lit[uint(e>>valueShift)+uint(b.bits>>litBits)&(1<<(e>>extraShift&7)-1)]
		}
		used += uint(e & consumeMask)
		if used > b.n {
			b.commit(d)
			return w, more
		}
		if e&literals != 0 {
			out[w] = byte(e >> 8)
			w++
			b.drop(used)
			continue
		}
		if e&special != 0 {
			b.drop(used)
			b.commit(d)
			if e&endOfBlock == 0 {
				return w, d.fail(ErrCorrupt)
			}
			return w, done
		}
		extra := uint(e >> extraShift & 63)
		length := int(e>>valueShift) + int(b.bits>>(used-extra)&(1<<extra-1))

		rest := b.bits >> used
		e = t.dist[rest&distMask]
		if e&(special|continued) == special|continued {
			rest >>= distBits
			used += distBits
			e = t.dist[uint(e>>valueShift)+uint(rest)&(1<<(e>>extraShift&7)-1)]
		}
		used += uint(e & consumeMask)
		if used > b.n {
			b.commit(d)
			return w, more
		}
		if e&special != 0 {
			b.commit(d)
			return w, d.fail(ErrCorrupt)
		}
		extra = uint(e >> extraShift & 63)
		distance := int(e>>valueShift) + int(rest>>(uint(e&consumeMask)-extra)&(1<<extra-1))
		if distance > w-d.base {
			b.commit(d)
			return w, d.fail(ErrCorrupt)
		}
		b.drop(used)
		for range length {
			out[w] = out[w-distance]
			w++
		}
	}
	b.commit(d)
	return w, full
}

// ahead is how many bytes of input must be left for a step of the fast loop: it
// loads 8 bytes twice and moves on by at most 7 in between.
const ahead = 16

// fast decodes symbols while there are at least ahead bytes of input. It returns
// more when there are fewer, and what careful returns otherwise.
func (d *decoder) fast(out []byte, w, stop int) (int, verdict) {
	var (
		t    = &d.tables
		in   = d.in
		at   = d.at
		bits = d.bits
		n    = uint64(d.n) // only its low 6 bits count
		last = len(in) - ahead
		v    = more
	)
	if at > last {
		return w, more
	}
	if w >= stop {
		return w, full
	}
	for {
		// At most 7 bits are missing from a full word afterwards. Bits above n are
		// those that the next refill puts there again.
		bits |= swar.Load64(in, at) << (n & 63)
		at += int(^n >> 3 & 7)
		n |= 56
		e := t.lit[bits&litMask]
		if e&literals != 0 {
			bits >>= e & 63
			n -= uint64(e)
			swar.Store32(out, w, e>>8)
			w += int(e >> countShift & 3)
			e = t.lit[bits&litMask]
			if e&literals != 0 {
				bits >>= e & 63
				n -= uint64(e)
				swar.Store32(out, w, e>>8)
				w += int(e >> countShift & 3)
				e = t.lit[bits&litMask]
				if e&literals != 0 {
					bits >>= e & 63
					n -= uint64(e)
					swar.Store32(out, w, e>>8)
					w += int(e >> countShift & 3)
					if at > last {
						break
					}
					if w >= stop {
						v = full
						break
					}
					continue
				}
			}
			bits |= swar.Load64(in, at) << (n & 63)
			at += int(^n >> 3 & 7)
			n |= 56
		}
		if e&special != 0 {
			bits >>= e & 63
			n -= uint64(e)
			if e&continued != 0 {
				e = t.lit[uint64(e>>valueShift)+bits&(1<<(e>>extraShift&7)-1)]
				if e&literals != 0 {
					bits >>= e & 63
					n -= uint64(e)
					swar.StoreByte(out, w, byte(e>>8))
					w++
					if at > last {
						break
					}
					if w >= stop {
						v = full
						break
					}
					continue
				}
				if e&special != 0 {
					bits >>= e & 63
					n -= uint64(e)
				}
			}
			if e&special != 0 {
				if v = done; e&endOfBlock == 0 {
					v = bad
				}
				break
			}
		}
		extra := e >> extraShift
		length := int(e>>valueShift) + int(bits>>((e-extra)&63)&(1<<(extra&63)-1))
		bits >>= e & 63
		n -= uint64(e)

		e = t.dist[bits&distMask]
		if e&special != 0 {
			if e&continued == 0 {
				v = bad
				break
			}
			bits >>= distBits
			n -= distBits
			e = t.dist[uint64(e>>valueShift)+bits&(1<<(e>>extraShift&7)-1)]
			if e&special != 0 {
				v = bad
				break
			}
		}
		extra = e >> extraShift
		distance := int(e>>valueShift) + int(bits>>((e-extra)&63)&(1<<(extra&63)-1))
		bits >>= e & 63
		n -= uint64(e)
		if distance > w-d.base {
			v = bad
			break
		}
		copyMatch(out, w, distance, length)
		w += length
		if at > last {
			break
		}
		if w >= stop {
			v = full
			break
		}
	}
	n &= 63
	d.at = at - int(n>>3)
	d.n = uint(n & 7)
	d.bits = bits & (1<<d.n - 1)
	if v == bad {
		d.fail(ErrCorrupt)
	}
	return w, v
}

// copyMatch copies length bytes from distance before w to w, of which it may have
// written some itself. It may write up to 15 bytes more.
func copyMatch(out []byte, w, distance, length int) {
	from, end := w-distance, w+length
	switch {
	case distance >= 16:
		for {
			swar.Copy16(out, w, out, from)
			if w += 16; w >= end {
				return
			}
			from += 16
		}
	case distance >= 8:
		for {
			swar.Store64(out, w, swar.Load64(out, from))
			if w += 8; w >= end {
				return
			}
			from += 8
		}
	}
	for ; w < end; w++ {
		out[w] = out[from]
		from++
	}
}
