package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

// TestGate checks what the gate prints, on made-up figures.
func TestGate(t *testing.T) {
	base := map[string]Baseline{}
	var first, second []measure.Result
	add := func(to *[]measure.Result, id string, lo, ratio, hi float64) {
		suite, rest, _ := strings.Cut(id, "/")
		name, contender, _ := strings.Cut(rest, "/")
		*to = append(*to, measure.Result{Suite: suite, Case: name, Contender: contender, Base: "x", Ratio: ratio, RatioLo: lo, RatioHi: hi})
	}
	for _, x := range []struct {
		id   string
		was  float64
		a, b [3]float64 // intervals with their medians; none if the case did not run
	}{
		{"s/one/pointwire-first", 4, [3]float64{2, 2.1, 2.2}, [3]float64{3.9, 4, 4.1}},
		{"s/one/pointwire-second", 4, [3]float64{3.9, 4, 4.1}, [3]float64{2, 2.1, 2.2}},
		{"s/both/pointwire", 4, [3]float64{3.5, 3.7, 3.8}, [3]float64{3.6, 3.8, 3.9}},
		{"s/both/pointwire-clear", 4, [3]float64{1.9, 2, 2.1}, [3]float64{2.9, 3, 3.1}},
		{"s/both/pointwire-wide", 4, [3]float64{1, 2, 4.2}, [3]float64{1, 2, 2.2}},
		{"s/better/pointwire", 4, [3]float64{5, 6, 7}, [3]float64{5, 6, 7}},
		{"s/rounded/pointwire", 0.9, [3]float64{0.84, 0.85, 0.86}, [3]float64{0.84, 0.85, 0.86}}, // 0.85 is rounded up to 0.9
		{"s/gone/pointwire", 4, [3]float64{2, 2.1, 2.2}, [3]float64{}},
		{"s/new/pointwire", 0, [3]float64{2, 2.1, 2.2}, [3]float64{2, 2.1, 2.2}},
	} {
		if x.was > 0 {
			base[x.id] = Baseline{0, x.was, "x"}
		}
		add(&first, x.id, x.a[0], x.a[1], x.a[2])
		add(&second, x.id, x.b[0], x.b[1], x.b[2])
	}
	// Contenders that cannot be compared never lose.
	add(&first, "s/both/peer", 1, 1, 1)
	add(&second, "s/both/peer", 1, 1, 1)
	base["s/other/pointwire"] = Baseline{0, 9, "another base"}
	add(&first, "s/other/pointwire", 1, 1, 1)
	add(&second, "s/other/pointwire", 1, 1, 1)

	// 0.86 is above 0.85, so that nothing of that case is run again.
	suspects := Suspects(base, first)
	if len(suspects) != 3 || !suspects["s/one"] || !suspects["s/both"] || !suspects["s/gone"] {
		t.Errorf("to run again: %v", suspects)
	}
	losses, compared := Losses(base, first, second)
	var got []string
	for _, l := range losses {
		got = append(got, l.First.ID)
	}
	if s := strings.Join(got, " "); s != "s/both/pointwire-clear s/both/pointwire" || compared != 8 {
		t.Errorf("lost of %d: %s", compared, s)
	}
	var b strings.Builder
	if err := WriteLosses(&b, losses, compared); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"s/both/pointwire-clear vs x", "2 (1.9–2.1)", "3 (2.9–3.1)", "-25 %*", "-5 % ", "2 of 8 ratios"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %q in\n%s", part, &b)
		}
	}
	b.Reset()
	if err := WriteLosses(&b, nil, 8); err != nil || strings.Count(b.String(), "\n") != 1 || !strings.HasPrefix(b.String(), "0 of 8 ratios") {
		t.Errorf("without a loss: %v, %s", err, &b)
	}
}

// TestAllocationFault checks that TestAllocations fails where it must: for an allocation
// more than the baseline has, and for a contender that the baseline does not have.
func TestAllocationFault(t *testing.T) {
	var kept []*[64]byte
	run := func() error {
		kept = kept[:0]
		for range 2000 {
			kept = append(kept, new([64]byte))
		}
		return nil
	}
	c := &measure.Case{Suite: "s", Name: "c", Unit: "point", Units: 1000, Base: "pointwire", Ops: []measure.Op{{Contender: "pointwire", Check: run, Run: run}}}
	for _, x := range []struct {
		base   map[string]Baseline
		faults int
	}{
		{map[string]Baseline{"s/c/pointwire": {Allocs: 2, Base: "pointwire"}}, 0},
		{map[string]Baseline{"s/c/pointwire": {Allocs: 3, Base: "pointwire"}}, 0},
		{map[string]Baseline{"s/c/pointwire": {Allocs: 1, Base: "pointwire"}}, 1},
		{map[string]Baseline{"s/c/pointwire": {Allocs: 0, Base: "pointwire"}}, 1},
		{map[string]Baseline{}, 1},
	} {
		seen := map[string]bool{}
		faults, err := allocationFaults(t, x.base, c, seen, 3, 5*time.Millisecond)
		if err != nil || len(faults) != x.faults || !seen["s/c/pointwire"] {
			t.Errorf("%v: %q, %v", x.base, faults, err)
		}
	}
}
