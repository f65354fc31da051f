package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/measure"
)

var quick = []string{"-suite", "encode", "-case", "trade", "-contender", "pointwire-encoder|copy", "-rounds", "1", "-turn", "1ns", "-size", "0.01"}

func TestJSON(t *testing.T) {
	var out, progress bytes.Buffer
	if err := run(append(quick, "-json", "-progress"), &out, &progress); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	seen := map[string]measure.Result{}
	var env []measure.Environment
	var goals []measure.Outcome
	for d.More() {
		var line struct {
			measure.Result
			Environment *measure.Environment
			Goal        *measure.Outcome
		}
		if err := d.Decode(&line); err != nil {
			t.Fatal(err)
		}
		switch {
		case line.Environment != nil:
			env = append(env, *line.Environment)
		case line.Goal != nil:
			goals = append(goals, *line.Goal)
		default:
			seen[line.Contender] = line.Result
		}
	}
	if len(env) != 1 || env[0].Rounds != 1 || env[0].Turn != 1 || env[0].Size != 0.01 || env[0].Cores < 1 {
		t.Errorf("environment %+v", env)
	}
	if !slices.ContainsFunc(goals, func(g measure.Outcome) bool { return g.Contender == "pointwire-encoder" && g.Ratio > 0 }) {
		t.Errorf("no goal of the encoder in %+v", goals)
	}
	r, ok := seen["pointwire-encoder"]
	if !ok || r.Suite != "encode" || r.Case != "trade" || r.Unit != "point" || r.Ns <= 0 || r.MBps <= 0 || r.Ratio <= 0 || len(r.Samples) != 1 || r.Wrong != "" {
		t.Errorf("result of the encoder: %+v", r)
	}
	if b := seen["line-protocol"]; b.Ratio != 1 {
		t.Errorf("the base was not run or has the ratio %v", b.Ratio)
	}
	// Only the chosen case counts, though encode has more.
	want := ""
	for done := range 3 {
		want += fmt.Sprintf(`{"suite":"encode","case":"trade","done":%d,"of":3}`+"\n", done+1)
	}
	if progress.String() != want {
		t.Errorf("progress: %q, want %q", progress.String(), want)
	}
}

func TestTables(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "rounds.txt")
	if err := run(append(quick, "-benchtext", file), &out, &out); err != nil {
		t.Fatal(err)
	}
	rounds, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(rounds, []byte("\nBenchmarkEncode/case=trade/lib=")); n != 3 || !bytes.Contains(rounds, []byte(" allocs/point\n")) {
		t.Errorf("%d rounds in\n%s", n, rounds)
	}
	for _, part := range []string{"### encode: trade", "| pointwire-encoder |", "| line-protocol |", "### Goals"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in\n%s", part, out.String())
		}
	}
}

// TestGate runs the gate on one case. Ratios are timings, so only the form is checked.
func TestGate(t *testing.T) {
	t.Chdir("../..")
	var out bytes.Buffer
	if err := run(append(quick, "-gate"), &out, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), " of 1 ratios are below the baseline") || strings.Contains(out.String(), "###") {
		t.Errorf("the gate prints\n%s", &out)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{{"-suite", "("}, {"extra"}, {"-rounds", "x"}, {"-drift", "-benchtext", "x"}, {"-gate", "-drift"}, {"-gate", "-json"}, {"-gate", "-processes", "2"}, {"-rounds", "0"}, {"-processes", "0"}} {
		if run(args, &bytes.Buffer{}, &bytes.Buffer{}) == nil {
			t.Errorf("no error for %q", args)
		}
	}
}
