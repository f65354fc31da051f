package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/pointwire/pointwire/bench/measure"
)

// A Change is the ratio of one of our contenders beside that of the baseline.
type Change struct {
	ID            string // suite/case/contender
	Was           Baseline
	Ratio, Lo, Hi float64
}

// By returns how far the ratio moved: 0.1 is a tenth up.
func (c Change) By() float64 { return c.Ratio/c.Was.Ratio - 1 }

// Clear reports whether the ratio moved by more than a tenth and its interval
// does not hold that of the baseline.
func (c Change) Clear() bool {
	return (c.By() > 0.1 || c.By() < -0.1) && (c.Was.Ratio < c.Lo || c.Was.Ratio > c.Hi)
}

// Drift compares results with base. Who lost most comes first.
func Drift(base map[string]Baseline, results []measure.Result) []Change {
	var list []Change
	for _, r := range results {
		id := identity(r)
		if was, ok := base[id]; ok && r.Ratio > 0 && was.Ratio > 0 && r.Base == was.Base {
			list = append(list, Change{id, was, r.Ratio, r.RatioLo, r.RatioHi})
		}
	}
	slices.SortStableFunc(list, func(a, b Change) int { return cmp.Compare(a.By(), b.By()) })
	return list
}

// WriteDrift writes changes as a table.
func WriteDrift(w io.Writer, changes []Change) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "times as fast as the base\tbaseline\tnow (interval)\tchange\t")
	clear := 0
	for _, c := range changes {
		mark := ""
		if c.Clear() {
			mark, clear = "*", clear+1
		}
		fmt.Fprintf(t, "%s vs %s\t%.3g\t%.3g (%.3g–%.3g)\t%+.0f %%%s\t\n", c.ID, c.Was.Base, c.Was.Ratio, c.Ratio, c.Lo, c.Hi, 100*c.By(), mark)
	}
	fmt.Fprintf(t, "%d of %d ratios moved clearly (*): by more than a tenth, the baseline outside of the interval.\n", clear, len(changes))
	return t.Flush()
}
