package measure

import (
	"strings"
	"testing"
	"time"
)

// TestBenchText writes rounds that were taken here, rounds of which only the times are
// known, and contenders without any.
func TestBenchText(t *testing.T) {
	var clock clock
	ms := time.Millisecond
	c := &Case{Suite: "encode", Name: "a b/c", Unit: "point", Units: 10, Base: "klauspost-1", CPU: true, Ops: []Op{
		{Contender: "klauspost-1", Check: nothing, Run: clock.takes(9*ms, 2*ms, 3*ms)},
		{Contender: "absent", Skip: "not installed"},
		{Contender: "child", Check: nothing, Run: clock.takes(ms), CPU: func() time.Duration { return 0 }},
	}}
	results, err := Run(c, Options{Rounds: 2, Turn: 1, clock: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	results[0].CPUSamples = []float64{4, 5.5}
	results[2].CPUSamples = nil
	for i := range results[0].turns {
		results[0].turns[i].bytes, results[0].turns[i].allocs = 0, float64(i)/8
	}
	results = append(results, Result{Suite: "numbers", Case: "c", Contender: "pooled", Unit: "value", Samples: []float64{1.25}},
		Result{Suite: "numbers", Case: "c", Contender: "liar", Unit: "value", Wrong: "wrong"})
	var b strings.Builder
	if err := WriteBenchText(&b, Environment{OS: "plan9", Arch: "386", CPU: "a cpu", Cores: 1}, results); err != nil {
		t.Fatal(err)
	}
	want := `goos: plan9
goarch: 386
pkg: github.com/pointwire/pointwire/bench
cpu: a cpu
BenchmarkEncode/case=a_b_c/lib=klauspost-1-1	1	200000 ns/point	4 cpu-ns/point	0 B/point	0 allocs/point
BenchmarkEncode/case=a_b_c/lib=klauspost-1-1	1	300000 ns/point	5.5 cpu-ns/point	0 B/point	0.125 allocs/point
BenchmarkEncode/case=a_b_c/lib=child-1	1	100000 ns/point
BenchmarkEncode/case=a_b_c/lib=child-1	1	100000 ns/point
BenchmarkNumbers/case=c/lib=pooled-1	1	1.25 ns/value
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}
