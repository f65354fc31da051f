package fastclient

import "github.com/pointwire/pointwire"

// Precision is the unit of timestamps: in the lines of a write, or in the times
// of an answer. It is the same type as lp.Precision and jsonscan.Precision.
type Precision = pointwire.Precision

// The precisions that InfluxDB 1.x knows. InfluxDB 2 and 3 know no minutes and
// hours. A write by [V1] sends times in microseconds as nanoseconds, and those in
// minutes and hours as seconds: servers do not agree on the words for these units.
const (
	Nanosecond  = pointwire.Nanosecond
	Microsecond = pointwire.Microsecond
	Millisecond = pointwire.Millisecond
	Second      = pointwire.Second
	Minute      = pointwire.Minute
	Hour        = pointwire.Hour
)

// precisionWord returns the word of p in the write endpoint of api, empty when
// it has none, or none that every server understands: see wireUnit.
func precisionWord(api API, p Precision) string {
	if !p.Valid() {
		return ""
	}
	switch api {
	case V2:
		return [...]string{"ns", "us", "ms", "s", "", ""}[p]
	case V3:
		// Without the word, version 3 guesses the unit from the magnitude.
		return [...]string{"nanosecond", "microsecond", "millisecond", "second", "", ""}[p]
	}
	return [...]string{"ns", "", "ms", "s", "", ""}[p]
}

// wireUnit returns the unit in which timestamps in p are sent. Version 1 gets no
// microseconds, minutes and hours, for which no word means the same everywhere: 1.6.7
// takes us for nanoseconds, and the /write of InfluxDB 2.x takes u, m and h for them,
// both without an error. The finer unit is exact.
func wireUnit(api API, p Precision) Precision {
	if api != V1 {
		return p
	}
	switch p {
	case Microsecond:
		return Nanosecond
	case Minute, Hour:
		return Second
	}
	return p
}
