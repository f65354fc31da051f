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
// largest int64 cannot be bound.
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
	text, err := paramText(value)
	if err != nil {
		c.err = err
		return
	}
	if len(c.params) == 0 {
		c.params = append(c.params, '{')
	} else {
		c.params = append(c.params, ',')
	}
	c.params = append(strconv.AppendQuote(c.params, name), ':')
	c.params = append(c.params, text...)
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
