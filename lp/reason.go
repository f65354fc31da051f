package lp

// A Reason says why a point, or a part of one, was refused, left out or changed.
// It is an error that says no place; [PointError] adds the place and unwraps to
// it, so that errors.Is(err, lp.ErrNoFields) holds.
type Reason uint8

// The reasons.
const (
	// ErrNoMeasurement: the measurement is empty.
	ErrNoMeasurement Reason = iota + 1
	// ErrComment: the measurement starts with #, which makes the line a comment:
	// InfluxDB answers success and stores nothing.
	ErrComment
	// ErrNewline: a line feed in a measurement, a tag or a field key, or in a
	// string field where [Options.RefuseNewline] is set.
	ErrNewline
	// ErrBackslash: a backslash at a place where line protocol cannot carry it: at
	// the end of a measurement, tag key, tag value or field key; in a measurement
	// directly before comma, space, equals sign or double quote; in a tag key or
	// tag value, an odd number of them directly before a space; in a field key, an
	// odd number of them directly before comma, space or equals sign.
	ErrBackslash
	// ErrNotPortable: in a tag key or tag value, an odd number of backslashes directly
	// before a comma or an equals sign; in a field key, one directly before a double
	// quote. InfluxDB carries it and others read another structure: see
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
	// ErrNoFields: a point without a field.
	ErrNoFields
	// ErrNotFinite: a NaN or an infinity.
	ErrNotFinite
	// ErrUnsigned: an unsigned integer that [Options.Unsigned] does not let pass.
	ErrUnsigned
	// ErrNumber: text that is no decimal number, or one beyond the range of a float64,
	// which InfluxDB refuses.
	ErrNumber
	// ErrTimeRange: a time outside [MinTime] and [MaxTime].
	ErrTimeRange
	// ErrTime: text that is no time.
	ErrTime
	// ErrOrder: a call that does not fit the state of the encoder, such as a tag
	// after a field.
	ErrOrder
	// ErrLine: a raw line that is not exactly one line of line protocol.
	ErrLine
	// ErrType: a value of a type that has no place in line protocol.
	ErrType
	// ErrValue: a value that an enumeration has no name for, or that could not
	// write itself.
	ErrValue
	// EmptyTag counts tags left out because their value was empty. It is no error:
	// InfluxDB takes a missing tag and an empty one for the same.
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
