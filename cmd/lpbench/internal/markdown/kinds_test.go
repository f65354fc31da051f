package markdown

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

// TestKinds holds the tables of two runs: the goals of both, compared with what the newest
// run asks for, and all else of the newest.
func TestKinds(t *testing.T) {
	first, second := report(t), new(results.Report)
	if err := second.Read(strings.NewReader(`{"environment":{"cpu":"AMD EPYC","date":"2025-12-31T03:04:05Z"}}
{"suite":"encode","case":"trade","contender":"pointwire-schema","unit":"point","ns_per_unit":50,"base":"line-protocol","ratio":8,"rounds":5}
{"suite":"encode","case":"trade","contender":"line-protocol","unit":"point","ns_per_unit":400,"base":"line-protocol","ratio":1,"rounds":5}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire","against":["peer","other"],"factor":8,"fastest":"other","ratio":8.5,"ratio_lo":8,"ratio_hi":9,"met":true}}
{"goal":{"suite":"encode","case":"cpu","contender":"pointwire","against":["peer"],"factor":2,"fastest":"peer","ratio":2.5,"ratio_lo":2,"ratio_hi":4,"met":true}}
{"goal":{"suite":"transport","case":"write","contender":"pointwire","against":null,"factor":0,"unit":"allocations","value":1}}
{"goal":{"suite":"old","case":"gone","contender":"pointwire","against":["peer"],"factor":3,"fastest":"peer","ratio":4,"ratio_lo":3,"ratio_hi":5,"met":true}}
`)); err != nil {
		t.Fatal(err)
	}
	text, names, err := Fill([]byte("<!-- table: goals -->\n<!-- end: goals -->\n<!-- table: machine -->\n<!-- end: machine -->\n<!-- table: suites -->\n<!-- end: suites -->\n"), first, second)
	if err != nil || len(names) != 3 {
		t.Fatal(names, err)
	}
	for _, want := range []string{
		"- a: 2 of 4 met, measured on 2026-01-02\n- epyc: 2 of 4 met, measured on 2025-12-31\n",
		"| suite | case | contender | beside | goal | a | epyc |\n|---|---|---|---|--:|--:|--:|\n",
		"| peer (fastest of 2) | ≥9× | **8×** (7.5–8.25), **not met** | **8.5×** (8–9) beside other, **not met** |\n",
		"| encode | cpu | pointwire | peer | ≥2× | **3×** (2–4), met | **2.5×** (2–4), met |\n",
		"| encode | logs | pointwire | peer | ≥2× | not measured | – |\n",
		"| transport | write | pointwire |  | ≤0 allocations | **0**, met | **1**, **not met** |\n",
		"| pointwire-decoder | peer | ≥3× | not built yet | – |\n",
		"| old | gone | pointwire | peer | ≥3× | – | **4×** (3–5), met |\n",
		"- a: Measured on a cpu, 2 cores", "\n- epyc: Measured on AMD EPYC, 2025-12-31",
		"The tables are of a, the newest run.\n\n### encode\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if got, want := figuresLine(second), "On AMD EPYC, 2025-12-31, beside the same libraries: encode 8× to 8×.\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
