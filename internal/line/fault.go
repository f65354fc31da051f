package line

import "strconv"

// A Rule says which rule of the grammar a line breaks. It is an error without a
// place; a [Fault] adds the place.
type Rule uint8

// The rules. The words in quotes are what InfluxDB 1.8.10 says.
const (
	_ Rule = iota
	// NoMeasurement: the line begins with a comma ("missing measurement").
	NoMeasurement
	// NoTagKey: a tag without a key ("missing tag key").
	NoTagKey
	// NoTagValue: a tag without an equals sign or a value ("missing tag value").
	NoTagValue
	// EqualsInTag: an equals sign in a tag value that is not escaped ("invalid tag
	// format").
	EqualsInTag
	// DuplicateTag: two tags with the same key ("duplicate tags").
	DuplicateTag
	// NoFields: the line ends before its fields ("missing fields").
	NoFields
	// NoFieldKey: a field without a key ("missing field key").
	NoFieldKey
	// NoFieldValue: a field without an equals sign or a value ("missing field
	// value", "invalid field format").
	NoFieldValue
	// InvalidValue: a field value that is neither a number, a boolean nor a quoted
	// string ("invalid boolean", "invalid number").
	InvalidValue
	// ValueRange: a number that is outside the range of its type.
	ValueRange
	// OpenQuote: a string field without its closing quote ("unbalanced quotes").
	OpenQuote
	// AfterQuote: text between the closing quote of a string and the next comma,
	// space or line end. InfluxDB 1.x takes it and stores another string.
	AfterQuote
	// InvalidTimestamp: a timestamp that is not an integer ("bad timestamp").
	InvalidTimestamp
	// AfterTimestamp: text after the timestamp ("point is invalid").
	AfterTimestamp
	// TimeRange: a timestamp that no server stores ("time outside range").
	TimeRange
	// ReservedKey: a tag or field with the key "time". InfluxDB 1.x drops the field
	// without an error, or refuses the point.
	ReservedKey
	// Backslash: a backslash that InfluxDB reads in one way when it takes the line
	// and in another when it looks for the point.
	Backslash
	// NameNewline: a line feed after a backslash in a measurement or a key.
	// InfluxDB 1.x takes it as part of the name, other servers end the line there.
	NameNewline
	// CutElsewhere: InfluxDB finds the end of this line at another place than its
	// fields say, so that it would swallow the next line or only read a part.
	CutElsewhere
	// KeyTooLong: measurement, tags and field key are longer than 65,535 bytes
	// ("max key length exceeded").
	KeyTooLong
	// CarriageReturn: the line ends with a carriage return and a line feed. See
	// [Options.TrimCR].
	CarriageReturn
	// ByteOrderMark: the input begins with a byte order mark, which InfluxDB 1.x
	// would store as the beginning of the measurement.
	ByteOrderMark
	// TooLong: the line is longer than [Options.MaxLine].
	TooLong

	numRules
)

var rules = [numRules]string{
	0:                "no rule",
	NoMeasurement:    "missing measurement",
	NoTagKey:         "missing tag key",
	NoTagValue:       "missing tag value",
	EqualsInTag:      "equals sign in a tag value",
	DuplicateTag:     "duplicate tag",
	NoFields:         "missing fields",
	NoFieldKey:       "missing field key",
	NoFieldValue:     "missing field value",
	InvalidValue:     "invalid field value",
	ValueRange:       "number out of range",
	OpenQuote:        "unclosed quote",
	AfterQuote:       "text after the closing quote",
	InvalidTimestamp: "invalid timestamp",
	AfterTimestamp:   "text after the timestamp",
	TimeRange:        "time out of range",
	ReservedKey:      `reserved key "time"`,
	Backslash:        "backslash that servers read in two ways",
	NameNewline:      "line feed in a name",
	CutElsewhere:     "end of line that servers find elsewhere",
	KeyTooLong:       "measurement, tags and field key too long",
	CarriageReturn:   "carriage return at the end of the line",
	ByteOrderMark:    "byte order mark",
	TooLong:          "line too long",
}

// Error returns the rule in words.
func (r Rule) Error() string { return r.String() }

// String returns the rule in words.
func (r Rule) String() string {
	if r >= numRules {
		return "rule " + strconv.Itoa(int(r))
	}
	return rules[r]
}

// A Fault says why a line is refused. The zero value is no fault.
type Fault struct {
	Rule Rule
	// At is the offset in the line of the byte that breaks the rule.
	At int
}
