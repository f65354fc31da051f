// Package page makes one self-contained page of a report. It holds no script and asks the
// network for nothing.
//
// The page begins with what was found, in its title and three lines; a chart for each case
// follows, and the goals come last, folded. page.go lays out what page.html shows, and
// about.go says what each case is about.
package page

import (
	_ "embed"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/measure"
)

//go:embed page.html
var text string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"figure": term.Figure, "count": term.Count, "times": term.Ratio,
}).Parse(text))

// view is what the template shows.
type view struct {
	Title   string
	Lead    []string // three lines
	Machine string
	Facts   results.Environment
	Tally   string
	Goals   []goalView
	Suites  []suiteView
}

type suiteView struct {
	Name, About string
	Cases       []caseView
}

type caseView struct {
	ID, Name, About, Unit, Base, Command string
	CPU                                  bool    // ratios, or bars without a base, are those of processor time
	Base1                                float64 // where the bar of the base ends, in percent; 0 without a base
	Bars                                 []bar
	Floor                                string // what copying the finished bytes takes
	Latency                              []bar  // of a load, by percentile
}

// A bar is a contender: its ends are in percent of the chart's width.
type bar struct {
	results.Result
	Own             bool
	Width, From, To float64
	// Value is what the bar shows, Interval what the whisker does.
	Value, Interval string
}

type goalView struct {
	results.Goal
	Width, From, To, At float64
}

// skipped are facts that the machine's line, or the commands, already say.
var skipped = map[string]bool{"cpu": true, "cores": true, "os": true, "arch": true, "go": true, "turn_ns": true, "tour": true, "roundtrip_flags": true, "identical": true, "load_flags": true}

// Write writes the page of r.
func Write(w io.Writer, r *results.Report) error {
	v := view{Title: title(r), Lead: lead(r), Machine: r.Environment.Machine(), Tally: r.Tally(), Goals: goals(r.Goals)}
	for _, f := range r.Environment {
		if !skipped[f.Name] && f.Value != "" && (f.Name != "size" || f.Value != "0") {
			if f.Name == "commit" {
				dirty := strings.HasSuffix(f.Value, "-dirty")
				if f.Value = f.Value[:min(12, len(f.Value))]; dirty {
					f.Value += ", changed"
				}
			}
			v.Facts = append(v.Facts, f)
		}
	}
	for _, c := range r.Cases() {
		if n := len(v.Suites); n == 0 || v.Suites[n-1].Name != c.Suite {
			v.Suites = append(v.Suites, suiteView{Name: c.Suite, About: suiteAbout[c.Suite]})
		}
		s := &v.Suites[len(v.Suites)-1]
		s.Cases = append(s.Cases, chart(r, c))
	}
	return page.Execute(w, v)
}

// title says what was found.
func title(r *results.Report) string {
	for _, x := range r.Results {
		if x.Latency != nil && x.Ns > 0 {
			return grouped(int64(1e9/x.Ns)) + " " + x.Unit + "s/s, p99 " + term.Duration(time.Duration(x.Latency.P99))
		}
	}
	if n := r.Environment.Get("identical"); n != "" {
		points, _ := strconv.ParseInt(n, 10, 64)
		return grouped(points) + " points identical"
	}
	return "pointwire beside " + strconv.Itoa(len(others(r))) + " other libraries"
}

// grouped returns n with a comma after each three digits, as prose has it.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// lead returns three lines: what the title means, what was measured, and on what.
func lead(r *results.Report) []string {
	first := "Every figure is of pointwire, or of another library beside it."
	server := r.Environment.Get("server")
	switch {
	case slices.ContainsFunc(r.Results, func(x results.Result) bool { return x.Latency != nil }):
		first = "Time from the moment an operation was due, so that a server which stalls is not flattered."
	case r.Environment.Get("identical") != "":
		first = "Written to " + server + ", read back, and compared bit for bit."
	case server != "":
		first = "Points went to " + server + " and came back."
	}
	cases, suites := r.Cases(), map[string]bool{}
	for _, c := range cases {
		suites[c.Suite] = true
	}
	second := strconv.Itoa(len(cases)) + " cases in " + strconv.Itoa(len(suites)) + " suites, pointwire beside " + strconv.Itoa(len(others(r))) + " others"
	if len(cases) == 1 {
		second = about(cases[0])
	}
	if len(r.Goals) > 0 {
		second += "; goals: " + r.Tally()
	}
	third := r.Environment.Machine()
	if day, _, _ := strings.Cut(r.Environment.Get("date"), "T"); day != "" {
		third += ", " + day
	}
	return []string{first, strings.TrimSuffix(second, ".") + ".", third + "."}
}

// others are the contenders that are not pointwire's.
func others(r *results.Report) map[string]bool {
	list := map[string]bool{}
	for _, x := range r.Results {
		if !strings.HasPrefix(x.Contender, "pointwire") && x.Contender != floor && x.Out() == "" {
			list[x.Contender] = true
		}
	}
	return list
}

// floor is the contender that copies the finished bytes and does no work. It is no
// competitor: it says how fast memory is, and to its scale all others look alike.
const floor = "copy"

// longest is how far an interval widens the scale at most: one disturbed round
// must not make all bars short. An interval beyond it ends at the edge.
const longest = 1.3

// chart lays out a case. With a base, bars show how many times as fast as the base;
// without one, they show the time: that of the processor if it is known of all, since
// what waits for a server is on another scale.
func chart(r *results.Report, c results.Case) caseView {
	first := c.Results[0]
	v := caseView{ID: id(c), Name: c.Name, About: about(c), Unit: first.Unit, Base: first.Base, CPU: c.CPU(), Command: r.Command(c.Suite, c.Name)}
	if v.About == suiteAbout[c.Suite] {
		v.About = "" // it stands above
	}
	if v.Base == "" {
		v.CPU = !slices.ContainsFunc(c.Results, func(x results.Result) bool { return x.CPU <= 0 && x.Out() == "" })
	}
	most := 0.0
	for _, x := range c.Results {
		switch {
		case x.Contender == floor && len(c.Results) > 2:
		case v.Base != "":
			most = max(most, x.Ratio, min(x.RatioHi, longest*x.Ratio))
		case v.CPU:
			most = max(most, x.CPU)
		default:
			most = max(most, x.Ns, min(x.NsHi, longest*x.Ns))
		}
	}
	if v.Base != "" {
		v.Base1 = percent(1, most)
	}
	for _, x := range c.Results {
		if x.Contender == floor && len(c.Results) > 2 {
			v.Floor = term.Figure(x.Ns) + " ns per " + x.Unit
			continue
		}
		if x.Latency != nil {
			v.Latency = latency(x.Latency)
		}
		b := bar{Result: x, Own: strings.HasPrefix(x.Contender, "pointwire")}
		switch {
		case x.Out() != "":
		case v.Base != "":
			b.Width, b.From, b.To = percent(x.Ratio, most), percent(x.RatioLo, most), percent(x.RatioHi, most)
			b.Value = term.Ratio(x.Ratio) + "×"
			if x.Contender != x.Base {
				b.Interval = term.Ratio(x.RatioLo) + "–" + term.Ratio(x.RatioHi)
			}
		case v.CPU:
			b.Width, b.Value = percent(x.CPU, most), term.Figure(x.CPU)+" ns"
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

// latency lays out percentiles.
func latency(l *measure.Latency) (bars []bar) {
	for _, p := range [...]struct {
		name string
		ns   int64
	}{{"half within (p50)", l.P50}, {"p90", l.P90}, {"p99", l.P99}, {"p99.9", l.P999}, {"slowest", l.Max}} {
		b := bar{Value: term.Duration(time.Duration(p.ns)), Width: percent(float64(p.ns), float64(l.Max)), Own: true}
		b.Contender = p.name
		bars = append(bars, b)
	}
	return bars
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
