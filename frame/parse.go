package frame

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/printable"
	"github.com/pointwire/pointwire/jsonscan"
)

// This file appends values that are texts, such as those of a CSV file.

// A ParseError says which text [Column.AppendParsed] could not read. It unwraps to
// [ErrText] or, for a number beyond the range of the type, to [jsonscan.ErrRange].
type ParseError struct {
	Column string
	Row    int // that the value would have had
	Type   Type
	Text   string // the text, or its first 64 bytes
	Err    error  // the cause
}

// ErrText says that a text is not a value of the type of its column.
var ErrText = errors.New("text is no such value")

// Error describes the error in one line. The contents may change.
func (e *ParseError) Error() string {
	return "frame: parse row " + strconv.Itoa(e.Row) + " of column " + strconv.Quote(e.Column) + " as " + e.Type.String() + ": " +
		strconv.Quote(e.Text) + ": " + printable.Error(e.Err)
}

// Unwrap returns the cause.
func (e *ParseError) Unwrap() error { return e.Err }

// AppendParsed appends the value that text is in the type of the column, which the program
// sets beforehand: Column{Name: "load", Type: Float64}. Numbers are those of JSON, and
// floats are rounded to the nearest. Booleans are t, T, true, True and TRUE, and the same
// forms of false. Empty text is null, except in a column of texts. A column of type Null
// becomes one of type Dict if it is a tag, and String otherwise.
//
// If text is no such value, the error is a *[ParseError] and nothing is appended.
// AppendParsed panics with [ErrTooLarge] as [Column.AppendString] does.
func (c *Column) AppendParsed(text string) error {
	if c.Type == Null {
		c.begin(c.typeOf(jsonscan.KindString))
	}
	switch c.Type {
	case String:
		c.AppendString(text)
		return nil
	case Dict:
		c.AppendCode(text)
		return nil
	}
	if text == "" {
		c.AppendNull()
		return nil
	}
	err := c.appendParsed(text)
	if err != nil {
		return &ParseError{Column: strings.Clone(c.Name), Row: c.Len(), Type: c.Type, Text: strings.Clone(text[:min(len(text), 64)]), Err: err}
	}
	return nil
}

// appendParsed appends a number or a boolean, or returns the cause why text is none.
func (c *Column) appendParsed(text string) error {
	if c.Type == Bool {
		switch text {
		case "t", "T", "true", "True", "TRUE":
			c.AppendBool(true)
		case "f", "F", "false", "False", "FALSE":
			c.AppendBool(false)
		default:
			return ErrText
		}
		return nil
	}
	v, form := parseNumber(text)
	if form == decimal.NotNumber {
		return notNumber(text)
	}
	switch c.Type {
	case Int64, Uint64:
		if text == "-0" {
			v, form = 0, decimal.Int
		}
		switch {
		case strings.Trim(strings.TrimPrefix(text, "-"), "0123456789") != "":
			return ErrText
		case c.Type == Int64 && form == decimal.Int:
			c.AppendInt(int64(v))
		case c.Type == Uint64 && (form == decimal.Uint || form == decimal.Int && int64(v) >= 0):
			c.AppendUint(v)
		default:
			return jsonscan.ErrRange
		}
	case Float64:
		c.AppendFloat(float(v, form))
	case Float32:
		f, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return jsonscan.ErrRange
		}
		c.AppendFloat32(float32(f))
	}
	return nil
}

// float returns a number that has the given form as a float.
func float(v uint64, form decimal.Form) float64 {
	switch form {
	case decimal.Int:
		return float64(int64(v))
	case decimal.Uint:
		return float64(v)
	}
	return math.Float64frombits(v)
}

// parseNumber is decimal.Number for a text of any length that is all of the number.
func parseNumber(text string) (v uint64, form decimal.Form) {
	var some [64 + decimal.NumberPad]byte
	b := some[:]
	if n := len(text) + decimal.NumberPad; n > len(b) {
		b = make([]byte, n)
	}
	copy(b, text)
	v, form, next := decimal.Number(b, 0)
	if next != len(text) {
		form = decimal.NotNumber
	}
	return v, form
}

// notNumber returns why text is not a number: it is none, or one beyond all floats.
func notNumber(text string) error {
	digit := func(s string) bool { return s != "" && s[0]-'0' <= 9 }
	s := strings.TrimPrefix(text, "-")
	_, fraction, point := strings.Cut(s, ".")
	if strings.Trim(s, "+-.0123456789eE") != "" || !digit(s) || s[0] == '0' && digit(s[1:]) || point && !digit(fraction) {
		return ErrText // strconv takes more than JSON does
	}
	if _, err := strconv.ParseFloat(text, 64); errors.Is(err, strconv.ErrRange) {
		return jsonscan.ErrRange
	}
	return ErrText
}
