package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/pointwire/pointwire/internal/measure"
)

// A Change is the ratio of one of our contenders, with that of the baseline.
type Change struct {
	ID            string // suite/case/contender
	Was           Baseline
	Ratio, Lo, Hi float64
}

// By returns how far the ratio moved: 0.1 means that it rose by a tenth.
func (c Change) By() float64 { return c.Ratio/c.Was.Ratio - 1 }

// Clear reports whether the whole interval of the ratio is more than a tenth away from the
// baseline. Two runs of the same program mostly differ by less.
func (c Change) Clear() bool { return c.Hi < 0.9*c.Was.Ratio || c.Lo > 1.1*c.Was.Ratio }

// Drift compares results with base. The change that lost most comes first.
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
	fmt.Fprintf(t, "%d of %d ratios moved clearly (*): the whole interval is more than a tenth away from the baseline.\n", clear, len(changes))
	return t.Flush()
}
