package fastclient

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Param binds value to $name in the query. The server takes it as a value whatever it
// holds, never as part of the statement. A [time.Time] is bound as a text that the server
// compares with times, exact to the nanosecond, as in WHERE time > $t. A [time.Duration]
// is bound as a duration, as in GROUP BY time($d). NaN, infinities and integers above the
// largest int64 cannot be bound. With [SQL] and [InfluxQL3] a time.Duration cannot, and every
// uint64 can.
func Param[T ~string | ~bool | ~float64 | ~float32 | ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | time.Time](name string, value T) QueryOption {
	return queryOption(func(c *queryCall) { c.bind(name, any(value)) })
}

// ParamIdent binds ident to $name as an identifier: the name of a field, a tag or a
// measurement, as in SELECT $f FROM $m.
func ParamIdent(name, ident string) QueryOption {
	return queryOption(func(c *queryCall) {
		if ident == "" {
			c.err = &OptionError{"ParamIdent", "is empty"}
			return
		}
		c.bind(name, kindParam{"identifier", ident})
	})
}

// ParamRegex binds a regular expression to $name, as in WHERE host =~ $re. It is Go's own
// syntax, without slashes around it.
func ParamRegex(name, re string) QueryOption {
	return queryOption(func(c *queryCall) { c.bind(name, kindParam{"regex", re}) })
}

// A kindParam is a value whose kind is not that of its JSON.
type kindParam struct{ kind, text string }

func (c *queryCall) bind(name string, value any) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		c.err = &OptionError{"Param", "has a name that is not letters, digits and underscores"}
		return
	}
	// Which of the two is sent depends on options that may follow.
	text, err := paramText(value)
	c.params.add(name, text, err)
	text, err = paramText3(value)
	c.params3.add(name, text, err)
}

// add adds the text of a value, or its error.
func (b *boundParams) add(name string, text []byte, err error) {
	if err != nil {
		b.err = err
		return
	}
	sep := byte(',')
	if len(b.object) == 0 {
		sep = '{'
	}
	b.object = append(strconv.AppendQuote(append(b.object, sep), name), ':')
	b.object = append(b.object, text...)
}

// paramText returns the JSON of a value as InfluxDB 1.x reads it back: a number is a float
// if and only if its text holds a point, and an object of one member is a value of the kind
// that its key names (BindValue of package influxql, 1.8.10).
func paramText(value any) ([]byte, error) {
	switch value := value.(type) {
	case time.Time:
		return json.Marshal(value.UTC().Format(time.RFC3339Nano))
	case time.Duration:
		return json.Marshal(map[string]string{"duration": strconv.FormatInt(int64(value), 10) + "ns"})
	case kindParam:
		if !utf8.ValidString(value.text) {
			return nil, &OptionError{"Param", "is not UTF-8"}
		}
		return json.Marshal(map[string]string{value.kind: value.text})
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.String && !utf8.ValidString(v.String()):
		return nil, &OptionError{"Param", "is not UTF-8"}
	case v.CanUint() && v.Uint() > math.MaxInt64:
		return nil, &OptionError{"Param", "is above the largest integer of InfluxQL"}
	case v.CanFloat():
		return floatText(v.Float(), v.Type().Bits())
	}
	return json.Marshal(value)
}

func floatText(f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &OptionError{"Param", "is not finite"}
	}
	text := strconv.AppendFloat(nil, f, 'f', -1, bits)
	if !strings.Contains(string(text), ".") {
		text = append(text, '.', '0')
	}
	return text, nil
}

// paramText3 returns the JSON of a value as InfluxDB 3 reads it back: a number is a float if
// and only if its text has a point or an exponent.
func paramText3(value any) ([]byte, error) {
	switch value.(type) {
	case time.Duration:
		return nil, &OptionError{"Param", "is a time.Duration, which InfluxDB 3 does not take"}
	case kindParam:
		return nil, &OptionError{"ParamIdent", "and ParamRegex are not for SQL and InfluxQL3"}
	case time.Time:
		return paramText(value)
	}
	switch v := reflect.ValueOf(value); {
	case v.CanUint():
		return strconv.AppendUint(nil, v.Uint(), 10), nil
	case v.CanFloat():
		text, err := json.Marshal(value)
		if err != nil {
			return nil, &OptionError{"Param", "is not finite"}
		}
		if !strings.ContainsAny(string(text), ".e") {
			text = append(text, ".0"...)
		}
		return text, nil
	}
	return paramText(value)
}
