package line

import (
	"math"
	"strconv"
)

// A Span is the place of a text, its first byte in the upper half and the byte after it
// in the lower. The text is in the line or, if its escapes were removed, in the scanner's
// own buffer.
type Span uint64

const ownText Span = 1 << 63

func span(from, to int) Span { return Span(from)<<32 | Span(to) }

// A Kind is the type of a field value.
type Kind uint8

// The types of field values.
const (
	Float Kind = iota + 1
	Int
	Uint
	Bool
	String
)

// A Tag is a tag of a line.
type Tag struct{ Key, Value Span }

// A Field is a field of a line. Bits are those of a float64, an int64 or a uint64,
// 1 for true, or the Span of a string.
type Field struct {
	Key  Span
	Bits uint64
	Kind Kind
}

// A Point is a parsed line. It is valid until the scanner moves on.
type Point struct {
	Name    Span
	Time    int64
	Stamped bool // Time is there
	// Plain is set if the line is written as an encoder would write it: without white
	// space around it and with one space between its parts.
	Plain bool

	// Places in the line: of the first byte, of the space after the tags, of the
	// fields, of the timestamp.
	first, sep, from, to, stamp, end int32
}

// parseNumber returns the value of the field value b, which is neither a string nor
// empty.
func parseNumber(b []byte) (bits uint64, k Kind, r Rule) {
	switch string(b) {
	case "t", "T", "true", "True", "TRUE":
		return 1, Bool, 0
	case "f", "F", "false", "False", "FALSE":
		return 0, Bool, 0
	}
	number := b
	if number[0] == '-' {
		number = number[1:]
	}
	if len(number) == 0 {
		return 0, 0, InvalidValue
	}
	switch number[len(number)-1] {
	case 'i':
		if v, ok := parseInt(b[:len(b)-1]); ok {
			return uint64(v), Int, 0
		}
		return 0, 0, integerFault(number[:len(number)-1])
	case 'u':
		if v, ok := parseUint(b[:len(b)-1]); ok {
			return v, Uint, 0
		}
		return 0, 0, integerFault(b[:len(b)-1])
	}
	digits, point, e := 0, false, -1
	for i, c := range number {
		switch {
		case c-'0' < 10:
			digits++
		case c == '.' && !point && e < 0:
			point = true
		case (c == 'e' || c == 'E') && e < 0 && digits > 0:
			e, digits = i, 0
		case (c == '-' || c == '+') && e >= 0 && i == e+1:
		default:
			return 0, 0, InvalidValue
		}
	}
	if digits == 0 {
		return 0, 0, InvalidValue
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, 0, ValueRange
	}
	return math.Float64bits(f), Float, 0
}

// integerFault distinguishes an integer that is out of range from a text that is no
// integer.
func integerFault(b []byte) Rule {
	for _, c := range b {
		if c-'0' >= 10 {
			return InvalidValue
		}
	}
	if len(b) == 0 {
		return InvalidValue
	}
	return ValueRange
}

// parseInt parses [-] digits. It reports false if the text has another form or the value
// is not an int64.
func parseInt(b []byte) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	v, ok := parseUint(b)
	if neg {
		return -int64(v), ok && v <= 1<<63
	}
	return int64(v), ok && v < 1<<63
}

// parseUint parses digits.
func parseUint(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		d := uint64(c - '0')
		if d > 9 || v > (math.MaxUint64-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	return v, len(b) > 0
}
