package results

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const lines = `{"environment":{"cpu":"a cpu","cores":2,"os":"linux","arch":"amd64","go":"go1.26.8","versions":{"x":"1"},"quiet":true,"none":null}}
{"suite":"encode","case":"trade","contender":"pointwire","version":"this tree","unit":"point","ns_per_unit":50,"base":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25,"rounds":3,"samples":[49,50,51]}
{"suite":"encode","case":"trade","contender":"peer","version":"2.2.1","unit":"point","ns_per_unit":400,"base":"peer","ratio":1,"rounds":5}
{"suite":"query","case":"trade","contender":"pointwire","unit":"row","ns_per_unit":30,"base":"json"}
{"suite":"encode","case":"trade","contender":"other","version":"1","unit":"point","base":"peer","wrong":"loses a tag"}
{"something":"else"}
{"goal":{"suite":"encode","case":"trade","contender":"pointwire","against":["peer"],"factor":9,"fastest":"peer","ratio":8,"ratio_lo":7.5,"ratio_hi":8.25}}
{"goal":{"suite":"encode","case":"cpu","contender":"pointwire","against":["peer"],"factor":2,"fastest":"peer","ratio":3,"met":true}}
{"goal":{"suite":"encode","case":"logs","contender":"pointwire","against":["peer"],"factor":2,"fastest":""}}
{"goal":{"suite":"transport","case":"write","contender":"pointwire","against":null,"factor":0,"unit":"allocations","ratio":0,"ratio_lo":0,"ratio_hi":0,"value":0,"met":true}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1,"value":1.25}}
{"goal":{"suite":"transport","case":"stream","contender":"pointwire","factor":0,"unit":"MB of heap","most":1}}
{"goal":{"suite":"encode","case":"decoder","contender":"pointwire-decoder","against":["peer"],"factor":3,"absent":true}}
`

func read(t *testing.T, text string) *Report {
	t.Helper()
	r := new(Report)
	if err := r.Read(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	r := read(t, lines)
	if len(r.Results) != 4 || len(r.Goals) != 7 {
		t.Fatalf("%d results, %d goals", len(r.Results), len(r.Goals))
	}
	if got := r.Environment.Machine(); got != "a cpu, 2 cores, linux/amd64, go1.26.8" {
		t.Errorf("machine %q", got)
	}
	if r.Environment.Get("quiet") != "true" || r.Environment.Get("versions") != "" || r.Environment.Get("none") != "" {
		t.Errorf("environment %v", r.Environment)
	}
	if got := r.Results[0].Samples; !reflect.DeepEqual(got, []float64{49, 50, 51}) {
		t.Errorf("samples %v", got)
	}
	cases := r.Cases()
	if len(cases) != 2 || len(cases[0].Results) != 3 || cases[1].Suite != "query" {
		t.Errorf("cases %+v", cases)
	}
	if got := r.Suites(); !reflect.DeepEqual(got, []string{"encode", "query"}) {
		t.Errorf("suites %v", got)
	}
	if met, measured := r.Met(); met != 2 || measured != 4 {
		t.Errorf("%d of %d goals", met, measured)
	}
	for i, want := range []string{"not met", "met", "not measured", "met", "not met", "not measured", "not built yet"} {
		if got := r.Goals[i].Verdict(); got != want {
			t.Errorf("goal %d: %q, want %q", i, got, want)
		}
	}
}

// TestWrite writes a report and reads the same back.
func TestWrite(t *testing.T) {
	r := read(t, lines)
	file := filepath.Join(t.TempDir(), "r.json")
	if err := r.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	again, err := ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, again) {
		t.Errorf("wrote %+v\nread %+v", r, again)
	}
	var a, b bytes.Buffer
	if err := r.Write(&a); err != nil {
		t.Fatal(err)
	}
	if err := again.Write(&b); err != nil || a.String() != b.String() {
		t.Errorf("%v; the second writing differs", err)
	}
}

func TestReadBad(t *testing.T) {
	for _, text := range []string{lines[:300], `[1]`, `{"environment":5}`, `{"suite":5,"contender":"x"}`, `{"goal":7}`} {
		if err := new(Report).Read(strings.NewReader(text)); err == nil {
			t.Errorf("%.40q was taken", text)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(empty); err == nil {
		t.Error("a file without a result was taken")
	}
	if _, err := ReadFile(empty + "not"); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func TestHere(t *testing.T) {
	e := Here(time.Unix(0, 0))
	if e.Get("date") != "1970-01-01T00:00:00Z" || e.Get("go") == "" || e.Get("os") == "" {
		t.Errorf("%v", e)
	}
}

func TestCommand(t *testing.T) {
	bare := &Report{}
	full := &Report{Environment: Environment{{"rounds", "7"}, {"turn_ns", "5000000"}, {"size", "0.5"},
		{"roundtrip_flags", "-trades 1000 -url URL"}, {"load_flags", "-url URL -rate 5"}}}
	for _, c := range []struct{ suite, bare, full string }{
		{"", "", "-trades 1000 -url URL -count 7 -benchtime 5ms -size 0.5"},
		{"encode", "compare encode/x", "compare -count 7 -benchtime 5ms -size 0.5 encode/x"},
		{"roundtrip", "roundtrip", "roundtrip -trades 1000 -url URL"},
		{"load", "x -url URL", "x -url URL -rate 5"},
		{"quick", "-quick", "-quick -count 7 -benchtime 5ms -size 0.5"},
	} {
		if got := bare.Command(c.suite, "x"); got != strings.TrimSpace("go run ./cmd/lpbench "+c.bare) {
			t.Errorf("%s: %q", c.suite, got)
		}
		if got := full.Command(c.suite, "x"); got != "go run ./cmd/lpbench "+c.full {
			t.Errorf("%s: %q", c.suite, got)
		}
	}
	if got := full.Command("encode", ""); got != "go run ./cmd/lpbench compare -count 7 -benchtime 5ms -size 0.5 encode" {
		t.Errorf("a suite: %q", got)
	}
}
