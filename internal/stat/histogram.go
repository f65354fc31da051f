// Package stat holds the statistics of lpbench: latencies in a histogram, and
// the test whether two sets of figures differ. Tests of the bench module compare both with
// other libraries.
package stat

import (
	"math/bits"
	"time"
)

// subBits is how finely a histogram divides: each power of two into 1<<subBits
// parts, so that a value is known to 1 in 128.
const subBits = 7

// A Histogram counts durations in buckets whose width grows with the value, in
// a fixed 59 KiB. Its zero value is empty. It is not safe for concurrent use.
type Histogram struct {
	counts [(64 - subBits) << subBits]uint64
	n      uint64
	sum    float64
	max    time.Duration
}

// index returns the bucket of v: its subBits+1 highest bits tell.
func index(v uint64) int {
	shift := bits.Len64(v) - subBits - 1
	if shift <= 0 {
		return int(v)
	}
	return shift<<subBits + int(v>>shift)
}

// highest returns the greatest value of bucket i.
func highest(i int) uint64 {
	shift := i>>subBits - 1
	if shift <= 0 {
		return uint64(i)
	}
	return (uint64(i-shift<<subBits)+1)<<shift - 1
}

// Add counts d. A negative one counts as 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.counts[index(uint64(d))]++
	h.n++
	h.sum += float64(d)
	h.max = max(h.max, d)
}

// Merge counts all that other did.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.sum += other.sum
	h.max = max(h.max, other.max)
}

// Count returns how many durations were added.
func (h *Histogram) Count() uint64 { return h.n }

// Max returns the greatest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the mean of the durations, 0 if there are none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	mean := h.sum / float64(h.n)
	if mean >= float64(h.max) { // by rounding; 1<<63 is no Duration
		return h.max
	}
	return time.Duration(mean)
}

// Quantile returns the least duration that at least the share q of all does
// not exceed, up to 1 in 128 too much; 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n))
	if float64(rank) < q*float64(h.n) || rank == 0 {
		rank++
	}
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(time.Duration(highest(i)), h.max)
		}
	}
	return h.max
}
