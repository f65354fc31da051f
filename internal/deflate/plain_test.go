package deflate

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"testing"
)

// This file has the plain twins of the fast routines, which go byte by byte and bit by
// bit.

// plainMatcher is the twin of matchLines and matchBytes.
type plainMatcher struct {
	tab      [tableSize]uint16
	failures [1 << contextBits]uint16
	base     uint16
	last     int
	b        []byte
	seq      []uint64
}

func (m *plainMatcher) word(i, n int) (x uint64) {
	for k := n - 1; k >= 0; k-- {
		x = x<<8 | uint64(m.b[i+k])
	}
	return x
}

// look returns the distance from p to the last position with the same hash of n bytes, or
// 0 if that lies outside this body or the window. It enters p in its place.
func (m *plainMatcher) look(p, n int) int {
	h := m.word(p, n) << (64 - 8*n) * hashFactor >> (64 - tableBits)
	at := uint16(p) + m.base
	d := int(at - m.tab[h])
	m.tab[h] = at
	if d > p || d > window {
		return 0
	}
	return d
}

// same returns how many bytes from p on, at most n, equal those d bytes before.
func (m *plainMatcher) same(p, d, n int) (k int) {
	for k < n && p+k < len(m.b) && m.b[p+k] == m.b[p+k-d] {
		k++
	}
	return k
}

// delimiter returns the first position from p on with a byte below '-'. If there is none
// before stop, it returns where a search by words of 8 bytes ends, at or after stop.
func (m *plainMatcher) delimiter(p, stop int) int {
	for p < stop {
		for k := range 8 {
			if m.b[p+k] < '-' {
				return p + k
			}
		}
		p += 8
	}
	return p
}

// add adds a match of n bytes, in several parts if it is too long for one.
func (m *plainMatcher) add(literals, n, d int) {
	for n > maxMatch {
		part := maxMatch
		if n-part < 3 {
			part = 200
		}
		m.seq = append(m.seq, sequence(literals, part, d))
		literals, n = 0, n-part
	}
	m.seq = append(m.seq, sequence(literals, n, d))
}

func (m *plainMatcher) lines(start, end int) {
	lit, p, q := start, start, start-m.last
	if m.last == 0 {
		p = max(p, 1)
		q = p - 1
	}
	stop := min(end-8, len(m.b)-margin)
	for p < stop {
		d := m.look(p, 6)
		pd := p - q
		switch {
		case pd > 0 && pd <= window && m.same(p, pd, 6) == 6:
			// Prefer the match of the table if it is nearer and as long, as far as seen.
			if d > 0 && d < pd && pd >= far {
				if n := m.same(p, d, margin); n >= 6 && n >= m.same(p, pd, margin) {
					pd = d
				}
			}
			d = pd
		case d > 0 && m.same(p, d, 6) == 6:
		case p-lit >= 8 && pd > 0 && pd <= min(p-8, window) && m.same(p-7, pd, 8) == 8:
			d = pd
		default:
			p = m.delimiter(p+1, stop)
			continue
		}
		from := p
		for from > lit && from-d >= 8 {
			k := 0
			for k < 8 && m.b[from-1-k] == m.b[from-1-k-d] {
				k++
			}
			from = max(lit, from-k)
			if k < 8 {
				break
			}
		}
		for d > 0 {
			n := m.same(p, d, end-p)
			m.add(from-lit, p+n-from, d)
			p += n
			lit, from, q = p, p, p-d
			if p >= stop {
				break
			}
			d = m.after(p)
		}
		if p < stop {
			p, q = m.delimiter(p, stop), m.delimiter(q, stop)
		}
	}
	if m.last = p - q; m.last < 1 || m.last > min(end, window) {
		m.last = 0
	}
	m.add(end-lit, 0, 0)
}

// after returns the distance from p, where a match ends, to another place that matches, or 0.
func (m *plainMatcher) after(p int) int {
	failures := &m.failures[uint32(m.word(p-4, 4))*(hashFactor>>32)>>(32-contextBits)]
	*failures++
	if *failures == retry {
		*failures = 0
	}
	if *failures > maxFailures {
		return 0
	}
	least := 6
	if m.b[p] >= '0' && m.b[p] <= '9' {
		least = 12
	}
	d := m.look(p, 6)
	if d == 0 || m.same(p, d, least) < least {
		return 0
	}
	*failures = 0
	return d
}

func (m *plainMatcher) bytes(start, end int) {
	lit := start
	stop := min(end-8, len(m.b)-margin)
	for p := start; p < stop; {
		d := m.look(p, 5)
		if d == 0 || m.same(p, d, minMatch) < minMatch {
			p += 1 + (p-lit)>>5
			continue
		}
		for p > lit && p > d && m.b[p-1] == m.b[p-1-d] {
			p--
		}
		n := m.same(p, d, end-p)
		m.add(p-lit, n, d)
		p += n
		lit = p
		if p < stop {
			m.look(p-2, 5)
		}
	}
	m.add(end-lit, 0, 0)
}

// plainBlock is the twin of begin, emit and finish for a chunk that gets shorter. It returns
// the bits of the block.
func plainBlock(c *code, t *task, final bool) (list []byte) {
	put := func(v uint64, n int) {
		for i := range n {
			list = append(list, byte(v>>i&1))
		}
	}
	putEntry := func(v uint32) { put(uint64(v>>8), int(v&0xff)) }
	put(map[bool]uint64{true: 1}[final], 1)
	for i := range c.head.n {
		put(uint64(c.head.words[i/32]>>(i%32)), 1)
	}
	at := t.start
	for _, s := range t.seq {
		for range s & 0xffff {
			putEntry(c.lit[t.body[at]])
			at++
		}
		if n := int(s >> 16 & 0xffff); n > 0 {
			at += n
			putEntry(c.match[n])
			d := int(s >> 32)
			symbol, base, bits := plainDistance(d)
			e := c.dist[symbol]
			code, n := uint32(e>>32)+uint32(base-1)<<(e>>8&0xff), int(e>>8&0xff)
			put(uint64(code), n)
			put(uint64(d-base), bits)
		}
	}
	putEntry(c.end)
	return list
}

// plainDistance is the twin of distanceParts. It counts the symbols up to that of d.
func plainDistance(d int) (symbol, base, bits int) {
	base = 1
	for {
		bits = max(0, symbol/2-1)
		if d < base+1<<bits {
			return symbol, base, bits
		}
		base += 1 << bits
		symbol++
	}
}

// plainLengths is the twin of codeLengths. It sorts the nodes anew for each step.
func plainLengths(weights []uint32, limit int) []uint8 {
	type node struct {
		weight  uint32
		symbols []int
		leaf    bool
		made    int
	}
	var list []node
	lengths := make([]uint8, len(weights))
	depth := make([]int, len(weights))
	for s, w := range weights {
		if w > 0 {
			list = append(list, node{w, []int{s}, true, s})
		}
	}
	leaves := slices.Clone(list)
	order := func(a, b node) int {
		if a.weight != b.weight {
			return cmp.Compare(a.weight, b.weight)
		}
		if a.leaf != b.leaf { // leaves first
			return map[bool]int{true: -1, false: 1}[a.leaf]
		}
		return cmp.Compare(a.made, b.made)
	}
	for made := 0; len(list) > 1; made++ {
		slices.SortFunc(list, order)
		both := slices.Concat(list[0].symbols, list[1].symbols)
		for _, s := range both {
			depth[s]++
		}
		list = append(list[2:], node{list[0].weight + list[1].weight, both, false, made})
	}
	// The code space in units of the longest code.
	slices.SortFunc(leaves, order)
	slices.Reverse(leaves)
	count := make([]int, limit+1)
	for _, l := range leaves {
		count[min(depth[l.made], limit)]++
	}
	for {
		used := 0
		for l, n := range count[1:] {
			used += n << (limit - l - 1)
		}
		if used <= 1<<limit {
			break
		}
		l := limit - 1
		for count[l] == 0 {
			l--
		}
		count[limit]--
		count[l]--
		count[l+1] += 2
	}
	l := 1
	for _, leaf := range leaves {
		for count[l] == 0 {
			l++
		}
		count[l]--
		lengths[leaf.made] = uint8(l)
	}
	return lengths
}

// checkSequences checks that the sequences of body[start:end] cover it, and that each match is
// one that RFC 1951 has: 3 to 258 bytes that occur within the window before it.
func checkSequences(tb testing.TB, body []byte, start, end int, seq []uint64) {
	tb.Helper()
	at := start
	for i, s := range seq {
		at += int(s & 0xffff)
		n, d := int(s>>16&0xffff), int(s>>32)
		if i == len(seq)-1 {
			if n != 0 || at != end {
				tb.Fatalf("chunk at %d: the sequences end at %d, with a match of %d", start, at, n)
			}
			return
		}
		if n < 3 || n > maxMatch || d < 1 || d > min(at, window) || at+n > end {
			tb.Fatalf("chunk at %d: %d bytes at %d from %d before", start, n, at, d)
		}
		for k := range n {
			if body[at+k] != body[at+k-d] {
				tb.Fatalf("chunk at %d: the %d bytes at %d differ from those %d before", start, n, at, d)
			}
		}
		at += n
	}
}

// compareTwins compresses body chunk by chunk with e, and compares each step with its
// twin, which starts from the state of e.
func compareTwins(tb testing.TB, e *Encoder, m *plainMatcher, body []byte, text bool) {
	tb.Helper()
	e.last, m.last, m.b = 0, 0, body
	e.base = m.base
	for start := 0; start < len(body); start += chunkSize {
		end := min(start+chunkSize, len(body))
		m.seq = m.seq[:0]
		var n int
		if text {
			n = e.matchLines(body, start, end)
			m.lines(start, end)
		} else {
			n = e.matchBytes(body, start, end)
			m.bytes(start, end)
		}
		if !slices.Equal(e.seq[:n], m.seq) {
			tb.Fatalf("chunk at %d: sequences differ", start)
		}
		checkSequences(tb, body, start, end, e.seq[:n])
		if e.last != m.last || e.tab != m.tab || e.failures != m.failures {
			tb.Fatalf("chunk at %d: the state left for the next chunk differs", start)
		}
		t := task{body: body, start: start, end: end, seq: e.seq[:n]}
		t.opaque = bytes.IndexByte(body[start:end], none) >= 0
		c := &e.code[min(start, 1)]
		c.build(&t)
		w := blocks{}
		w.grow(end - start + 8)
		shift := uint(start+len(body)) & 7 // a block may begin at any bit of a byte
		w.put(0, shift)
		// Run twice: first with an empty table of pairs, then with a filled one.
		final := end == len(body)
		for range 2 {
			got := w
			t.limit = got.n + end - start
			result := tooLong
			if got.begin(c, final, t.limit) {
				result = c.emit(&got.stream, &t)
				got.finish()
			}
			want := plainBlock(c, &t, final)
			if (int(shift)+len(want)-int(c.end&0xff))/8 > end-start {
				if result != tooLong {
					tb.Fatalf("chunk at %d: outcome %d of a block that is too long", start, result)
				}
				continue
			}
			if result != emitted || got.since(&w.stream) != len(want) {
				tb.Fatalf("chunk at %d: outcome %d, %d bits instead of %d", start, result, got.since(&w.stream), len(want))
			}
			got.align()
			for i, bit := range want {
				if i += int(shift); got.b[i/8]>>(i%8)&1 != bit {
					tb.Fatalf("chunk at %d: bit %d differs", start, i)
				}
			}
		}
	}
	e.base += uint16(len(body))
	m.base = e.base
}

func TestTwins(t *testing.T) {
	for _, n := range []int{2, 60, 900} {
		e, m := new(Encoder), new(plainMatcher)
		for _, s := range samples(t, n) {
			t.Run(s.name, func(t *testing.T) {
				compareTwins(t, e, m, s.body, true)
				compareTwins(t, e, m, s.body, false)
			})
		}
	}
}

// FuzzTwins compares matchers and emitters with their twins on any bytes.
func FuzzTwins(f *testing.F) {
	for _, n := range []int{2, 30, 230} {
		for _, s := range samples(f, n) {
			f.Add(s.body, s.body[:len(s.body)/2], uint16(13*n))
		}
	}
	f.Fuzz(func(t *testing.T, a, b []byte, base uint16) {
		e, m := new(Encoder), &plainMatcher{base: base}
		for _, body := range [][]byte{a, b, slices.Concat(b, a, b)} {
			compareTwins(t, e, m, body, true)
			compareTwins(t, e, m, body, false)
		}
	})
}

// FuzzCodeLengths compares codeLengths with its twin, and checks that the codes fill the
// code space and stay within the limit.
func FuzzCodeLengths(f *testing.F) {
	f.Add([]byte{1, 0, 1, 0, 2, 0, 2, 0}, uint8(15)) // a leaf and a joined node of the same weight
	f.Add([]byte{1, 0, 1, 0}, uint8(15))
	f.Add([]byte{1, 0, 1, 0, 2, 0, 3, 0, 5, 0, 8, 0, 13, 0, 21, 0, 34, 0, 55, 0, 89, 0}, uint8(7))
	fibonacci := []byte{}
	for a, b := uint16(1), uint16(1); b > 0 && b < 40000; a, b = b, a+b {
		fibonacci = binary.LittleEndian.AppendUint16(fibonacci, a)
	}
	f.Add(fibonacci, uint8(15))
	f.Add(bytes.Repeat([]byte{0, 7, 9}, 190), uint8(15))
	f.Fuzz(func(t *testing.T, raw []byte, limit uint8) {
		limit = 7 + limit%9
		weights := make([]uint32, min(len(raw)/2, litSymbols))
		if limit < 9 {
			weights = weights[:min(len(weights), 19)]
		}
		n := 0
		for i := range weights {
			weights[i] = uint32(binary.LittleEndian.Uint16(raw[2*i:])) * 4 & (1<<weightBits - 1)
			n += int(min(weights[i], 1))
		}
		if n < 2 {
			return
		}
		got := make([]uint8, len(weights))
		codeLengths(got, weights, int(limit))
		if want := plainLengths(weights, int(limit)); !slices.Equal(got, want) {
			t.Fatalf("%v instead of %v for %v", got, want, weights)
		}
		used := 0
		for i, l := range got {
			if l > limit || (l == 0) != (weights[i] == 0) {
				t.Fatalf("length %d for weight %d", l, weights[i])
			}
			if l > 0 {
				used += 1 << (limit - l)
			}
		}
		if used != 1<<limit {
			t.Fatalf("the codes fill %d of %d", used, 1<<limit)
		}
	})
}
