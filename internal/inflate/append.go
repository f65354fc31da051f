package inflate

import (
	"encoding/binary"
	"slices"
	"sync"
)

// piece is the number of output bytes decoded before their checksum is computed, so that
// they are still in the cache then.
const piece = 64 << 10

// maxRatio is how many times larger than its input the data may be: a match of 258 bytes
// takes at least two bits.
const maxRatio = 1032

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// AppendGunzip decodes src, which is in gzip's format, appends the data to dst and returns
// the extended buffer. It appends at most limit bytes.
//
// Every error is an [*Error], and comes with the data decoded so far. Data of more than
// limit bytes is ErrTooLarge; an empty src is io.ErrUnexpectedEOF. AppendGunzip allocates
// unless dst has at least 320 bytes more room than the data needs. It may write to dst up
// to its capacity. dst must not overlap src.
func AppendGunzip(dst, src []byte, limit int) ([]byte, error) {
	d := decoders.Get().(*decoder)
	start, w := len(dst), len(dst)
	limit = max(limit, 0)
	d.reset(src, w)
	out := dst[:cap(dst)]
	var err error
	for {
		if len(out)-w <= slack {
			// Make room for the length that the last member declares, or else double
			// the room. Neither exceeds the limit.
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
