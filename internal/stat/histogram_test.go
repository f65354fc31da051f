package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestBuckets walks over the borders of all buckets: each value is in the
// bucket whose highest value it does not exceed, and whose width is right.
func TestBuckets(t *testing.T) {
	last := len(Histogram{}.counts) - 1
	if got := index(math.MaxInt64); got > last {
		t.Fatalf("the greatest duration is in bucket %d of %d", got, last)
	}
	for i := 0; i <= index(math.MaxInt64); i++ {
		high := highest(i)
		if got := index(high); got != i {
			t.Fatalf("highest(%d) = %d is in bucket %d", i, high, got)
		}
		if i < index(math.MaxInt64) {
			if got := index(high + 1); got != i+1 {
				t.Fatalf("%d, one above bucket %d, is in bucket %d", high+1, i, got)
			}
		}
	}
}

// TestQuantile compares with a sorted list.
func TestQuantile(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var halves [2]Histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(r.ExpFloat64() * 1e6)
		halves[i%2].Add(d)
		all = append(all, d)
	}
	h := halves[0]
	h.Merge(&halves[1])
	slices.Sort(all)
	for _, q := range []float64{0, 0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1} {
		want := all[max(0, int(math.Ceil(q*10_000))-1)]
		got := h.Quantile(q)
		if got < want || float64(got) > float64(want)*(1+1.0/128)+1 {
			t.Errorf("quantile %v: %d, exactly %d", q, got, want)
		}
	}
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	if d := h.Mean() - sum/10_000; d < -1 || d > 1 {
		t.Errorf("mean %v, exactly %v", h.Mean(), sum/10_000)
	}
	if h.Count() != 10_000 || h.Max() != all[9999] {
		t.Errorf("count %d, max %v", h.Count(), h.Max())
	}
}

func TestHistogramEdges(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Max() != 0 {
		t.Error("an empty histogram has figures")
	}
	h.Add(-5)
	h.Add(math.MaxInt64)
	if h.Quantile(0.5) != 0 || h.Quantile(1) != math.MaxInt64 {
		t.Errorf("quantiles %d and %d", h.Quantile(0.5), h.Quantile(1))
	}
	var most Histogram
	if most.Add(math.MaxInt64); most.Mean() != math.MaxInt64 {
		t.Errorf("the mean of the greatest duration is %d", most.Mean())
	}
}
