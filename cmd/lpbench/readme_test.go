package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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

// TestReadmeFiles holds that the tables of the project's own files are those of
// the run that is kept, to the byte.
func TestReadmeFiles(t *testing.T) {
	const kept = "../../bench/results.json"
	if _, err := os.Stat(kept); err != nil {
		t.Fatalf("%v: bench/README.md says how the run is made that the tables are of", err)
	}
	c, out := quiet()
	err := run(context.Background(), c, []string{"readme", "-json", kept, "-check", "../../README.md", "../../bench/README.md"})
	if err != nil {
		t.Errorf("%v: go run ./cmd/lpbench readme -json bench/results.json README.md bench/README.md\n%s", err, out)
	}
}
