package decimal

import (
	"math"
	"math/bits"

	"github.com/pointwire/pointwire/internal/swar"
)

// This file writes integers and timestamps, eight digits at a time.
//
// swar.Digits8 makes eight digits of a number below 1e8 in one word; leading zeros are
// shifted out, so there is no branch on the number of digits within a word. Numbers below
// 1000 come from a table. A timestamp in nanoseconds has 19 digits since 2001, and a
// TimestampCache keeps the first 11 of them from one timestamp to the next.

// AppendInt64 appends v in decimal.
func AppendInt64(dst []byte, v int64) []byte {
	dst = Grow(dst, RoomInt)
	return dst[:PutInt64(dst, len(dst), v)]
}

// AppendUint64 appends v in decimal.
func AppendUint64(dst []byte, v uint64) []byte {
	dst = Grow(dst, RoomInt)
	return dst[:PutUint64(dst, len(dst), v)]
}

// PutInt64 writes v in decimal. It needs [RoomInt] bytes.
func PutInt64(b []byte, n int, v int64) int {
	// Negation as an unsigned number also handles the smallest int64.
	s := uint64(v >> 63)
	return putInt(b, n, (uint64(v)^s)-s, s)
}

// PutUint64 writes v in decimal. It needs [RoomInt] bytes.
func PutUint64(b []byte, n int, v uint64) int { return putInt(b, n, v, 0) }

// putInt writes v, with a minus sign if sign is all ones and without if it is 0.
func putInt(b []byte, n int, v, sign uint64) int {
	swar.StoreByte(b, n, '-') // always; it is kept if n moves on
	n -= int(sign)
	if v < 1000 {
		t := small[v]
		swar.Store32(b, n, t)
		return n + int(t>>24)
	}
	if v < 1e8 {
		d := swar.Digits8(uint32(v))
		skip := bits.TrailingZeros64(d) &^ 7
		swar.Store64(b, n, (d|swar.Zeros)>>uint(skip))
		return n + 8 - skip>>3
	}
	hi := v / 1e8
	lo := swar.Digits8(uint32(v-hi*1e8)) | swar.Zeros
	if v < 1e16 {
		d := swar.Digits8(uint32(hi))
		skip := bits.TrailingZeros64(d) &^ 7
		swar.Store64(b, n, (d|swar.Zeros)>>uint(skip))
		n += 8 - skip>>3
		swar.Store64(b, n, lo)
		return n + 8
	}
	top := hi / 1e8 // 1..1844
	mid := swar.Digits8(uint32(hi-top*1e8)) | swar.Zeros
	if top >= 1000 {
		swar.StoreByte(b, n, '1')
		n++
		top -= 1000
		swar.Store32(b, n, hundreds(top))
		n += 3
	} else {
		t := small[top]
		swar.Store32(b, n, t)
		n += int(t >> 24)
	}
	swar.Store64(b, n, mid)
	swar.Store64(b, n+8, lo)
	return n + 16
}

// hundreds returns the three digits of x < 1000, with leading zeros.
func hundreds(x uint64) uint32 {
	t := small[x]
	skip := 24 - t>>24*8
	return t<<skip | 0x303030&(1<<skip-1)
}

// PutTimestamp writes ts in decimal. It is fastest for nanoseconds from 2001 on, which
// have 19 digits. It needs [RoomInt] bytes.
func PutTimestamp(b []byte, n int, ts int64) int {
	if ts < 1e18 {
		return PutInt64(b, n, ts)
	}
	hi := uint64(ts) / 1e8
	lo := uint64(ts) - hi*1e8
	top := hi / 1e8 // 100..922
	swar.Store32(b, n, small[top])
	swar.Store64(b, n+3, swar.Digits8(uint32(hi-top*1e8))|swar.Zeros)
	swar.Store64(b, n+11, swar.Digits8(uint32(lo))|swar.Zeros)
	return n + 19
}

// AppendTimestamp appends ts in decimal, see [PutTimestamp].
func AppendTimestamp(dst []byte, ts int64) []byte {
	dst = Grow(dst, RoomInt)
	return dst[:PutTimestamp(dst, len(dst), ts)]
}

// A TimestampCache writes timestamps that share their first digits with the previous one,
// such as nanoseconds within a tenth of a second. The zero value is ready to use.
type TimestampCache struct {
	base  int64     // the last timestamp without its last eight digits
	span  uint64    // how many timestamps from base on share its text, 0 if none
	words [2]uint64 // the shared text of base in words: 11 digits
}

// Put writes ts in decimal. It needs [RoomInt] bytes.
func (c *TimestampCache) Put(b []byte, n int, ts int64) int {
	rest := uint64(ts - c.base)
	if rest >= c.span {
		return c.put(b, n, ts)
	}
	swar.Store64(b, n, c.words[0])
	swar.Store64(b, n+8, c.words[1])
	swar.Store64(b, n+11, swar.Digits8(uint32(rest))|swar.Zeros)
	return n + 19
}

// Shares reports whether ts has the first 11 digits of the timestamp before, and returns the
// number that the other eight are. With PutShared it makes up Put, for callers that need it
// inlined:
//
//	if rest, ok := c.Shares(ts); ok {
//		c.PutShared(b, n)
//		swar.Store64(b, n+11, swar.Digits8(rest)|swar.Zeros)
//		n += 19
//	} else {
//		n = c.Put(b, n, ts)
//	}
func (c *TimestampCache) Shares(ts int64) (rest uint32, ok bool) {
	d := uint64(ts - c.base)
	return uint32(d), d < c.span
}

// PutShared writes the first 11 digits, and up to 5 bytes after them.
func (c *TimestampCache) PutShared(b []byte, n int) {
	swar.Store64(b, n, c.words[0])
	swar.Store64(b, n+8, c.words[1])
}

// put writes ts and keeps its first digits.
func (c *TimestampCache) put(b []byte, n int, ts int64) int {
	end := PutTimestamp(b, n, ts)
	if ts >= 1e18 {
		c.base = ts - ts%1e8
		c.span = min(1e8, math.MaxInt64-uint64(c.base)+1) // the last of them have fewer
		c.words = [2]uint64{swar.Load64(b, n), swar.Load64(b, n+8)}
	}
	return end
}
