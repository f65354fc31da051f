// Package decode compares libraries that read line protocol.
//
// Every contender gets the same bodies of 5,000 lines and turns each value into the form a
// program works with: names and tag values without their escapes, fields as floats,
// integers, booleans and strings, and timestamps. All parts go into a sum (sum.go), which
// must equal that of the points the bodies were written from. So no contender is timed for
// less work or for a wrong outcome; victoriametrics.go says what VictoriaMetrics does not
// convert. The lines were not written by this module's encoder, see workload.Line.
package decode

import (
	"github.com/pointwire/pointwire/internal/measure"
)

// A Contender reads line protocol.
type Contender interface {
	// Decode adds all parts of body to s, in their order, and returns the sum.
	Decode(body []byte, s sum) (sum, error)
}

// batch is the number of lines of a body, as large as a write request.
const batch = 5000

// Suite is the suite "decode".
var Suite = measure.Suite{
	Name:  "decode",
	About: "line protocol to typed values, bodies of 5,000 lines",
	Names: names,
	Cases: cases,
}

// names are the names of workload.LineSets, in their order.
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

// allocations is the unit of Op.Extra. It counts per body, so that an allocation for one
// point in a thousand would show.
const allocations = "allocations a body"
