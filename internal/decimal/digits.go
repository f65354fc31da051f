package decimal

import "slices"

// The Put functions write text to b from n on and return where it ends. They
// store whole words and may write beyond the text, so they ask for more room
// than the text takes: the caller makes sure that cap(b)-n is at least the Room
// constant named with the function. What is beyond the text is undefined.
const (
	// RoomInt is the room that PutInt64, PutUint64 and PutTimestamp ask for.
	RoomInt = 32
	// RoomFloat is the room that PutFloat64 and PutFloat32 ask for.
	RoomFloat = 40
	// RoomRFC3339 is the room that PutRFC3339 asks for.
	RoomRFC3339 = 40
)

// Grow returns dst with room for n more bytes behind its length.
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
