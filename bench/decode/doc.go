// Package decode compares libraries that read line protocol.
//
// Every contender gets the same bodies of 5,000 lines and turns each value into
// what a program works with: names and tag values without their escapes, floats,
// integers, booleans and strings of fields, timestamps. All of that goes into a
// sum (sum.go) which has to be that of the points the bodies were written from, so
// that nobody is timed for less work or for another outcome; what VictoriaMetrics
// converts less is said in victoriametrics.go. The lines were not written by this
// module's encoder, see workload.Line.
package decode

import (
	"github.com/pointwire/pointwire/internal/measure"
)

// A Contender reads line protocol.
type Contender interface {
	// Decode returns s with all that body holds, in the order of the body.
	Decode(body []byte, s sum) (sum, error)
}

// batch is the number of lines of a body, as in a write request.
const batch = 5000

// Suite is the suite "decode".
var Suite = measure.Suite{
	Name:  "decode",
	About: "line protocol to typed values, bodies of 5,000 lines",
	Names: names,
	Cases: cases,
}

// names are those of workload.LineSets, in their order.
var names = []string{"trade", "cpu", "server", "logs", "sensor", "mixed", "sparse", "names"}

const (
	pullName   = "pointwire"
	lintName   = "pointwire-lint"
	lp2Name    = "line-protocol"
	influxName = "influxdb"
	vmName     = "victoriametrics"
)

// Goals are the goals of the design for this suite.
var Goals = goals()

func goals() (list []measure.Goal) {
	beside := func(against string, factor float64, names ...string) {
		for _, name := range names {
			list = append(list, measure.Goal{Suite: "decode", Case: name, Contender: pullName, Against: []string{against}, Factor: factor})
		}
	}
	beside(lp2Name, 5, "trade", "cpu", "server", "sensor", "mixed")
	beside(lp2Name, 4, "sparse")
	beside(lp2Name, 5, "names")
	beside(lp2Name, 3.5, "logs")
	beside(influxName, 10, "trade", "cpu", "server", "logs", "sensor")
	beside(vmName, 2.8, "trade", "cpu", "server", "logs", "sensor")
	for _, name := range names {
		list = append(list, measure.Goal{Suite: "decode", Case: name, Contender: lintName, Against: []string{pullName}, Factor: 1.5})
	}
	return append(list, measure.Goal{Suite: "decode", Case: "all bodies", Of: names, Need: len(names),
		Contender: pullName, Unit: allocations, Most: 0})
}

// allocations is what Op.Extra measures here: of bodies, so that a point in a
// thousand would show.
const allocations = "allocations a body"
