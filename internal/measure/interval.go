package measure

import (
	"math"
	"slices"
)

// Interval returns the median of v and the ends of its confidence interval: the order
// statistics that enclose the median of the distribution with a probability of at least
// 95 %, whatever the distribution. Fewer than 6 values have no such interval, and the
// range of v is returned: 93.75 % for 5 values. v must not be empty; it is not changed.
func Interval(v []float64) (mid, lo, hi float64) {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	k, _ := rank(n)
	return (v[(n-1)/2] + v[n/2]) / 2, v[k-1], v[n-k]
}

// rank returns the largest k, at least 1, for which the k-th smallest and the k-th
// largest of n values enclose the median with a probability of at least 95 %, and that
// probability. The median lies below the k-th smallest value if fewer than k of the n
// values fall below it, each with probability 1/2; the same is true at the other end.
func rank(n int) (k int, confidence float64) {
	// term is C(n, k)/2^n, tail the sum of the terms below k. Both are held as multiples of
	// 2^-left, because 2^-n is 0 for more than 1,074 values.
	term, tail, left := 1.0, 1.0, n
	outside := func(tail float64) float64 { return 2 * math.Ldexp(tail, -left) }
	confidence = max(0, 1-outside(tail))
	for k = 1; 2*(k+1) <= n; k++ {
		term *= float64(n-k+1) / float64(k)
		for ; left > 0 && term > 1; left-- {
			term /= 2
			tail /= 2
		}
		if 1-outside(tail+term) < 0.95 {
			break
		}
		tail += term
		confidence = 1 - outside(tail)
	}
	return k, confidence
}

// Quotient returns the median of base over own and the ends of its confidence interval.
// Each ratio compares two turns of the same round, so that it is not affected by
// whatever slows down a whole round.
func Quotient(base, own []float64) (mid, lo, hi float64) {
	q := make([]float64, min(len(base), len(own)))
	for i := range q {
		q[i] = base[i] / own[i]
	}
	return Interval(q)
}

// spread returns the median, the least and the greatest of the values of(s[i]).
func spread(s []sample, of func(sample) float64) (mid, lo, hi float64) {
	v := make([]float64, len(s))
	for i := range s {
		v[i] = of(s[i])
	}
	mid, _, _ = Interval(v)
	return mid, slices.Min(v), slices.Max(v)
}
