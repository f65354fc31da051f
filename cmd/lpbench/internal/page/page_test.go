package page

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/internal/measure"
)

const lines = `{"environment":{"cpu":"a <cpu>","cores":2,"os":"linux","arch":"amd64","go":"go1.26.8","date":"2026-01-02T03:04:05Z","rounds":5,"turn_ns":5000000,"commit":"0123456789abcdef0123-dirty","server":"InfluxDB 1.8.10"}}
{"suite":"encode","case":"trade","contender":"copy","version":"go1.26.8","unit":"point","ns_per_unit":13,"base":"line-protocol","ratio":30,"ratio_lo":29,"ratio_hi":31}
{"suite":"encode","case":"trade","contender":"pointwire-schema","version":"this tree","unit":"point","ns_per_unit":50,"cpu_ns_per_unit":51,"mb_per_s":2700,"base":"line-protocol","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"confidence":0.9375,"rounds":5}
{"suite":"encode","case":"trade","contender":"line-protocol","version":"2.2.1","unit":"point","ns_per_unit":400,"base":"line-protocol","ratio":1,"ratio_lo":1,"ratio_hi":1}
{"suite":"encode","case":"trade","contender":"a-client-with-a-long-name-in-one-word","version":"0.0.0-20220302092344-a9ab5670611c","unit":"point","ns_per_unit":1600,"base":"line-protocol","ratio":0.25,"ratio_lo":0.2,"ratio_hi":0.3,"allocs_per_unit":28}
{"suite":"encode","case":"trade","contender":"liar","version":"1","unit":"point","base":"line-protocol","wrong":"at byte 7: \"<script>alert(1)</script>aVeryLongWordWithoutAnyPlaceToBreakItInTheMiddleOfANarrowScreen\" instead of \"x\""}
{"suite":"encode","case":"trade","contender":"python","unit":"point","base":"line-protocol","skipped":"not installed"}
{"suite":"roundtrip","case":"InfluxDB 1.8.10","contender":"pointwire-encode","version":"this tree","unit":"point","ns_per_unit":70,"ns_lo":70,"ns_hi":70}
{"suite":"roundtrip","case":"InfluxDB 1.8.10","contender":"pointwire-write","version":"this tree","unit":"point","ns_per_unit":4700,"ns_lo":4700,"ns_hi":4700}
{"suite":"transport","case":"write","contender":"pointwire","version":"this tree","unit":"request","ns_per_unit":900,"cpu_ns_per_unit":123,"base":"net-http","ratio":2,"ratio_lo":1,"ratio_hi":3,"cpu_samples":[123],"extra":0.5,"extra_unit":"MB of heap"}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire-schema","against":["line-protocol"],"factor":9,"fastest":"line-protocol","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25}}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire-schema","against":["line-protocol","liar"],"factor":5,"fastest":"line-protocol","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"met":true}}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire-absent","against":["line-protocol"],"factor":5}}
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

func render(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, report(t)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSelfContained holds that the page names nothing outside of itself, that
// no text of a result becomes markup, and that all styles passed the template.
func TestSelfContained(t *testing.T) {
	html := render(t)
	for _, not := range []string{"<script", "http:", "https:", "url(", "@import", "<link", "<img", "<iframe", "src=", "ZgotmplZ"} {
		if strings.Contains(html, not) {
			t.Errorf("the page holds %q", not)
		}
	}
	for _, want := range []string{
		"a &lt;cpu&gt;, 2 cores, linux/amd64, go1.26.8", "2026-01-02T03:04:05Z", "0123456789ab, changed", "InfluxDB 1.8.10",
		"go run ./cmd/lpbench compare -count 5 -benchtime 5ms encode/trade", "go run ./cmd/lpbench roundtrip",
		"times as fast as line-protocol, longer", "times as fast as net-http in processor time, longer", "50.0 ns per point, 51.0 ns of the processor,", "123 ns of the processor per request, 900 ns in all,",
		"<title>pointwire beside 2 other libraries</title>", "without any work, takes 13.0 ns per point", "Trades of the user guide", "<details>",
		"goal ≤0 allocations", "goal ≤1 MB of heap", "goal ≥3×", "not built yet", "2 of 4 met, 3 without a figure", "; 0.5 MB of heap",
		"&lt;script&gt;", "fastest of 2", "not measured", ">not run<", "not installed",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestTitles holds that a page is titled by what was found.
func TestTitles(t *testing.T) {
	r := report(t)
	r.Environment.Set("identical", "120070")
	if got := title(r); got != "120,070 points identical" {
		t.Errorf("title %q", got)
	}
	if l := lead(r); len(l) != 3 || l[0] != "Written to InfluxDB 1.8.10, read back, and compared bit for bit." || !strings.HasSuffix(l[1], "2 of 4 met, 3 without a figure.") {
		t.Errorf("lead %q", l)
	}
	load := &results.Report{Environment: r.Environment, Results: []results.Result{{
		Suite: "load", Case: "write", Contender: "pointwire-writer", Unit: "point", Ns: 21683, CPU: 150,
		Latency: &measure.Latency{P50: 2e6, P90: 3e6, P99: 1.01e9, P999: 1.2e9, Max: 2e9},
	}}}
	if got := title(load); got != "46,119 points/s, p99 1.01 s" {
		t.Errorf("title %q", got)
	}
	v := chart(load, load.Cases()[0])
	if len(v.Latency) != 5 || v.Latency[2].Value != "1.01 s" || v.Latency[2].Width != 50.5 || !v.CPU || v.Bars[0].Value != "150 ns" {
		t.Errorf("%+v", v)
	}
	var b bytes.Buffer
	if err := Write(&b, load); err != nil || !strings.Contains(b.String(), "From the moment a batch was due") {
		t.Errorf("%v: no sentence about the load", err)
	}
}

// TestAbout holds that every case that was ever measured is explained by a sentence of its
// own.
func TestAbout(t *testing.T) {
	reports, err := results.ReadKinds("../../../../bench")
	if err != nil {
		t.Fatal(err)
	}
	r := reports[0] // the newest, with the cases that there are
	seen := map[string]string{}
	for _, c := range r.Cases() {
		text := about(c)
		if c.Suite == "roundtrip" {
			continue
		}
		if !strings.HasSuffix(text, ".") || text == suiteAbout[c.Suite] {
			t.Errorf("%s/%s has no sentence: %q", c.Suite, c.Name, text)
		}
		if other := seen[c.Suite+text]; other != "" && c.Suite != "numbers" {
			t.Errorf("%s/%s and %s have one sentence", c.Suite, c.Name, other)
		}
		seen[c.Suite+text] = c.Name
	}
	for _, c := range r.Cases() {
		if suiteAbout[c.Suite] == "" {
			t.Errorf("suite %s has no sentence", c.Suite)
		}
	}
}

// TestLinks holds that each link within the page leads somewhere.
func TestLinks(t *testing.T) {
	html := render(t)
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if strings.Count(html, `id="`+m[1]+`"`) != 1 {
			t.Errorf("#%s leads to %d places", m[1], strings.Count(html, `id="`+m[1]+`"`))
		}
	}
}

// TestChart holds the lengths of bars: to the scale of the longest that does
// work.
func TestChart(t *testing.T) {
	r := report(t)
	cases := r.Cases()
	v := chart(r, cases[0])
	if v.Base1 != 12.12 {
		t.Errorf("the base ends at %v", v.Base1)
	}
	own, base, slow, liar := v.Bars[0], v.Bars[1], v.Bars[2], v.Bars[3]
	if v.Floor != "13.0 ns per point" {
		t.Errorf("copying takes %q", v.Floor)
	}
	if own.Width != 96.97 || own.From != 90.91 || own.To != 100 || !own.Own || own.Value != "8×" || own.Interval != "7.5–8.25" {
		t.Errorf("own: %+v", own)
	}
	if base.Width != 12.12 || base.Interval != "" || base.Own || slow.Width != 3.03 {
		t.Errorf("base %+v, slow %+v", base, slow)
	}
	if liar.Width != 0 || liar.Value != "" {
		t.Errorf("the wrong one has a bar: %+v", liar)
	}
	times := chart(r, cases[1])
	if times.Base1 != 0 || times.Bars[1].Width != 100 || times.Bars[0].Width != 1.49 || times.Bars[0].Value != "70.0 ns" || times.Bars[0].Interval != "" {
		t.Errorf("without a base: %+v", times)
	}
	if g := goals(r.Goals); g[0].Width != 59.26 || g[1].Width != 100 || g[2].Width != 0 || g[3].At != 0 || g[4].Width != 83.33 || g[4].At != 66.67 {
		t.Errorf("goals %+v", g)
	}
	if percent(1, 0) != 0 || percent(-1, 2) != 0 || percent(3, 2) != 100 {
		t.Error("percent leaves its range")
	}
}

// TestDisturbed holds that a wide interval does not make all bars short.
func TestDisturbed(t *testing.T) {
	r := report(t)
	r.Results[1].RatioHi = 500
	if own := chart(r, r.Cases()[0]).Bars[0]; own.Width != 76.92 || own.To != 100 {
		t.Errorf("%+v", own)
	}
}

func TestWriteFails(t *testing.T) {
	if err := Write(broken{}, report(t)); err == nil {
		t.Error("no error of the writer")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }
