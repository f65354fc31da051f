package deflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
)

const (
	// EncoderSize is an upper bound of the memory of an Encoder, in bytes.
	EncoderSize = 640 << 10

	// chunkSize is the number of bytes of the body that are compressed at a time. Two
	// stored chunks fit into one stored block.
	chunkSize = 30 << 10
	// tinySize is the size below which a body is stored: the header of a Huffman
	// code would cost as much as the code gains.
	tinySize = 192
	// storedSlack and the 18 bytes of a gzip header and trailer make the 64 bytes by which
	// a result may be larger than its body.
	storedSlack = 46
)

// Encoder compresses bodies to gzip. The zero value is ready for use. An Encoder keeps
// Huffman codes from body to body, so use one Encoder for bodies of one kind. Its
// memory is bounded by EncoderSize, and it allocates nothing but room in dst. An
// Encoder must not be used concurrently.
type Encoder struct {
	// Reproducible makes the output a function of the body alone, as if Reset were
	// called before each body. By default it also depends on earlier bodies.
	Reproducible bool

	// base is added to positions in the body before they go into the hash table.
	// Entries of earlier bodies then seem to lie before the beginning of this body,
	// so the table need not be cleared.
	base uint16
	last int     // distance of the last match in this body, 0 for none
	out  blocks  // the bits being written
	code [2]code // for the first chunk of a body, and for the others
	seq  [maxSequences]uint64
	tab  [tableSize]uint16
	// failures counts the look-ups that failed after a match, by a hash of the four bytes
	// before: see maxFailures.
	failures [1 << contextBits]uint16
}

// MaxSize returns how much free capacity of dst AppendGzip needs at most for a body of n
// bytes. With that much it does not allocate.
func MaxSize(n int) int { return n + n/4096 + 128 }

// Reset forgets all bodies: the next one is compressed as by a new Encoder.
func (e *Encoder) Reset() {
	for i := range e.code {
		e.code[i].reset()
	}
	clear(e.tab[:])
	clear(e.failures[:])
	e.base = 0
}

// AppendGzip appends body to dst as one gzip member and returns the extended buffer.
// It neither keeps nor changes body, which must not overlap with dst up to its
// capacity. The result is at most 64 bytes larger than body, and 5 bytes more for
// each 65,535 bytes of body.
func (e *Encoder) AppendGzip(dst, body []byte) []byte {
	if e.Reproducible {
		e.Reset()
	}
	dst = append(slices.Grow(dst, MaxSize(min(len(body), chunkSize))), gzipHeader...)
	start := len(dst)
	if len(body) >= tinySize {
		dst = e.appendBlocks(dst, body)
	}
	// Stored chunks fill a block less well than appendStored does. Some bytes more are not
	// worth a second copy of the body.
	if len(body) < tinySize || len(dst)-start > storedSize(len(body))+storedSlack {
		dst = appendStored(dst[:start], body)
	}
	dst = binary.LittleEndian.AppendUint32(dst, crc32.ChecksumIEEE(body))
	return binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
}

// gzipHeader declares deflate, no name, no time, the fastest level and an unknown system.
const gzipHeader = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"

// appendBlocks appends body, which must not be empty, as deflate blocks.
func (e *Encoder) appendBlocks(dst, body []byte) []byte {
	e.last = 0
	text := isText(body)
	e.out = blocks{stream: stream{b: dst, n: len(dst)}}
	for start := 0; start < len(body); start += chunkSize {
		end := min(start+chunkSize, len(body))
		var n int
		if text {
			n = e.matchLines(body, start, end)
		} else {
			n = e.matchBytes(body, start, end)
		}
		e.block(body, start, end, e.seq[:n])
	}
	e.base += uint16(len(body))
	e.out.end()
	dst = e.out.b[:e.out.n]
	e.out.b = nil
	return dst
}

// block writes body[start:end]. It tries the code that the Encoder has, then a new code,
// then a stored block, and takes the first that is good enough. A chunk that is written with
// the code of the one before is a part of the same block.
func (e *Encoder) block(body []byte, start, end int, seq []uint64) {
	w, c := &e.out, &e.code[min(start, 1)]
	t := task{body: body, start: start, end: end, seq: seq}
	final := end == len(body)
	t.opaque = bytes.IndexByte(body[start:end], none) >= 0
	w.grow(end - start)
	if isRandom(&t) {
		w.finish()
		w.store(body[start:end], final)
		return
	}
	t.limit = w.n + end - start
	before := 0
	if c.usable(end - start) {
		mark, ok := *w, false
		if before, ok = w.try(c, &t, final); ok && c.accepts(before, end-start) {
			return
		}
		*w = mark
	}
	w.finish() // while the end of c is still the old one
	c.build(&t)
	if cost, ok := w.try(c, &t, final); ok {
		c.made(cost, before, end-start)
		return
	}
	c.valid = false
	w.store(body[start:end], final)
}

// isText reports whether at most a quarter of a sample of body is above ASCII. Otherwise
// body is binary or in another script, and matchLines would find few delimiters.
func isText(body []byte) bool {
	n, step := 0, (len(body)+255)/256
	for i := 0; i < len(body); i += step {
		n += int(body[i] >> 7)
	}
	return n*step <= len(body)/4
}

// isRandom reports whether a chunk has hardly any matches, and a sample of its literals
// is about equally frequent. No code shortens such a chunk by as much as a twentieth, so
// random and compressed bytes are stored without trying.
func isRandom(t *task) bool {
	n := t.end - t.start
	if len(t.seq) > 2+n/128 {
		return false
	}
	literals := 0
	for _, s := range t.seq {
		literals += int(s & 0xffff)
	}
	if literals < n-n/32 {
		return false
	}
	// squares sums the squares of each byte's count. For random bytes it is
	// samples + samples^2/256 on average, give or take a thirtieth; it is a third more
	// for bytes that a code could write in 7.5 bits.
	const most = 512 // a power of two: 512 divisions would take as long as storing the chunk
	samples := min(n, most)
	step := uint(n * most / samples)
	var count [256]uint16
	squares := 0
	for i := range samples {
		c := &count[t.body[t.start+int(uint(i)*step/most)]]
		squares += 2*int(*c) + 1
		*c++
	}
	return squares < (samples+samples*samples/256)*9/8
}
