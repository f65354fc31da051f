package measure

import (
	"errors"
	"fmt"
	"slices"
)

// Pool returns the results of rounds that were taken in several processes: runs holds the
// results of each process, of the same contenders in the same order. Times are medians of
// all rounds. A ratio is the median of those of the processes, and its interval is of
// these as well: rounds of one process are not independent, since they share what it was
// given at its start. A contender that is wrong in one process is wrong.
func Pool(runs [][]Result) ([]Result, error) {
	if len(runs) == 0 {
		return nil, errors.New("no process was run")
	}
	pooled := make([]Result, len(runs[0]))
	for i := range pooled {
		same := make([]*Result, len(runs)) // of each process
		for p, run := range runs {
			if len(run) != len(pooled) || run[i].ID() != runs[0][i].ID() {
				return nil, fmt.Errorf("process %d has other results than the first", p+1)
			}
			same[p] = &run[i]
		}
		pooled[i] = pool(same)
	}
	for i := range pooled {
		r := &pooled[i]
		base := slices.IndexFunc(pooled, func(b Result) bool { return b.Suite == r.Suite && b.Case == r.Case && b.Contender == r.Base })
		if base >= 0 && len(r.cost) > 0 && len(pooled[base].cost) > 0 {
			r.Ratio, r.RatioLo, r.RatioHi = Quotient(pooled[base].cost, r.cost)
			_, r.Confidence = rank(len(r.cost))
		}
	}
	return pooled, nil
}

// pool returns the result of one contender without its ratio.
func pool(same []*Result) Result {
	for _, out := range []func(*Result) bool{
		func(r *Result) bool { return r.Wrong != "" }, func(r *Result) bool { return r.Out() != "" || len(r.Samples) == 0 },
	} {
		if i := slices.IndexFunc(same, out); i >= 0 {
			return *same[i]
		}
	}
	first := *same[0]
	r := first
	r.Samples, r.CPUSamples, r.Rounds, r.turns = nil, nil, 0, nil
	for _, s := range same {
		r.Samples = append(r.Samples, s.Samples...)
		r.CPUSamples = append(r.CPUSamples, s.CPUSamples...)
		r.Rounds += s.Rounds
		times := s.Samples
		if len(s.CPUSamples) > 0 {
			times = s.CPUSamples
		}
		mid, _, _ := Interval(times)
		r.Processes = append(r.Processes, mid)
	}
	r.cost = r.Processes
	median := func(of func(*Result) float64) float64 {
		v := make([]float64, len(same))
		for i := range same {
			v[i] = of(same[i])
		}
		mid, _, _ := Interval(v)
		return mid
	}
	r.Ns, _, _ = Interval(r.Samples)
	r.NsLo, r.NsHi = slices.Min(r.Samples), slices.Max(r.Samples)
	r.CPU = median(func(r *Result) float64 { return r.CPU })
	r.BytesPer = median(func(r *Result) float64 { return r.BytesPer })
	r.Allocs = median(func(r *Result) float64 { return r.Allocs })
	r.MBps = first.MBps * first.Ns / r.Ns
	return r
}
