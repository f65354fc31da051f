package decimal

import (
	"math"
	"time"

	"github.com/pointwire/pointwire"
)

// The timestamps that InfluxDB 1.x stores, in nanoseconds since 1970: it
// refuses the two smallest and the largest int64 with "time outside range".
const (
	MinTime = math.MinInt64 + 2
	MaxTime = math.MaxInt64 - 1
)

// TimeIn returns the number of whole units of p from 1970 to t, rounded down
// (towards the past, before 1970 too). It reports false if t is outside
// [MinTime] and [MaxTime], the years 1677 to 2262.
func TimeIn(t time.Time, p pointwire.Precision) (int64, bool) {
	// UnixNano is undefined outside this range: look at the seconds first.
	const limit = math.MaxInt64/1_000_000_000 + 1
	s := t.Unix()
	if s < -limit || s > limit {
		return 0, false
	}
	ns, ok := mulAdd(s, 1_000_000_000, int64(t.Nanosecond()))
	if !ok || ns < MinTime || ns > MaxTime {
		return 0, false
	}
	ts := floorDiv(ns, p.Unit())
	return ts, InRange(ts, p)
}

// mulAdd returns a*b+c for b > 0 and 0 <= c < b, and whether it fits.
func mulAdd(a, b, c int64) (int64, bool) {
	if a < 0 {
		// Count from the next whole unit, so that the product stays in range
		// whenever the result does.
		a, c = a+1, c-b
	}
	if a > math.MaxInt64/b || a < math.MinInt64/b {
		return 0, false
	}
	n := a * b
	if c > 0 && n > math.MaxInt64-c || c < 0 && n < math.MinInt64-c {
		return 0, false
	}
	return n + c, true
}

// floorDiv returns floor(a/b) for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// InRange reports whether ts units of p since 1970 are a time that InfluxDB
// stores: between [MinTime] and [MaxTime] in nanoseconds.
func InRange(ts int64, p pointwire.Precision) bool {
	limit := timeLimits[p&7]
	return ts >= -limit && ts <= limit
}

// timeLimits are the largest timestamps by precision. Those without a meaning
// count as nanoseconds, like their Unit.
var timeLimits = func() (t [8]int64) {
	for p := range t {
		t[p] = MaxTime / pointwire.Precision(p).Unit()
	}
	return t
}()

// UnixTime returns the time of ts units of p since 1970, in UTC. It reports
// false if that is outside [MinTime] and [MaxTime].
func UnixTime(ts int64, p pointwire.Precision) (time.Time, bool) {
	if !InRange(ts, p) {
		return time.Time{}, false
	}
	return time.Unix(0, ts*p.Unit()).UTC(), true
}

// Convert returns ts units of from since 1970 in whole units of to, rounded down.
// It reports false if from is not valid, or either is outside [MinTime] and
// [MaxTime].
func Convert(ts int64, from, to pointwire.Precision) (int64, bool) {
	if !from.Valid() || !InRange(ts, from) {
		return 0, false
	}
	ts = floorDiv(ts*from.Unit(), to.Unit())
	return ts, InRange(ts, to)
}

// FloorTo returns ns nanoseconds in whole units of p, rounded down.
func FloorTo(ns int64, p pointwire.Precision) int64 { return floorDiv(ns, p.Unit()) }
