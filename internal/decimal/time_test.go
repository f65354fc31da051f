package decimal

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
)

// timeInPlain is the plain twin of TimeIn.
func timeInPlain(t time.Time, p pointwire.Precision) (int64, bool) {
	ns := new(big.Int).Mul(big.NewInt(t.Unix()), big.NewInt(1e9))
	ns.Add(ns, big.NewInt(int64(t.Nanosecond())))
	if ns.Cmp(big.NewInt(MinTime)) < 0 || ns.Cmp(big.NewInt(MaxTime)) > 0 {
		return 0, false
	}
	// Div is Euclidean division: floor for a positive divisor.
	unit := big.NewInt(p.Unit())
	ts := ns.Div(ns, unit).Int64()
	return ts, unit.Mul(unit, big.NewInt(ts)).Cmp(big.NewInt(MinTime)) >= 0
}

func TestTimeIn(t *testing.T) {
	check := func(at time.Time) {
		t.Helper()
		for p := pointwire.Nanosecond; p <= pointwire.Hour; p++ {
			got, ok := TimeIn(at, p)
			want, wantOK := timeInPlain(at, p)
			if got != want || ok != wantOK {
				t.Fatalf("TimeIn(%v, %v) = %d, %v, want %d, %v", at, p, got, ok, want, wantOK)
			}
		}
	}
	for _, ns := range []int64{0, 1, -1, 999, -999, 1e9, -1e9, 1e9 + 1, -1e9 - 1, 3600e9, -3600e9, -3600e9 - 1, math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - 2,
		math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 2, math.MinInt64 + 3, math.MinInt64 + 1e9, math.MaxInt64 - 1e9} {
		check(time.Unix(0, ns))
		check(time.Unix(0, ns).Add(1))
		check(time.Unix(0, ns).Add(-1))
	}
	for _, s := range []int64{math.MinInt64, math.MaxInt64, -1 << 40, 1 << 40, 9223372036, 9223372037, -9223372036, -9223372037, -9223372038, -62135596800} {
		check(time.Unix(s, 0))
		check(time.Unix(s, 999999999))
	}
	check(time.Time{})
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		check(time.Unix(0, int64(r.Uint64())>>r.IntN(63)))
	}
}

func TestInRange(t *testing.T) {
	for p := pointwire.Nanosecond; p <= pointwire.Hour; p++ {
		for _, ts := range []int64{0, math.MaxInt64, math.MaxInt64 - 1, math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 2,
			math.MaxInt64 / p.Unit(), math.MaxInt64/p.Unit() + 1, math.MinInt64 / p.Unit(), math.MinInt64/p.Unit() - 1, 1, -1} {
			ns := new(big.Int).Mul(big.NewInt(ts), big.NewInt(p.Unit()))
			want := ns.Cmp(big.NewInt(MinTime)) >= 0 && ns.Cmp(big.NewInt(MaxTime)) <= 0
			if got := InRange(ts, p); got != want {
				t.Errorf("InRange(%d, %v) = %v", ts, p, got)
			}
			at, ok := UnixTime(ts, p)
			if ok != want || ok && at.UnixNano() != ns.Int64() {
				t.Errorf("UnixTime(%d, %v) = %v, %v", ts, p, at, ok)
			}
		}
	}
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		ts       int64
		from, to pointwire.Precision
		want     int64
		ok       bool
	}{
		{1514764800, pointwire.Second, pointwire.Nanosecond, 1514764800000000000, true},
		{1514764800, pointwire.Second, pointwire.Second, 1514764800, true},
		{1999, pointwire.Millisecond, pointwire.Second, 1, true},
		{-1, pointwire.Nanosecond, pointwire.Hour, -1, true},
		{-1, pointwire.Hour, pointwire.Microsecond, -3600000000, true},
		{MaxTime, pointwire.Nanosecond, pointwire.Hour, MaxTime / pointwire.Hour.Unit(), true},
		{MinTime, pointwire.Nanosecond, pointwire.Nanosecond, MinTime, true},
		{MinTime, pointwire.Nanosecond, pointwire.Hour, 0, false}, // its hour begins before
		{math.MinInt64, pointwire.Nanosecond, pointwire.Second, 0, false},
		{math.MaxInt64, pointwire.Hour, pointwire.Hour, 0, false},
		{MaxTime/pointwire.Hour.Unit() + 1, pointwire.Hour, pointwire.Nanosecond, 0, false},
		{1, 77, pointwire.Second, 0, false},
	} {
		if got, ok := Convert(c.ts, c.from, c.to); ok != c.ok || ok && got != c.want {
			t.Errorf("%d from %v to %v: %d, %v", c.ts, c.from, c.to, got, ok)
		}
	}
}
