// Package bench compares pointwire with other libraries. Each suite is a
// package of its own with one small Contender interface; this package holds
// what is common to all of them: the list, the benchmarks, and the test that
// holds allocations down.
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
	"github.com/pointwire/pointwire/bench/transport"
	"github.com/pointwire/pointwire/internal/measure"
)

// Suites are all suites, in the order of the tables.
var Suites = []measure.Suite{
	encode.Suite, decode.Suite, numbers.Suite, query.Suite, query.Structs, query.Columns, transport.Suite, gzip.Suite,
	gunzip.Suite, python.Suite,
}

// Goals are the goals of the design.
var Goals = slices.Concat(encode.Goals, decode.Goals, numbers.Goals, query.Goals, query.StructGoals, query.ColumnGoals,
	transport.Goals, gzip.Goals, gunzip.Goals, python.Goals)
