package deflate

// header is the head of a dynamic block, without its first bit, which marks the last
// block.
type header struct {
	words [80]uint32 // 14+19*3 bits, then at most 320 codes of at most 7 bits
	n     int        // number of bits
}

// put appends the low n bits of v, at most 32.
func (h *header) put(v uint32, n int) {
	if n == 0 {
		return
	}
	i, at := h.n>>5, h.n&31
	x := uint64(v) << at
	h.words[i] |= uint32(x)
	if at+n > 32 {
		h.words[i+1] |= uint32(x >> 32)
	}
	h.n += n
}

// lengthOrder is the order in which a header lists the code lengths of the code that
// encodes the other code lengths.
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// make encodes the code lengths of the literal and length symbols and of the distance
// symbols.
func (h *header) make(lit *[litSymbols]uint8, dist *[distSymbols]uint8) {
	*h = header{}
	nlit, ndist := litSymbols, distSymbols
	for nlit > firstLength && lit[nlit-1] == 0 {
		nlit--
	}
	for ndist > 1 && dist[ndist-1] == 0 {
		ndist--
	}
	var all [litSymbols + distSymbols]uint8
	n := copy(all[:], lit[:nlit])
	n += copy(all[n:], dist[:ndist])

	// runs holds each run as its symbol, with its extra bits from bit 8 on.
	var runs [litSymbols + distSymbols]uint16
	var weights [19]uint32
	k := 0
	add := func(symbol, extra int) {
		runs[k] = uint16(symbol | extra<<8)
		k++
		weights[symbol]++
	}
	for i := 0; i < n; {
		l := all[i]
		run := 1
		for i+run < n && all[i+run] == l {
			run++
		}
		i += run
		if l != 0 {
			add(int(l), 0)
			run--
		}
		for run >= 3 {
			switch {
			case l != 0:
				part := min(run, 6)
				add(16, part-3)
				run -= part
			case run <= 10:
				add(17, run-3)
				run = 0
			default:
				part := min(run, 138)
				add(18, part-11)
				run -= part
			}
		}
		for range run {
			add(int(l), 0)
		}
	}
	var lengths [19]uint8
	var codes [19]uint16
	// codeLengths needs at least two symbols, and two occur: 30 distances that all
	// have a code cannot all have the same code length.
	codeLengths(lengths[:], weights[:], 7)
	canonical(codes[:], lengths[:])
	nlen := 19
	for nlen > 4 && lengths[lengthOrder[nlen-1]] == 0 {
		nlen--
	}
	h.put(2, 2)
	h.put(uint32(nlit-firstLength), 5)
	h.put(uint32(ndist-1), 5)
	h.put(uint32(nlen-4), 4)
	for _, s := range lengthOrder[:nlen] {
		h.put(uint32(lengths[s]), 3)
	}
	extra := [19]int{16: 2, 17: 3, 18: 7}
	for _, r := range runs[:k] {
		s := r & 31
		h.put(uint32(codes[s]), int(lengths[s]))
		h.put(uint32(r>>8), extra[s])
	}
}
