package stamp

import (
	"sync"
	"time"

	"github.com/pointwire/pointwire"
)

// Clocks are the clocks of a client, one for each place that its writers write to, in each
// unit. A clock outlives its writers until its times have passed, so that those that come
// later give other times; it is removed when the next writer is made. The zero value has none.
type Clocks struct {
	mu    sync.Mutex
	all   map[target]*Clock
	sweep int // at this number of clocks those that nobody needs are removed, if there are many
}

// target is where lines go, and the unit of their times.
type target struct {
	path string
	unit pointwire.Precision
}

// fewClocks is the number of clocks up to which each writer looks for those to remove.
const fewClocks = 64

// Of returns the clock for lines that go to path with times in unit, and a function that must
// be called when it is not used any more. maxMemory is the user's share of the number of series
// within one unit, see Clock.
func (s *Clocks) Of(path string, unit pointwire.Precision, maxMemory int) (c *Clock, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := target{path, unit}
	c = s.all[key]
	if len(s.all) <= fewClocks || len(s.all) >= s.sweep {
		for k, other := range s.all {
			if other != c && other.users == 0 && other.over() {
				delete(s.all, k)
			}
		}
		s.sweep = max(2*len(s.all), fewClocks)
	}
	if c == nil {
		if s.all == nil {
			s.all = map[target]*Clock{}
		}
		c = &Clock{unit: unit}
		s.all[key] = c
	}
	room := max(maxMemory/seriesBytes, minSeries)
	c.join(room)
	c.users++
	return c, sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.users--
		c.leave(room)
	})
}

func (c *Clock) join(room int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room += room
}

// leave takes the room of a user away. Its series stay as long as they have an effect, at the cost
// of nobody.
func (c *Clock) leave(room int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.room -= room
	c.kept = len(c.series)
}

// over reports whether a new clock gives no time that c has given.
func (c *Clock) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(c.ahead, c.last.Load()) < time.Now().UnixNano()/c.unit.Unit()
}
