package stamp

import (
	"fmt"
	"hash/maphash"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire"
)

// TestOneMoment: lines of one series that are stamped at the same moment get
// different times, in all goroutines, up to a minute ahead of the clock. In nanoseconds and
// microseconds no two lines get the same time. In coarser units a series does not change
// the times of another.
func TestOneMoment(t *testing.T) {
	const each = 100 // lines of each of two series
	lines := [...][]byte{[]byte("m,a=1,b=2 v=1\n"), []byte("m,b=3,a=1"), []byte("m,b=2,a=1"), []byte("m,a=1,b=3 v=2,a=1 \n")}
	synctest.Test(t, func(t *testing.T) {
		for p := pointwire.Nanosecond; p.Valid(); p++ {
			var clocks Clocks
			c, release := clocks.Of("/write", p, 0)
			defer release()
			first := time.Now().UnixNano() / p.Unit()
			var mu sync.Mutex
			var wg sync.WaitGroup
			seen := map[int64]int{}
			refused := 0
			for range 4 {
				wg.Go(func() {
					for i := range 2 * each / 4 {
						ts, ok := c.Stamp(lines[i%4])
						mu.Lock()
						if ok {
							seen[ts]++
						} else {
							refused++
						}
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			series, times := 2, min(each, 1+int64(time.Minute)/p.Unit())
			if p <= pointwire.Microsecond {
				series, times = 1, 2*each
			}
			want := map[int64]int{}
			for i := range times {
				want[first+i] = series
			}
			if !maps.Equal(seen, want) || refused != 2*each-series*int(times) {
				t.Errorf("%v: %v, %d refused, want %v", p, seen, refused, want)
			}
		}
	})
}

// TestMemory: the number of series within one unit is bounded, and series of earlier
// units are removed for others.
func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := Clock{unit: pointwire.Second, room: minSeries}
		for range 3 {
			for i := range 3 * minSeries {
				_, ok := c.Stamp(fmt.Appendf(nil, "m,i=%d v=1", i))
				if ok != (i < minSeries) || len(c.series) > minSeries {
					t.Fatalf("series %d: %v, %d are held", i, ok, len(c.series))
				}
			}
			time.Sleep(time.Second)
		}
	})
}

// TestClockPutBack: after a small step back of the clock, stamps still differ; a large
// step is followed.
func TestClockPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for step, want := range map[time.Duration]time.Duration{time.Second: time.Second + time.Millisecond, time.Hour: 0} {
			c := Clock{unit: pointwire.Millisecond, room: minSeries}
			c.Stamp([]byte("m v=1"))
			now := time.Now().UnixMilli()
			for s := range c.series {
				c.series[s] = now + step.Milliseconds()
			}
			c.latest = now + step.Milliseconds()
			if ts, ok := c.Stamp([]byte("m v=1")); !ok || ts != now+want.Milliseconds() {
				t.Errorf("after %v: %d ms, %v", step, ts-now, ok)
			}
		}
	})
}

// TestSeriesHash: the order of tags does not matter, and everything else does.
func TestSeriesHash(t *testing.T) {
	seed := maphash.MakeSeed()
	seen := map[uint64]string{}
	for _, same := range [][]string{
		{"m,a=1,b=2 v=1", "m,b=2,a=1", "m,b=2,a=1 v=1,b=3 5\n"},
		{"m", "m v=1", "m \n"}, {"a=1,m=2", "a=1,m=2 v=1"}, {"m=2,a=1"}, {`m,a=1\,b=2`}, {`m,b=2\ c=3,a=1`, `m,a=1,b=2\ c=3 v=1`}, {`m\ v=1`, `m\ v=1 v=1`},
	} {
		first := seriesHash(seed, []byte(same[0]))
		if other, ok := seen[first]; ok {
			t.Errorf("%q and %q", other, same[0])
		}
		seen[first] = same[0]
		for _, text := range same {
			if seriesHash(seed, []byte(text)) != first {
				t.Errorf("%q is not %q", text, same[0])
			}
		}
	}
}

// TestClocks: the same lines for the same place have one clock, which outlives those that use it
// while it is ahead of the time. What has no effect any more is removed.
func TestClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clocks Clocks
		line := []byte("m v=1")
		first, release := clocks.Of("/write?db=a", pointwire.Second, 0)
		one, _ := first.Stamp(line)
		first.Stamp(line) // ahead by a second
		release()
		release() // changes nothing
		for i := range 10 * fewClocks {
			_, done := clocks.Of(fmt.Sprint("/write?db=", i), pointwire.Second, 0)
			done()
		}
		if n := len(clocks.all); n > 2*fewClocks {
			t.Errorf("%d clocks", n)
		}
		again, release := clocks.Of("/write?db=a", pointwire.Second, 1<<20)
		if ts, ok := again.Stamp(line); again != first || ts != one+2 || !ok || again.limit() != 1<<20/seriesBytes+1 || again.users != 1 {
			t.Errorf("%d after %d, %v, %+v", ts, one, ok, again)
		}
		other, _ := clocks.Of("/write?db=b", pointwire.Second, 0)
		if ts, _ := other.Stamp(line); ts != one {
			t.Errorf("%d, another place began at %d", ts, one)
		}
		release()
		time.Sleep(4 * time.Second)
		for i := range 10 * fewClocks {
			_, done := clocks.Of(fmt.Sprint("/write?db=", i), pointwire.Second, 0)
			done()
		}
		if _, ok := clocks.all[target{"/write?db=a", pointwire.Second}]; ok {
			t.Error("a clock without effect is kept")
		}
		if c := clocks.all[target{"/write?db=b", pointwire.Second}]; c != other {
			t.Error("a clock in use is gone")
		}
	})
}
