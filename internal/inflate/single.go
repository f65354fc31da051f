package inflate

import "github.com/pointwire/pointwire/internal/swar"

// aheadSingle is how many bytes of input must be left for a step of single: it
// loads 8 bytes twice and moves on by at most 7 in between.
const aheadSingle = 15

// single decodes symbols one by one, while at least aheadSingle bytes of input are left.
// It returns more when there are fewer, and otherwise the same verdicts as careful.
//
// It serves short blocks, and the beginning of others until several is worth its table.
// A literal mostly follows a literal, so a step takes up to three in a row.
//
// bits holds at least the n bits that at has moved past. The bits above them, as far as
// they were loaded, are the next bits of the input, and the next load sets the same ones
// again. Only the low 6 bits of n count, so a whole entry can be subtracted from n.
func (d *decoder) single(out []byte, w, stop int) (int, verdict) {
	var (
		t    = &d.tables
		in   = d.in
		at   = d.at
		bits = d.bits
		n    = uint64(d.n)
		last = len(in) - aheadSingle
		v    = full
	)
	for w < stop {
		if at > last {
			v = more
			break
		}
		// Load64: at+8 <= len(in), as at <= last.
		bits |= swar.Load64(in, at) << (n & 63)
		at += int(^n >> 3 & 7)
		n |= 56
		e := t.lit[bits&litMask]
		if e&literals != 0 {
			bits >>= e & consumeMask
			n -= uint64(e)
			out[w] = byte(e >> literalShift)
			w++
			e = t.lit[bits&litMask]
			if e&literals != 0 {
				bits >>= e & consumeMask
				n -= uint64(e)
				out[w] = byte(e >> literalShift)
				w++
				e = t.lit[bits&litMask]
				if e&literals != 0 {
					bits >>= e & consumeMask
					n -= uint64(e)
					out[w] = byte(e >> literalShift)
					w++
					continue
				}
			}
			// Load64: at has moved on by at most 7.
			bits |= swar.Load64(in, at) << (n & 63)
			at += int(^n >> 3 & 7)
			n |= 56
		}
		// There are 56 bits, and at most 48 are needed: 15 and 5 extra bits for the
		// length, 15 and 13 extra bits for the distance.
		if e&special != 0 {
			bits >>= e & consumeMask
			n -= uint64(e)
			if e&continued != 0 {
				e = t.lit[uint64(e>>valueShift)+bits&(1<<(e>>extraShift&7)-1)]
				if e&literals != 0 {
					bits >>= e & consumeMask
					n -= uint64(e)
					out[w] = byte(e >> literalShift)
					w++
					continue
				}
				if e&special != 0 {
					bits >>= e & consumeMask
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
		bits >>= e & consumeMask
		n -= uint64(e)

		far := t.dist[bits&distMask]
		if far&distEntry(special) != 0 {
			if far&distEntry(continued) == 0 {
				v = bad
				break
			}
			bits >>= distBits
			n -= distBits
			far = t.dist[far>>valueShift+distEntry(bits)&(1<<(far>>extraShift&7)-1)]
			if far&distEntry(special) != 0 {
				v = bad
				break
			}
		}
		distance := far.distance(bits)
		bits >>= far & 63
		n -= uint64(far)
		if distance > w-d.base {
			v = bad
			break
		}
		copyMatch(out, w, distance, length)
		w += length
	}
	d.give(at, bits, n, v)
	return w, v
}

// copyMatch copies length bytes from distance before w to w. The match may overlap
// itself. copyMatch may write up to 15 bytes beyond it, for which out has room.
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
