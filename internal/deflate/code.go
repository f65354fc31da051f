package deflate

const (
	// maxBits is the most that a code has. Pairs of literals hold codes of pairBits
	// at most.
	maxBits  = 15
	pairBits = 12
	// lifetime is for how many chunks a code is used.
	lifetime = 64
	// What a code may cost more than when it was made: at first, and at most, in
	// parts of 64.
	minSlack, maxSlack = 2, 20
)

// A code is what literals and matches are written with. It is kept, and used for
// other chunks as long as it suits them.
//
// The entries of its tables are bits to write, above their number in 5 bits. An entry
// of 0 has none.
type code struct {
	pair  [1 << 16]uint32 // by two literals; filled on first use
	lit   [256]uint32
	match [maxMatch + 1]uint32 // by length, with the bits after the symbol
	dist  [32]uint32
	end   uint32
	rows  [4]uint64 // of pair, by second literal: which are not all zeros
	head  header

	valid bool
	age   int // chunks since it was made
	size  int // the chunk it was made for, in bytes
	cost  int // of that chunk, in bits without header
	slack int // see minSlack
}

// reset forgets the code.
func (c *code) reset() {
	c.clearPairs()
	c.valid, c.slack = false, 0
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

// accepts reports whether a cost of so many bits for n bytes is about what is to be
// expected of the code.
func (c *code) accepts(cost, n int) bool {
	cost -= c.head.n
	if uint64(cost)*10 > uint64(n)*78 || uint64(cost)*uint64(c.size)*64 > uint64(c.cost)*uint64(n)*uint64(64+c.slack) {
		return false
	}
	c.age++
	return true
}

// made notes what the chunk cost that the code was made for, of n bytes, and what it
// cost with the code before, or 0. Where a new code gains little, chunks differ by
// themselves, and the next one is not needed so soon.
func (c *code) made(cost, before, n int) {
	c.valid, c.age, c.size, c.cost = true, 0, n, cost-c.head.n
	if c.slack == 0 {
		c.slack = minSlack
	}
	if before > 0 && (before-cost)*33 < before {
		c.slack = min(2*c.slack, maxSlack)
	}
}

// build makes the code for t. Those literals get one that occur in a sample, and those
// that are usual in text; all of them, if asked for or one occurs that is not usual.
func (c *code) build(t *task, all bool) {
	c.clearPairs()
	var w weights
	w.count(t)
	for i := range 256 {
		if usual := i >= ' ' && i < 0x7f || i == '\n'; !usual && w.lit[i] != 0 {
			all = true
		}
	}
	for i := range w.lit {
		if usual := i >= ' ' && i < 0x7f || i == '\n' || i > 255; w.lit[i] == 0 && (usual || all) {
			w.lit[i] = 1
		}
	}
	for i := range w.dist {
		w.dist[i] = max(w.dist[i], 1)
	}

	var lit [litSymbols]uint8
	var dist [distSymbols]uint8
	var codes [litSymbols]uint16
	codeLengths(dist[:], w.dist[:], maxBits)
	canonical(codes[:], dist[:])
	for i, n := range dist {
		c.dist[i] = uint32(codes[i])<<5 | uint32(n)
	}
	codeLengths(lit[:], w.lit[:], maxBits)
	canonical(codes[:], lit[:])
	for i := range c.lit {
		c.lit[i] = uint32(codes[i])<<5 | uint32(lit[i])
	}
	c.end = uint32(codes[endOfBlock])<<5 | uint32(lit[endOfBlock])
	for s, base := range lengthBase {
		v, n := uint32(codes[firstLength+s]), uint32(lit[firstLength+s])
		top := min(int(base)+1<<lengthExtra[s], maxMatch+1)
		for i := int(base); i < top; i++ {
			c.match[i] = (v|uint32(i-int(base))<<n)<<5 | n + uint32(lengthExtra[s])
		}
	}
	c.head.make(&lit, &dist)
}

// weights are how often symbols occur, in a unit that is a part of one occurrence: the
// weight of 1 is left for what might.
type weights struct {
	lit  [litSymbols]uint32
	dist [distSymbols]uint32
}

// count weighs a sample of t: 64 sequences of every 256, in a row, since fields recur
// in a rhythm.
func (w *weights) count(t *task) {
	const unit = 8
	at := t.start
	for i, s := range t.seq {
		literals, length := int(s&0xffff), int(s>>16&0xffff)
		if i&255 < 64 || len(t.seq) <= 256 {
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
