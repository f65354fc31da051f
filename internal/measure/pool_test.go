package measure

import (
	"slices"
	"testing"
)

// TestPool pools three processes, one of which is slow.
func TestPool(t *testing.T) {
	run := func(own ...float64) []Result {
		mid, _, _ := Interval(own)
		base := make([]float64, len(own))
		for i := range base {
			base[i] = 12
		}
		return []Result{
			{Suite: "s", Case: "c", Contender: "peer", Base: "peer", Ns: 12, Rounds: len(own), Samples: base, MBps: 100},
			{Suite: "s", Case: "c", Contender: "own", Base: "peer", Ns: mid, CPU: mid, Allocs: 1, Rounds: len(own), Samples: own, MBps: 1000 / mid},
			{Suite: "s", Case: "c", Contender: "absent", Base: "peer", Skipped: "not installed"},
		}
	}
	fast, slow, late := run(2, 2, 3), run(6, 7, 6), run(2, 4)
	got, err := Pool([][]Result{fast, slow, late})
	if err != nil {
		t.Fatal(err)
	}
	own := got[1]
	if !slices.Equal(own.Samples, []float64{2, 2, 3, 6, 7, 6, 2, 4}) || !slices.Equal(own.Processes, []float64{2, 6, 3}) || own.Rounds != 8 {
		t.Errorf("%+v", own)
	}
	if own.Ns != 3.5 || own.NsLo != 2 || own.NsHi != 7 || own.CPU != 3 || own.Allocs != 1 || own.MBps != 1000/3.5 {
		t.Errorf("%+v", own)
	}
	if own.Ratio != 4 || own.RatioLo != 2 || own.RatioHi != 6 || own.Confidence != 0.75 || got[0].Ratio != 1 {
		t.Errorf("ratio %v, %v to %v, %v, of the base %v", own.Ratio, own.RatioLo, own.RatioHi, own.Confidence, got[0].Ratio)
	}
	if got[2].Skipped == "" || got[2].Ratio != 0 {
		t.Errorf("%+v", got[2])
	}
	// A goal is judged by the processes, too.
	if o := Judge([]Goal{{Suite: "s", Case: "c", Contender: "own", Against: []string{"peer"}, Factor: 4}}, got); len(o) != 1 || !o[0].Met || o[0].Lo != 2 || o[0].Hi != 6 {
		t.Errorf("%+v", o)
	}
	slow[1].Wrong = "differs"
	if got, err = Pool([][]Result{fast, slow}); err != nil || got[1].Wrong != "differs" || got[1].Ratio != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, runs := range [][][]Result{nil, {fast, late[:2]}, {fast, {late[1], late[0], late[2]}}} {
		if _, err := Pool(runs); err == nil {
			t.Errorf("%d runs that differ are pooled", len(runs))
		}
	}
}
