package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// showCases prints a table per case.
func showCases(c console, cases []results.Case) error {
	for _, k := range cases {
		first := k.Results[0]
		fmt.Fprintf(c.out, "\n%s, %s\n", k.Suite, k.Name)
		t := term.Table{Head: []string{"contender", "version", k.Unit(), "CPU ns", "MB/s", "allocs"}, Left: 2, Colour: c.colour}
		if k.CPU() {
			t.Head[3] = "wall ns"
		}
		if first.Base != "" {
			t.Head = append(t.Head, "× "+k.RatioOf())
		}
		for _, r := range k.Results {
			switch {
			case r.Wrong != "":
				t.AddStyled(term.Bad, r.Contender, r.Version, r.Out())
			case r.Skipped != "":
				t.AddStyled(term.Dim, r.Contender, r.Version, r.Out())
			case strings.HasPrefix(r.Contender, "pointwire"):
				t.AddStyled(term.Strong, row(&k, &r)...)
			default:
				t.Add(row(&k, &r)...)
			}
		}
		if err := t.Write(c.out); err != nil {
			return err
		}
		for _, r := range k.Results {
			if n := len(r.Processes); n > 0 && r.Out() == "" {
				fmt.Fprintf(c.out, "%s in %d processes: medians of %s to %s\n", r.Contender, n, term.Figure(slices.Min(r.Processes)), term.Figure(slices.Max(r.Processes)))
			}
			if r.Extra != nil {
				fmt.Fprintf(c.out, "%s: %s %s\n", r.Contender, term.Ratio(*r.Extra), r.ExtraUnit)
			}
			switch {
			case r.Wrong != "":
				fmt.Fprintf(c.out, "%s is wrong: %s\n", r.Contender, strings.TrimSpace(r.Wrong))
			case r.Skipped != "":
				fmt.Fprintf(c.out, "%s did not run: %s\n", r.Contender, strings.TrimSpace(r.Skipped))
			case r.Latency != nil:
				ns := func(v int64) string { return term.Duration(time.Duration(v)) }
				fmt.Fprintf(c.out, "latency of %s: p50 %s, p90 %s, p99 %s, p99.9 %s, most %s\n", r.Contender,
					ns(r.Latency.P50), ns(r.Latency.P90), ns(r.Latency.P99), ns(r.Latency.P999), ns(r.Latency.Max))
			}
		}
	}
	return nil
}

func row(k *results.Case, r *results.Result) []string {
	cells := []string{r.Contender, r.Version, term.Figure(k.Time(r)), term.Figure(r.CPU), term.Figure(r.MBps), term.Count(r.Allocs)}
	if k.CPU() {
		cells[3] = term.Figure(r.Ns)
	}
	switch {
	case r.Base == "":
	case r.Contender == r.Base:
		cells = append(cells, "1")
	case r.Ratio != 0:
		cells = append(cells, interval(r.Ratio, r.RatioLo, r.RatioHi))
	}
	return cells
}

func interval(v, lo, hi float64) string {
	return fmt.Sprintf("%s (%s–%s)", term.Ratio(v), term.Ratio(lo), term.Ratio(hi))
}

// showGoals prints each goal beside what was measured.
func showGoals(c console, r *results.Report) error {
	if len(r.Goals) == 0 {
		return nil
	}
	fmt.Fprintf(c.out, "\ngoals of the design: %s\n", r.Tally())
	t := term.Table{Head: []string{"suite", "case", "contender", "beside", "goal", "measured", ""}, Left: 4, Colour: c.colour}
	for i := range r.Goals {
		g := &r.Goals[i]
		figure, style := g.Figure(), term.Bad
		switch {
		case !g.Measured():
			style = term.Dim
		case g.Met:
			style = term.Good
		}
		if interval := g.Interval(); interval != "" {
			figure += " (" + interval + ")"
		}
		t.AddStyled(style, g.Suite, g.Case, g.Contender, g.Beside(), g.Asked(), figure, g.Verdict())
	}
	return t.Write(c.out)
}
