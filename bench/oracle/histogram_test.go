package oracle

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/pointwire/pointwire/internal/stat"
)

// This file compares lpbench's histogram of latencies with HdrHistogram.

// compareHistograms puts values into our histogram and into HdrHistograms, whole and
// merged from three parts. HdrHistogram with two digits divides each power of two into 128
// parts, as ours does, so quantiles are equal, except that ours knows the greatest value
// exactly. With three digits it is
// eight times as fine, and ours may be 1 in 128 above the exact value.
func compareHistograms(t *testing.T, values []int64) {
	t.Helper()
	parts := make([]stat.Histogram, 3)
	for i, v := range values {
		parts[i%3].Add(time.Duration(v))
	}
	ours := new(stat.Histogram)
	for i := range parts {
		ours.Merge(&parts[i])
	}
	whole := new(stat.Histogram)
	for _, v := range values {
		whole.Add(time.Duration(v))
	}
	// The sums of the parts are rounded in another order.
	if d := math.Abs(float64(ours.Mean()) - float64(whole.Mean())); ours.Count() != whole.Count() || ours.Max() != whole.Max() || d > 1e-9*float64(whole.Mean())+1 {
		t.Fatalf("merged %d, up to %d, mean %d; whole %d, %d, %d", ours.Count(), ours.Max(), ours.Mean(), whole.Count(), whole.Max(), whole.Mean())
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(values)
	for _, digits := range []int{2, 3} {
		hdr := hdrhistogram.New(1, math.MaxInt64, digits)
		theirs := make([]*hdrhistogram.Histogram, 3)
		for i := range theirs {
			theirs[i] = hdrhistogram.New(1, math.MaxInt64, digits)
		}
		for i, v := range values {
			if err := theirs[i%3].RecordValue(v); err != nil {
				t.Fatal(err)
			}
		}
		for _, part := range theirs {
			if dropped := hdr.Merge(part); dropped != 0 {
				t.Fatalf("HdrHistogram dropped %d", dropped)
			}
		}
		if int64(ours.Count()) != hdr.TotalCount() || n > 0 && !hdr.ValuesAreEquivalent(int64(ours.Max()), hdr.Max()) {
			t.Fatalf("%d digits: %d values up to %d, of HdrHistogram %d up to %d", digits, ours.Count(), ours.Max(), hdr.TotalCount(), hdr.Max())
		}
		// Its mean is that of the middles of buckets.
		if d := math.Abs(float64(ours.Mean()) - hdr.Mean()); d > hdr.Mean()/128+1 {
			t.Fatalf("%d digits: mean %d, of HdrHistogram %v", digits, ours.Mean(), hdr.Mean())
		}
		step := max(1, n/200)
		for k := 1; k <= n; k += step {
			// It rounds a rank and we round it up: these shares have rank k in both.
			got := int64(ours.Quantile((float64(k) - 0.5) / float64(n)))
			want := hdr.ValueAtPercentile(100 * (float64(k) - 0.25) / float64(n))
			exact := sorted[k-1]
			if digits == 2 && got != min(want, int64(ours.Max())) {
				t.Fatalf("value %d of %d: %d, of HdrHistogram %d, exactly %d", k, n, got, want, exact)
			}
			if got < exact || float64(got-exact) > float64(exact)/128 || !hdr.ValuesAreEquivalent(exact, want) {
				t.Fatalf("value %d of %d: %d, of HdrHistogram with %d digits %d, exactly %d", k, n, got, digits, want, exact)
			}
		}
	}
}

// TestHistogramOracle compares distributions and edges.
func TestHistogramOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var edges []int64
	for shift := range 63 {
		for d := int64(-1); d <= 1; d++ {
			edges = append(edges, max(0, int64(1)<<shift+d))
			edges = append(edges, max(0, int64(0xff)<<shift>>8+d)) // the end of a bucket
		}
	}
	compareHistograms(t, nil)
	compareHistograms(t, []int64{0})
	compareHistograms(t, []int64{math.MaxInt64})
	compareHistograms(t, []int64{0, 0, 1, math.MaxInt64 - 1, math.MaxInt64})
	compareHistograms(t, edges)
	for name, draw := range map[string]func() int64{
		"below 256, exactly": func() int64 { return r.Int64N(256) },
		"uniform":            func() int64 { return r.Int64N(1e9) },
		"all of int64":       func() int64 { return r.Int64() },
		"exponential":        func() int64 { return int64(r.ExpFloat64() * 1e6) },
		"lognormal":          func() int64 { return int64(math.Exp(13 + 2*r.NormFloat64())) },
		"two modes":          func() int64 { return 100_000 + r.Int64N(1000) + 50_000_000*(r.Int64N(50)/49) },
		"every size":         func() int64 { return r.Int64() >> r.IntN(63) },
		"one value":          func() int64 { return 123_456_789 },
	} {
		values := make([]int64, 5000)
		for i := range values {
			values[i] = draw()
		}
		t.Run(name, func(t *testing.T) { compareHistograms(t, values) })
	}
}

// TestHistogramRange checks what the two do with values that HdrHistogram refuses. Ours
// has a bucket for each duration, and takes a negative one, from a clock that was set
// back, for 0.
func TestHistogramRange(t *testing.T) {
	hdr := hdrhistogram.New(1, int64(time.Hour), 2)
	var ours stat.Histogram
	for _, v := range []int64{-1, math.MinInt64, int64(1000 * time.Hour), math.MaxInt64} {
		if err := hdr.RecordValue(v); err == nil {
			t.Errorf("HdrHistogram takes %d", v)
		}
		ours.Add(time.Duration(v))
	}
	if ours.Count() != 4 || ours.Quantile(0.5) != 0 || ours.Quantile(1) != math.MaxInt64 {
		t.Errorf("%d values, median %d, up to %d", ours.Count(), ours.Quantile(0.5), ours.Quantile(1))
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add([]byte{})
	f.Add(binary.LittleEndian.AppendUint64(nil, math.MaxInt64))
	f.Add(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 0xff00), 255))
	f.Fuzz(func(t *testing.T, data []byte) {
		var values []int64
		for ; len(data) >= 8 && len(values) < 50; data = data[8:] {
			values = append(values, int64(binary.LittleEndian.Uint64(data)&math.MaxInt64))
		}
		compareHistograms(t, values)
	})
}
