package inflate

// lengthOrder is the order in which a block lists the code lengths of the code that
// encodes the other code lengths, RFC 1951, 3.2.7.
var lengthOrder = [lengthCodes]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// lengthSymbols are the entries of that code: a code length, or a symbol that repeats
// one, with the number of extra bits.
var lengthSymbols = func() (s [lengthCodes]entry) {
	for i := range entry(lengthCodes) {
		s[i] = i << valueShift
	}
	for i, extra := range []entry{2, 3, 7} {
		s[16+i] |= extra<<extraShift | extra
	}
	return s
}()

// lengthBits is the length of the longest code of that code.
const lengthBits = 7

// readTables reads the code lengths of a dynamic block and builds its tables. If the
// input ends before the code lengths do, it consumes nothing and returns more.
func (d *decoder) readTables() verdict {
	b := d.reserve()
	if b.fill(); b.n < 14 {
		return more
	}
	lits, dists, codes := int(b.take(5))+257, int(b.take(5))+1, int(b.take(4))+4
	if lits > maxLits || dists > maxDists {
		return d.fail(ErrCorrupt)
	}
	var lengths [maxLits + maxDists]uint8
	for i := range codes {
		if b.n < 3 {
			if b.fill(); b.n < 3 {
				return more
			}
		}
		lengths[lengthOrder[i]] = uint8(b.take(3))
	}
	// From here on the tables no longer decode the block before.
	t := &d.tables
	t.fixed, t.filled, t.seen = false, false, 0
	var table [1 << lengthBits]entry
	if !build(t, table[:], lengthBits, lengths[:lengthCodes], lengthSymbols[:], 1) {
		return d.fail(ErrCorrupt)
	}
	for i, n := 0, lits+dists; i < n; {
		if b.n < 14 {
			b.fill()
		}
		e := table[b.bits&(1<<lengthBits-1)]
		if e&special != 0 {
			return d.fail(ErrCorrupt) // the code is empty, or this is not its single code
		}
		used, extra := uint(e&consumeMask), uint(e>>extraShift&63)
		symbol := int(e >> valueShift)
		if symbol < 16 {
			if used > b.n {
				return more
			}
			b.drop(used)
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		if used-extra > b.n {
			return more
		}
		var value uint8
		repeat := 3
		switch symbol {
		case 16:
			if i == 0 {
				return d.fail(ErrCorrupt)
			}
			value = lengths[i-1]
		case 18:
			repeat = 11
		}
		if used > b.n {
			return more
		}
		b.drop(used - extra)
		repeat += int(b.take(extra))
		if i+repeat > n {
			return d.fail(ErrCorrupt)
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	if !build(t, t.dist[:], distBits, lengths[lits:lits+dists], distSymbols[:], 1|1<<extraShift) ||
		!build(t, t.lit[:], litBits, lengths[:lits], litSymbols[:], 1) {
		return d.fail(ErrCorrupt)
	}
	t.least = uint(lengths[endSymbol])
	b.commit(d)
	return done
}
