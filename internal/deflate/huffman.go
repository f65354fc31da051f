package deflate

import "math/bits"

// weightBits is the number of bits of the largest weight.
const weightBits = 18

// codeLengths sets lengths[i] to the code length of symbol i, at most limit, in a Huffman
// code for the weights. A symbol of weight 0 gets the length 0. At least two weights must
// not be 0, and there are at most litSymbols.
func codeLengths(lengths []uint8, weights []uint32, limit int) {
	// Sort the symbols by weight, in two passes over half of the bits each.
	const half, mask = weightBits / 2, 1<<(weightBits/2) - 1
	var a, sorted [litSymbols]uint32 // symbol in the low 9 bits, weight above it
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

	// Join the two lightest nodes until one is left. Joined nodes arise in the order
	// of their weights, so leaves and joined nodes are two queues.
	var weight [litSymbols]uint32
	var parent [2 * litSymbols]uint16 // of the leaves, then of the joined nodes
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

	// Count the symbols of each length, from the depths of their parents.
	var depth [litSymbols]uint8
	var count [litSymbols]int
	for i := n - 3; i >= 0; i-- {
		depth[i] = depth[parent[litSymbols+i]] + 1
	}
	for i := range n {
		count[min(int(depth[parent[i]])+1, limit)]++
	}

	// Lengths that were reduced to limit overfill the code space. Repeatedly lengthen
	// the code of a shorter symbol by one bit and put a symbol of the length limit
	// beside it, which frees one code of the length limit.
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

// canonical sets codes[i] to the code of symbol i, its first bit lowest, for the lengths
// that codeLengths set. A symbol of length 0 gets the code 0.
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
