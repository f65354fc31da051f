package bench

import (
	"encoding/json"
	"math"
	"os"
	"strings"

	"github.com/pointwire/pointwire/internal/measure"
)

// A Baseline is recorded for each of our contenders. Its allocations per unit must not
// rise; its ratio to the base of the case shows drift. It has no times, which depend on
// the machine.
type Baseline struct {
	Allocs float64 `json:"allocs_per_unit"`
	Ratio  float64 `json:"ratio"`
	Base   string  `json:"base"`
}

// Baselines returns the baselines of our contenders among results, by
// suite/case/contender.
func Baselines(results []measure.Result) map[string]Baseline {
	m := map[string]Baseline{}
	for _, r := range results {
		if strings.HasPrefix(r.Contender, "pointwire") && r.Out() == "" {
			m[identity(r)] = Baseline{round(r.Allocs, 100), round(r.Ratio, 10), r.Base}
		}
	}
	return m
}

// identity names a result in a baseline.
func identity(r measure.Result) string { return r.Suite + "/" + r.Case + "/" + r.Contender }

func round(v, unit float64) float64 { return math.Round(v*unit) / unit }

// ReadBaseline reads the baselines in file.
func ReadBaseline(file string) (map[string]Baseline, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := map[string]Baseline{}
	return m, json.Unmarshal(text, &m)
}

// WriteBaseline writes the baselines of results to file. It keeps those of other
// contenders.
func WriteBaseline(file string, results []measure.Result) error {
	m, err := ReadBaseline(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if m == nil {
		m = map[string]Baseline{}
	}
	for id, b := range Baselines(results) {
		m[id] = b
	}
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o666)
}
