package markdown

import (
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

const lines = `{"environment":{"cpu":"a cpu","cores":2,"os":"linux","arch":"amd64","go":"go1.26.8","date":"2026-01-02T03:04:05Z","rounds":5,"turn_ns":5000000}}
{"suite":"encode","case":"trade","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":50,"mb_per_s":2000,"cpu_ns_per_unit":51,"base":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"rounds":5}
{"suite":"encode","case":"trade","contender":"peer","version":"2.2.1","unit":"point","ns_per_unit":400,"allocs_per_unit":3,"base":"peer","ratio":1,"rounds":5}
{"suite":"encode","case":"trade","contender":"other","version":"1","unit":"point","base":"peer","wrong":"loses a | tag"}
{"suite":"encode","case":"trade","contender":"python","version":"","unit":"point","base":"peer","skipped":"not installed"}
{"suite":"encode","case":"cpu","contender":"peer","version":"2.2.1","unit":"point","ns_per_unit":900,"base":"peer","ratio":1}
{"suite":"roundtrip","case":"InfluxDB","contender":"pointwire-write","version":"this tree","unit":"point","ns_per_unit":4000}
{"suite":"transport","case":"write","contender":"liar","unit":"request","base":"peer","wrong":"wrong"}
{"suite":"transport","case":"write","contender":"pointwire","version":"this tree","unit":"request","ns_per_unit":900,"cpu_ns_per_unit":100,"base":"peer","ratio":2,"ratio_lo":1,"ratio_hi":3,"cpu_samples":[100]}
{"suite":"transport","case":"structs","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":90,"cpu_ns_per_unit":10,"base":"peer","ratio":2,"ratio_lo":1,"ratio_hi":3,"cpu_samples":[10]}
{"suite":"transport","case":"waits","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":90,"cpu_ns_per_unit":10,"base":"peer","ratio":2,"ratio_lo":1,"ratio_hi":3}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire","against":["peer","other"],"factor":9,"fastest":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25}}
{"goal":{"suite":"encode","case":"cpu","contender":"pointwire","against":["peer"],"factor":2,"fastest":"peer","ratio":3,"ratio_lo":2,"ratio_hi":4,"met":true}}
{"goal":{"suite":"encode","case":"logs","contender":"pointwire","against":["peer"],"factor":2}}
{"goal":{"suite":"transport","case":"write","contender":"pointwire","against":null,"factor":0,"unit":"allocations","ratio":0,"ratio_lo":0,"ratio_hi":0,"value":0,"met":true}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1,"value":1.25}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1}}
{"goal":{"suite":"encode","case":"decoder","contender":"pointwire-decoder","against":["peer"],"factor":3,"absent":true}}
`

func report(t *testing.T) *results.Report {
	t.Helper()
	r := new(results.Report)
	if err := r.Read(strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	return r
}

const document = "# Title\r\n\ntext <!-- table: goals --> in a line\n" +
	"<!-- table: goals -->\nold\n\nolder\n<!-- end: goals -->\n\nbetween  \n" +
	"<!-- table: suite encode -->\n<!-- end: suite encode -->\nlast line without an end"

// TestFill holds that the blocks are replaced, that filling again changes
// nothing, and that every byte outside is as it was.
func TestFill(t *testing.T) {
	r := report(t)
	once, names, err := Fill([]byte(document), r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(names, "|") != "goals|suite encode" {
		t.Errorf("names %q", names)
	}
	if strings.Contains(string(once), "old") {
		t.Errorf("what was there stays:\n%s", once)
	}
	twice, _, err := Fill(once, r)
	if err != nil || string(twice) != string(once) {
		t.Errorf("filled again, %v:\n%s", err, twice)
	}
	if got, want := outside(string(once)), outside(document); got != want {
		t.Errorf("outside of the tables: %q, was %q", got, want)
	}
	// Other results replace all of it.
	other := report(t)
	other.Results[0].Ns = 77
	back, _, err := Fill(once, other)
	if err != nil || !strings.Contains(string(back), "77.0") {
		t.Errorf("other results, %v:\n%s", err, back)
	}
	if again, _, err := Fill(back, r); err != nil || string(again) != string(once) {
		t.Errorf("the first results again, %v:\n%s", err, again)
	}
}

// outside returns a document without what is between markers.
func outside(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "\n"+opening)
		if i < 0 {
			return b.String() + s
		}
		k := strings.Index(s[i:], "\n"+ending)
		b.WriteString(s[:i] + "[]")
		s = s[i+k:]
	}
}

func TestFillRefuses(t *testing.T) {
	for text, says := range map[string]string{
		"<!-- table: goals -->\n":                                            "no end",
		"<!-- end: goals -->\n":                                              "line 1: ",
		"<!-- table: goals -->\n<!-- end: suites -->\n":                      "ends no table",
		"\n<!-- table: goals -->\n<!-- table: goals -->\n":                   "line 3: ",
		"<!-- table: nonsense -->\n<!-- end: nonsense -->\n":                 `no table "nonsense"`,
		"<!-- table: suite query -->\n<!-- end: suite query -->\n":           `no suite "query"`,
		"<!-- table: case encode/logs -->\n<!-- end: case encode/logs -->\n": `no case "encode/logs"`,
	} {
		if _, _, err := Fill([]byte(text), report(t)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	if _, _, err := Fill([]byte("<!-- table: goals -->\n<!-- end: goals -->"), &results.Report{}); err == nil {
		t.Error("a table of no goals was filled")
	}
	if got, names, err := Fill([]byte("no table"), report(t)); err != nil || string(got) != "no table" || names != nil {
		t.Errorf("%q, %q, %v", got, names, err)
	}
}

func TestTable(t *testing.T) {
	for name, want := range map[string]string{
		"machine": "Measured on a cpu, 2 cores, linux/amd64, go1.26.8, 2026-01-02T03:04:05Z; 5 rounds in turn, medians, in brackets the interval of the ratio.\n",
		"goals": `Goals: 2 of 4 met, 3 without a figure.

| suite | case | contender | beside | goal | measured | |
|---|---|---|---|--:|--:|---|
| encode | trade | pointwire | peer (fastest of 2) | ≥9× | **8×** (7.5–8.25) | **not met** |
| encode | cpu | pointwire | peer | ≥2× | **3×** (2–4) | met |
| encode | logs | pointwire | peer | ≥2× | – | not measured |
| transport | write | pointwire |  | ≤0 allocations | **0** | met |
| transport | stream | pointwire |  | ≤1 MB of heap | **1.25** | **not met** |
| transport | stream | pointwire |  | ≤1 MB of heap | – | not measured |
| encode | decoder | pointwire-decoder | peer | ≥3× | – | not built yet |
`,
		"command": "    go run ./cmd/lpbench -count 5 -benchtime 5ms\n",
		"suite encode": `    go run ./cmd/lpbench compare -count 5 -benchtime 5ms encode

| ns/point | pointwire | peer 2.2.1 | other 1 | python |
|---|--:|--:|--:|--:|
| trade | 50.0 (**8×**, 7.5–8.25) | 400, 3.00 allocs | **wrong** | not run |
| cpu | | 900 | | |
`,
		"suite roundtrip": `    go run ./cmd/lpbench roundtrip

| ns/point | pointwire-write |
|---|--:|
| InfluxDB | 4 000 |
`,
		"suite transport": `    go run ./cmd/lpbench compare -count 5 -benchtime 5ms transport

| CPU ns/request | liar | pointwire |
|---|--:|--:|
| write | **wrong** | 100 (**2×**, 1–3) |
| structs, CPU ns/point | | 10.0 (**2×**, 1–3) |
| waits, ns/point | | 90.0 (**2×**, 1–3) |
`,
		"case transport/write": `    go run ./cmd/lpbench compare -count 5 -benchtime 5ms transport/write

| contender | version | ns/request | CPU ns | MB/s | allocs | times as fast as peer in CPU time |
|---|---|--:|--:|--:|--:|--:|
| liar |  | **wrong**: wrong | | | | |
| pointwire | this tree | 900 | 100 | 0 | 0 | **2×** (1–3) |
`,
		"case encode/trade": `    go run ./cmd/lpbench compare -count 5 -benchtime 5ms encode/trade

| contender | version | ns/point | CPU ns | MB/s | allocs | times as fast as peer |
|---|---|--:|--:|--:|--:|--:|
| pointwire | this tree | 50.0 | 51.0 | 2 000 | 0 | **8×** (7.5–8.25) |
| peer | 2.2.1 | 400 | 0 | 0 | 3.00 | 1 |
| other | 1 | **wrong**: loses a \| tag | | | | |
| python |  | **not run**: not installed | | | | |
`,
	} {
		got, err := Table(report(t), name)
		if err != nil || got != want {
			t.Errorf("%s, %v:\n%s\nwant\n%s", name, err, got, want)
		}
	}
	pooled := report(t)
	pooled.Results[0].Processes = []float64{50, 49, 71}
	if got, err := Table(pooled, "suite encode"); err != nil || !strings.Contains(got, "median of 3 processes") || !strings.Contains(got, "| trade | 50.0 [49.0–71.0] (**8×**, 7.5–8.25) |") {
		t.Errorf("rounds of three processes, %v:\n%s", err, got)
	}
	all, err := Table(report(t), "suites")
	if err != nil || strings.Count(all, "\n### ")+strings.Count(all[:4], "### ") != 3 {
		t.Errorf("%v:\n%s", err, all)
	}
}
