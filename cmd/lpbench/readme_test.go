package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

const goalLine = `{"goal":{"suite":"s","case":"c","contender":"pointwire","against":["peer"],"factor":2,"fastest":"peer","ratio":3,"ratio_lo":2,"ratio_hi":4,"met":true}}` + "\n"

// TestReadme fills two files, fills them again, and checks them.
func TestReadme(t *testing.T) {
	json := keepLines(t, "r.json", samplesOf("s", "c", "pointwire", 0, 10), goalLine)
	one := keepLines(t, "README.md", "# a\n\n<!-- table: goals -->\n<!-- end: goals -->\nlast\n")
	two := keepLines(t, "bench.md", "<!-- table: suites -->\nold\n<!-- end: suites -->\n<!-- table: machine -->\n<!-- end: machine -->\n")
	fill := func(args ...string) (string, error) {
		c, out := quiet()
		err := run(context.Background(), c, append([]string{"readme", "-json", json}, args...))
		return out.String(), err
	}
	_, err := fill("-check", one, two)
	if !errors.Is(err, errStale) || status(err, new(strings.Builder)) != 1 {
		t.Errorf("check of empty tables: %v", err)
	}
	if text, _ := os.ReadFile(one); strings.Contains(string(text), "1 of 1") {
		t.Error("-check writes")
	}
	said, err := fill(one, two)
	if err != nil || !strings.Contains(said, "README.md: 1 tables, changed") || !strings.Contains(said, "bench.md: 2 tables, changed") {
		t.Fatalf("%v, said %q", err, said)
	}
	first, err := os.ReadFile(one)
	if err != nil || !strings.HasPrefix(string(first), "# a\n\n<!-- table: goals -->\n\nGoals: 1 of 1 met.") || !strings.HasSuffix(string(first), "\n<!-- end: goals -->\nlast\n") {
		t.Errorf("%v:\n%s", err, first)
	}
	if said, err = fill(one, two); err != nil || strings.Contains(said, ", changed") {
		t.Errorf("filled again: %v, said %q", err, said)
	}
	if _, err = fill("-check", one, two); err != nil {
		t.Errorf("check of filled tables: %v", err)
	}
	if again, _ := os.ReadFile(one); string(again) != string(first) {
		t.Errorf("filled again:\n%s", again)
	}
}

// TestReadmeRefuses holds that nothing is written if a file cannot be filled.
func TestReadmeRefuses(t *testing.T) {
	json := keepLines(t, "r.json", samplesOf("s", "c", "pointwire", 0, 10), goalLine)
	const good = "<!-- table: goals -->\n<!-- end: goals -->\n"
	for _, bad := range []string{"<!-- table: goals -->\n", "<!-- table: x -->\n<!-- end: x -->\n", "none\n"} {
		one := keepLines(t, "good.md", good)
		c, out := quiet()
		err := run(context.Background(), c, []string{"readme", "-json", json, one, keepLines(t, "bad.md", bad)})
		if status(err, out) != 1 || !strings.Contains(err.Error(), "bad.md") {
			t.Errorf("%q: %v", bad, err)
		}
		if text, _ := os.ReadFile(one); string(text) != good {
			t.Errorf("%q: the other file was written", bad)
		}
	}
	for args, want := range map[string]int{
		"readme": 2, "readme x.md": 2, "readme -json " + json: 2, "readme -nonsense": 2,
		"readme -json " + json + "x README.md":                     1,
		"readme -json " + json + " " + filepath.Join("no", "x.md"): 1,
	} {
		c, out := quiet()
		if err := run(context.Background(), c, strings.Fields(args)); status(err, out) != want {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestReadmeKinds holds that a second file, of another kind of processor, is all that a
// column of its own takes.
func TestReadmeKinds(t *testing.T) {
	dir := t.TempDir()
	keep := func(kind, cpu, date, goal string) {
		text := `{"environment":{"cpu":"` + cpu + `","cpu_family":"25","cpu_model":"1","date":"` + date + `"}}` + "\n" + samplesOf("s", "c", "pointwire", 0, 10) + goal
		if err := os.WriteFile(filepath.Join(dir, results.FileName(kind)), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	page := keepLines(t, "README.md", "<!-- table: goals -->\n<!-- end: goals -->\n<!-- table: machine -->\n<!-- end: machine -->\n")
	fill := func() string {
		c, _ := quiet()
		if err := run(context.Background(), c, []string{"readme", "-json", dir, page}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	keep("epyc-25-1", "AMD EPYC", "2026-01-01T00:00:00Z", goalLine)
	if one := fill(); !strings.Contains(one, "Goals: 1 of 1 met.") || strings.Contains(one, "epyc-25-1") {
		t.Errorf("one file:\n%s", one)
	}
	keep("xeon-25-1", "Intel(R) Xeon(R) Processor", "2026-01-02T00:00:00Z", strings.ReplaceAll(strings.ReplaceAll(goalLine, `"ratio":3`, `"ratio":1.5`), `"met":true`, `"met":false`))
	two := fill()
	for _, want := range []string{
		"- xeon-25-1: 0 of 1 met, measured on 2026-01-02\n- epyc-25-1: 1 of 1 met, measured on 2026-01-01\n",
		"| goal | xeon-25-1 | epyc-25-1 |\n", "| ≥2× | **1.5×** (2–4), **not met** | **3×** (2–4), met |\n",
		"- epyc-25-1: Measured on AMD EPYC (family 25, model 1), 2026-01-01",
	} {
		if !strings.Contains(two, want) {
			t.Errorf("two files, no %q in\n%s", want, two)
		}
	}
}

// TestReadmeFiles holds that the tables of the project's own files are those of
// the runs that are kept, to the byte, and that each has the name of its kind.
func TestReadmeFiles(t *testing.T) {
	const kept = "../../bench"
	files, err := filepath.Glob(filepath.Join(kept, results.FileName("*")))
	if err != nil || len(files) == 0 {
		t.Fatalf("no results, %v: bench/README.md says how the runs are made that the tables are of", err)
	}
	for _, file := range files {
		r, err := results.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if want := results.FileName(r.Environment.Kind()); filepath.Base(file) != want {
			t.Errorf("%s should have the name %s", file, want)
		}
	}
	c, out := quiet()
	err = run(context.Background(), c, []string{"readme", "-json", kept, "-check", "../../README.md", "../../bench/README.md"})
	if err != nil {
		t.Errorf("%v: go run ./cmd/lpbench readme -json bench README.md bench/README.md\n%s", err, out)
	}
}
