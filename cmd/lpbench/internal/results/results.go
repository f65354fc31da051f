// Package results holds what a comparison found: the figures of contenders, the
// goals beside what was measured, and the machine. Its file form is one JSON
// object per line.
package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/measure"
)

// A Result is what one contender cost in one case: medians over the rounds.
type Result = measure.Result

// A Goal is what the design asks for beside what was measured: Contender at
// least Factor times as fast as the fastest of Against; or, with a Unit, at most
// Most of it.
type Goal struct {
	Suite     string   `json:"suite"`
	Case      string   `json:"case"`
	Contender string   `json:"contender"`
	Against   []string `json:"against"`
	Factor    float64  `json:"factor"`
	Unit      string   `json:"unit,omitempty"`
	Most      float64  `json:"most,omitempty"`
	// Absent marks what is not built yet, so that nothing can measure it.
	Absent bool `json:"absent,omitempty"`
	// Fastest is the one of Against that the ratio is of; it is empty if one of
	// the two was not measured.
	Fastest string  `json:"fastest"`
	Ratio   float64 `json:"ratio"`
	RatioLo float64 `json:"ratio_lo"`
	RatioHi float64 `json:"ratio_hi"`
	// Value is how much of Unit there was, nil if that was not measured.
	Value *float64 `json:"value,omitempty"`
	Met   bool     `json:"met"`
}

// Measured reports whether there is a figure.
func (g *Goal) Measured() bool { return g.Fastest != "" || g.Value != nil }

// Verdict says in a word what became of the goal.
func (g *Goal) Verdict() string {
	switch {
	case g.Absent:
		return "not built yet"
	case !g.Measured():
		return "not measured"
	case g.Met:
		return "met"
	}
	return "not met"
}

// Asked says what the goal is.
func (g *Goal) Asked() string {
	if g.Unit != "" {
		return "≤" + term.Ratio(g.Most) + " " + g.Unit
	}
	return "≥" + term.Ratio(g.Factor) + "×"
}

// Figure says what was measured, "–" if nothing was.
func (g *Goal) Figure() string {
	switch {
	case g.Value != nil:
		return term.Ratio(*g.Value)
	case g.Measured():
		return term.Ratio(g.Ratio) + "×"
	}
	return "–"
}

// Interval is the interval of the ratio, "" without one.
func (g *Goal) Interval() string {
	if g.Fastest == "" {
		return ""
	}
	return term.Ratio(g.RatioLo) + "–" + term.Ratio(g.RatioHi)
}

// Beside names whom the ratio is of, or would be.
func (g *Goal) Beside() string {
	switch {
	case g.Fastest == "":
		return strings.Join(g.Against, ", ")
	case len(g.Against) > 1:
		return fmt.Sprintf("%s (fastest of %d)", g.Fastest, len(g.Against))
	}
	return g.Fastest
}

// A Report is everything one run found.
type Report struct {
	Environment Environment
	Results     []Result
	Goals       []Goal
}

// line is any line of the file.
type line struct {
	Environment Environment `json:"environment,omitempty"`
	Goal        *Goal       `json:"goal,omitempty"`
}

// Read reads lines to the end and adds what they say to r. Lines of kinds it
// does not know are left out.
func (r *Report) Read(in io.Reader) error {
	for d := json.NewDecoder(in); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := r.readLine(raw); err != nil {
			return fmt.Errorf("%w in %s", err, bytes.TrimSpace(raw))
		}
	}
}

func (r *Report) readLine(raw json.RawMessage) error {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return err
	}
	switch {
	case l.Environment != nil:
		r.Environment.Merge(l.Environment)
		return nil
	case l.Goal != nil:
		r.Goals = append(r.Goals, *l.Goal)
		return nil
	}
	var v Result
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if v.Suite != "" && v.Contender != "" {
		r.Results = append(r.Results, v)
	}
	return nil
}

// Write writes r as lines.
func (r *Report) Write(out io.Writer) error {
	e := json.NewEncoder(out)
	if len(r.Environment) > 0 {
		if err := e.Encode(line{Environment: r.Environment}); err != nil {
			return err
		}
	}
	for i := range r.Results {
		if err := e.Encode(&r.Results[i]); err != nil {
			return err
		}
	}
	for i := range r.Goals {
		if err := e.Encode(line{Goal: &r.Goals[i]}); err != nil {
			return err
		}
	}
	return nil
}

// ReadFile returns what is in a file. A file without a single result is an
// error.
func ReadFile(name string) (*Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := new(Report)
	if err := r.Read(f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(r.Results) == 0 {
		return nil, fmt.Errorf("%s holds no result", name)
	}
	return r, nil
}

// WriteFile puts r into a file.
func (r *Report) WriteFile(name string) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return r.Write(f)
}

// A Case is the contenders of one piece of work.
type Case struct {
	Suite, Name string
	Results     []Result
}

// CPU reports whether ratios of the case are those of processor time. The times
// shown are then those, too.
func (c *Case) CPU() bool {
	return slices.ContainsFunc(c.Results, func(r Result) bool { return len(r.CPUSamples) > 0 })
}

// Unit says what times of the case are in.
func (c *Case) Unit() string {
	unit := "ns/" + c.Results[0].Unit
	if c.CPU() {
		return "CPU " + unit
	}
	return unit
}

// RatioOf names what the ratios of the case are to, and in which time.
func (c *Case) RatioOf() string {
	if c.CPU() {
		return c.Results[0].Base + " in CPU time"
	}
	return c.Results[0].Base
}

// Time returns the time of one of the results in Unit.
func (c *Case) Time(r *Result) float64 {
	if c.CPU() {
		return r.CPU
	}
	return r.Ns
}

// Cases returns the results by case, in the order in which they appear.
func (r *Report) Cases() []Case {
	var cases []Case
	for _, v := range r.Results {
		i := slices.IndexFunc(cases, func(c Case) bool { return c.Suite == v.Suite && c.Name == v.Case })
		if i < 0 {
			i = len(cases)
			cases = append(cases, Case{Suite: v.Suite, Name: v.Case})
		}
		cases[i].Results = append(cases[i].Results, v)
	}
	return cases
}

// Suites returns the names of the suites, in the order in which they appear.
func (r *Report) Suites() []string {
	var names []string
	for _, v := range r.Results {
		if !slices.Contains(names, v.Suite) {
			names = append(names, v.Suite)
		}
	}
	return names
}

// Tally says how many goals are met, and how many have no figure.
func (r *Report) Tally() string {
	met, measured := r.Met()
	s := fmt.Sprintf("%d of %d met", met, measured)
	if n := len(r.Goals) - measured; n > 0 {
		s += fmt.Sprintf(", %d without a figure", n)
	}
	return s
}

// Met returns how many of the goals that were measured are met.
func (r *Report) Met() (met, measured int) {
	for i := range r.Goals {
		if r.Goals[i].Measured() {
			measured++
			if r.Goals[i].Met {
				met++
			}
		}
	}
	return met, measured
}
