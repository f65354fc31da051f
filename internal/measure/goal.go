package measure

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Goal is a goal of the design: Contender must be at least Factor times as fast as the
// fastest of Against, in processor time if the case compares that. A goal with a Unit
// instead limits the value that Op.Extra measures of Contender to Most.
type Goal struct {
	Suite string `json:"suite"`
	// Case is the name of the case. With Of, it is a name for the cases in Of, Need
	// of which must meet the goal.
	Case      string   `json:"case"`
	Of        []string `json:"of,omitempty"`
	Need      int      `json:"need,omitempty"`
	Contender string   `json:"contender"`
	Against   []string `json:"against"`
	Factor    float64  `json:"factor"`
	Unit      string   `json:"unit,omitempty"`
	Most      float64  `json:"most,omitempty"`
	// Absent marks a goal for something that this tree does not have. No case can
	// measure it, and tables show it as not built yet.
	Absent bool `json:"absent,omitempty"`
}

// An Outcome is a goal with the figures that were measured for it.
type Outcome struct {
	Goal
	// Fastest is the fastest contender of Against.
	Fastest string  `json:"fastest,omitempty"`
	Ratio   float64 `json:"ratio"`
	Lo      float64 `json:"ratio_lo"`
	Hi      float64 `json:"ratio_hi"`
	// Value is the value measured for a goal with a Unit.
	Value *float64 `json:"value,omitempty"`
	Met   bool     `json:"met"`
	// Missing reports that one of the contenders was not run, so the fastest is not
	// known. Contenders that are wrong do not count.
	Missing bool `json:"missing,omitempty"`
}

// Judge returns the outcome of each goal whose case is in results. An absent goal has no
// case; it is included if its suite is in results.
func Judge(goals []Goal, results []Result) []Outcome {
	var outcomes []Outcome
	for _, g := range goals {
		if g.Absent {
			if slices.ContainsFunc(results, func(r Result) bool { return r.Suite == g.Suite }) {
				outcomes = append(outcomes, Outcome{Goal: g, Missing: true})
			}
			continue
		}
		of := g.Of
		if len(of) == 0 {
			of = []string{g.Case}
		}
		var each []Outcome
		for _, name := range of {
			if o, ok := judge(g, name, results); ok {
				each = append(each, o)
			}
		}
		if len(each) == 0 {
			continue
		}
		o := each[0]
		if len(g.Of) > 0 {
			o = nth(g, each)
		}
		if o.Met = !o.Missing && o.Ratio >= g.Factor; g.Unit != "" {
			o.Met = !o.Missing && *o.Value <= g.Most
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// judge returns the outcome of a goal in one case, if that case is in results.
func judge(g Goal, name string, results []Result) (Outcome, bool) {
	find := func(contender string) *Result {
		i := slices.IndexFunc(results, func(r Result) bool {
			return r.Suite == g.Suite && r.Case == name && (contender == "" || r.Contender == contender)
		})
		if i < 0 {
			return nil
		}
		return &results[i]
	}
	if find("") == nil {
		return Outcome{}, false
	}
	o := Outcome{Goal: g}
	own := find(g.Contender)
	if g.Unit != "" {
		if own != nil {
			o.Value = own.Extra
		}
		o.Missing = o.Value == nil
		return o, true
	}
	for _, name := range g.Against {
		r := find(name)
		switch {
		case r == nil || r.Skipped != "" && len(g.Against) == 1:
			o.Missing = true
		case len(r.cost) == 0 || own == nil || len(own.cost) == 0:
		default:
			if q, lo, hi := Quotient(r.cost, own.cost); o.Fastest == "" || q < o.Ratio {
				o.Fastest, o.Ratio, o.Lo, o.Hi = name, q, lo, hi
			}
		}
	}
	if o.Missing = o.Missing || o.Fastest == ""; o.Missing {
		return Outcome{Goal: g, Missing: true}, true
	}
	return o, true
}

// nth returns the outcome of a goal that Need of its cases must meet: that of the case
// with the Need-th greatest ratio or, for a goal with a Unit, the Need-th least value.
// This case meets the goal if and only if Need cases do.
func nth(g Goal, each []Outcome) Outcome {
	if len(each) < len(g.Of) || slices.ContainsFunc(each, func(o Outcome) bool { return o.Missing }) {
		return Outcome{Goal: g, Missing: true}
	}
	slices.SortStableFunc(each, func(a, b Outcome) int {
		if g.Unit != "" {
			return cmp.Compare(*a.Value, *b.Value)
		}
		return cmp.Compare(b.Ratio, a.Ratio)
	})
	return each[g.Need-1]
}

// WriteGoals writes outcomes as a Markdown table.
func WriteGoals(w io.Writer, outcomes []Outcome) {
	if len(outcomes) == 0 {
		return
	}
	fmt.Fprint(w, "\n### Goals\n\n| suite | case | contender | against | goal | measured (spread) | |\n|---|---|---|---|--:|--:|---|\n")
	for _, o := range outcomes {
		against, asked := o.Fastest, fmt.Sprintf("≥%gx", o.Factor)
		measured, verdict := fmt.Sprintf("%sx (%s–%s)", times(o.Ratio), times(o.Lo), times(o.Hi)), "not met"
		if o.Unit != "" {
			asked = fmt.Sprintf("≤%g %s", o.Most, o.Unit)
			if o.Value != nil {
				measured = fmt.Sprintf("%.3g", *o.Value)
			}
		}
		switch {
		case o.Absent:
			against, measured, verdict = strings.Join(o.Against, ", "), "–", "not built yet"
		case o.Missing:
			against, measured, verdict = strings.Join(o.Against, ", "), "–", "not measured"
		case o.Met:
			verdict = "met"
		}
		if len(o.Against) > 1 && !o.Missing {
			against += fmt.Sprintf(" (fastest of %d)", len(o.Against))
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", o.Suite, o.Case, o.Contender, against, asked, measured, verdict)
	}
}
