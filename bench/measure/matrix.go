package measure

import (
	"fmt"
	"io"
	"slices"
)

// WriteMatrix writes the results of one suite as one Markdown table: a row per
// case, a column per contender, in each cell the time per unit, how many times
// as fast as the base of the case that is, and the allocations if there are any.
func WriteMatrix(w io.Writer, results []Result) {
	if len(results) == 0 {
		return
	}
	var cases, contenders []string
	at := map[[2]string]Result{}
	for _, r := range results {
		if !slices.Contains(cases, r.Case) {
			cases = append(cases, r.Case)
		}
		if !slices.Contains(contenders, r.Contender) {
			contenders = append(contenders, r.Contender)
		}
		at[[2]string{r.Case, r.Contender}] = r
	}
	fmt.Fprintf(w, "\n### %s\n\n| ns/%s |", results[0].Suite, results[0].Unit)
	for _, c := range contenders {
		fmt.Fprintf(w, " %s |", c)
	}
	fmt.Fprint(w, "\n|---|")
	for range contenders {
		fmt.Fprint(w, "--:|")
	}
	for _, name := range cases {
		fmt.Fprintf(w, "\n| %s |", name)
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
				fmt.Fprintf(w, " %s", figure(r.Ns))
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
