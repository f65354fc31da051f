// Package bench compares pointwire with other libraries. Each suite is a package with one
// small Contender interface, whose implementations do the same work with different
// libraries. Internal package measure checks and times them.
//
// This package lists the suites and their goals (suites.go), runs them as Go benchmarks
// and tests, compares allocations and ratios with baseline.json (baseline.go, drift.go,
// gate.go), and says how much data a short measurement uses (tour.go).
package bench

import (
	"slices"

	"github.com/pointwire/pointwire/bench/decode"
	"github.com/pointwire/pointwire/bench/encode"
	"github.com/pointwire/pointwire/bench/gunzip"
	"github.com/pointwire/pointwire/bench/gzip"
	"github.com/pointwire/pointwire/bench/numbers"
	"github.com/pointwire/pointwire/bench/python"
	"github.com/pointwire/pointwire/bench/query"
	"github.com/pointwire/pointwire/bench/spool"
	"github.com/pointwire/pointwire/bench/transport"
	"github.com/pointwire/pointwire/bench/whole"
	"github.com/pointwire/pointwire/internal/measure"
)

// Suites lists all suites, in the order of the tables.
var Suites = []measure.Suite{
	encode.Suite, decode.Suite, numbers.Suite, query.Suite, query.Structs, query.Columns, query.MessagePack, transport.Suite, gzip.Suite,
	gunzip.Suite, spool.Suite, python.Suite, whole.Suite,
}

// Goals are the goals of the design.
var Goals = slices.Concat(encode.Goals, decode.Goals, numbers.Goals, query.Goals, query.StructGoals, query.ColumnGoals, query.MessagePackGoals,
	transport.Goals, gzip.Goals, gunzip.Goals, spool.Goals, python.Goals)
