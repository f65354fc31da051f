package markdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// Table returns the table of that name, see the help of lpbench readme.
func Table(r *results.Report, name string) (string, error) {
	kind, what, _ := strings.Cut(name, " ")
	switch {
	case name == "machine":
		return machine(r), nil
	case name == "command":
		return "    " + r.Command("", "") + "\n", nil
	case name == "goals":
		if len(r.Goals) == 0 {
			return "", fmt.Errorf("the results hold no goal")
		}
		return goals(r), nil
	case name == "figures":
		return figures(r)
	case name == "suites":
		var all []string
		for _, s := range r.Suites() {
			all = append(all, "### "+s+"\n\n"+suite(r, s))
		}
		return strings.Join(all, "\n"), nil
	case kind == "suite":
		if !slices.Contains(r.Suites(), what) {
			return "", fmt.Errorf("the results hold no suite %q", what)
		}
		return suite(r, what), nil
	case kind == "case":
		for _, c := range r.Cases() {
			if c.Suite+"/"+c.Name == what {
				return contenders(r, c), nil
			}
		}
		return "", fmt.Errorf("the results hold no case %q", what)
	}
	return "", fmt.Errorf("there is no table %q", name)
}

// machine says what the figures were measured on.
func machine(r *results.Report) string {
	s := "Measured on " + r.Environment.Machine()
	if date := r.Environment.Get("date"); date != "" {
		s += ", " + date
	}
	if server := r.Environment.Get("server"); server != "" {
		s += ", beside " + server
	}
	if rounds := r.Environment.Get("rounds"); rounds != "" {
		s += "; " + rounds + " rounds in turn, medians, in brackets the interval of the ratio"
	}
	return s + ".\n"
}

// goals is one row per goal.
func goals(r *results.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Goals: %s.\n\n", r.Tally())
	b.WriteString("| suite | case | contender | beside | goal | measured | |\n|---|---|---|---|--:|--:|---|\n")
	for i := range r.Goals {
		g := &r.Goals[i]
		figure, verdict := g.Figure(), g.Verdict()
		if g.Measured() {
			figure = "**" + figure + "**"
			if !g.Met {
				verdict = "**" + verdict + "**"
			}
		}
		if interval := g.Interval(); interval != "" {
			figure += " (" + interval + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", cell(g.Suite), cell(g.Case), cell(g.Contender), cell(g.Beside()), g.Asked(), figure, verdict)
	}
	return b.String()
}

// suite is a row per case and a column per contender, with the command.
func suite(r *results.Report, name string) string {
	var (
		cases      []results.Case
		contenders []string
		versions   []string
	)
	for _, c := range r.Cases() {
		if c.Suite != name {
			continue
		}
		cases = append(cases, c)
		for _, v := range c.Results {
			if !slices.Contains(contenders, v.Contender) {
				contenders = append(contenders, v.Contender)
				versions = append(versions, v.Version)
			}
		}
	}
	var b strings.Builder
	unit := cases[0].Unit()
	fmt.Fprintf(&b, "    %s\n\n", r.Command(name, ""))
	if n := processes(cases); n > 0 {
		fmt.Fprintf(&b, "In square brackets are the least and the greatest median of %d processes, which share the rounds. Ratios and their intervals are those of the processes.\n\n", n)
	}
	fmt.Fprintf(&b, "| %s |", unit)
	for i, c := range contenders {
		fmt.Fprintf(&b, " %s", cell(c))
		if versions[i] != "" && versions[i] != "this tree" {
			fmt.Fprintf(&b, " %s", cell(versions[i]))
		}
		b.WriteString(" |")
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(contenders)) + "\n")
	for _, c := range cases {
		fmt.Fprintf(&b, "| %s", cell(c.Name))
		if u := c.Unit(); u != unit {
			fmt.Fprintf(&b, ", %s", u)
		}
		b.WriteString(" |")
		for _, name := range contenders {
			i := slices.IndexFunc(c.Results, func(v results.Result) bool { return v.Contender == name })
			if i >= 0 {
				b.WriteString(" " + figure(&c, &c.Results[i]))
			}
			b.WriteString(" |")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// processes returns in how many processes the rounds of the cases were taken, 0 if in one.
func processes(cases []results.Case) (n int) {
	for _, c := range cases {
		for _, v := range c.Results {
			n = max(n, len(v.Processes))
		}
	}
	return n
}

// figure is a contender of a case in one cell.
func figure(c *results.Case, v *results.Result) string {
	switch {
	case v.Wrong != "":
		return "**wrong**"
	case v.Skipped != "":
		return v.Out()
	}
	s := term.Figure(c.Time(v))
	if len(v.Processes) > 0 {
		s += " [" + term.Figure(slices.Min(v.Processes)) + "–" + term.Figure(slices.Max(v.Processes)) + "]"
	}
	if v.Base != "" && v.Contender != v.Base && v.Ratio != 0 {
		s += " (**" + term.Ratio(v.Ratio) + "×**, " + term.Ratio(v.RatioLo) + "–" + term.Ratio(v.RatioHi) + ")"
	}
	if n := term.Count(v.Allocs); v.Allocs > 0 && n != "0" && n != "0.00" {
		s += ", " + n + " allocs"
	}
	return s
}

// contenders is one case with all figures.
func contenders(r *results.Report, c results.Case) string {
	var b strings.Builder
	first := c.Results[0]
	fmt.Fprintf(&b, "    %s\n\n| contender | version | ns/%s | CPU ns | MB/s | allocs |", r.Command(c.Suite, c.Name), first.Unit)
	if first.Base != "" {
		fmt.Fprintf(&b, " times as fast as %s |", cell(c.RatioOf()))
	}
	b.WriteString("\n|---|---|--:|--:|--:|--:|")
	if first.Base != "" {
		b.WriteString("--:|")
	}
	b.WriteByte('\n')
	for _, v := range c.Results {
		if v.Out() != "" {
			fmt.Fprintf(&b, "| %s | %s | **%s**: %s | | | |", cell(v.Contender), cell(v.Version), v.Out(), cell(v.Wrong+v.Skipped))
			if first.Base != "" {
				b.WriteString(" |")
			}
			b.WriteByte('\n')
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |", cell(v.Contender), cell(v.Version), term.Figure(v.Ns), term.Figure(v.CPU), term.Figure(v.MBps), term.Count(v.Allocs))
		switch {
		case v.Base == "":
		case v.Contender == v.Base:
			b.WriteString(" 1 |")
		default:
			b.WriteString(" " + interval(v.Ratio, v.RatioLo, v.RatioHi) + " |")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func interval(v, lo, hi float64) string {
	return fmt.Sprintf("**%s×** (%s–%s)", term.Ratio(v), term.Ratio(lo), term.Ratio(hi))
}

// cell makes a text fit into a cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}
