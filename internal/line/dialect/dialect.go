// Package dialect is the table of where readers of line protocol differ: for each
// difference a body that shows it, and what each reader makes of it. The
// documentation of package line is made from it, and tests hold every cell of it
// against the reader that it is of.
package dialect

import (
	"slices"

	"github.com/pointwire/pointwire/internal/line"
)

// A Reader is a program that reads line protocol.
type Reader int

// The readers. Cells of InfluxDB are what a server returns after the body was written to
// it. Those of VictoriaMetrics are what the parser of the server returns for it.
const (
	InfluxDB16      Reader = iota // 1.6.7
	InfluxDB18                    // 1.8.10
	InfluxDB2                     // 2.8.0
	LineProtocol                  // github.com/influxdata/line-protocol/v2 2.2.1, the decoder
	VictoriaMetrics               // 1.148.8
	OpenGemini                    // 1.3.1, observed on a server by hand, not tested
	NumReaders
)

// String returns name and version.
func (r Reader) String() string {
	return [...]string{"InfluxDB 1.6.7", "InfluxDB 1.8.10", "InfluxDB 2.8.0", "line-protocol/v2", "VictoriaMetrics", "openGemini"}[r]
}

// What is in a reading besides points.
const (
	Refused = "refused" // a line or the body is refused with an error
	Lost    = "lost"    // a point is stored in a way that no query finds
	Nothing = "nothing" // no error either
)

// A Row is one difference.
type Row struct {
	// Name says what differs.
	Name string
	// Body shows it.
	Body string
	// Own is what package line reads of it, as Reading writes it.
	Own string
	// Rule is why it refuses the first line that it refuses, 0 if it refuses none.
	Rule line.Rule
	// Reads is what others make of it. A reader that is not in it reads the same. Of
	// openGemini nothing is known then.
	//
	// VictoriaMetrics has numbers only: for it the same is what Point.Numbers returns.
	Reads map[Reader]string
}

// Rows is the table.
var Rows = slices.Concat(nameRows, lineRows, valueRows)
