package deflate

import (
	"encoding/binary"
	"slices"

	"github.com/pointwire/pointwire/internal/swar"
)

const (
	// maxStored is how many bytes a stored block can hold.
	maxStored = 65535
	// room is how many bytes beyond the limit of a block may be written to: the
	// header of a stored block, and the whole words that put and emit store.
	room = 64
)

// A stream is a stream of bits, the first in the lowest bit of a byte.
type stream struct {
	b   []byte
	n   int    // number of whole bytes in b
	acc uint64 // the bits after them
	nb  uint   // number of bits in acc, at most 7 between two writes

	// If the stream ends with a stored block, stored is the index of its length,
	// otherwise 0. The block's header begins at bit storedBit of the byte at
	// storedHead; that bit marks the last block.
	stored, storedHead int
	storedBit          uint
}

// grow makes room for a chunk of n bytes, compressed or not.
func (w *stream) grow(n int) {
	w.b = slices.Grow(w.b[:w.n], n+room)
	w.b = w.b[:cap(w.b)]
}

// put writes the low n bits of v, at most 56. The other bits of v must be 0.
func (w *stream) put(v uint64, n uint) {
	w.acc |= v << (w.nb & 7)
	swar.Store64(w.b, w.n, w.acc)
	w.nb += n
	w.n += int(w.nb >> 3)
	w.acc >>= w.nb & 56
	w.nb &= 7
}

// since returns how many bits were written since w was copied to mark.
func (w *stream) since(mark *stream) int { return (w.n-mark.n)*8 + int(w.nb) - int(mark.nb) }

// align fills the last byte with zeros.
func (w *stream) align() { w.put(0, -w.nb&7) }

// store writes p, at most chunkSize bytes, as a stored block, or appends it to the stored
// block at the end of the stream.
func (w *stream) store(p []byte, final bool) {
	have := 0
	if w.stored > 0 {
		have = int(binary.LittleEndian.Uint16(w.b[w.stored:]))
	}
	if w.stored == 0 || have+len(p) > maxStored {
		have = 0
		w.storedHead, w.storedBit = w.n, w.nb
		w.put(0, 3)
		w.align()
		w.stored = w.n
		w.n += 4
	}
	putStoredLength(w.b[w.stored:], have+len(p))
	w.n += copy(w.b[w.n:], p)
	if final {
		w.b[w.storedHead] |= 1 << w.storedBit
	}
}

// putStoredLength writes the length of a stored block and its complement.
func putStoredLength(b []byte, n int) {
	binary.LittleEndian.PutUint16(b, uint16(n))
	binary.LittleEndian.PutUint16(b[2:], ^uint16(n))
}

// storedSize returns the size of n bytes in stored blocks.
func storedSize(n int) int { return n + 5*max(1, (n+maxStored-1)/maxStored) }

// appendStored appends p in stored blocks and marks the last one.
func appendStored(dst, p []byte) []byte {
	for {
		n := min(len(p), maxStored)
		head := [5]byte{}
		if n == len(p) {
			head[0] = 1
		}
		putStoredLength(head[1:], n)
		dst = append(append(dst, head[:]...), p[:n]...)
		if p = p[n:]; len(p) == 0 {
			return dst
		}
	}
}
