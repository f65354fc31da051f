package batch

import (
	"errors"
	"hash/maphash"
	"math/bits"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

// ErrNoTimeLeft says that a line without a timestamp is one too many: the lines of its
// series have taken every time of the [Writer]'s precision for the next minute. Lines of
// more series than Options.MaxMemory has room for are refused with it, too. Use a
// finer precision, or give lines a timestamp. See Options.NoStamp.
var ErrNoTimeLeft = errors.New("batch: no time is left for the series in this precision")

// A stampClock gives lines without a timestamp the time of their append, so that no two
// lines of one series get the same one.
//
// In nanoseconds and microseconds no two lines at all do, and the times stay close to the
// clock. In coarser units times would run ahead of it if all lines shared them: there each
// series has its own. It may be ahead of the clock by stampLead.
type stampClock struct {
	unit  fastclient.Precision
	limit int          // of series
	last  atomic.Int64 // the last stamp, in fine units

	mu     sync.Mutex
	seed   maphash.Seed
	latest int64 // of the clock
	// series holds the last stamp of each series that may be at latest or ahead of it.
	series map[uint64]int64
	sweep  int // at so many series those that are behind the clock are removed
}

const (
	stampLead = time.Minute
	// stampSeriesBytes is more than an entry of the map takes.
	stampSeriesBytes = 256
	minStampSeries   = 1024
)

func (c *stampClock) init(unit fastclient.Precision, maxMemory int) {
	c.unit, c.limit = unit, max(maxMemory/stampSeriesBytes, minStampSeries)
}

// stamp returns the timestamp of a line appended now, given the line or its measurement
// and tags. It reports false if the series has none left.
func (c *stampClock) stamp(line []byte) (int64, bool) {
	if c.unit > fastclient.Microsecond {
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

func (c *stampClock) stampSeries(line []byte) (int64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lead := int64(stampLead) / c.unit.Unit()
	now := time.Now().UnixNano() / c.unit.Unit()
	switch {
	case c.series == nil:
		c.series, c.seed, c.sweep = map[uint64]int64{}, maphash.MakeSeed(), minStampSeries
	case now < c.latest-lead: // the clock was put back by more than a step
		clear(c.series)
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
		c.series[series] = last
		return last, true
	}
	if !ok && len(c.series) >= c.sweep {
		for s, last := range c.series {
			if last < now {
				delete(c.series, s)
			}
		}
		if len(c.series) >= c.limit {
			return 0, false
		}
		c.sweep = min(max(2*len(c.series), minStampSeries), c.limit)
	}
	c.series[series] = now
	return now, true
}

// seriesHash returns a number for measurement and tags of a line, in whatever order the
// tags are.
func seriesHash(seed maphash.Seed, line []byte) (sum uint64) {
	start := 0
	part := func(end int) {
		h := maphash.Bytes(seed, line[start:end])
		if start == 0 {
			h = bits.RotateLeft64(h, 32) // the measurement is no tag
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
