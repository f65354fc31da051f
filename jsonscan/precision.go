package jsonscan

import "github.com/pointwire/pointwire"

// Precision is the unit of integers in a time column: the epoch parameter of
// the query. It is the same type as lp.Precision.
type Precision = pointwire.Precision

// The precisions that InfluxDB 1.x knows.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)
