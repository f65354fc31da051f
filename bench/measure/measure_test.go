package measure

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

var sink []byte

func spin(d time.Duration) func() error {
	return func() error {
		for start := time.Now(); time.Since(start) < d; {
		}
		return nil
	}
}

func nothing() error { return nil }

func testCase() *Case {
	return &Case{Suite: "s", Name: "c", Unit: "point", Units: 10, Bytes: 1000, Base: "slow", Ops: []Op{
		{Contender: "fast", Check: nothing, Run: spin(100 * time.Microsecond)},
		{Contender: "slow", Check: nothing, Run: spin(800 * time.Microsecond)},
		{Contender: "greedy", Check: nothing, Run: func() error {
			for range 10 {
				sink = make([]byte, 1024)
			}
			return nil
		}},
		{Contender: "liar", Check: func() error { return Differ([]byte("abd"), []byte("abc")) }, Run: func() error { panic("timed although wrong") }},
	}}
}

func TestRun(t *testing.T) {
	turns := 0
	c := testCase()
	o := Options{Rounds: 5, Turn: 4 * time.Millisecond, Done: func(*Case, *Op) { turns++ }}
	results, err := Run(c, o)
	if err != nil {
		t.Fatal(err)
	}
	if turns != o.Turns(c) || turns != 20 {
		t.Errorf("%d turns, Turns says %d", turns, o.Turns(c))
	}
	fast, slow, greedy, liar := results[0], results[1], results[2], results[3]
	if fast.Ns < 10_000 || slow.Ns < 80_000 || fast.NsLo > fast.Ns || fast.NsHi < fast.Ns {
		t.Errorf("wall times: %+v, %+v", fast, slow)
	}
	if slow.Ratio != 1 || fast.Ratio < 1 || fast.RatioLo > fast.Ratio || fast.RatioHi < fast.Ratio {
		t.Errorf("ratios: %v and %v", slow.Ratio, fast.Ratio)
	}
	if greedy.Allocs < 1 || greedy.Allocs > 1.5 || greedy.BytesPer < 1024 {
		t.Errorf("one allocation of 1024 bytes per unit counted as %v, %v", greedy.Allocs, greedy.BytesPer)
	}
	if fast.Allocs > 0.05 {
		t.Errorf("%v allocations in a loop without any", fast.Allocs)
	}
	if liar.Wrong == "" || liar.Ns != 0 || liar.Ratio != 0 {
		t.Errorf("a wrong contender got figures: %+v", liar)
	}
	var table bytes.Buffer
	WriteTable(&table, results)
	if lines := strings.Split(table.String(), "\n"); !strings.Contains(table.String(), "| liar |  | **wrong**") {
		t.Errorf("no word of the wrong contender in %q", lines)
	}
}

func TestJudge(t *testing.T) {
	results := []Result{
		{Suite: "s", Case: "c", Contender: "us", cost: []float64{1, 1, 1}},
		{Suite: "s", Case: "c", Contender: "a", cost: []float64{9, 8, 7}},
		{Suite: "s", Case: "c", Contender: "b", cost: []float64{4, 3, 5}},
		{Suite: "s", Case: "c", Contender: "liar", Wrong: "wrong"},
	}
	goals := []Goal{
		{"s", "c", "us", []string{"a"}, 8},
		{"s", "c", "us", []string{"a", "b", "liar"}, 4.5},
		{"s", "c", "us", []string{"liar"}, 2},
		{"s", "c", "absent", []string{"a"}, 2},
		{"s", "elsewhere", "us", []string{"a"}, 2},
	}
	got := Judge(goals, results)
	if len(got) != 4 {
		t.Fatalf("%d outcomes: %+v", len(got), got)
	}
	if o := got[0]; !o.Met || o.Ratio != 8 || o.Lo != 7 || o.Hi != 9 {
		t.Errorf("first goal: %+v", o)
	}
	if o := got[1]; o.Met || o.Fastest != "b" || o.Ratio != 4 {
		t.Errorf("second goal: %+v", o)
	}
	if !got[2].Missing || !got[3].Missing {
		t.Errorf("goals without figures: %+v, %+v", got[2], got[3])
	}
}

func TestDiffer(t *testing.T) {
	if err := Differ([]byte("abc"), []byte("abc")); err != nil {
		t.Error(err)
	}
	for _, got := range []string{"", "ab", "abd", "abcd"} {
		if err := Differ([]byte(got), []byte("abc")); !errors.Is(err, ErrWrong) {
			t.Errorf("%q passes for abc: %v", got, err)
		}
	}
}
