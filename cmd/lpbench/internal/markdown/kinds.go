package markdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// This file makes the tables of several runs, each on another kind of processor. The first
// report is that of the newest run, and tables that have no place for all kinds are of it.

// tableOf returns the table of that name, with all reports where it has a place for them.
func tableOf(reports []*results.Report, name string) (string, error) {
	table, err := Table(reports[0], name)
	if err != nil || len(reports) == 1 {
		return table, err
	}
	first := reports[0].Environment.Kind()
	switch name {
	case "machine":
		return machines(reports), nil
	case "goals":
		return goalsByKind(reports), nil
	case "figures":
		for _, r := range reports[1:] {
			table += "\n" + figuresLine(r)
		}
	case "suites":
		return "The tables are of " + first + ", the newest run.\n\n" + table, nil
	}
	return table, nil
}

// machines is a row per kind.
func machines(reports []*results.Report) string {
	var b strings.Builder
	for _, r := range reports {
		fmt.Fprintf(&b, "- %s: %s", r.Environment.Kind(), machine(r))
	}
	return b.String()
}

// goalsByKind is a row per goal, with a column per kind. What a goal asks for is what it
// asks for in the newest of the runs that hold it, and all figures are compared with that.
func goalsByKind(reports []*results.Report) string {
	var (
		rows   []*results.Goal // each goal as the newest run has it
		byKind = make([]map[string]*results.Goal, len(reports))
	)
	known := map[string]bool{}
	for i, r := range reports {
		byKind[i] = map[string]*results.Goal{}
		for k := range r.Goals {
			g := &r.Goals[k]
			id := identity(g)
			if byKind[i][id] == nil {
				byKind[i][id] = g
			}
			if !known[id] {
				known[id] = true
				rows = append(rows, g)
			}
		}
	}
	var tallies, heads, table strings.Builder
	for i, r := range reports {
		met, measured := 0, 0
		for _, asked := range rows {
			if g := byKind[i][identity(asked)]; g != nil && g.Measured() {
				measured++
				if reached(g, asked) {
					met++
				}
			}
		}
		date, _, _ := strings.Cut(r.Environment.Get("date"), "T")
		fmt.Fprintf(&tallies, "- %s: %d of %d met, measured on %s\n", r.Environment.Kind(), met, measured, date)
		fmt.Fprintf(&heads, " %s |", r.Environment.Kind())
	}
	for _, asked := range rows {
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |", cell(asked.Suite), cell(asked.Case), cell(asked.Contender), cell(asked.Beside()), asked.Asked())
		for i := range reports {
			table.WriteString(" " + outcome(byKind[i][identity(asked)], asked) + " |")
		}
		table.WriteByte('\n')
	}
	return "Goals:\n\n" + tallies.String() + "\n| suite | case | contender | beside | goal |" + heads.String() +
		"\n|---|---|---|---|--:|" + strings.Repeat("--:|", len(reports)) + "\n" + table.String()
}

// identity tells goals apart in a run, and finds them in another.
func identity(g *results.Goal) string {
	return strings.Join(slices.Concat([]string{g.Suite, g.Case, g.Contender, g.Unit}, g.Against), "\x00")
}

// reached reports whether the figure of g is what asked asks for.
func reached(g, asked *results.Goal) bool {
	if asked.Unit != "" {
		return g.Value != nil && *g.Value <= asked.Most
	}
	return g.Fastest != "" && g.Ratio >= asked.Factor
}

// outcome is the figure of a goal on one kind of processor, and whether it is met. g is nil
// if that run does not have the goal.
func outcome(g, asked *results.Goal) string {
	if g == nil {
		return "–"
	}
	if !g.Measured() {
		return g.Verdict()
	}
	s := "**" + g.Figure() + "**"
	if interval := g.Interval(); interval != "" {
		s += " (" + interval + ")"
	}
	if g.Fastest != asked.Fastest && g.Fastest != "" {
		s += " beside " + cell(g.Fastest)
	}
	if reached(g, asked) {
		return s + ", met"
	}
	return s + ", **not met**"
}

// figuresLine says the worst and the best ratios of a report in a line. Comparisons that
// the report lacks are left out: the table of the newest run has them all.
func figuresLine(r *results.Report) string {
	var parts []string
	for _, c := range comparisons {
		if worst, best, peers, _ := c.extremes(r); peers > 0 && c.peer != "" {
			parts = append(parts, fmt.Sprintf("%s %s to %s", c.suite, term.Ratio(worst.ratio)+"×", term.Ratio(best.ratio)+"×"))
		}
	}
	date, _, _ := strings.Cut(r.Environment.Get("date"), "T")
	return fmt.Sprintf("On %s, %s, beside the same libraries: %s.\n", r.Environment.Machine(), date, strings.Join(parts, ", "))
}
