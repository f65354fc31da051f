package oracle

import (
	"math"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/perf/benchmath"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/stat"
)

// This file compares our statistics with those of benchstat, package benchmath.

func sample(v []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(v), &benchmath.DefaultThresholds)
}

// draw returns n random values: of few distinct ones if kinds is above 0, so that there
// are ties, and moved by shift.
func draw(r *rand.Rand, n, kinds int, shift float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		if v[i] = r.NormFloat64(); kinds > 0 {
			v[i] = math.Floor(r.Float64() * float64(kinds))
		}
		v[i] += shift
	}
	return v
}

func hasTies(a, b []float64) bool {
	all := slices.Sorted(slices.Values(slices.Concat(a, b)))
	return len(slices.Compact(slices.Clone(all))) < len(all)
}

// TestMannWhitneyOracle compares probabilities with those of benchmath. The two count the
// distribution out up to different sizes: we up to 50 values in all, benchmath up to 50 in
// each set, or 25 with ties. Where one of them has the normal approximation and the other
// has not, they differ a little.
func TestMannWhitneyOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const exact = 1e-9
	for _, c := range []struct {
		name   string
		n, m   func() int
		kinds  int
		differ float64 // by how much at most
	}{
		{"both counted out", func() int { return 1 + r.IntN(25) }, func() int { return 1 + r.IntN(25) }, 0, exact},
		{"both counted out, as many values, ties", func() int { return 1 + r.IntN(20) }, nil, 5, exact},
		{"both approximated", func() int { return 51 + r.IntN(50) }, func() int { return 1 + r.IntN(100) }, 0, exact},
		{"both approximated, ties", func() int { return 26 + r.IntN(40) }, func() int { return 25 + r.IntN(40) }, 12, exact},
		{"benchmath counts out", func() int { return 26 + r.IntN(15) }, func() int { return 26 + r.IntN(15) }, 0, 0.0035},
		{"we count out, ties", func() int { return 26 + r.IntN(10) }, func() int { return 6 + r.IntN(9) }, 12, 0.02},
	} {
		most := 0.0
		for i := range 300 {
			n := c.n()
			m := n
			if c.m != nil {
				m = c.m()
			}
			a, b := draw(r, n, c.kinds, 0), draw(r, m, c.kinds, float64(i%4))
			if hasTies(a, b) != (c.kinds > 0) {
				continue // few values may have no ties
			}
			_, p := stat.MannWhitney(a, b)
			d := math.Abs(p - benchmath.AssumeNothing.Compare(sample(a), sample(b)).P)
			if most = max(most, d); d > c.differ {
				t.Fatalf("%s: of %d and %d values, p is %v and differs by %v\n%v\n%v", c.name, n, m, p, d, a, b)
			}
		}
		t.Logf("%s: differs by %.2g at most", c.name, most)
	}
}

// TestMannWhitneyTails explains the one difference in rules. With ties, the distribution
// of U between sets of different sizes is not symmetric. benchmath doubles the tail below the
// smaller of both U, which may be more than 1; we add the two tails. No deal may have so
// small a U: then it says 0, or of two distinct values sometimes twice the share of the least
// U that there is.
func TestMannWhitneyTails(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	most, above := 0.0, 0
	for range 300 {
		a, b := draw(r, 1+r.IntN(6), 4, 0), draw(r, 1+r.IntN(6), 4, 0)
		comparison := benchmath.AssumeNothing.Compare(sample(a), sample(b))
		u, p := stat.MannWhitney(a, b)
		if !hasTies(a, b) || len(comparison.Warnings) > 0 && comparison.P == 1 {
			if u == float64(len(a)*len(b))/2 && p != 1 {
				t.Errorf("%v and %v: p %v, want 1", a, b, p)
			}
			continue
		}
		// All ways to deal the values.
		all := slices.Concat(a, b)
		small := min(u, float64(len(a)*len(b))-u)
		var ways, below, least, far float64
		lowest := math.Inf(1)
		for set := range uint(1) << len(all) {
			if bits.OnesCount(set) != len(a) {
				continue
			}
			ways++
			other := 0.0
			for i, x := range all {
				for k, y := range all {
					if set>>i&1 == 1 && set>>k&1 == 0 {
						if x > y {
							other++
						} else if x == y {
							other += 0.5
						}
					}
				}
			}
			if other <= small {
				below++
			}
			if other < lowest {
				lowest, least = other, 0
			}
			if other == lowest {
				least++
			}
			if other <= small || other >= float64(len(a)*len(b))-small {
				far++
			}
		}
		theirs := 2 * below / ways
		switch {
		case 2*u == float64(len(a)*len(b)):
			theirs = 1
		case below == 0 && comparison.P > 0:
			theirs = 2 * least / ways
		}
		if math.Abs(p-far/ways) > 1e-9 || math.Abs(comparison.P-theirs) > 1e-9 {
			t.Fatalf("%v and %v: p %v, want %v; of benchmath %v, want %v", a, b, p, far/ways, comparison.P, theirs)
		}
		if most = max(most, math.Abs(p-theirs)); theirs > 1 {
			above++
		}
	}
	t.Logf("differs by %.2g at most; of benchmath, %d of 300 are above 1", most, above)
}

// coverage returns the probability that the median is between the lo-th and the hi-th of n
// values.
func coverage(n, lo, hi int) float64 {
	sum := new(big.Int)
	for k := lo; k < hi; k++ {
		sum.Add(sum, new(big.Int).Binomial(int64(n), int64(k)))
	}
	f, _ := new(big.Rat).SetFrac(sum, new(big.Int).Lsh(big.NewInt(1), uint(n))).Float64()
	return f
}

// TestIntervalOracle compares medians and their intervals with those of benchmath.
//
// Ours has as many values left out below as above. benchmath counts from the middle
// outwards, one value at a time, so that one of its ends may be one value nearer, mostly the
// upper one. Above 30 values it takes the normal approximation, which may be off by one value.
// We promise at least 95 %, as it does, and for fewer than 6 values, for which no interval
// does, we give their range and it gives infinity.
func TestIntervalOracle(t *testing.T) {
	narrower := 0
	for n := 1; n <= 2500; n++ {
		if n > 150 && n%101 != 0 {
			continue
		}
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(i + 1) // the value is its rank
		}
		rand.New(rand.NewPCG(1, uint64(n))).Shuffle(n, func(i, k int) { v[i], v[k] = v[k], v[i] })
		mid, lo, hi := measure.Interval(v)
		summary := benchmath.AssumeNothing.Summary(sample(v), 0.95)
		if math.Abs(mid-summary.Center) > 1e-9*mid {
			t.Errorf("%d values: median %v, of benchmath %v", n, mid, summary.Center)
		}
		if n < 6 {
			if lo != 1 || hi != float64(n) || !math.IsInf(summary.Lo, -1) && !math.IsInf(summary.Hi, 1) {
				t.Errorf("%d values: %v to %v, of benchmath %v to %v", n, lo, hi, summary.Lo, summary.Hi)
			}
			continue
		}
		k := int(lo)
		if int(hi) != n+1-k || coverage(n, k, n+1-k) < 0.95 || coverage(n, k+1, n-k) >= 0.95 {
			t.Errorf("%d values: %v to %v holds the median with %v, one value less at each end with %v", n, lo, hi, coverage(n, k, int(hi)), coverage(n, k+1, n-k))
		}
		// By how many values benchmath's ends are nearer. Above 30 values it may be one off.
		low, high, off := summary.Lo-lo, hi-summary.Hi, 1.0
		if n <= 30 {
			off = 0
			if c := coverage(n, int(summary.Lo), int(summary.Hi)); math.Abs(c-summary.Confidence) > 1e-9 {
				t.Errorf("%d values: benchmath has %v of confidence, want %v", n, summary.Confidence, c)
			}
		}
		if min(low, high) < -off || low+high > 1+off {
			t.Errorf("%d values: %v to %v, of benchmath %v to %v", n, lo, hi, summary.Lo, summary.Hi)
		}
		if summary.Hi < hi || summary.Lo > lo {
			narrower++
		}
	}
	t.Logf("an end of benchmath's is nearer for %d sizes", narrower)
}

// TestQuotientOracle compares ratios of rounds and the probability of their interval.
func TestQuotientOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for n := 6; n <= 40; n++ {
		base, own, quotients := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range base {
			base[i], own[i] = 100+10*r.ExpFloat64(), 20+r.ExpFloat64()
			if n%3 == 0 { // ties
				base[i], own[i] = math.Floor(base[i]/8), math.Floor(own[i])
			}
			quotients[i] = base[i] / own[i]
		}
		mid, lo, hi := measure.Quotient(base, own)
		summary := benchmath.AssumeNothing.Summary(sample(quotients), 0.95)
		slices.Sort(quotients)
		at := slices.Index(quotients, summary.Hi)
		if math.Abs(mid-summary.Center) > 1e-9 || n <= 30 && (lo != summary.Lo || hi < summary.Hi || hi > quotients[min(n-1, lastOf(quotients, at)+1)]) {
			t.Errorf("%d rounds: %v, %v to %v; of benchmath %v, %v to %v", n, mid, lo, hi, summary.Center, summary.Lo, summary.Hi)
		}
	}
	nothing := func() error { return nil }
	for _, n := range []int{5, 6, 9, 30, 100} {
		results, err := measure.Run(&measure.Case{Unit: "run", Units: 1, Base: "a", Ops: []measure.Op{{Contender: "a", Check: nothing, Run: nothing}}},
			measure.Options{Rounds: n, Turn: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, lo, hi := measure.Interval(ranks(n))
		if got, want := results[0].Confidence, coverage(n, int(lo), int(hi)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d rounds: a probability of %v, want %v", n, got, want)
		}
	}
}

// lastOf returns the last index of the value at i.
func lastOf(v []float64, i int) int {
	for i+1 < len(v) && v[i+1] == v[i] {
		i++
	}
	return i
}

func ranks(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i + 1)
	}
	return v
}
