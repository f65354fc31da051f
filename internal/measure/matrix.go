package measure

import (
	"fmt"
	"io"
	"slices"
)

// WriteMatrix writes the results of one suite as a Markdown table, with a row for each
// case and a column for each contender. A cell holds the time per unit, how many times
// as fast as the base that is, and the allocations if there are any. The time is
// processor time where the ratio compares processor times.
func WriteMatrix(w io.Writer, results []Result) {
	if len(results) == 0 {
		return
	}
	var cases, contenders []string
	at, units := map[[2]string]Result{}, map[string]string{}
	for _, r := range results {
		if !slices.Contains(cases, r.Case) {
			cases = append(cases, r.Case)
		}
		if !slices.Contains(contenders, r.Contender) {
			contenders = append(contenders, r.Contender)
		}
		at[[2]string{r.Case, r.Contender}] = r
		if units[r.Case] == "" {
			units[r.Case] = "ns/" + r.Unit
		}
		if r.byCPU() {
			units[r.Case] = "CPU ns/" + r.Unit
		}
	}
	unit := units[cases[0]]
	fmt.Fprintf(w, "\n### %s\n\n| %s |", results[0].Suite, unit)
	for _, c := range contenders {
		fmt.Fprintf(w, " %s |", c)
	}
	fmt.Fprint(w, "\n|---|")
	for range contenders {
		fmt.Fprint(w, "--:|")
	}
	for _, name := range cases {
		fmt.Fprintf(w, "\n| %s", name)
		if u := units[name]; u != unit {
			fmt.Fprintf(w, ", %s", u)
		}
		fmt.Fprint(w, " |")
		for _, c := range contenders {
			r, ok := at[[2]string{name, c}]
			switch {
			case !ok:
				fmt.Fprint(w, " |")
			case r.Skipped != "":
				fmt.Fprintf(w, " %s |", r.Skipped)
			case r.Wrong != "":
				fmt.Fprint(w, " **wrong** |")
			default:
				ns := r.Ns
				if r.byCPU() {
					ns = r.CPU
				}
				fmt.Fprintf(w, " %s", figure(ns))
				if r.Ratio != 0 && r.Contender != r.Base {
					fmt.Fprintf(w, " (**%sx**, %s–%s)", times(r.Ratio), times(r.RatioLo), times(r.RatioHi))
				}
				if n := count(r.Allocs); r.Allocs > 0 && n != "0" {
					fmt.Fprintf(w, ", %s allocs", n)
				}
				fmt.Fprint(w, " |")
			}
		}
	}
	fmt.Fprintln(w)
}
