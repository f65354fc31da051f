package markdown

import (
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

// TestFigures holds the worst and the best case of each row, that the fastest peer is
// found by the samples of the rounds, and that a missing row is an error.
func TestFigures(t *testing.T) {
	r := new(results.Report)
	add := func(suite, name, contender, base string, ratio float64, samples ...float64) {
		v := results.Result{Suite: suite, Case: name, Contender: contender, Base: base, Ns: samples[len(samples)/2], Ratio: ratio, RatioLo: ratio, RatioHi: ratio, Samples: samples}
		if suite == "gunzip" {
			v.CPU, v.CPUSamples = v.Ns, v.Samples
		}
		r.Results = append(r.Results, v)
	}
	for _, c := range comparisons[:len(comparisons)-1] {
		if c.peer == "" {
			continue
		}
		for i, name := range []string{"middle", "slow", "quick"} {
			add(c.suite, name, c.contender, c.peer, []float64{3, 0.5, 12}[i], 10, 10, 10)
			add(c.suite, name, c.peer, c.peer, 1, 100, 100, 100)
		}
	}
	// Faster than all others, but neither is a peer.
	add("query", "quick", "copy", "encoding-json", 1, 1, 1, 1)
	add("query", "quick", "pointwire-kernel", "encoding-json", 1, 1, 1, 1)
	// The rounds in which both were slow count as ratios, not as times.
	add("query", "quick", "jx", "encoding-json", 1, 20, 40, 60)
	if text, err := Table(r, "figures"); err == nil || !strings.Contains(err.Error(), `suite "gunzip" with pointwire and klauspost`) {
		t.Errorf("results without gunzip: %v\n%s", err, text)
	}
	add("gunzip", "x", "pointwire", "compress-gzip", 9, 1, 2, 3)
	add("gunzip", "x", "klauspost", "compress-gzip", 9, 2, 4, 9)
	const want = `| suite | work | times as fast as | worst case | best case |
|---|---|---|--:|--:|
| encode | structs to line protocol | line-protocol | **0.5×** (0.5–0.5), slow | **12×** (12–12), quick |
| query | the same | the fastest of 2 | **0.5×** (0.5–0.5), slow | **4×** (2–6), quick |
| gunzip | responses decompressed, processor time | klauspost | **2×** (2–3), x | **2×** (2–3), x |
`
	text, err := Table(r, "figures")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	if got := len(lines) - 1; got != 2+len(comparisons)+2 {
		t.Errorf("%d lines, want a head, %d rows and the machine", got, len(comparisons))
	}
	for line := range strings.Lines(want) {
		if !slices.Contains(lines, line) {
			t.Errorf("no row %sin\n%s", line, text)
		}
	}
}
