// Package page makes one self-contained page of a report: it holds no script
// and asks the network for nothing.
package page

import (
	_ "embed"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

//go:embed page.html
var text string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"figure": term.Figure, "count": term.Count, "times": term.Ratio,
}).Parse(text))

// view is what the template shows.
type view struct {
	Machine string
	Facts   results.Environment
	Tally   string
	Goals   []goalView
	Suites  []suiteView
}

type suiteView struct {
	Name  string
	Cases []caseView
}

type caseView struct {
	ID, Name, Unit, Base, Command string
	CPU                           bool    // ratios are those of processor time
	Base1                         float64 // where the bar of the base ends, in percent; 0 without a base
	Bars                          []bar
}

// A bar is a contender: its ends are in percent of the chart's width.
type bar struct {
	results.Result
	Own, Beyond     bool // Beyond: longer than the chart is wide
	Width, From, To float64
	// Value is what the bar shows, Interval what the whisker does.
	Value, Interval string
}

type goalView struct {
	results.Goal
	Width, From, To, At float64
}

// skipped are facts that the machine's line, or the commands, already say.
var skipped = map[string]bool{"cpu": true, "cores": true, "os": true, "arch": true, "go": true, "turn_ns": true, "tour": true, "roundtrip_flags": true, "load_flags": true}

// Write writes the page of r.
func Write(w io.Writer, r *results.Report) error {
	v := view{Machine: r.Environment.Machine(), Tally: r.Tally(), Goals: goals(r.Goals)}
	for _, f := range r.Environment {
		if !skipped[f.Name] && f.Value != "" && (f.Name != "size" || f.Value != "0") {
			if f.Name == "commit" {
				f.Value = f.Value[:min(12, len(f.Value))] + map[bool]string{true: ", changed"}[strings.HasSuffix(f.Value, "-dirty")]
			}
			v.Facts = append(v.Facts, f)
		}
	}
	for _, c := range r.Cases() {
		if n := len(v.Suites); n == 0 || v.Suites[n-1].Name != c.Suite {
			v.Suites = append(v.Suites, suiteView{Name: c.Suite})
		}
		s := &v.Suites[len(v.Suites)-1]
		s.Cases = append(s.Cases, chart(r, c))
	}
	return page.Execute(w, v)
}

// ceiling is the contender that copies the finished bytes and does no work. It
// is many times as fast as any other, and to its scale the others look alike.
const ceiling = "copy"

// longest is how far an interval widens the scale at most: one disturbed round
// must not make all bars short. What is beyond ends at the edge.
const longest = 1.3

// chart lays out a case. With a base, bars show how many times as fast as the
// base; without one, they show the time.
func chart(r *results.Report, c results.Case) caseView {
	first := c.Results[0]
	v := caseView{ID: id(c), Name: c.Name, Unit: first.Unit, Base: first.Base, CPU: c.CPU(), Command: r.Command(c.Suite, c.Name)}
	most := 0.0
	for _, x := range c.Results {
		if x.Contender == ceiling && len(c.Results) > 2 {
			continue
		}
		if v.Base != "" {
			most = max(most, x.Ratio, min(x.RatioHi, longest*x.Ratio))
		} else {
			most = max(most, x.Ns, min(x.NsHi, longest*x.Ns))
		}
	}
	if v.Base != "" {
		v.Base1 = percent(1, most)
	}
	for _, x := range c.Results {
		b := bar{Result: x, Own: strings.HasPrefix(x.Contender, "pointwire")}
		switch {
		case x.Out() != "":
		case v.Base != "":
			b.Width, b.From, b.To = percent(x.Ratio, most), percent(x.RatioLo, most), percent(x.RatioHi, most)
			b.Value = term.Ratio(x.Ratio) + "×"
			if x.Contender != x.Base {
				b.Interval = term.Ratio(x.RatioLo) + "–" + term.Ratio(x.RatioHi)
			}
			b.Beyond = x.Ratio > most
		default:
			b.Width, b.From, b.To = percent(x.Ns, most), percent(x.NsLo, most), percent(x.NsHi, most)
			b.Value = term.Figure(x.Ns) + " ns"
			if x.NsLo != x.NsHi {
				b.Interval = term.Figure(x.NsLo) + "–" + term.Figure(x.NsHi)
			}
		}
		v.Bars = append(v.Bars, b)
	}
	return v
}

// goals lays out the goals on a scale of their own each: what is asked for is
// at two thirds of the width, so that all goals are at one place. Nothing at all
// is asked for at the left end.
func goals(list []results.Goal) (views []goalView) {
	for _, g := range list {
		v := goalView{Goal: g, At: 66.67}
		switch {
		case g.Value != nil:
			whole := max(g.Most*1.5, *g.Value)
			v.Width, v.At = percent(*g.Value, whole), percent(g.Most, whole)
		case g.Measured() && g.Factor > 0:
			whole := g.Factor * 1.5
			v.Width, v.From, v.To = percent(g.Ratio, whole), percent(g.RatioLo, whole), percent(g.RatioHi, whole)
		}
		views = append(views, v)
	}
	return views
}

// percent returns the share of v in most, with two decimals and no more than
// all of it.
func percent(v, most float64) float64 {
	if most <= 0 || v <= 0 {
		return 0
	}
	return min(100, math.Round(v/most*1e4)/100)
}

// id makes the anchor of a case.
func id(c results.Case) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(c.Suite+"-"+c.Name))
}
