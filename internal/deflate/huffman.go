package deflate

import "math/bits"

// weightBits is the most that a weight has.
const weightBits = 18

// codeLengths sets lengths[i] to the length of the code of symbol i in a Huffman code
// for the weights, at most limit. A symbol of weight 0 has none; at least two must
// have one, and there are at most litSymbols.
func codeLengths(lengths []uint8, weights []uint32, limit int) {
	// Symbols by weight, sorted in two passes over half of the bits each.
	const half, mask = weightBits / 2, 1<<(weightBits/2) - 1
	var a, sorted [litSymbols]uint32 // a weight above its symbol
	var low, high [mask + 1]uint16
	n := 0
	for s, w := range weights {
		lengths[s] = 0
		if w != 0 {
			a[n] = w<<9 | uint32(s)
			n++
			low[w&mask]++
			high[w>>half&mask]++
		}
	}
	for i, l, h := 0, uint16(0), uint16(0); i <= mask; i++ {
		low[i], l = l, l+low[i]
		high[i], h = h, h+high[i]
	}
	for _, v := range a[:n] {
		at := &low[v>>9&mask]
		sorted[*at] = v
		*at++
	}
	a, sorted = sorted, a
	for _, v := range a[:n] {
		at := &high[v>>(9+half)&mask]
		sorted[*at] = v
		*at++
	}

	// The two lightest nodes are joined until one is left. Those that are made are
	// made in the order of their weights, so each list is a queue.
	var weight [litSymbols]uint32
	var parent [2 * litSymbols]uint16 // of leaves, then of nodes
	leaf, node := 0, 0
	for made := range n - 1 {
		sum := uint32(0)
		for range 2 {
			if leaf < n && (node == made || sorted[leaf]>>9 <= weight[node]) {
				sum += sorted[leaf] >> 9
				parent[leaf] = uint16(made)
				leaf++
			} else {
				sum += weight[node]
				parent[litSymbols+node] = uint16(made)
				node++
			}
		}
		weight[made] = sum
	}

	// How many symbols there are of each length. Depths are found from the root.
	var depth [litSymbols]uint8
	var count [litSymbols]int
	for i := n - 3; i >= 0; i-- {
		depth[i] = depth[parent[litSymbols+i]] + 1
	}
	for i := range n {
		count[min(int(depth[parent[i]])+1, limit)]++
	}

	// Lengths that were cut take more of the code space than there is. Two symbols
	// of the greatest length take the place of one that is shorter, beside it, which
	// frees one place of the greatest length.
	used := 0
	for l := 1; l <= limit; l++ {
		used += count[l] << (limit - l)
	}
	for ; used > 1<<limit; used-- {
		l := limit - 1
		for count[l] == 0 {
			l--
		}
		count[limit]--
		count[l]--
		count[l+1] += 2
	}
	i := n
	for l := 1; l <= limit; l++ {
		for range count[l] {
			i--
			lengths[sorted[i]&511] = uint8(l)
		}
	}
}

// canonical sets codes[i] to the code of symbol i, its first bit lowest, for the
// lengths that codeLengths made, and to 0 if it has none.
func canonical(codes []uint16, lengths []uint8) {
	var next [17]uint16
	for _, l := range lengths {
		next[l+1]++
	}
	next[1] = 0
	for l := 2; l < len(next); l++ {
		next[l] = (next[l-1] + next[l]) << 1
	}
	for s, l := range lengths {
		codes[s] = 0
		if l > 0 {
			codes[s] = bits.Reverse16(next[l]) >> (16 - l)
			next[l]++
		}
	}
}
