package inflate

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"
)

// small returns small bodies: one for each kind of block, one with every field of a
// header, one of two members, and one that is flushed.
func small(tb testing.TB) map[string][]byte {
	text := []byte(`{"results":[{"series":[{"name":"cpu","columns":["time","v"],"values":[[1,1.5],[2,1.5],[3,2.25],[4,1.5]]}]}]}`)
	list := map[string][]byte{
		"stored":  pack(tb, text, gzip.NoCompression),
		"dynamic": pack(tb, bytes.Repeat(text, 3), gzip.DefaultCompression),
		"fixed":   pack(tb, []byte("abcabcabc"), gzip.DefaultCompression),
		"huffman": pack(tb, text, gzip.HuffmanOnly),
		"empty":   pack(tb, nil, gzip.DefaultCompression),
	}
	list["members"] = append(bytes.Clone(list["fixed"]), list["stored"]...)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Extra, z.Name, z.Comment = []byte("extra"), "name", "comment"
	z.Write(text)
	z.Flush()
	z.Write(text)
	z.Close()
	list["header"] = bytes.Clone(b.Bytes())
	list["sum"] = headerSum(list["header"])
	return list
}

// headerSum adds a checksum to the header of the body "header" of small.
func headerSum(p []byte) []byte {
	n := headerBytes + 2 + len("extra") + len("name\x00") + len("comment\x00")
	p = bytes.Clone(p)
	p[3] |= flagHeaderSum
	sum := binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(p[:n])))
	return append(append(bytes.Clone(p[:n]), sum...), p[n:]...)
}

// TestCut cuts small bodies at every byte. The result must be a truncation error, except
// for a cut between members.
func TestCut(t *testing.T) {
	for name, p := range small(t) {
		for n := range p {
			check(t, p[:n])
			_, err := AppendGunzip(nil, p[:n], 1<<20)
			if name == "members" && err == nil {
				continue
			}
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d of %d bytes: %v", name, n, len(p), err)
			}
		}
	}
}

// TestFlip flips each bit of small bodies. Only fields that carry no data may change
// without an error.
func TestFlip(t *testing.T) {
	for name, p := range small(t) {
		right, err := AppendGunzip(nil, p, 1<<20)
		if err != nil {
			t.Fatal(name, err)
		}
		for bit := range 8 * len(p) {
			q := bytes.Clone(p)
			q[bit/8] ^= 1 << (bit % 8)
			check(t, q)
			got, err := AppendGunzip(nil, q, 1<<20)
			if err == nil && !bytes.Equal(got, right) {
				t.Fatalf("%s, bit %d: other data without an error", name, bit)
			}
		}
	}
}

// TestDamage changes larger bodies at random, so that the fast loops meet the damage.
func TestDamage(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, text := range texts() {
		p := pack(t, text, gzip.DefaultCompression)
		for range rounds {
			q := bytes.Clone(p)
			for range 1 + r.IntN(3) {
				q[r.IntN(len(q))] ^= 1 << r.IntN(8)
			}
			checkWhole(t, q)
			checkWhole(t, p[:r.IntN(len(p))])
			checkStream(t, q)
		}
	}
}

// TestPrefixes decodes every prefix of a body that needs every loop, and the lengths near
// the pieces in which AppendGunzip decodes.
func TestPrefixes(t *testing.T) {
	text := texts()["cpugb"]
	p := pack(t, text, gzip.DefaultCompression)
	step := 7
	if testing.Short() {
		step = 97
	}
	for n := 0; n <= min(len(p), 9000); n += step {
		checkWhole(t, p[:n])
	}
	zeros := make([]byte, 3*piece)
	r := rand.New(rand.NewPCG(5, 6))
	for i := range zeros {
		zeros[i] = "0123456789,[]"[r.IntN(13)]
	}
	for _, edge := range []int{window, piece, window + piece, outBytes} {
		for n := edge - 3; n <= edge+3; n++ {
			for _, level := range []int{0, 1, 6} {
				checkStream(t, pack(t, zeros[:n], level))
				checkWhole(t, pack(t, zeros[:n], level))
			}
		}
	}
}

// TestHeaderText checks the limit of names and comments.
func TestHeaderText(t *testing.T) {
	body := pack(t, []byte("x"), gzip.DefaultCompression)
	for _, flags := range []byte{flagName, flagComment, flagName | flagComment} {
		for _, n := range []int{0, 1, 510, 511, 512, 513, 2000} {
			p := bytes.Clone(body[:headerBytes])
			p[3] = flags
			for range 2 {
				p = append(p, bytes.Repeat([]byte{0xe9}, n)...)
				p = append(p, 0)
			}
			check(t, append(p, body[headerBytes:]...))
			check(t, p[:min(len(p), headerBytes+512)])
		}
	}
	p := bytes.Clone(body[:headerBytes])
	p[3] = flagExtra
	for _, n := range []int{0, 1, 40_000, 65_535} {
		q := binary.LittleEndian.AppendUint16(bytes.Clone(p), uint16(n))
		q = append(q, make([]byte, n)...)
		check(t, append(q, body[headerBytes:]...))
	}
}

// bitWriter writes deflate data bit by bit.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) write(v uint, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// TestCodes decodes dynamic blocks of random code lengths, whose codes are complete,
// over-subscribed, under-subscribed, single or empty.
func TestCodes(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 500
	}
	r := rand.New(rand.NewPCG(7, 8))
	good := 0
	for range rounds {
		p := randomBlock(r)
		if out, err := reference(p); len(out) > 0 || errors.Is(err, gzip.ErrChecksum) {
			good++ // the codes were accepted
		}
		checkWhole(t, p)
		checkStream(t, p)
	}
	if good < rounds/20 {
		t.Errorf("only %d of %d blocks were whole: the test is too blunt", good, rounds)
	}
}

// randomBlock returns a gzip body with one dynamic block and random data in it.
func randomBlock(r *rand.Rand) []byte {
	w := &bitWriter{b: []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, n: 8 * headerBytes}
	w.write(1, 1)
	w.write(2, 2)
	lits, dists := 257+r.IntN(30), 1+r.IntN(30)
	w.write(uint(lits-257), 5)
	w.write(uint(dists-1), 5)
	w.write(15, 4)
	// The code lengths are encoded in 4 bits each. 13 symbols use 13 of the 16 codes,
	// and the other symbols share the rest.
	lengths := append(randomLengths(r, lits), randomLengths(r, dists)...)
	codeLengths := [lengthCodes]uint8{}
	for i := range codeLengths {
		codeLengths[i] = 4
		if i >= 13 {
			codeLengths[i] = 5
		}
	}
	for _, i := range lengthOrder {
		w.write(uint(codeLengths[i]), 3)
	}
	for _, n := range lengths {
		c, size := uint(n), 4
		if n >= 13 {
			c, size = 26+uint(n)-13, 5
		}
		for i := size - 1; i >= 0; i-- { // a code is written highest bit first
			w.write(c>>i&1, 1)
		}
	}
	for range r.IntN(300) {
		w.write(uint(r.Uint32()), 8)
	}
	return w.b
}

// randomLengths returns code lengths for n symbols that make a complete code, or nearly.
func randomLengths(r *rand.Rand, n int) []uint8 {
	lengths := make([]uint8, n)
	switch r.IntN(12) {
	case 0:
		return lengths
	case 1:
		lengths[r.IntN(n)] = 1
		return lengths
	}
	// Split codes until there are enough.
	leaves := []uint8{0}
	for want := 2 + r.IntN(n); len(leaves) < want; {
		i := r.IntN(len(leaves))
		if r.IntN(3) == 0 {
			i = len(leaves) - 1
		}
		if leaves[i] == maxBits {
			if r.IntN(20) == 0 {
				break
			}
			continue
		}
		leaves[i]++
		leaves = append(leaves, leaves[i])
	}
	if len(leaves) > n {
		leaves = leaves[:n]
	}
	for i, place := range r.Perm(n)[:len(leaves)] {
		lengths[place] = leaves[i]
	}
	if n > endSymbol && lengths[endSymbol] == 0 && r.IntN(8) > 0 {
		i := r.IntN(n)
		lengths[i], lengths[endSymbol] = 0, lengths[i]
	}
	switch r.IntN(10) {
	case 0:
		lengths[r.IntN(n)] = uint8(r.IntN(maxBits + 1))
	case 1:
		lengths[r.IntN(n)] = 0
	}
	return lengths
}

// TestTablesKept decodes long fixed blocks before and after input that breaks off or is
// wrong in the code lengths of a dynamic block. The tables of the fixed code are kept
// from block to block, and input between must not spoil them.
func TestTablesKept(t *testing.T) {
	w := &bitWriter{b: []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, n: 8 * headerBytes}
	w.write(3, 3)
	for i := range 2 * worthIt {
		c := 0x30 + uint(i*i%144) // a code of 8 bits, first bit highest
		for k := 7; k >= 0; k-- {
			w.write(c>>k&1, 1)
		}
	}
	fixed := w.b
	dynamic := pack(t, texts()["cpugb"], gzip.DefaultCompression)
	wrong := bytes.Clone(dynamic)
	wrong[headerBytes+20] ^= 0xff
	for _, between := range [][]byte{dynamic[:headerBytes+30], wrong, dynamic, dynamic[:len(dynamic)/2]} {
		check(t, dynamic[:len(dynamic)/9]) // the tables of another code
		check(t, fixed[:40])               // too short for the table of several symbols
		check(t, between)
		check(t, fixed)
		check(t, between)
		check(t, fixed[:40])
	}
}
