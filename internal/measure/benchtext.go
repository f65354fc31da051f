package measure

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// WriteBenchText writes the rounds of results as go test -bench prints them, so that
// benchstat reads them: a line per round, with the names that the benchmarks of the bench
// module have. The numbers are per unit, and each unit has tables of its own. CPU, OS and
// Arch of e go before the lines. Its commit and versions do not, because benchstat would
// then not put the figures of two commits beside each other.
//
// Allocations are those of the round. They are left out where only medians are known:
// beside a median on each line, benchstat would say that rounds did not differ.
func WriteBenchText(w io.Writer, e Environment, results []Result) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "goos: %s\ngoarch: %s\npkg: github.com/pointwire/pointwire/bench\ncpu: %s\n", e.OS, e.Arch, e.CPU)
	for i := range results {
		r := &results[i]
		// The number of processors is written where it is 1, too: readers would take the
		// end of a name such as klauspost-1 for it.
		name := fmt.Sprintf("%s/case=%s/lib=%s-%d", BenchName(r.Suite), namePart(r.Case), namePart(r.Contender), e.Cores)
		for k, ns := range r.Samples {
			runs := 1
			known := len(r.turns) == len(r.Samples)
			if known {
				runs = r.turns[k].runs
			}
			fmt.Fprintf(b, "%s\t%d", name, runs)
			pair := func(v float64, unit string) {
				fmt.Fprintf(b, "\t%s %s/%s", strconv.FormatFloat(v, 'g', -1, 64), unit, namePart(r.Unit))
			}
			pair(ns, "ns")
			if len(r.CPUSamples) == len(r.Samples) {
				pair(r.CPUSamples[k], "cpu-ns")
			}
			if known && r.Allocs >= 0 {
				pair(r.turns[k].bytes, "B")
				pair(r.turns[k].allocs, "allocs")
			}
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

// BenchName returns the name of the benchmark of a suite.
func BenchName(suite string) string {
	if suite == "" {
		return "Benchmark"
	}
	return "Benchmark" + strings.ToUpper(suite[:1]) + namePart(suite[1:])
}

// namePart makes s a part of a benchmark's name: spaces end a name, slashes a part.
func namePart(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
}
