package bench

import (
	"os"
	"strconv"
	"testing"

	"github.com/pointwire/pointwire/bench/transport"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// testSize is the part of the data on which tests check the contenders.
const testSize = 0.01

// benchSize returns the size of the data that benchmarks run on: all of it, unless
// BENCH_SIZE is set.
func benchSize(tb testing.TB) float64 {
	s := os.Getenv("BENCH_SIZE")
	if s == "" {
		return 1
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		tb.Fatalf("BENCH_SIZE: %v", err)
	}
	return v
}

func BenchmarkEncode(b *testing.B)    { benchmarkSuite(b, "encode") }
func BenchmarkDecode(b *testing.B)    { benchmarkSuite(b, "decode") }
func BenchmarkNumbers(b *testing.B)   { benchmarkSuite(b, "numbers") }
func BenchmarkQuery(b *testing.B)     { benchmarkSuite(b, "query") }
func BenchmarkStructs(b *testing.B)   { benchmarkSuite(b, "structs") }
func BenchmarkColumns(b *testing.B)   { benchmarkSuite(b, "columns") }
func BenchmarkMsgpack(b *testing.B)   { benchmarkSuite(b, "msgpack") }
func BenchmarkTransport(b *testing.B) { benchmarkSuite(b, "transport") }
func BenchmarkGzip(b *testing.B)      { benchmarkSuite(b, "gzip") }
func BenchmarkGunzip(b *testing.B)    { benchmarkSuite(b, "gunzip") }
func BenchmarkSpool(b *testing.B)     { benchmarkSuite(b, "spool") }
func BenchmarkPython(b *testing.B)    { benchmarkSuite(b, "python") }
func BenchmarkWhole(b *testing.B)     { benchmarkSuite(b, "whole") }

// TestMain serves the suites that start this program again as their sink.
func TestMain(m *testing.M) {
	transport.ServeSink()
	os.Exit(m.Run())
}

// benchmarkSuite runs every contender that is right under the name case=…/lib=…, which
// benchstat can group. One iteration is one unit.
func benchmarkSuite(b *testing.B, name string) {
	for _, s := range Suites {
		if s.Name != name {
			continue
		}
		cases, err := s.Cases(benchSize(b), func(string) bool { return true })
		if err != nil {
			b.Fatal(err)
		}
		for i := range cases {
			c := &cases[i]
			b.Run("case="+c.Name, func(b *testing.B) {
				for i := range c.Ops {
					op := &c.Ops[i]
					b.Run("lib="+op.Contender, func(b *testing.B) { benchmarkOp(b, c, op) })
				}
			})
			if c.Close != nil {
				c.Close()
			}
		}
		return
	}
	b.Fatalf("no suite %q", name)
}

func benchmarkOp(b *testing.B, c *measure.Case, op *measure.Op) {
	if op.Skip != "" {
		b.Skip(op.Skip)
	}
	if err := op.Check(); err != nil {
		b.Skipf("not timed: %v", err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(c.Bytes))
	for b.Loop() {
		if err := op.Run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(c.Units), "ns/"+c.Unit)
}

// wrong lists the contenders whose outcome is known to be wrong, with the reason. They
// are shown as wrong and not timed.
var wrong = map[string]string{
	"encode/refuse/influxdb1-client":     "writes line feeds of tag values raw: a value makes a second line",
	"encode/refuse/influxdb-client-go":   "rewrites a line feed as backslash n, and leaves a backslash at the end of a value, which escapes the next character",
	"encode/refuse/influxdb3-go":         "rewrites a line feed as backslash n, and leaves a backslash at the end of a value, which escapes the next character",
	"encode/refuse/line-protocol-lax":    "checks nothing, as configured",
	"numbers/parse-float-bits/fastfloat": "multiplies by a rounded power of ten if the text has an exponent",
}

// TestDesign checks that each row of the design's table of speeds has its goals. Goals
// that are met easily must not be dropped.
func TestDesign(t *testing.T) {
	type row struct {
		suite, name, contender, against string // against, or the unit
		want                            float64
	}
	have := map[row]bool{}
	for _, g := range Goals {
		r := row{g.Suite, g.Case, g.Contender, g.Unit, g.Most}
		if g.Unit == "" {
			r.against, r.want = g.Against[0], g.Factor
			if len(g.Against) > 1 {
				r.against = "best"
			}
		}
		have[r] = true
	}
	rows := []row{
		{"numbers", "append-float-sensor", "pointwire", "strconv", 5.5},
		{"numbers", "append-float-geo6", "pointwire", "strconv", 5.4},
		{"numbers", "append-float-mix", "pointwire", "strconv", 3.3},
		{"numbers", "append-float-uniform", "pointwire", "strconv", 3.1},
		{"numbers", "append-float-canada", "pointwire", "strconv", 3.4},
		{"numbers", "append-float-bits", "pointwire", "strconv", 2.4},
		{"numbers", "append-int-digits", "pointwire", "strconv", 2.4},
		{"numbers", "append-int-timestamp", "pointwire", "strconv", 2.8},
		{"numbers", "append-int-sequential", "pointwire-cached", "strconv", 4.7},
		{"encode", "trade", "pointwire-schema", "line-protocol", 9.5},
		{"encode", "trade", "pointwire-encoder", "line-protocol", 6},
		{"encode", "trade", "pointwire-frame", "line-protocol", 8},
		{"encode", "server", "pointwire-schema", "line-protocol", 7.5},
		{"encode", "server", "pointwire-encoder", "line-protocol", 6},
		{"encode", "logs", "pointwire-schema", "line-protocol", 4.4},
		{"encode", "logs", "pointwire-encoder", "line-protocol", 4},
		{"encode", "cpu", "pointwire-schema", "line-protocol", 7},
		{"python", "trade", "pointwire-schema", "aioinflux-lineprotocol", 25},
		{"encode", "cpu", "pointwire-layout", "line-protocol", 8},
		{"encode", "cpu", "pointwire-encoder", "line-protocol", 5.3},
		{"transport", "stream", "pointwire", "MB of heap", 1},
		{"transport", "write5000", "pointwire", "net-http", 2.22},
		{"transport", "write5000", "pointwire", "allocations a call", 0},
		{"transport", "gzip5000", "pointwire", "influxdb-client-go", 20},
		{"transport", "structs5000", "pointwire-encoder", "influxdb-client-go", 20},
		{"transport", "structs5000", "pointwire-encoder", "influxdb1-client", 16},
		{"transport", "writer5000", "pointwire-writer", "influxdb-client-go-async", 20},
		{"transport", "writer5000", "pointwire-writer", "influxdb1-client", 16},
		{"transport", "compressed-stream", "pointwire", "bare-klauspost", 1.6},
		{"gzip", "structs", "pointwire", "klauspost-1", 2.5},
		{"spool", "put", "pointwire", "of the compressed bytes", 1.1},
		{"spool", "put-sync", "pointwire", "bare", 0.8},
		{"msgpack", "cpugb", "pointwire-msgpack", "pointwire-json", 3.5},
		{"msgpack", "trade", "pointwire-msgpack", "pointwire-json", 1.7},
		{"spool", "writer", "pointwire-spill", "without", 0.97},
		{"spool", "writer-structs", "pointwire-writeahead", "without", 0.91},
	}
	for _, b := range workload.Bodies {
		rows = append(rows, row{"query", b.Name, "pointwire-rows", "encoding-json", 12}, row{"query", b.Name, "pointwire-rows", "best", 2.5})
		if b.Name != "small_last" { // its frames have one row each
			rows = append(rows, row{"columns", b.Name, "pointwire-frames", "encoding-json", 10}, row{"columns", b.Name, "pointwire-frames", "best", 3})
		}
	}
	for _, r := range rows {
		if !have[r] {
			t.Errorf("no goal %+v", r)
		}
	}
}

// TestContendersAgree checks that every contender is right, or wrong as listed, and that
// each goal names an existing case and contenders of it.
func TestContendersAgree(t *testing.T) {
	have := map[string]bool{}
	for _, s := range Suites {
		cases, err := s.Cases(testSize, func(string) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases {
			c := &cases[i]
			for k := range c.Ops {
				op := &c.Ops[k]
				id := c.Suite + "/" + c.Name + "/" + op.Contender
				have[id] = true
				if op.Skip != "" {
					continue
				}
				err := op.Check()
				switch why, known := wrong[id]; {
				case err != nil && !known:
					t.Errorf("%s: %v", id, err)
				case err == nil && known:
					t.Errorf("%s is right, but listed as wrong: %s", id, why)
				}
			}
			if c.Close != nil {
				c.Close()
			}
		}
	}
	for _, g := range Goals {
		if g.Absent {
			if id := g.Suite + "/" + g.Case + "/" + g.Contender; have[id] {
				t.Errorf("%s runs, but its goal is marked as absent", id)
			}
			continue
		}
		of := g.Of
		if len(of) == 0 {
			of = []string{g.Case}
		}
		for _, c := range of {
			for _, name := range append([]string{g.Contender}, g.Against...) {
				if id := g.Suite + "/" + c + "/" + name; !have[id] {
					t.Errorf("a goal names %s, which is not run", id)
				}
			}
		}
	}
}
