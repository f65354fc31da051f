package lp

import "strconv"

// A Part is a part of a line.
type Part uint8

// The parts of a line.
const (
	PartLine Part = iota // the point as a whole
	PartMeasurement
	PartTagKey
	PartTagValue
	PartFieldKey
	PartFieldValue
	PartTimestamp
)

var parts = [...]string{
	PartLine:        "point",
	PartMeasurement: "measurement",
	PartTagKey:      "tag key",
	PartTagValue:    "tag value",
	PartFieldKey:    "field key",
	PartFieldValue:  "field value",
	PartTimestamp:   "timestamp",
}

// String returns the name of the part.
func (p Part) String() string {
	if int(p) >= len(parts) {
		return "unknown part"
	}
	return parts[p]
}

// A PointError says which part of which point was refused, and why. It holds no
// values of tags and fields. Its strings are copies.
type PointError struct {
	// Index is the number of the point: in an Encoder counted from 0 at the last
	// Reset, refused points included; in AppendAll and AppendSeq the place in the
	// sequence; else 0.
	Index int
	// Measurement is the measurement of the point as far as it is known.
	Measurement string
	// Part is the part of the line that the error is about.
	Part Part
	// Key is the key of the tag or field, if the error is about one.
	Key string
	// Reason is the cause.
	Reason Reason
	// Err is the error of a value that wrote itself, or nil.
	Err error
	// More is how many more points of AppendAll or AppendSeq were refused.
	More int
}

// Error describes the error in one line. The contents may change.
func (e *PointError) Error() string {
	b := append(make([]byte, 0, 96), "lp: point "...)
	b = strconv.AppendInt(b, int64(e.Index), 10)
	if e.Measurement != "" {
		b = append(b, " of "...)
		b = strconv.AppendQuote(b, e.Measurement)
	}
	if e.Part != PartLine {
		b = append(b, ": "...)
		b = append(b, e.Part.String()...)
		if e.Key != "" {
			b = append(b, ' ')
			b = strconv.AppendQuote(b, e.Key)
		}
	}
	b = append(b, ": "...)
	b = append(b, e.Reason.String()...)
	if e.Err != nil {
		b = append(b, ": "...)
		b = append(b, e.Err.Error()...)
	}
	if e.More > 0 {
		b = append(b, " (and "...)
		b = strconv.AppendInt(b, int64(e.More), 10)
		b = append(b, " more points)"...)
	}
	return string(b)
}

// Unwrap returns the Reason and, if there is one, the error of the value.
func (e *PointError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}
