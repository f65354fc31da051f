package measure

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Result is the cost of a contender in a case, as medians over the rounds. It is one
// line of the JSON output.
type Result struct {
	Suite     string `json:"suite"`
	Case      string `json:"case"`
	Contender string `json:"contender"`
	Version   string `json:"version"`
	Unit      string `json:"unit"`
	// Ns is the wall time per unit; NsLo and NsHi are those of the fastest and of the
	// slowest round.
	Ns   float64 `json:"ns_per_unit"`
	NsLo float64 `json:"ns_lo"`
	NsHi float64 `json:"ns_hi"`
	// CPU is the processor time per unit in nanoseconds, garbage collection
	// included.
	CPU  float64 `json:"cpu_ns_per_unit"`
	MBps float64 `json:"mb_per_s"`
	// BytesPer and Allocs are -1 where another process does the work.
	BytesPer float64 `json:"bytes_per_unit"`
	Allocs   float64 `json:"allocs_per_unit"`
	// Ratio says how many times as fast as Base the contender is: it is the median of
	// the ratios of the rounds. RatioLo and RatioHi are the ends of its confidence
	// interval, see Interval, and Confidence is the probability of that interval.
	Base       string  `json:"base"`
	Ratio      float64 `json:"ratio"`
	RatioLo    float64 `json:"ratio_lo"`
	RatioHi    float64 `json:"ratio_hi"`
	Confidence float64 `json:"confidence,omitempty"`
	Rounds     int     `json:"rounds"`
	// Samples are the wall times per unit, in the order of the rounds: samples of two
	// contenders of a case with the same index are from the same round. CPUSamples are
	// the processor times, if the ratio compares those.
	Samples    []float64 `json:"samples,omitempty"`
	CPUSamples []float64 `json:"cpu_samples,omitempty"`
	// Processes are the medians of each process, in the time that ratios compare, if the
	// rounds were taken in several, see Pool. Ratio and its interval are then of these.
	Processes []float64 `json:"processes,omitempty"`
	// Extra is the value of Op.Extra, in ExtraUnit.
	Extra     *float64 `json:"extra,omitempty"`
	ExtraUnit string   `json:"extra_unit,omitempty"`
	// Wrong says what is wrong with the outcome; all figures are then 0.
	Wrong string `json:"wrong,omitempty"`
	// Skipped says why the contender did not run, such as "not installed".
	Skipped string `json:"skipped,omitempty"`
	// Latency is set for loads only.
	Latency *Latency `json:"latency_ns,omitempty"`

	cost  []float64 // the times that ratios and goals compare, one per round
	turns []sample  // one per round, as Samples; nil if other processes took the rounds
}

// A Latency holds percentiles in nanoseconds.
type Latency struct {
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p99.9"`
	Max  int64 `json:"max"`
}

// Out says why a contender has no figures. It is empty if the contender has figures.
func (r *Result) Out() string {
	switch {
	case r.Wrong != "":
		return "wrong"
	case r.Skipped != "":
		return "not run"
	}
	return ""
}

// ID identifies a result as suite/case/contender.
func (r *Result) ID() string { return r.Suite + "/" + r.Case + "/" + r.Contender }

// WriteTable writes the results of one case as a Markdown table.
func WriteTable(w io.Writer, results []Result) {
	if len(results) == 0 {
		return
	}
	r := results[0]
	fmt.Fprintf(w, "\n### %s: %s\n\n", r.Suite, r.Case)
	compared := ""
	if slices.ContainsFunc(results, Result.byCPU) {
		compared = " in CPU time"
	}
	fmt.Fprintf(w, "| contender | version | ns/%s (spread) | CPU ns | MB/s | B | allocs | times as fast as %s%s |\n", r.Unit, r.Base, compared)
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|--:|")
	for _, r := range results {
		if r.Skipped != "" {
			fmt.Fprintf(w, "| %s | | %s | | | | | |\n", r.Contender, inline(r.Skipped))
			continue
		}
		if r.Wrong != "" {
			fmt.Fprintf(w, "| %s | %s | **wrong**: %s | | | | | |\n", r.Contender, r.Version, inline(r.Wrong))
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %s (%s–%s) | %s | %s | %s | %s | %s |\n", r.Contender, r.Version,
			figure(r.Ns), figure(r.NsLo), figure(r.NsHi), figure(r.CPU), orDash(r.MBps, "%.0f"), count(r.BytesPer), count(r.Allocs), ratio(r))
	}
}

// byCPU reports whether the ratio of r compares processor times.
func (r Result) byCPU() bool { return len(r.CPUSamples) > 0 }

func ratio(r Result) string {
	if r.Ratio == 0 {
		return "–"
	}
	if r.Contender == r.Base {
		return "1"
	}
	return fmt.Sprintf("%s (%s–%s)", times(r.Ratio), times(r.RatioLo), times(r.RatioHi))
}

func times(v float64) string { return fmt.Sprintf("%.3g", v) }

func figure(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

// count prints a number per unit. Less than one in a thousand units is printed as 0:
// the runtime itself allocates that much between two rounds.
func count(v float64) string {
	switch {
	case v < 0:
		return "–"
	case v < 0.001:
		return "0"
	case v < 10:
		return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func orDash(v float64, format string) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// inline escapes a text for a table cell.
func inline(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s)
}
