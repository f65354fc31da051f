package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/pointwire/pointwire/internal/measure"
)

// Gated reports whether the gate measures a suite. It leaves out the Python clients, most
// of whose time is the start of Python, and what needs a server.
func Gated(suite string) bool { return suite != "python" && suite != "whole" }

// half is by how much a ratio of the baseline, which has one decimal, may be rounded up.
const half = 0.05

// Lost reports whether the whole interval of the ratio is below the baseline.
func (c Change) Lost() bool { return c.Hi < c.Was.Ratio-half }

// A Loss is a ratio that lost in two runs.
type Loss struct{ First, Second Change }

// least returns the lesser of the two losses, as a negative number.
func (l Loss) least() float64 { return max(l.First.By(), l.Second.By()) }

// Suspects returns the cases, by suite/case, in which a ratio lost. Only these need a second
// run.
func Suspects(base map[string]Baseline, first []measure.Result) map[string]bool {
	lost := map[string]bool{}
	for _, c := range Drift(base, first) {
		if c.Lost() {
			lost[c.ID] = true
		}
	}
	suspects := map[string]bool{}
	for _, r := range first {
		if lost[identity(r)] {
			suspects[r.Suite+"/"+r.Case] = true
		}
	}
	return suspects
}

// Losses returns the ratios that lost in both runs, and how many the first run compared.
// The greatest loss comes first, by the better one of the two runs.
func Losses(base map[string]Baseline, first, second []measure.Result) (losses []Loss, compared int) {
	again := map[string]Change{}
	for _, c := range Drift(base, second) {
		again[c.ID] = c
	}
	changes := Drift(base, first)
	for _, c := range changes {
		if d, ok := again[c.ID]; ok && c.Lost() && d.Lost() {
			losses = append(losses, Loss{c, d})
		}
	}
	slices.SortStableFunc(losses, func(a, b Loss) int { return cmp.Compare(a.least(), b.least()) })
	return losses, len(changes)
}

// WriteLosses writes losses as a list. A star marks those that are clear in both runs.
func WriteLosses(w io.Writer, losses []Loss, compared int) error {
	if len(losses) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "lost, times as fast as the base\tbaseline\tfirst run (interval)\tsecond run (interval)\tat least\t")
		for _, l := range losses {
			a, b, mark := l.First, l.Second, ""
			if a.Clear() && b.Clear() {
				mark = "*"
			}
			fmt.Fprintf(t, "%s vs %s\t%.3g\t%.3g (%.3g–%.3g)\t%.3g (%.3g–%.3g)\t%+.0f %%%s\t\n",
				a.ID, a.Was.Base, a.Was.Ratio, a.Ratio, a.Lo, a.Hi, b.Ratio, b.Lo, b.Hi, 100*l.least(), mark)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%d of %d ratios are below the baseline with their whole interval, in both of two runs (*: by more than a tenth).\n", len(losses), compared)
	return err
}
