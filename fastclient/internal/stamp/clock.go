// Package stamp gives lines without a timestamp the time of their append, so that no two lines
// of a series get the same one from a client, whichever of its writers they go through.
package stamp

import (
	"hash/maphash"
	"maps"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire"
)

// A Clock gives lines without a timestamp the time of their append, so that no two
// lines of a series get the same one.
//
// In nanoseconds and microseconds all lines share one sequence of times: no two lines get
// the same one, and the times stay close to the clock. In coarser units a shared sequence
// would run ahead of the clock, so each series has its own. It may be ahead of the clock by
// Lead.
type Clock struct {
	unit  pointwire.Precision
	users int          // of Clocks, under its lock
	last  atomic.Int64 // the last stamp, in fine units

	mu     sync.Mutex
	room   int // number of series that its users have memory for
	kept   int // those of users that have ended, which have an effect for a while
	seed   maphash.Seed
	latest int64 // latest time of the clock
	// series holds the last stamp of each series, by seriesHash. An entry before latest
	// has no effect and may be removed.
	series map[uint64]int64
	sweep  int   // at this number of entries those without effect are removed
	swept  int64 // latest when that was done
	ahead  int64 // the last stamp of any series
}

// Lead is how far a timestamp may be ahead of the clock, in units of a millisecond or more.
const Lead = time.Minute

const (
	// seriesBytes is more than the memory of an entry of the map.
	seriesBytes = 256
	minSeries   = 1024
)

// Stamp returns the timestamp of a line that is appended now, given the line or its
// measurement and tags. It reports false if the series has no time left.
func (c *Clock) Stamp(line []byte) (int64, bool) {
	if c.unit > pointwire.Microsecond {
		return c.stampSeries(line)
	}
	ts := time.Now().UnixNano() / c.unit.Unit()
	for {
		last := c.last.Load()
		next := max(ts, last+1)
		if c.last.CompareAndSwap(last, next) {
			return next, true
		}
	}
}

func (c *Clock) stampSeries(line []byte) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lead := int64(Lead) / c.unit.Unit()
	now := time.Now().UnixNano() / c.unit.Unit()
	switch {
	case c.series == nil:
		c.series, c.seed, c.sweep, c.swept = map[uint64]int64{}, maphash.MakeSeed(), minSeries, now-1
	case now < c.latest-lead: // the clock was set back by more than a step
		clear(c.series)
		c.swept, c.ahead, c.kept = now-1, now-1, 0
	case now < c.latest:
		now = c.latest
	}
	c.latest = now
	series := seriesHash(c.seed, line)
	last, ok := c.series[series]
	if ok && last >= now {
		if last++; last-now > lead {
			return 0, false
		}
		c.set(series, last)
		return last, true
	}
	if !ok && len(c.series) >= min(c.sweep, c.limit()) && !c.makeRoom(now) {
		return 0, false
	}
	c.set(series, now)
	return now, true
}

func (c *Clock) set(series uint64, ts int64) {
	c.series[series] = ts
	c.ahead = max(c.ahead, ts)
}

// limit returns the largest number of series.
func (c *Clock) limit() int { return max(c.room, minSeries) + c.kept }

// makeRoom removes the series without effect, once in each unit, and reports whether there is
// room for one more.
func (c *Clock) makeRoom(now int64) bool {
	if c.swept < now {
		c.swept = now
		maps.DeleteFunc(c.series, func(_ uint64, last int64) bool { return last < now })
		c.kept = min(c.kept, len(c.series))
	}
	c.sweep = max(2*len(c.series), minSeries)
	return len(c.series) < c.limit()
}

// seriesHash returns a number for the measurement and tags of a line. It does not depend
// on the order of the tags.
func seriesHash(seed maphash.Seed, line []byte) (sum uint64) {
	start := 0
	part := func(end int) {
		h := maphash.Bytes(seed, line[start:end])
		if start == 0 {
			h = bits.RotateLeft64(h, 32) // tells the measurement from a tag
		}
		sum += h
		start = end + 1
	}
	for i, b := range line {
		if (b == ',' || b == ' ') && i > 0 && line[i-1] != '\\' {
			part(i)
			if b == ' ' {
				return sum
			}
		}
	}
	part(len(line))
	return sum
}
