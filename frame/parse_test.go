package frame

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// parsePlain is the plain twin of AppendParsed for numbers: the value, or why there is none.
func parsePlain(typ Type, text string) (any, error) {
	digits := strings.TrimPrefix(text, "-")
	integer := digits != "" && strings.Trim(digits, "0123456789") == ""
	if !json.Valid([]byte(text)) || digits == "" || digits[0] < '0' || digits[0] > '9' || strings.TrimSpace(text) != text {
		return nil, ErrText
	}
	var v any
	var err error
	switch typ {
	case Float64:
		v, err = strconv.ParseFloat(text, 64)
	case Float32:
		var f float64
		f, err = strconv.ParseFloat(text, 32)
		v = float32(f)
		if _, wide := strconv.ParseFloat(text, 64); wide != nil {
			err = wide
		}
	case Int64:
		if !integer {
			if _, wide := strconv.ParseFloat(text, 64); wide != nil {
				return nil, jsonscan.ErrRange
			}
			return nil, ErrText
		}
		v, err = strconv.ParseInt(text, 10, 64)
	case Uint64:
		if !integer {
			if _, wide := strconv.ParseFloat(text, 64); wide != nil {
				return nil, jsonscan.ErrRange
			}
			return nil, ErrText
		}
		if text == "-0" {
			text = "0"
		}
		v, err = strconv.ParseUint(text, 10, 64)
	}
	if err != nil {
		return nil, jsonscan.ErrRange
	}
	return v, nil
}

// checkParsed compares AppendParsed with its plain twin.
func checkParsed(t *testing.T, text string) {
	t.Helper()
	if text == "" {
		return
	}
	for _, typ := range []Type{Int64, Uint64, Float64, Float32} {
		c := Column{Name: "c", Type: typ}
		err := c.AppendParsed(text)
		want, wantErr := parsePlain(typ, text)
		if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%q as %v: %v, want %v", text, typ, err, wantErr)
		}
		var parsed *ParseError
		if err != nil {
			if c.Len() != 0 || !errors.As(err, &parsed) || parsed.Column != "c" || parsed.Row != 0 || parsed.Type != typ || !strings.HasPrefix(text, parsed.Text) {
				t.Fatalf("%q as %v: %d rows, %+v", text, typ, c.Len(), err)
			}
			continue
		}
		var got any
		switch typ {
		case Int64:
			got = c.Ints[0]
		case Uint64:
			got = c.Uints[0]
		case Float64:
			got = c.Floats[0]
			if math.Signbit(c.Floats[0]) != math.Signbit(want.(float64)) {
				t.Fatalf("%q: the sign of %v", text, got)
			}
		case Float32:
			got = c.Floats32[0]
		}
		if got != want || c.Len() != 1 {
			t.Fatalf("%q as %v: %v, want %v", text, typ, got, want)
		}
	}
}

var parsedTexts = []string{
	"0", "-0", "1", "-1", "007", "+1", ".5", "5.", "-", "1.5", "-0.0", "1e3", "1E+3", "1e", "0x10", "1_000", "nan", "inf", "Infinity", " 1", "1 ", "1\x00", "1,5", "\xff", "\"1\"", "true", "null",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
	"99999999999999999999999", "-99999999999999999999999", "1e308", "1e309", "01e309", ".5e999", "5.e999", "+1e999", "1.e999", "-1e309", "1e-400", "3.4028235e38", "3.5e38", "16777217", "1.00000017881393432617187499", "1.00000017881393421514957253748434595763683319091796875001",
	"123456789012345678901234567890123456789012345678901234567890.123456789012345678901234567890", "0." + strings.Repeat("0", 200) + "1", strings.Repeat("9", 400),
}

// TestAppendParsed compares the numbers with their plain twin and has the other types.
func TestAppendParsed(t *testing.T) {
	for _, text := range parsedTexts {
		checkParsed(t, text)
	}
	bools := Column{Type: Bool}
	for _, text := range []string{"t", "T", "true", "True", "TRUE", "", "f", "F", "false", "False", "FALSE", "1", "yes", "tRUE"} {
		before := bools.Len()
		err := bools.AppendParsed(text)
		switch text {
		case "1", "yes", "tRUE":
			if !errors.Is(err, ErrText) || bools.Len() != before {
				t.Errorf("%q as bool: %v", text, err)
			}
		case "":
			if err != nil || !bools.IsNull(before) {
				t.Errorf("no text as bool: %v", err)
			}
		default:
			if err != nil || bools.IsNull(before) || bools.Bool(before) != strings.ContainsAny(text[:1], "tT") {
				t.Errorf("%q as bool: %v", text, err)
			}
		}
	}
	for _, c := range []struct {
		column Column
		want   Type
	}{{Column{}, String}, {Column{Role: Tag}, Dict}, {Column{Type: String}, String}, {Column{Type: Dict}, Dict}} {
		for _, text := range []string{"a", "", "b", "a"} {
			if err := c.column.AppendParsed(text); err != nil || string(c.column.Text(c.column.Len()-1)) != text {
				t.Errorf("%q in %v: %v", text, c.want, err)
			}
		}
		if c.column.Type != c.want || c.column.Len() != 4 || c.column.Nulls() != 0 {
			t.Errorf("%v with %d rows, want %v", c.column.Type, c.column.Len(), c.want)
		}
	}
	nulls := Column{Type: Float64}
	for _, text := range []string{"", "1", ""} {
		if err := nulls.AppendParsed(text); err != nil {
			t.Error(err)
		}
	}
	if err := nulls.AppendParsed("x\n"); err == nil || err.Error() != `frame: parse row 3 of column "" as float64: "x\n": text is no such value` {
		t.Error(err)
	}
	if nulls.Len() != 3 || nulls.Nulls() != 2 || nulls.Floats[1] != 1 {
		t.Errorf("%+v", nulls)
	}
	long := strings.Repeat("x", 1000)
	var parsed *ParseError
	if err := nulls.AppendParsed(long); !errors.As(err, &parsed) || parsed.Text != long[:64] {
		t.Error(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		nulls.Reset()
		nulls.Type = Float64
		nulls.AppendParsed("219.23")
		nulls.AppendParsed("-1e-7")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzAppendParsed compares AppendParsed with its plain twin on any text.
func FuzzAppendParsed(f *testing.F) {
	for _, text := range parsedTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkParsed(t, text) })
}
