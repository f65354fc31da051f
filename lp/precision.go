package lp

import (
	"github.com/pointwire/pointwire"
	"github.com/pointwire/pointwire/internal/decimal"
)

// Precision is the unit of a timestamp. The zero value is Nanosecond. The same
// value tells an encoder how to write times and a server how to read them (see
// [pointwire.Precision.String]), so that the two cannot differ.
type Precision = pointwire.Precision

// The precisions of line protocol.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)

// The timestamps that InfluxDB 1.x stores, in nanoseconds since 1970: the years
// 1677 to 2262. It refuses the two smallest and the largest int64.
const (
	MinTime = decimal.MinTime
	MaxTime = decimal.MaxTime
)
