package decimal

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// intEdges are the numbers at the limits of lengths and ways, and random ones of
// every length.
func intEdges(yield func(uint64) bool) {
	for _, d := range []uint64{0, 1, math.MaxUint64, math.MaxInt64, 1 << 63, 1<<63 + 1} {
		if !yield(d) {
			return
		}
	}
	p := uint64(1)
	for range 20 {
		for d := range uint64(5) {
			if !yield(p+d-2) || !yield(9*p+d-2) {
				return
			}
		}
		p *= 10
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 200_000 {
		if !yield(r.Uint64() >> r.IntN(64)) {
			return
		}
	}
	for u := range uint64(20_000) {
		if !yield(u) {
			return
		}
	}
}

func checkInt(t *testing.T, u uint64, c *TimestampCache) {
	t.Helper()
	var buf [48]byte
	b := append(buf[:0], '=')
	if got, want := string(AppendUint64(b, u)), "="+strconv.FormatUint(u, 10); got != want {
		t.Fatalf("AppendUint64 = %q, want %q", got, want)
	}
	v := int64(u)
	for range 2 {
		want := "=" + strconv.FormatInt(v, 10)
		if got := string(AppendInt64(b, v)); got != want {
			t.Fatalf("AppendInt64 = %q, want %q", got, want)
		}
		if got := string(AppendTimestamp(b, v)); got != want {
			t.Fatalf("AppendTimestamp = %q, want %q", got, want)
		}
		if got := string(b[:c.Put(b, 1, v)]); got != want {
			t.Fatalf("TimestampCache.Put = %q, want %q", got, want)
		}
		v = -v
	}
}

func TestAppendInt(t *testing.T) {
	var c TimestampCache
	for u := range intEdges {
		checkInt(t, u, &c)
	}
	// Sequences, with every length of common prefix.
	r := rand.New(rand.NewPCG(9, 10))
	for step := uint64(1); step < 1e18; step *= 10 {
		ts := 1e18 + r.Uint64N(8e18)
		for range 1000 {
			checkInt(t, ts, &c)
			ts += r.Uint64N(step) + 1
		}
	}
}

func FuzzAppendInt(f *testing.F) {
	f.Add(uint64(0), uint64(math.MaxUint64))
	f.Add(uint64(1540184368785116000), uint64(1540184368785117000))
	f.Fuzz(func(t *testing.T, u, v uint64) {
		var c TimestampCache
		checkInt(t, u, &c)
		checkInt(t, v, &c)
		checkInt(t, u, &c)
	})
}
