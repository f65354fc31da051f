package batch

import (
	"math/bits"
	"time"
)

// Latency is a histogram of times. Latency[i] counts those that were at least half of
// 1 ms << i, but less than that. The first counts all below 1 ms, and the last all from
// 16.384 s up.
type Latency [16]uint64

// add counts a time.
func (l *Latency) add(took time.Duration) {
	l[min(bits.Len64(uint64(max(took, 0)/time.Millisecond)), len(l)-1)]++
}

// Count returns the number of times.
func (l Latency) Count() (n uint64) {
	for _, c := range l {
		n += c
	}
	return n
}

// Quantile returns a time that at least the fraction q of the times, from 0 to 1, did not
// exceed: 0.5 is the median. It is the upper limit of a count, so it is too long by at
// most a factor of two: the exact quantile is less, and not less than half of it. The
// exceptions are 1 ms, below which the exact one may be any time, and 16.384 s, which
// stands for any longer time. Without times it is 0.
func (l Latency) Quantile(q float64) time.Duration {
	var limit time.Duration
	n, total := uint64(0), float64(l.Count())
	for i, c := range l {
		if c == 0 {
			continue
		}
		n += c
		limit = time.Millisecond << min(i, len(l)-2)
		if float64(n)/total >= q {
			break
		}
	}
	return limit
}
