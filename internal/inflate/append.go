package inflate

import (
	"encoding/binary"
	"slices"
	"sync"
)

// piece is how much output is made before its checksum is taken, while it is in
// the cache.
const piece = 64 << 10

// maxRatio is how many times larger than its input deflated data may be: a match
// of 258 bytes takes two bits.
const maxRatio = 1032

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// AppendGunzip appends the data of src, which is in gzip's format, to dst and
// returns the extended buffer. It appends at most limit bytes.
//
// On an error, which is an [*Error], it returns what it has decoded so far. More
// than limit bytes are ErrTooLarge, an empty src is io.ErrUnexpectedEOF. It
// allocates if dst has not at least 320 bytes more room than it needs. dst may be
// written to up to its capacity, and must not overlap src.
func AppendGunzip(dst, src []byte, limit int) ([]byte, error) {
	d := decoders.Get().(*decoder)
	start, w := len(dst), len(dst)
	limit = max(limit, 0)
	d.reset(src, w)
	out := dst[:cap(dst)]
	var err error
	for {
		if len(out)-w <= slack {
			// Room for what the last member says it has, or as much again. Neither
			// is believed beyond the limit.
			room := uint64(w - start)
			if w == start && len(src) >= headerBytes+trailerBytes {
				room = min(uint64(binary.LittleEndian.Uint32(src[len(src)-4:])), uint64(len(src))*maxRatio)
			}
			room = min(max(room, 512), uint64(limit-(w-start)))
			out = slices.Grow(out[:w], int(room)+slack+1)
			out = out[:cap(out)]
		}
		var v verdict
		w, v = d.run(out, w, min(w+piece, len(out)-slack))
		if w-start > limit {
			w = start + limit
			d.fail(ErrTooLarge)
			err = d.err
			break
		}
		if v == bad {
			err = d.err
			break
		}
		if v == more {
			if !d.ended() {
				err = d.early()
			}
			break
		}
	}
	d.in, d.err = nil, nil
	decoders.Put(d)
	return out[:w], err
}
