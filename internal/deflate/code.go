package deflate

// This file decides which Huffman code a chunk is written with. Building a code takes
// time, and chunks of one kind need nearly the same code, so a code is kept: accepts
// judges the cost of a chunk with it, and build makes another from a sample when the
// cost is too high, a symbol has no code, or the code is too old.

const (
	// maxBits is the length of the longest code. Pairs of literals hold codes of
	// pairBits at most.
	maxBits  = 15
	pairBits = 12
	// lifetime is the number of chunks for which a code is used.
	lifetime = 64
	// present is the bit of an entry that has a code.
	present = 32
	// none stands for the absence of a literal in a pair.
	none = 0xff
	// slack is how much more a code may cost than for the chunk it was built for, in
	// 64ths: minSlack at first, and maxSlack at most.
	minSlack, maxSlack = 2, 20
)

// A code is a Huffman code for literals and matches, with its encoded header. It is kept
// and used for other chunks as long as it suits them.
//
// An entry of its tables holds, from the lowest bit: the number of bits to write, in 5
// bits; the bit present; and the bits to write. A symbol without a code has the entry 0.
type code struct {
	pair  [1 << 16]uint32 // by two literals; filled on first use
	lit   [256]uint32
	match [maxMatch + 1]uint32 // by length, with the extra bits after the symbol
	dist  [32]uint32
	end   uint32
	rows  [4]uint64 // bit set of the second literals for which pair has entries
	head  header

	valid bool
	age   int // number of chunks since it was built
	size  int // size in bytes of the chunk it was built for
	cost  int // cost in bits of that chunk, without the header
	slack int // see minSlack
	// recent holds the symbols that occurred since the last build because of age,
	// earlier those of the lifetime before.
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
	c.valid, c.slack = false, 0
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
	cost -= c.head.n
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
	c.valid, c.age, c.size, c.cost = true, 0, n, cost-c.head.n
	if c.slack == 0 {
		c.slack = minSlack
	}
	if before > 0 && (before-cost)*33 < before {
		c.slack = min(2*c.slack, maxSlack)
	}
}

// build makes the code for t, from all of it or from a sample. Symbols that occurred in
// other chunks lately get a code too, since a symbol without one would force another
// build. All others get none, which keeps the header short.
func (c *code) build(t *task, all bool) {
	if c.valid && c.age >= lifetime {
		c.earlier, c.recent = c.recent, symbolSet{}
	}
	var w weights
	w.count(t, all || c.recent.dist|c.earlier.dist == 0)
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
	c.pair[none|none<<8] = present
	c.rows[none>>6] |= 1 << (none & 63)
	var lit [litSymbols]uint8
	var dist [distSymbols]uint8
	var codes [litSymbols]uint16
	codeLengths(dist[:], w.dist[:], maxBits)
	canonical(codes[:], dist[:])
	for i, n := range dist {
		c.dist[i] = entry(codes[i], n, 0, 0)
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
	return (uint32(code)|uint32(extra)<<n)<<6 | present | uint32(n+m)
}

// weights holds how often each symbol occurs, times 8. The weight 1 is left for symbols
// that might occur.
type weights struct {
	lit  [litSymbols]uint32
	dist [distSymbols]uint32
}

// count weighs the symbols of t, or of a sample: 64 sequences in a row of every 256. They
// are in a row because fields recur in a rhythm, which single ones could miss.
func (w *weights) count(t *task, all bool) {
	const unit = 8
	at := t.start
	for i, s := range t.seq {
		literals, length := int(s&0xffff), int(s>>16&0xffff)
		if all || i&255 < 64 || len(t.seq) <= 256 {
			for _, b := range t.body[at : at+literals] {
				w.lit[b] += unit
			}
			if length > 0 {
				symbol, _, _ := distanceParts(uint32(s >> 32))
				w.lit[firstLength+int(lengthSymbol[length])] += unit
				w.dist[symbol] += unit
			}
		}
		at += literals + length
	}
	w.lit[endOfBlock] = unit
}
