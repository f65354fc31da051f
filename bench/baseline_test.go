package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

// TestAllocations compares the allocations of our contenders with baseline.json. A
// contender that is not in it fails too, so that none is forgotten. Ratios are printed
// with those of the baseline and never fail, since they are timings.
func TestAllocations(t *testing.T) {
	base, err := ReadBaseline("baseline.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	t.Setenv("POINTWIRE_SERVER", "") // the suite whole has no baseline: not every machine has its server
	for _, s := range Suites {
		cases, err := s.Cases(testSize, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			c := &cases[i]
			ops := c.Ops[:0]
			for _, op := range c.Ops {
				if strings.HasPrefix(op.Contender, "pointwire") || op.Contender == c.Base {
					ops = append(ops, op)
				}
			}
			c.Ops = ops
			// On a busy machine the collector may empty a pool within most of few short
			// turns, and then a turn has few units. What the code allocates, it allocates in
			// the median of more and longer ones, too.
			faults, err := allocationFaults(t, base, c, seen, 3, 5*time.Millisecond)
			if len(faults) > 0 && err == nil {
				faults, err = allocationFaults(t, base, c, seen, 11, 30*time.Millisecond)
			}
			if c.Close != nil {
				c.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range faults {
				t.Error(fault)
			}
		}
	}
	for id := range base {
		if !seen[id] {
			t.Errorf("%s is in baseline.json and was not run", id)
		}
	}
}

// allocationFaults runs a case and returns which contenders allocate more than base says. It
// adds what it has run to seen.
func allocationFaults(t *testing.T, base map[string]Baseline, c *measure.Case, seen map[string]bool, rounds int, turn time.Duration) (faults []string, err error) {
	results, err := measure.Run(c, measure.Options{Rounds: rounds, Turn: turn})
	if err != nil {
		return nil, err
	}
	for id, got := range Baselines(results) {
		seen[id] = true
		want, ok := base[id]
		switch {
		case !ok:
			faults = append(faults, fmt.Sprintf("%s is not in baseline.json: %v allocations per unit", id, got.Allocs))
		case got.Allocs > want.Allocs*1.05+slack(c):
			faults = append(faults, fmt.Sprintf("%s: %v allocations per unit, %v in baseline.json", id, got.Allocs, want.Allocs))
		}
		t.Logf("%s: %.3g times %s, baseline %.3g", id, got.Ratio, got.Base, want.Ratio)
	}
	return faults, nil
}

// slack is how many objects per unit the runtime itself may allocate in a turn: a few,
// spread over the units of a run, or half an object where a turn is many short runs. A
// twentieth is allowed in addition, since batches differ: a refused point makes an error.
func slack(c *measure.Case) float64 { return min(0.5, 4/float64(c.Units)) }

func TestBaselineFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "b.json")
	first := []measure.Result{
		{Suite: "s", Case: "c", Contender: "pointwire-a", Allocs: 0.0004, Ratio: 8.04, Base: "x"},
		{Suite: "s", Case: "c", Contender: "pointwire-b", Allocs: 2, Base: "x"},
		{Suite: "s", Case: "c", Contender: "peer", Allocs: 9, Base: "x"},
	}
	if err := WriteBaseline(file, first); err != nil {
		t.Fatal(err)
	}
	if err := WriteBaseline(file, []measure.Result{{Suite: "s", Case: "c", Contender: "pointwire-b", Allocs: 1, Base: "x"}}); err != nil {
		t.Fatal(err)
	}
	m, err := ReadBaseline(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(m) != 2 || m["s/c/pointwire-a"] != (Baseline{0, 8, "x"}) || m["s/c/pointwire-b"].Allocs != 1 {
		t.Errorf("baselines: %v", m)
	}
	if err := os.WriteFile(file, []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := WriteBaseline(file, first); err == nil {
		t.Error("a broken file was overwritten")
	}
}
