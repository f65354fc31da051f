package measure

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var sink []byte

func nothing() error { return nil }

// A clock stands still until a contender moves it, so that all measured times are known
// in advance.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// takes returns work that takes the given times in turn, repeatedly.
func (c *clock) takes(times ...time.Duration) func() error {
	i := 0
	return func() error {
		c.at = c.at.Add(times[i%len(times)])
		i++
		return nil
	}
}

func testCase(c *clock) *Case {
	// The first run of each belongs to the check, the others to the rounds.
	ms := time.Millisecond
	return &Case{Suite: "s", Name: "c", Unit: "point", Units: 10, Bytes: 1000, Base: "slow", Ops: []Op{
		{Contender: "fast", Version: "1.2.3", Check: nothing, Run: c.takes(9*ms, 1*ms, 2*ms, 1*ms, 4*ms, 1*ms)},
		{Contender: "slow", Check: nothing, Run: c.takes(9*ms, 8*ms, 8*ms, 10*ms, 8*ms, 7*ms)},
		{Contender: "greedy", Check: nothing, Run: func() error {
			c.at = c.at.Add(ms)
			for range 10 {
				sink = make([]byte, 1024)
			}
			return nil
		}},
		{Contender: "liar", Check: func() error { return Differ([]byte("abd"), []byte("abc")) }, Run: func() error { panic("timed although wrong") }},
		{Contender: "absent", Skip: "not installed"},
		{Contender: "broken", Check: nothing, Run: func() error { return errors.New("no | luck") }},
	}}
}

func TestRun(t *testing.T) {
	var clock clock
	turns := 0
	c := testCase(&clock)
	o := Options{Rounds: 5, Turn: 1, Done: func(*Case, *Op) { turns++ }, clock: clock.now}
	results, err := Run(c, o)
	if err != nil {
		t.Fatal(err)
	}
	if turns != o.Turns(c) || turns != 30 {
		t.Errorf("%d turns, but Turns returns %d", turns, o.Turns(c))
	}
	fast, slow, greedy, liar, absent, broken := results[0], results[1], results[2], results[3], results[4], results[5]
	if fast.Ns != 1e5 || fast.NsLo != 1e5 || fast.NsHi != 4e5 || !slices.Equal(fast.Samples, []float64{1e5, 2e5, 1e5, 4e5, 1e5}) {
		t.Errorf("wall times: %+v", fast)
	}
	if slow.Ns != 8e5 || slow.NsLo != 7e5 || slow.NsHi != 10e5 || slow.Ratio != 1 || slow.RatioLo != 1 || slow.RatioHi != 1 {
		t.Errorf("the base: %+v", slow)
	}
	// The ratios are 8/1, 8/2, 10/1, 8/4 and 7/1. Their median is not the quotient of
	// the medians, which is 8.
	if fast.Ratio != 7 || fast.RatioLo != 2 || fast.RatioHi != 10 || fast.Confidence != 0.9375 || fast.Rounds != 5 {
		t.Errorf("ratio %v, %v to %v, confidence %v of %d rounds", fast.Ratio, fast.RatioLo, fast.RatioHi, fast.Confidence, fast.Rounds)
	}
	if fast.MBps != 1 { // 100 bytes in 100 µs
		t.Errorf("%v MB/s", fast.MBps)
	}
	if greedy.Allocs < 1 || greedy.Allocs > 1.5 || greedy.BytesPer < 1024 {
		t.Errorf("one allocation of 1024 bytes per unit counted as %v, %v", greedy.Allocs, greedy.BytesPer)
	}
	for _, r := range []Result{liar, broken} {
		if r.Wrong == "" || r.Ns != 0 || r.Ratio != 0 || r.Samples != nil {
			t.Errorf("a wrong contender got figures: %+v", r)
		}
	}
	if absent.Skipped != "not installed" || absent.Wrong != "" || absent.Rounds != 0 {
		t.Errorf("a contender that is not installed: %+v", absent)
	}
	for _, write := range []func(b *bytes.Buffer){
		func(b *bytes.Buffer) { WriteTable(b, results) }, func(b *bytes.Buffer) { WriteMatrix(b, results) },
	} {
		var b bytes.Buffer
		write(&b)
		if strings.Count(b.String(), "**wrong**") != 2 || strings.Count(b.String(), "not installed") != 1 {
			t.Errorf("the wrong contenders or the absent one are not in\n%s", &b)
		}
	}
	var b bytes.Buffer
	if WriteTable(&b, results); !strings.Contains(b.String(), `no \| luck`) {
		t.Errorf("a bar splits a cell in\n%s", &b)
	}
}

// TestInterleaving checks that each round gives every contender one turn, and that each
// goes first as often as any other.
func TestInterleaving(t *testing.T) {
	var clock clock
	var order []string
	c := &Case{Units: 1, Base: "a"}
	for _, name := range []string{"a", "b", "c"} {
		c.Ops = append(c.Ops, Op{Contender: name, Check: nothing, Run: func() error {
			order = append(order, name)
			return clock.takes(time.Second)()
		}})
	}
	if _, err := Run(c, Options{Rounds: 3, clock: clock.now}); err != nil {
		t.Fatal(err)
	}
	// Each runs once in the check and once in each round, since a second is longer than
	// a turn.
	if got := strings.Join(order, ""); got != "abc"+"abc"+"bca"+"cab" {
		t.Errorf("order %s", got)
	}
}

func TestTurnsLast(t *testing.T) {
	var clock clock
	runs := 0
	c := &Case{Units: 1, Base: "a", Warm: true, Ops: []Op{{Contender: "a", Check: nothing, Run: func() error {
		runs++
		return clock.takes(3 * time.Millisecond)()
	}}}}
	results, err := Run(c, Options{Rounds: 1, Turn: 10 * time.Millisecond, clock: clock.now})
	// One run is the check, one is the warm-up, and four take 10 ms.
	if err != nil || runs != 6 || results[0].Ns != 3e6 {
		t.Errorf("%d runs of %v ns, %v", runs, results[0].Ns, err)
	}
}

func TestFailureWhileTiming(t *testing.T) {
	runs := 0
	c := &Case{Suite: "s", Name: "c", Units: 1, Ops: []Op{{Contender: "a", Check: nothing, Run: func() error {
		if runs++; runs > 1 {
			return errors.New("server gone")
		}
		return nil
	}}}}
	if _, err := Run(c, Options{}); err == nil || err.Error() != "s, c, a: server gone" {
		t.Errorf("error %v", err)
	}
}

// TestOnce checks work that is not repeated, and work that fails.
func TestOnce(t *testing.T) {
	runs := 0
	c, err := Once(func() error {
		runs++
		for range 10 {
			sink = make([]byte, 1024)
		}
		for busy := time.Now(); time.Since(busy) < 30*time.Millisecond; {
		}
		return ErrWrong
	})
	if err != ErrWrong || runs != 1 {
		t.Errorf("%d runs, error %v", runs, err)
	}
	if c.Wall < 30*time.Millisecond || c.Allocs < 10 || c.Allocs > 500 || c.Bytes < 10*1024 {
		t.Errorf("%+v", c)
	}
	if cpuTime() > 0 && c.CPU == 0 {
		t.Errorf("no processor time in %+v", c)
	}
}

func TestProcessorTime(t *testing.T) {
	s := []sample{{wall: 10, cpu: 4}, {wall: 12, cpu: 3}}
	if got := cost(s, true); !slices.Equal(got, []float64{4, 3}) {
		t.Errorf("processor times %v", got)
	}
	if got := cost(s, false); !slices.Equal(got, []float64{10, 12}) {
		t.Errorf("wall times %v", got)
	}
}

// TestCPUCells checks that the times in a table are those that its ratios compare.
func TestCPUCells(t *testing.T) {
	var b bytes.Buffer
	results := []Result{
		{Suite: "s", Case: "c", Contender: "liar", Unit: "request", Base: "x", Wrong: "wrong"},
		{Suite: "s", Case: "c", Contender: "us", Unit: "request", Base: "x", Ns: 900, CPU: 100, Ratio: 2, RatioLo: 2, RatioHi: 2, CPUSamples: []float64{100}},
		{Suite: "s", Case: "d", Contender: "us", Unit: "point", Base: "x", Ns: 900, CPU: 100, Ratio: 2, RatioLo: 2, RatioHi: 2},
	}
	WriteMatrix(&b, results)
	WriteTable(&b, results[:2])
	for _, part := range []string{"| CPU ns/request |", "| c | **wrong** | 100 (**2x**", "| d, ns/point | | 900 (**2x**", "times as fast as x in CPU time |"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %q in\n%s", part, &b)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, x := range []struct {
		v           []float64
		mid, lo, hi float64
	}{
		{[]float64{3}, 3, 3, 3},
		{[]float64{4, 2}, 3, 2, 4},
		{[]float64{5, 1, 3, 2, 4}, 3, 1, 5},
		{[]float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, 5, 2, 8},
	} {
		v := slices.Clone(x.v)
		if mid, lo, hi := Interval(v); mid != x.mid || lo != x.lo || hi != x.hi {
			t.Errorf("Interval(%v) = %v, %v, %v", x.v, mid, lo, hi)
		}
		if !slices.Equal(v, x.v) {
			t.Errorf("Interval changed its argument to %v", v)
		}
	}
}

// TestRank compares rank with the tables of the sign test, and the last with sums of whole
// numbers.
func TestRank(t *testing.T) {
	for _, x := range []struct {
		n, k       int
		confidence float64
	}{{1, 1, 0}, {2, 1, 0.5}, {5, 1, 0.9375}, {6, 1, 0.96875}, {7, 1, 0.984375}, {8, 1, 0.9921875}, {9, 2, 0.9609375},
		{12, 3, 0.96142578125}, {20, 6, 0.9586105346679688}, {2000, 956, 0.9534471795082162}} {
		if k, c := rank(x.n); k != x.k || math.Abs(c-x.confidence) > 1e-14 {
			t.Errorf("rank(%d) = %d, %v, want %d, %v", x.n, k, c, x.k, x.confidence)
		}
	}
}

func goal(name, contender string, factor float64, against ...string) Goal {
	return Goal{Suite: "s", Case: name, Contender: contender, Against: against, Factor: factor}
}

// TestJudgeSome checks goals that only some of several cases must meet.
func TestJudgeSome(t *testing.T) {
	var results []Result
	for i, name := range []string{"a", "b", "c", "d"} {
		results = append(results, Result{Suite: "s", Case: name, Contender: "us", cost: []float64{1, 1}},
			Result{Suite: "s", Case: name, Contender: "peer", cost: []float64{float64(i + 1), float64(i + 1)}})
	}
	some := func(need int, factor float64, of ...string) Goal {
		return Goal{Suite: "s", Case: "some", Of: of, Need: need, Contender: "us", Against: []string{"peer"}, Factor: factor}
	}
	got := Judge([]Goal{some(3, 2, "a", "b", "c", "d"), some(3, 2.5, "a", "b", "c", "d"), some(1, 1, "a", "e"), some(1, 1, "e")}, results)
	if len(got) != 3 {
		t.Fatalf("%d outcomes: %+v", len(got), got)
	}
	if o := got[0]; !o.Met || o.Ratio != 2 || o.Case != "some" {
		t.Errorf("three of 1, 2, 3 and 4 times: %+v", o)
	}
	if o := got[1]; o.Met || o.Ratio != 2 {
		t.Errorf("two of 1, 2, 3 and 4 times: %+v", o)
	}
	if o := got[2]; !o.Missing || o.Met {
		t.Errorf("a case was not run: %+v", o)
	}
}

func TestJudge(t *testing.T) {
	results := []Result{
		{Suite: "s", Case: "c", Contender: "us", cost: []float64{1, 1, 1}},
		{Suite: "s", Case: "c", Contender: "a", cost: []float64{9, 8, 7}},
		{Suite: "s", Case: "c", Contender: "b", cost: []float64{4, 3, 5}},
		{Suite: "s", Case: "c", Contender: "liar", Wrong: "wrong"},
		{Suite: "s", Case: "c", Contender: "gone", Skipped: "not installed"},
	}
	goals := []Goal{
		goal("c", "us", 8, []string{"a"}...),
		goal("c", "us", 4.5, []string{"a", "b", "liar"}...),
		goal("c", "us", 2, []string{"liar"}...),
		goal("c", "absent", 2, []string{"a"}...),
		goal("c", "us", 2, []string{"a", "absent"}...), // how fast absent is, is not known
		goal("c", "us", 2, []string{"gone"}...),
		goal("c", "us", 7, []string{"a", "gone"}...), // gone cannot run on this machine
		goal("elsewhere", "us", 2, []string{"a"}...),
	}
	got := Judge(goals, results)
	if len(got) != 7 {
		t.Fatalf("%d outcomes: %+v", len(got), got)
	}
	if o := got[0]; !o.Met || o.Ratio != 8 || o.Lo != 7 || o.Hi != 9 {
		t.Errorf("first goal: %+v", o)
	}
	if o := got[1]; o.Met || o.Fastest != "b" || o.Ratio != 4 {
		t.Errorf("second goal: %+v", o)
	}
	for _, o := range got[2:6] {
		if !o.Missing || o.Met || o.Ratio != 0 {
			t.Errorf("a goal without figures: %+v", o)
		}
	}
	if o := got[6]; !o.Met || o.Fastest != "a" {
		t.Errorf("last goal: %+v", o)
	}
	var b bytes.Buffer
	WriteGoals(&b, got)
	for _, row := range []string{"| s | c | us | a | ≥8x | 8x (7–9) | met |", "| b (fastest of 3) | ≥4.5x | 4x (3–5) | not met |", "| – | not measured |"} {
		if !strings.Contains(b.String(), row) {
			t.Errorf("no %q in\n%s", row, &b)
		}
	}
}

// TestJudgeMost checks goals with a Unit, and goals that are absent.
func TestJudgeMost(t *testing.T) {
	none, much := 0.0, 1.5
	results := []Result{
		{Suite: "s", Case: "c", Contender: "us", Extra: &none},
		{Suite: "s", Case: "d", Contender: "us", Extra: &much},
		{Suite: "s", Case: "e", Contender: "us"},
	}
	most := func(name string, most float64) Goal {
		return Goal{Suite: "s", Case: name, Contender: "us", Unit: "MB", Most: most}
	}
	absent := Goal{Suite: "s", Case: "future", Contender: "us", Against: []string{"a"}, Factor: 3, Absent: true}
	elsewhere := absent
	elsewhere.Suite = "other"
	both := Goal{Suite: "s", Case: "both", Of: []string{"d", "c"}, Need: 2, Contender: "us", Unit: "MB", Most: 1}
	one, all := both, both
	one.Need = 1
	all.Of = []string{"c", "d", "e"}
	if got := Judge([]Goal{both, one, all}, results); len(got) != 3 || got[0].Met || *got[0].Value != 1.5 || !got[1].Met || *got[1].Value != 0 || !got[2].Missing {
		t.Errorf("goals of some cases: %+v", got)
	}
	got := Judge([]Goal{most("c", 0), most("d", 1), most("d", 1.5), most("e", 1), absent, most("f", 1), elsewhere}, results)
	if len(got) != 5 {
		t.Fatalf("%d outcomes: %+v", len(got), got)
	}
	for i, want := range []bool{true, false, true, false, false} {
		if o := got[i]; o.Met != want || o.Missing != (i > 2) || (o.Value == nil) != (i > 2) {
			t.Errorf("outcome %d: %+v", i, o)
		}
	}
	var b bytes.Buffer
	WriteGoals(&b, got)
	for _, row := range []string{"| c | us |  | ≤0 MB | 0 | met |", "| d | us |  | ≤1 MB | 1.5 | not met |", "| e | us |  | ≤1 MB | – | not measured |", "| future | us | a | ≥3x | – | not built yet |"} {
		if !strings.Contains(b.String(), row) {
			t.Errorf("no %q in\n%s", row, &b)
		}
	}
}

func TestExtra(t *testing.T) {
	var clock clock
	ms := clock.takes(time.Millisecond)
	c := &Case{Suite: "s", Name: "c", Units: 1, Base: "a", ExtraUnit: "MB", Ops: []Op{
		{Contender: "a", Check: nothing, Run: ms, Extra: func() (float64, error) { return 0, nil }},
		{Contender: "b", Check: nothing, Run: ms},
		{Contender: "liar", Check: func() error { return ErrWrong }, Extra: func() (float64, error) { panic("measured although wrong") }},
	}}
	results, err := Run(c, Options{Rounds: 1, Turn: 1, clock: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Extra == nil || *r.Extra != 0 || r.ExtraUnit != "MB" || results[1].Extra != nil || results[2].Extra != nil || results[1].ExtraUnit != "" {
		t.Errorf("%+v", results)
	}
	c.Ops[1].Extra = func() (float64, error) { return 0, errors.New("no luck") }
	if _, err := Run(c, Options{Rounds: 1, Turn: 1, clock: clock.now}); err == nil || err.Error() != "s, c, b: MB: no luck" {
		t.Errorf("error %v", err)
	}
}

func TestAllocs(t *testing.T) {
	runs := 0
	for _, k := range []struct {
		f    func() error
		want float64
	}{
		{nothing, 0},
		{func() error { sink = make([]byte, 1024); return nil }, 1},
		// Rare allocations must not be counted as none.
		{func() error {
			if runs++; runs%2 == 0 {
				sink = make([]byte, 1024)
			}
			return nil
		}, 0.5},
	} {
		if got, err := Allocs(100, k.f); err != nil || got != k.want {
			t.Errorf("%v allocations, want %v, %v", got, k.want, err)
		}
	}
	if _, err := Allocs(100, func() error { return ErrWrong }); err != ErrWrong {
		t.Errorf("error %v", err)
	}
}

func TestPeakHeap(t *testing.T) {
	got, err := PeakHeap(func(look func()) error {
		sink = make([]byte, 3_000_000)
		look()
		sink = nil
		return nil
	})
	if err != nil || got < 3 || got > 3.5 {
		t.Errorf("%v MB, %v", got, err)
	}
}

func TestVersion(t *testing.T) {
	for _, k := range []struct {
		m    debug.Module
		want string
	}{
		{debug.Module{Version: "v1.2.3"}, "1.2.3"},
		{debug.Module{Version: "v0.0.0"}, "this tree"},
		{debug.Module{Version: "v0.0.0", Replace: &debug.Module{Path: "../"}}, "this tree"},
		{debug.Module{Version: "v1.12.4", Replace: &debug.Module{Version: "v1.8.10"}}, "1.8.10"},
	} {
		if got := version(&k.m); got != k.want {
			t.Errorf("%+v: %s, want %s", k.m, got, k.want)
		}
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

func TestHere(t *testing.T) {
	e := Here()
	if e.CPU == "" || e.Cores < 1 || e.OS == "" || e.Arch == "" || !strings.HasPrefix(e.Go, "go") && !strings.HasPrefix(e.Go, "devel") || e.Date.IsZero() {
		t.Errorf("environment %+v", e)
	}
	text, err := json.Marshal(e)
	if err != nil || !strings.Contains(string(text), `"cores":`) {
		t.Errorf("%s, %v", text, err)
	}
}
