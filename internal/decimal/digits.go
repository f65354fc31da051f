package decimal

import "slices"

// The Put functions write text to b from n on and return the index after it. They store
// whole words and may write beyond the text, so callers must reserve space: cap(b)-n must
// be at least the Room constant named with the function. The bytes after the text are
// undefined.
const (
	// RoomInt is the space that PutInt64, PutUint64 and PutTimestamp need.
	RoomInt = 32
	// RoomFloat is the space that PutFloat64 and PutFloat32 need.
	RoomFloat = 40
	// RoomRFC3339 is the space that PutRFC3339 needs.
	RoomRFC3339 = 40
)

// Grow returns dst with capacity for n more bytes.
func Grow(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		dst = extend(dst, n)
	}
	return dst
}

// extend is apart so that Grow stays small enough to be inlined.
//
//go:noinline
func extend(dst []byte, n int) []byte { return slices.Grow(dst, n) }

// small[x] holds the decimal text of x, left-justified, in its low three bytes
// and the length of the text in the high byte.
var small = func() (t [1000]uint32) {
	for x := range t {
		switch u := uint32(x); {
		case x < 10:
			t[x] = 0x30 + u | 1<<24
		case x < 100:
			t[x] = 0x3030 + u/10 + u%10<<8 | 2<<24
		default:
			t[x] = 0x303030 + u/100 + u/10%10<<8 + u%10<<16 | 3<<24
		}
	}
	return t
}()

// Small returns the text of x, which is from 0 to 999, in its low three bytes and the length
// of the text in the high byte.
func Small(x int64) uint32 { return small[x] }
