package main

import (
	"encoding/json"
	"io"

	"github.com/pointwire/pointwire/bench/measure"
)

// A goalLine is a line of the JSON output: a goal beside what was measured.
type goalLine struct {
	Goal goal `json:"goal"`
}

type goal struct {
	Suite     string   `json:"suite"`
	Case      string   `json:"case"`
	Contender string   `json:"contender"`
	Against   []string `json:"against"`
	Factor    float64  `json:"factor"`
	// Fastest is the one of Against that the ratio is of. It is empty, and the
	// ratio 0, if one of the two was not measured.
	Fastest string  `json:"fastest"`
	Ratio   float64 `json:"ratio"`
	RatioLo float64 `json:"ratio_lo"`
	RatioHi float64 `json:"ratio_hi"`
	Met     bool    `json:"met"`
}

// writeGoals writes each outcome as a line.
func writeGoals(w io.Writer, outcomes []measure.Outcome) error {
	e := json.NewEncoder(w)
	for _, o := range outcomes {
		g := goal{o.Suite, o.Case, o.Contender, o.Against, o.Factor, o.Fastest, o.Ratio, o.Lo, o.Hi, o.Met}
		if err := e.Encode(goalLine{g}); err != nil {
			return err
		}
	}
	return nil
}
