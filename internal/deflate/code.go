package deflate

// This file decides which Huffman code a chunk is written with. Building a code takes
// time, and chunks of one kind need nearly the same code, so a code is kept: accepts
// judges the cost of a chunk with it, and build makes another when the cost is too high, a
// symbol has no code, or the code is too old.

const (
	// maxBits is the length of the longest code.
	maxBits = 15
	// pairBits is how many bits a pair of literals may have in the table of pairs. Three
	// such pairs have less than 64.
	pairBits = 21
	// pairFlag is set in each pair that is in the table, above the number of its bits. Four
	// of them add up to pairsFlag.
	pairFlag, pairsFlag, pairShift = 64, 256, 9
	// lifetime is the number of chunks for which a code is used, memory the number after
	// which the symbols that occurred before are forgotten.
	lifetime = 128
	memory   = 512
	// noBits is the number of bits of a length or distance without a code.
	noBits = 100
	// none stands for the absence of a literal in a pair.
	none = 0xff
	// slack is how much more a code may cost than for the chunk it was built for, in
	// 64ths: minSlack at first, and maxSlack at most.
	minSlack, maxSlack = 2, 20
)

// A code is a Huffman code for literals and matches, with its encoded header. It is kept
// and used for other chunks as long as it suits them.
//
// An entry holds the number of bits to write in its lowest byte, and the bits above it. A
// literal without a code has the entry 0, a length without one has noBits.
type code struct {
	pair  [1 << 16]uint32 // by two literals; filled on first use
	lit   [256]uint32
	match [512]uint32 // by length, with the extra bits after the symbol
	dist  [32]uint64  // see distanceEntry
	end   uint32
	rows  [4]uint64 // bit set of the second literals for which pair has entries
	head  header

	valid  bool
	age    int // number of chunks since it was built
	size   int // size in bytes of the chunk it was built for
	cost   int // cost in bits of that chunk
	slack  int // see minSlack
	chunks int // number of chunks that recent stands for
	// recent holds the symbols of the chunks that a code was built for among the last ones,
	// at most memory chunks, and earlier those of as many before.
	recent, earlier symbolSet
}

// A symbolSet is a set of literals and lengths, and of distances.
type symbolSet struct {
	lit  [(litSymbols + 63) / 64]uint64
	dist uint32
}

// reset forgets the code.
func (c *code) reset() {
	c.clearPairs()
	c.valid, c.slack, c.age, c.chunks = false, 0, 0, 0
	c.recent, c.earlier = symbolSet{}, symbolSet{}
}

func (c *code) clearPairs() {
	for i := range 256 {
		if c.rows[i>>6]>>(i&63)&1 != 0 {
			clear(c.pair[i<<8 : i<<8+256])
		}
	}
	c.rows = [4]uint64{}
}

// usable reports whether the code may be tried for a chunk of n bytes.
func (c *code) usable(n int) bool { return c.valid && c.age < lifetime && n <= 2*c.size }

// accepts reports whether a cost of so many bits for n bytes is about the cost that the
// code was built with.
func (c *code) accepts(cost, n int) bool {
	if uint64(cost)*10 > uint64(n)*78 || uint64(cost)*uint64(c.size)*64 > uint64(c.cost)*uint64(n)*uint64(64+c.slack) {
		return false
	}
	c.age++
	return true
}

// made notes the cost of the chunk of n bytes that the code was built for, and its cost
// with the code before, or 0. If the new code gains little, the chunks themselves differ,
// and slack grows so that the next code is built less soon.
func (c *code) made(cost, before, n int) {
	c.valid, c.age, c.size, c.cost = true, 0, n, cost
	if c.slack == 0 {
		c.slack = minSlack
	}
	if before > 0 && (before-cost)*33 < before {
		c.slack = min(2*c.slack, maxSlack)
	}
}

// build makes the code for t. Symbols that occurred in other chunks lately get a code too,
// since a symbol without one would force another build. All others get none, which keeps
// the header short.
func (c *code) build(t *task) {
	if c.chunks += c.age + 1; c.chunks >= memory {
		c.earlier, c.recent, c.chunks = c.recent, symbolSet{}, 0
	}
	var w weights
	w.count(t, c.recent.dist|c.earlier.dist == 0)
	for i := range w.lit {
		bit := uint64(1) << (i & 63)
		if w.lit[i] != 0 {
			c.recent.lit[i>>6] |= bit
		} else if (c.recent.lit[i>>6]|c.earlier.lit[i>>6])&bit != 0 {
			w.lit[i] = 1
		}
	}
	some := 0
	for i := range w.dist {
		bit := uint32(1) << i
		if w.dist[i] != 0 {
			c.recent.dist |= bit
		} else if (c.recent.dist|c.earlier.dist)&bit != 0 {
			w.dist[i] = 1
		}
		some += int(min(w.dist[i], 1))
	}
	// Each code needs two symbols. The one for literals and lengths has them: the end
	// of the block, and at least one literal or length.
	for i := 0; some < 2; i++ {
		if w.dist[i] == 0 {
			w.dist[i] = 1
			some++
		}
	}

	c.clearPairs()
	c.pair[none|none<<8] = pairFlag
	c.rows[none>>6] |= 1 << (none & 63)
	var lit [litSymbols]uint8
	var dist [distSymbols]uint8
	var codes [litSymbols]uint16
	codeLengths(dist[:], w.dist[:], maxBits)
	canonical(codes[:], dist[:])
	for i, n := range dist {
		c.dist[i] = distanceEntry(codes[i], n, i)
	}
	codeLengths(lit[:], w.lit[:], maxBits)
	canonical(codes[:], lit[:])
	for i := range c.lit {
		c.lit[i] = entry(codes[i], lit[i], 0, 0)
	}
	c.end = entry(codes[endOfBlock], lit[endOfBlock], 0, 0)
	for s, base := range lengthBase {
		top := min(int(base)+1<<lengthExtra[s], maxMatch+1)
		for i := int(base); i < top; i++ {
			c.match[i] = entry(codes[firstLength+s], lit[firstLength+s], i-int(base), lengthExtra[s])
			if c.match[i] == 0 {
				c.match[i] = noBits
			}
		}
	}
	c.head.make(&lit, &dist)
}

// entry returns the entry for a code of n bits followed by an extra number of m bits,
// and 0 if there is no code.
func entry(code uint16, n uint8, extra int, m uint8) uint32 {
	if n == 0 {
		return 0
	}
	return (uint32(code)|uint32(extra)<<n)<<8 | uint32(n+m)
}

// distanceEntry returns the entry for the distances of a symbol, whose code has n bits. Its
// lowest byte is the number of bits with the extra ones, the next one n, and the upper half
// is what to add to the distance less 1, shifted by n, to get the bits.
func distanceEntry(code uint16, n uint8, symbol int) uint64 {
	if n == 0 {
		return noBits
	}
	extra := max(0, symbol/2-1)
	base := symbol
	if symbol > 3 {
		base = (2 + symbol&1) << extra
	}
	return uint64(uint32(code)-uint32(base)<<n)<<32 | uint64(n)<<8 | uint64(int(n)+extra)
}

// weights holds how often each symbol occurs, times 8. The weight 1 is left for symbols
// that might occur.
type weights struct {
	lit  [litSymbols]uint32
	dist [distSymbols]uint32
}

// count weighs the symbols of t by all its sequences, or by a sample: 64 sequences in a row
// of every 256. They are in a row because fields recur in a rhythm, which single ones could
// miss. A symbol that occurs outside the sample only gets a quarter of the weight of one
// occurrence.
func (w *weights) count(t *task, all bool) {
	const unit = 8
	at := t.start
	for i, s := range t.seq {
		literals, length := int(s&0xffff), int(s>>16&0xffff)
		symbol := distanceSymbol(uint32(s>>32) - 1)
		p := t.body[at : at+literals]
		at += literals + length
		if all || i&255 < 64 || len(t.seq) <= 256 {
			for _, b := range p {
				w.lit[b] += unit
			}
			if length > 0 {
				w.lit[firstLength+int(lengthSymbol[length])] += unit
				w.dist[symbol] += unit
			}
			continue
		}
		for _, b := range p {
			w.lit[b] |= unit / 4
		}
		if length > 0 {
			w.lit[firstLength+int(lengthSymbol[length])] |= unit / 4
			w.dist[symbol] |= unit / 4
		}
	}
	w.lit[endOfBlock] = unit
}
