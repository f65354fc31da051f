package measure

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// Options configure a measurement.
type Options struct {
	// Rounds is the number of turns of each contender. 0 means 7.
	Rounds int
	// Turn is the least duration of a turn. 0 means 50 ms.
	Turn time.Duration
	// Done, if not nil, is called after each turn.
	Done func(c *Case, op *Op)
	// clock, if not nil, replaces the wall clock.
	clock func() time.Time
}

// Turns returns how many turns Run takes for a case.
func (o Options) Turns(c *Case) int { return o.rounds() * len(c.Ops) }

func (o Options) rounds() int {
	if o.Rounds == 0 {
		return 7
	}
	return o.Rounds
}

func (o Options) turn() time.Duration {
	if o.Turn == 0 {
		return 50 * time.Millisecond
	}
	return o.Turn
}

// sample is the cost of one turn of one contender, per unit.
type sample struct {
	runs                     int // in this turn
	wall, cpu, bytes, allocs float64
}

// Run checks all contenders of c and then times those that are right. In each round every
// contender has one turn, and the order changes from round to round. The heap is
// collected before each turn, so that no contender pays for the garbage of another.
func Run(c *Case, o Options) ([]Result, error) {
	wrong, extra := make([]string, len(c.Ops)), make([]*float64, len(c.Ops))
	for i := range c.Ops {
		if c.Ops[i].Skip != "" {
			continue
		}
		// The check doubles as warm-up. A second run lets buffers reach their size.
		err := c.Ops[i].Check()
		if err == nil {
			err = c.Ops[i].Run()
		}
		if err != nil {
			wrong[i] = err.Error()
		} else if c.Ops[i].Extra != nil {
			v, err := c.Ops[i].Extra()
			if err != nil {
				return nil, fmt.Errorf("%s, %s, %s: %s: %w", c.Suite, c.Name, c.Ops[i].Contender, c.ExtraUnit, err)
			}
			extra[i] = &v
		}
		runtime.GC()
	}
	rounds := o.rounds()
	samples := make([][]sample, len(c.Ops))
	for round := range rounds {
		for k := range c.Ops {
			i := (k + round) % len(c.Ops)
			op := &c.Ops[i]
			if wrong[i] == "" && op.Skip == "" {
				s, err := turn(op, c, o)
				if err != nil {
					return nil, fmt.Errorf("%s, %s, %s: %w", c.Suite, c.Name, op.Contender, err)
				}
				samples[i] = append(samples[i], s)
			}
			if o.Done != nil {
				o.Done(c, op)
			}
		}
	}
	base := slices.IndexFunc(c.Ops, func(op Op) bool { return op.Contender == c.Base })
	results := make([]Result, len(c.Ops))
	for i := range c.Ops {
		op := &c.Ops[i]
		r := Result{Suite: c.Suite, Case: c.Name, Contender: op.Contender, Version: op.Version, Unit: c.Unit, Base: c.Base, Wrong: wrong[i], Skipped: op.Skip}
		if r.Extra = extra[i]; r.Extra != nil {
			r.ExtraUnit = c.ExtraUnit
		}
		if s := samples[i]; len(s) > 0 {
			r.Rounds = len(s)
			r.Ns, r.NsLo, r.NsHi = spread(s, func(s sample) float64 { return s.wall })
			r.CPU, _, _ = spread(s, func(s sample) float64 { return s.cpu })
			r.BytesPer, _, _ = spread(s, func(s sample) float64 { return s.bytes })
			r.Allocs, _, _ = spread(s, func(s sample) float64 { return s.allocs })
			if op.CPU != nil {
				r.BytesPer, r.Allocs = -1, -1
			}
			if c.Bytes > 0 {
				r.MBps = float64(c.Bytes) / float64(c.Units) / r.Ns * 1000
			}
			r.Samples, r.turns = cost(s, false), s
			if r.cost = cost(s, c.CPU); c.CPU {
				r.CPUSamples = r.cost
			}
			if base >= 0 && len(samples[base]) > 0 {
				r.Ratio, r.RatioLo, r.RatioHi = Quotient(cost(samples[base], c.CPU), r.cost)
				_, r.Confidence = rank(len(r.cost))
			}
		}
		results[i] = r
	}
	return results, nil
}

// cost returns the times that ratios compare, one per round.
func cost(s []sample, cpu bool) []float64 {
	v := make([]float64, len(s))
	for i := range s {
		if v[i] = s[i].wall; cpu && s[i].cpu > 0 {
			v[i] = s[i].cpu
		}
	}
	return v
}

// turn runs op repeatedly, for at least the duration of a turn.
func turn(op *Op, c *Case, o Options) (sample, error) {
	now, long := time.Now, o.turn()
	if o.clock != nil {
		now = o.clock
	}
	if op.Renew != nil {
		if err := op.Renew(); err != nil {
			return sample{}, err
		}
	}
	runtime.GC()
	if c.Warm {
		if err := op.Run(); err != nil {
			return sample{}, err
		}
	}
	n := 0
	spent, err := meter(now, op.cpuTime, func(start time.Time) (end time.Time, err error) {
		for end = start; end.Sub(start) < long; end = now() {
			if err := op.Run(); err != nil {
				return end, err
			}
			n++
		}
		return end, nil
	})
	if err != nil {
		return sample{}, err
	}
	per := 1 / (float64(n) * float64(c.Units))
	return sample{
		runs:   n,
		wall:   float64(spent.Wall) * per,
		cpu:    float64(spent.CPU) * per,
		bytes:  float64(spent.Bytes) * per,
		allocs: float64(spent.Allocs) * per,
	}, nil
}

// A Cost is the time and memory that a piece of work took in this process.
type Cost struct {
	Wall, CPU     time.Duration
	Allocs, Bytes uint64
}

// Once collects the heap, runs f once and returns its cost.
func Once(f func() error) (Cost, error) {
	runtime.GC()
	return meter(time.Now, cpuTime, func(time.Time) (time.Time, error) {
		err := f()
		return time.Now(), err
	})
}

// meter runs f and returns its cost. f receives the time at which it starts and returns
// the time at which it ended.
func meter(now func() time.Time, cpuTime func() time.Duration, f func(start time.Time) (end time.Time, err error)) (Cost, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu := cpuTime()
	start := now()
	end, err := f(start)
	cpu = cpuTime() - cpu
	runtime.ReadMemStats(&after)
	return Cost{Wall: end.Sub(start), CPU: cpu, Allocs: after.Mallocs - before.Mallocs, Bytes: after.TotalAlloc - before.TotalAlloc}, err
}

// Allocs returns how many objects a run of f allocates once its buffers have their size.
// It measures several blocks of so many runs and returns the smallest mean: allocations
// of f are in every block, while those of the runtime itself, such as pools refilled
// after a collection, are only in some.
func Allocs(runs int, f func() error) (float64, error) {
	const blocks = 5
	var least uint64
	for b := range blocks {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if err := f(); err != nil {
				return 0, err
			}
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; b == 0 || n < least {
			least = n
		}
	}
	return float64(least) / float64(runs), nil
}

// PeakHeap returns by how many MB the heap grew at most while f ran, observed whenever f
// calls look and at its end. It includes garbage that is not collected yet.
func PeakHeap(f func(look func()) error) (float64, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	runtime.GC() // objects in pools survive the first collection
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before := m.HeapAlloc
	peak := before
	look := func() {
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	err := f(look)
	look()
	return float64(peak-before) / 1e6, err
}
