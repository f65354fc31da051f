package jsonscan

import "github.com/pointwire/pointwire/internal/decimal"

// Precision is the unit of integers in a time column: the epoch parameter of
// the query. It is the same type as lp.Precision.
type Precision = decimal.Precision

// The precisions that InfluxDB 1.x knows.
const (
	Nanosecond  = decimal.Nanosecond
	Microsecond = decimal.Microsecond
	Millisecond = decimal.Millisecond
	Second      = decimal.Second
	Minute      = decimal.Minute
	Hour        = decimal.Hour
)
