package bench

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/pointwire/pointwire/internal/measure"
)

// TestBenchText reads what WriteBenchText writes with the reader of benchstat, and expects
// the figures bit for bit.
func TestBenchText(t *testing.T) {
	work := func() error { garbage = make([]byte, 100); return nil }
	c := measure.Case{Suite: "encode", Name: "odd name", Unit: "point", Units: 7, Base: "klauspost-1", CPU: true, Ops: []measure.Op{
		{Contender: "klauspost-1", Check: work, Run: work}, {Contender: "pointwire", Check: work, Run: work},
	}}
	results, err := measure.Run(&c, measure.Options{Rounds: 5, Turn: 1})
	if err != nil {
		t.Fatal(err)
	}
	// A file of -json has the times of each round, and nothing else of it.
	results = append(results, measure.Result{Suite: "numbers", Case: "x", Contender: "strconv", Unit: "value", Samples: []float64{0.1, 1e-7, 123456789.123456789, 1e21, 5e-324}})
	env := measure.Here()
	var text bytes.Buffer
	if err := measure.WriteBenchText(&text, env, results); err != nil {
		t.Fatal(err)
	}
	var lines []*benchfmt.Result
	r := benchfmt.NewReader(bytes.NewReader(text.Bytes()), "text")
	for r.Scan() {
		switch line := r.Result().(type) {
		case *benchfmt.Result:
			lines = append(lines, line.Clone())
		default:
			t.Errorf("not a result: %v", line)
		}
	}
	if r.Err() != nil || len(lines) != 15 {
		t.Fatalf("%d lines, %v, in\n%s", len(lines), r.Err(), &text)
	}
	for i, want := range results {
		var name string
		var wall, cpu, heap, allocs []float64
		iterations := 0
		for _, line := range lines[5*i : 5*i+5] {
			for key, value := range map[string]string{"goos": env.OS, "goarch": env.Arch, "cpu": env.CPU, "pkg": "github.com/pointwire/pointwire/bench"} {
				if got := line.GetConfig(key); got != value {
					t.Errorf("%s: %q, want %q", key, got, value)
				}
			}
			_, parts := line.Name.Parts()
			if name = string(line.Name.Base()); len(parts) != 3 {
				t.Fatalf("%d parts in %s", len(parts), line.Name)
			}
			name += string(parts[0]) + string(parts[1])
			iterations += line.Iters
			for _, v := range line.Values {
				x := v.Value
				if v.OrigUnit != "" { // the reader makes seconds of nanoseconds
					x = v.OrigValue
				}
				switch v.Unit {
				case "sec/" + want.Unit:
					wall = append(wall, x)
				case "cpu-sec/" + want.Unit:
					cpu = append(cpu, x)
				case "B/" + want.Unit:
					heap = append(heap, x)
				case "allocs/" + want.Unit:
					allocs = append(allocs, x)
				default:
					t.Errorf("unit %s in %s", v.Unit, line.Name)
				}
			}
		}
		if wantName := strings.TrimPrefix(measure.BenchName(want.Suite), "Benchmark") + "/case=" + strings.ReplaceAll(want.Case, " ", "_") + "/lib=" + want.Contender; name != wantName {
			t.Errorf("name %q, want %q", name, wantName)
		}
		if !slices.Equal(wall, want.Samples) || !slices.Equal(cpu, want.CPUSamples) {
			t.Errorf("%s: times %v and %v, want %v and %v", name, wall, cpu, want.Samples, want.CPUSamples)
		}
		if len(want.CPUSamples) == 0 {
			if heap != nil || allocs != nil {
				t.Errorf("%s: made up memory: %v, %v", name, heap, allocs)
			}
			continue
		}
		b, _, _ := measure.Interval(heap)
		a, _, _ := measure.Interval(allocs)
		if b != want.BytesPer || a != want.Allocs || a == 0 || iterations < 5 {
			t.Errorf("%s: %v B and %v allocations of %d runs, want %v and %v", name, b, a, iterations, want.BytesPer, want.Allocs)
		}
	}
}

var garbage []byte

// TestBenchNames holds that go test -bench has a benchmark of each suite, under the name
// that the text has.
func TestBenchNames(t *testing.T) {
	source, err := os.ReadFile("bench_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Suites {
		if !bytes.Contains(source, []byte("\nfunc "+measure.BenchName(s.Name)+"(b *testing.B)")) {
			t.Errorf("no %s", measure.BenchName(s.Name))
		}
	}
}
