// Package encode compares libraries that turn points into line protocol.
//
// Every contender gets the same points as structs, as an application would hold them, and
// writes batches of 5,000 lines to a buffer that is reused. Before it is timed, its output
// is compared byte for byte with lines written by a plain reference (reference.go).
// Libraries that sort tags are compared with the same lines with sorted tags.
package encode

import (
	"fmt"

	"github.com/pointwire/pointwire/internal/measure"
)

// A Contender encodes the points of the case it was made for.
type Contender interface {
	// AppendLines writes the lines of the points lo to hi-1, each with its line feed,
	// to dst, which is empty, or to a buffer of its own. They are valid until the
	// next call.
	AppendLines(dst []byte, lo, hi int) ([]byte, error)
}

// batch is the number of points per call, as many as in a write request.
const batch = 5000

// Suite is the suite "encode".
var Suite = measure.Suite{
	Name:  "encode",
	About: "structs to line protocol, batches of 5,000 points",
	Names: names,
	Cases: cases,
}

var names = []string{"trade", "cpu", "server", "logs", "refuse"}

// Goals are the goals of the design for this suite.
var Goals = []measure.Goal{
	{Suite: "encode", Case: "trade", Contender: "pointwire-schema", Against: []string{lp2Name}, Factor: 9.5},
	{Suite: "encode", Case: "trade", Contender: "pointwire-encoder", Against: []string{lp2Name}, Factor: 6},
	{Suite: "encode", Case: "trade", Contender: "pointwire-frame", Against: []string{lp2Name}, Factor: 8},
	{Suite: "encode", Case: "cpu", Contender: "pointwire-layout", Against: []string{lp2Name}, Factor: 8},
	{Suite: "encode", Case: "cpu", Contender: "pointwire-schema", Against: []string{lp2Name}, Factor: 7},
	{Suite: "encode", Case: "cpu", Contender: "pointwire-encoder", Against: []string{lp2Name}, Factor: 5.3},
	{Suite: "encode", Case: "server", Contender: "pointwire-schema", Against: []string{lp2Name}, Factor: 7.5},
	{Suite: "encode", Case: "server", Contender: "pointwire-encoder", Against: []string{lp2Name}, Factor: 6},
	{Suite: "encode", Case: "logs", Contender: "pointwire-schema", Against: []string{lp2Name}, Factor: 4.4},
	{Suite: "encode", Case: "logs", Contender: "pointwire-encoder", Against: []string{lp2Name}, Factor: 4},
}

// An entry describes a contender of a case.
type entry struct {
	name, module string
	sorts        bool // writes tags in the order of their keys
	contender    Contender
}

// lines are the expected lines of a case.
type lines struct {
	plain, sorted []byte
}

// newCase puts entries to work on n points.
func newCase(name string, n int, want lines, entries []entry) measure.Case {
	// Each run makes the next batch. So a turn ends soon even for a slow contender,
	// and a branch predictor sees all other batches before it sees one again.
	batches := n / batch
	c := measure.Case{Suite: "encode", Name: name, Unit: "point", Units: batch, Bytes: len(want.plain) * batch / n, Base: lp2Name}
	entries = append([]entry{{name: "copy", contender: newCopier(want.plain, n)}}, entries...)
	for _, e := range entries {
		var buf []byte
		expected := want.plain
		if e.sorts {
			expected = want.sorted
		}
		lines := func(lo int) ([]byte, error) {
			got, err := e.contender.AppendLines(buf[:0], lo, min(lo+batch, n))
			if cap(got) > cap(buf) {
				buf = got
			}
			return got, err
		}
		next := 0
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   measure.Version(e.module),
			Check: func() error {
				rest := expected
				for lo := 0; lo < n; lo += batch {
					got, err := lines(lo)
					if err != nil {
						return err
					}
					want := rest[:min(len(rest), len(got))]
					rest = rest[len(want):]
					if err := measure.Differ(got, want); err != nil {
						return fmt.Errorf("batch from point %d: %w", lo, err)
					}
				}
				if len(rest) > 0 {
					return fmt.Errorf("%w: %d bytes of lines are missing", measure.ErrWrong, len(rest))
				}
				return nil
			},
			Run: func() error {
				lo := next % batches * batch
				next++
				_, err := lines(lo)
				return err
			},
		})
	}
	return c
}

// copier copies finished lines. No encoder can be faster.
type copier struct {
	lines []byte
	ends  []int // end of each batch, which are parts of the same size
}

func newCopier(lines []byte, n int) *copier {
	c := &copier{lines: lines}
	for batches := (n + batch - 1) / batch; len(c.ends) < batches; {
		c.ends = append(c.ends, len(lines)*(len(c.ends)+1)/batches)
	}
	return c
}

func (c *copier) AppendLines(dst []byte, lo, hi int) ([]byte, error) {
	start := 0
	if lo > 0 {
		start = c.ends[lo/batch-1]
	}
	return append(dst, c.lines[start:c.ends[lo/batch]]...), nil
}
