package stat

import (
	"math"
	"slices"
)

// exactLimit is the number of values, of both sets together, up to which the
// distribution of the rank sum is counted out.
const exactLimit = 50

// MannWhitney returns the statistic U of a, which is the number of pairs whose
// value of a is the greater one, ties counting one half, and the two-sided
// probability of a U as far from its mean if both sets are drawn from one
// distribution. Up to 50 values that is exact, also with ties: all ways of
// dealing the ranks are counted. Beyond, it is the normal approximation with
// the corrections for ties and for continuity. An empty set gives 0 and 1.
func MannWhitney(a, b []float64) (u, p float64) {
	if len(a) == 0 || len(b) == 0 {
		return 0, 1
	}
	ranks, ties := doubledRanks(a, b)
	sum := 0
	for _, r := range ranks[:len(a)] {
		sum += r
	}
	n, m := len(a), len(b)
	u = float64(sum)/2 - float64(n*(n+1))/2
	if n+m <= exactLimit {
		return u, exactP(ranks, n, sum)
	}
	return u, normalP(u, float64(n), float64(m), ties)
}

// doubledRanks returns twice the rank of each value of a and then of b, equal
// values sharing the mean of their ranks, and the sum of t³-t over the groups
// of t equal values.
func doubledRanks(a, b []float64) (ranks []int, ties float64) {
	all := slices.Concat(a, b)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, k int) int {
		switch {
		case all[i] < all[k]:
			return -1
		case all[i] > all[k]:
			return 1
		}
		return 0
	})
	ranks = make([]int, len(all))
	for i := 0; i < len(order); {
		k := i + 1
		for k < len(order) && all[order[k]] == all[order[i]] {
			k++
		}
		for _, at := range order[i:k] {
			ranks[at] = i + 1 + k // first rank i+1, last rank k
		}
		t := float64(k - i)
		ties += t*t*t - t
		i = k
	}
	return ranks, ties
}

// exactP returns the share of all choices of n of the ranks whose sum is at
// least as far from the mean as sum.
func exactP(ranks []int, n, sum int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	// ways[k][s] counts the choices of k ranks whose sum is s.
	ways := make([][]float64, n+1)
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := n; k > 0; k-- {
			for s := total; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	// The mean is n/len(ranks) of the total; compared in whole numbers.
	distance := func(s int) int { return max(s*len(ranks)-n*total, n*total-s*len(ranks)) }
	var far, all float64
	for s, w := range ways[n] {
		all += w
		if distance(s) >= distance(sum) {
			far += w
		}
	}
	return far / all
}

func normalP(u, n, m, ties float64) float64 {
	total := n + m
	variance := n * m / 12 * (total + 1 - ties/(total*(total-1)))
	if variance <= 0 {
		return 1 // all values are equal
	}
	z := max(0, math.Abs(u-n*m/2)-0.5) / math.Sqrt(variance)
	return math.Erfc(z / math.Sqrt2)
}
