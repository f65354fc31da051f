package stamp

import (
	"sync"
	"time"

	"github.com/pointwire/pointwire"
)

// Clocks are the clocks of a client, one for each place that its writers write to, in each
// unit. A clock outlives its writers for as long as it is ahead of the time, so that those
// that come later give other times. The zero value has none.
type Clocks struct {
	mu    sync.Mutex
	all   map[target]*Clock
	sweep int // at this number of clocks those that nobody needs are removed
}

// target is where lines go, and the unit of their times.
type target struct {
	path string
	unit pointwire.Precision
}

// minClocks is the number of clocks up to which none is removed.
const minClocks = 16

// Of returns the clock for lines that go to path with times in unit, and a function that must
// be called when it is not used any more. maxMemory limits the number of series within one
// unit, see Clock; the largest counts.
func (s *Clocks) Of(path string, unit pointwire.Precision, maxMemory int) (c *Clock, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := target{path, unit}
	c = s.all[key]
	if c == nil {
		if s.all == nil {
			s.all, s.sweep = map[target]*Clock{}, minClocks
		}
		if len(s.all) >= s.sweep {
			for k, other := range s.all {
				if other.users == 0 && !other.ahead() {
					delete(s.all, k)
				}
			}
			s.sweep = max(2*len(s.all), minClocks)
		}
		c = &Clock{unit: unit}
		s.all[key] = c
	}
	c.room(maxMemory)
	c.users++
	return c, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.users--
	})
}

// room raises the limit to that of so much memory.
func (c *Clock) room(maxMemory int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = max(c.limit, maxMemory/seriesBytes, minSeries)
}

// ahead reports whether a new clock might give a time that c has given.
func (c *Clock) ahead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().UnixNano() / c.unit.Unit()
	if c.last.Load() >= now {
		return true
	}
	for _, last := range c.series {
		if last >= now {
			return true
		}
	}
	return false
}
