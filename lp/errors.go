package lp

import (
	"strconv"

	"github.com/pointwire/pointwire/internal/printable"
)

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
	// Measurement is the measurement of the point, empty if it is not known.
	Measurement string
	// Part is the part of the line that the error is about.
	Part Part
	// Key is the key of the tag or field, if the error is about one.
	Key string
	// Reason is the cause.
	Reason Reason
	// Err is the error of a value that wrote itself, or nil.
	Err error
	// Others is how many other points of AppendAll or AppendSeq were refused.
	Others int
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
		b = append(b, printable.Error(e.Err)...)
	}
	if e.Others > 0 {
		b = append(b, " (and "...)
		b = append(printable.AppendCount(b, uint64(e.Others), "more point", "more points"), ')')
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

// A Reason says why a point, or a part of one, was refused, left out or changed. It
// is an error without a place. [PointError] adds the place and unwraps to the Reason,
// so that errors.Is(err, lp.ErrNoFields) holds.
type Reason uint8

// The reasons.
const (
	// ErrNoMeasurement: the measurement is empty.
	ErrNoMeasurement Reason = iota + 1
	// ErrComment: the measurement starts with #, which makes the line a comment.
	// InfluxDB responds with success and stores nothing.
	ErrComment
	// ErrNewline: a line feed in a measurement, a tag or a field key, or in a
	// string field where [Options.RefuseNewline] is set.
	ErrNewline
	// ErrBackslash: a backslash where line protocol cannot carry it. These places are
	// the end of a measurement, tag key, tag value or field key; in a measurement,
	// directly before a comma, space, equals sign or double quote; in a tag key or tag
	// value, an odd number of backslashes directly before a space; in a field key, an
	// odd number of them directly before a comma, space or equals sign.
	ErrBackslash
	// ErrNotPortable: an odd number of backslashes directly before a comma or an equals
	// sign in a tag key or tag value, or directly before a double quote in a field key.
	// InfluxDB carries it, and other servers read another structure: see
	// [Options.Dialect] and [Influx1].
	ErrNotPortable
	// ErrLeadingSpace: a tab or a zero byte at the start of a measurement or a
	// field key, which InfluxDB skips like a space.
	ErrLeadingSpace
	// ErrUTF8: a name or a value that is not valid UTF-8.
	ErrUTF8
	// ErrEmptyKey: an empty tag key or field key.
	ErrEmptyKey
	// ErrReservedKey: a tag or field with the key "time". InfluxDB 1.x drops the
	// field without an error, or refuses the point.
	ErrReservedKey
	// ErrDuplicateTag: two tags of one key. InfluxDB refuses the point.
	ErrDuplicateTag
	// ErrDuplicateField: two fields of one key. InfluxDB keeps one of them.
	ErrDuplicateField
	// ErrSharedKey: a field with the key of a tag of the same point. InfluxDB stores
	// both, and a query returns the field as "a" and the tag as "a_1": see
	// [Options.SharedKey].
	ErrSharedKey
	// ErrNoFields: a point without a field.
	ErrNoFields
	// ErrNotFinite: a NaN or an infinity.
	ErrNotFinite
	// ErrUnsigned: an unsigned integer that [Options.Unsigned] does not let pass.
	ErrUnsigned
	// ErrNumber: text that is not a decimal number, or a number beyond the range of a
	// float64, which InfluxDB refuses.
	ErrNumber
	// ErrTimeRange: a time outside [MinTime] and [MaxTime].
	ErrTimeRange
	// ErrTime: text that is not a time.
	ErrTime
	// ErrOrder: a call that does not fit the state of the encoder, such as a tag
	// after a field.
	ErrOrder
	// ErrLine: a raw line that is not exactly one line of line protocol.
	ErrLine
	// ErrType: a value of a type that has no place in line protocol.
	ErrType
	// ErrValue: a value that has no name in its enumeration, or whose method could not
	// write it.
	ErrValue
	// EmptyTag counts tags left out because their value was empty. That is not an
	// error: to InfluxDB a missing tag and an empty one are the same.
	EmptyTag
	// Replaced counts names and values that were changed because [Options.Text] is
	// [TextReplace].
	Replaced

	numReasons = int(Replaced) + 1
)

var reasons = [numReasons]string{
	0:                 "no reason",
	ErrNoMeasurement:  "missing measurement",
	ErrComment:        "measurement starts with #",
	ErrNewline:        "line feed",
	ErrBackslash:      "backslash that line protocol cannot carry",
	ErrNotPortable:    "backslash before a comma, equals sign or double quote, which only the dialect Influx1 carries",
	ErrLeadingSpace:   "leading tab or zero byte",
	ErrUTF8:           "invalid UTF-8",
	ErrEmptyKey:       "empty key",
	ErrReservedKey:    `reserved key "time"`,
	ErrDuplicateTag:   "duplicate tag",
	ErrDuplicateField: "duplicate field",
	ErrSharedKey:      "field with the key of a tag",
	ErrNoFields:       "no fields",
	ErrNotFinite:      "not a finite number",
	ErrUnsigned:       "unsigned integer not allowed",
	ErrNumber:         "invalid number",
	ErrTimeRange:      "time out of range",
	ErrTime:           "invalid time",
	ErrOrder:          "call out of order",
	ErrLine:           "not one complete line",
	ErrType:           "unsupported type",
	ErrValue:          "value without text",
	EmptyTag:          "empty tag value",
	Replaced:          "replaced text",
}

// Error returns the reason in words, prefixed with "lp: ".
func (r Reason) Error() string { return "lp: " + r.String() }

// String returns the reason in words, without a prefix.
func (r Reason) String() string {
	if int(r) >= len(reasons) {
		r = 0
	}
	return reasons[r]
}
