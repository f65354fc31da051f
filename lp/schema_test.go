package lp_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// side is an enumeration with a String method; level is one without.
type (
	side  int8
	level uint16
	// money writes itself as a number, label as a text.
	money struct{ cents int64 }
	label struct{ s string }
	// shout implements the older of the two text interfaces, on its pointer.
	shout struct{ s string }
)

func (s side) String() string { return [...]string{"BUY", "SELL", ""}[s] }

func (m money) AppendText(dst []byte) ([]byte, error) {
	if m.cents < 0 {
		return dst, errDebt
	}
	dst = append(dst, byte('0'+m.cents/100), '.', byte('0'+m.cents/10%10))
	return append(dst, byte('0'+m.cents%10)), nil
}

func (l label) AppendText(dst []byte) ([]byte, error) { return append(dst, l.s...), nil }

func (s *shout) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(s.s)), nil }

var errDebt = errors.New("debt")

func ref[T any](v T) *T { return &v }

// written is a value that appends itself through its schema.
func written[T any](t *testing.T, v T, o lp.SchemaOptions) string {
	t.Helper()
	s, err := lp.NewSchema[T](o)
	if err != nil {
		t.Fatal(err)
	}
	line, err := s.Append(nil, &v)
	if err != nil {
		return "error: " + err.Error()
	}
	return strings.TrimSuffix(string(line), "\n")
}

// one is a struct with one field of type V, as a field.
type one[V any] struct {
	_ lp.Measurement `lp:"m"`
	V V              `lp:"v"`
}

// oneTag has it as a tag.
type oneTag[V any] struct {
	_ lp.Measurement `lp:"m"`
	V V              `lp:"v,tag"`
	F bool           `lp:"f"`
}

// oneTime has it as the time.
type oneTime[V any] struct {
	_ lp.Measurement `lp:"m"`
	V V              `lp:",timestamp"`
	F bool           `lp:"f"`
}

type decimalOf[V any] struct {
	_ lp.Measurement `lp:"m"`
	V V              `lp:"v,decimal"`
}

type named[V any] struct {
	_ lp.Measurement `lp:"m"`
	V V              `lp:"v,string"`
}

func field[V any](t *testing.T, v V) string  { return written(t, one[V]{V: v}, lp.SchemaOptions{}) }
func tagOf[V any](t *testing.T, v V) string  { return written(t, oneTag[V]{V: v}, lp.SchemaOptions{}) }
func timeOf[V any](t *testing.T, v V) string { return written(t, oneTime[V]{V: v}, lp.SchemaOptions{}) }
func numberOf[V any](t *testing.T, v V) string {
	return written(t, decimalOf[V]{V: v}, lp.SchemaOptions{})
}
func stringOf[V any](t *testing.T, v V) string { return written(t, named[V]{V: v}, lp.SchemaOptions{}) }
func levels(o map[int64]string) lp.SchemaOptions {
	return lp.SchemaOptions{Enums: map[string]map[int64]string{"V": o}}
}

// TestSchemaTypes has every type of the guide's table and every kind of Go that
// stands for one, required and optional.
func TestSchemaTypes(t *testing.T) {
	type text string
	names := levels(map[int64]string{0: "LOW", 1: `a "b"`, 300: "FAR"})
	tagNames := levels(map[int64]string{0: "LOW", 1: "a b", 2: "", 300: "FAR"})
	at := time.Date(2018, 10, 22, 7, 32, 48, 785116000, time.FixedZone("JST", 9*3600))
	const noFields = "error: lp: point 0 of \"m\": no fields"
	for i, c := range []struct{ name, got, want string }{
		{"float64", field(t, 0.64), "m v=0.64"},
		{"float64 zero", field(t, 0.0), "m v=0"},
		{"float64 optional", field(t, ref(2.0)), "m v=2"},
		{"float64 nil", field[*float64](t, nil), noFields},
		{"float64 NaN", field(t, math.NaN()), `error: lp: point 0 of "m": field value "v": not a finite number`},
		{"float32", field(t, float32(0.1)), "m v=0.1"},
		{"float32 optional", field(t, ref(float32(0.1))), "m v=0.1"},
		{"float32 infinite", field(t, float32(math.Inf(1))), `error: lp: point 0 of "m": field value "v": not a finite number`},
		{"int", field(t, -5), "m v=-5i"},
		{"int8", field(t, int8(math.MinInt8)), "m v=-128i"},
		{"int16", field(t, int16(math.MinInt16)), "m v=-32768i"},
		{"int32", field(t, int32(math.MinInt32)), "m v=-2147483648i"},
		{"int64", field(t, int64(math.MinInt64)), "m v=-9223372036854775808i"},
		{"int64 optional", field(t, ref(int64(7))), "m v=7i"},
		{"int nil", field[*int](t, nil), noFields},
		{"uint", field(t, uint(5)), "m v=5u"},
		{"uint8", field(t, uint8(math.MaxUint8)), "m v=255u"},
		{"uint16", field(t, uint16(math.MaxUint16)), "m v=65535u"},
		{"uint32", field(t, uint32(math.MaxUint32)), "m v=4294967295u"},
		{"uint64", field(t, uint64(math.MaxUint64)), "m v=18446744073709551615u"},
		{"duration", field(t, time.Second), "m v=1000000000i"},
		{"bool", field(t, true), "m v=true"},
		{"bool false", field(t, false), "m v=false"},
		{"bool optional", field(t, ref(false)), "m v=false"},
		{"bool nil", field[*bool](t, nil), noFields},
		{"string", field(t, `a "b" \`), `m v="a \"b\" \\"`},
		{"string empty", field(t, ""), `m v=""`},
		{"string line feed", field(t, "a\nb"), "m v=\"a\nb\""},
		{"string optional", field(t, ref("x")), `m v="x"`},
		{"string nil", field[*string](t, nil), noFields},
		{"string of a named type", field(t, text("x")), `m v="x"`},
		{"string invalid", field(t, "\xff"), `error: lp: point 0 of "m": field value "v": invalid UTF-8`},
		{"bytes", field(t, []byte(`a"`)), `m v="a\""`},
		{"bytes empty", field(t, []byte{}), `m v=""`},
		{"bytes nil", field[[]byte](t, nil), noFields},
		{"bytes optional", field(t, ref([]byte("x"))), `m v="x"`},
		{"enum as integer", field(t, side(1)), "m v=1i"},
		{"enum by its method", stringOf(t, side(1)), `m v="SELL"`},
		{"enum by its method, optional", stringOf(t, ref(side(0))), `m v="BUY"`},
		{"enum by its method, nil", stringOf[*side](t, nil), noFields},
		{"enum by names", written(t, one[level]{V: 1}, names), `m v="a \"b\""`},
		{"enum by far names", written(t, one[level]{V: 300}, names), `m v="FAR"`},
		{"enum without a name", written(t, one[level]{V: 9}, names), `error: lp: point 0 of "m": field value "v": value without text`},
		{"enum negative", written(t, one[int]{V: -1}, names), `error: lp: point 0 of "m": field value "v": value without text`},
		{"enum above int64", written(t, one[uint64]{V: math.MaxUint64}, names), `error: lp: point 0 of "m": field value "v": value without text`},
		{"enum optional", written(t, one[*level]{V: ref(level(0))}, names), `m v="LOW"`},
		{"text", field(t, label{`a "b"`}), `m v="a \"b\""`},
		{"text empty", field(t, label{}), `m v=""`},
		{"text optional", field(t, &label{"é"}), `m v="é"`},
		{"text nil", field[*label](t, nil), noFields},
		{"text of a pointer", field(t, shout{"a b"}), `m v="A B"`},
		{"text of a nil pointer", field[*shout](t, nil), noFields},
		{"text invalid", field(t, label{"\xff"}), `error: lp: point 0 of "m": field value "v": invalid UTF-8`},
		{"decimal", numberOf(t, "3.54"), "m v=3.54"},
		{"decimal optional", numberOf(t, ref("1E+3")), "m v=1E+3"},
		{"decimal nil", numberOf[*string](t, nil), noFields},
		{"decimal bad", numberOf(t, "1,5"), `error: lp: point 0 of "m": field value "v": invalid number`},
		{"decimal empty", numberOf(t, ""), `error: lp: point 0 of "m": field value "v": invalid number`},
		{"decimal of a type", numberOf(t, money{354}), "m v=3.54"},
		{"decimal of a type, bad", numberOf(t, label{"x"}), `error: lp: point 0 of "m": field value "v": invalid number`},
		{"decimal that fails", numberOf(t, money{-1}), `error: lp: point 0 of "m": field value "v": value without text: debt`},
		{"tag", tagOf(t, "a b,c=d"), `m,v=a\ b\,c\=d f=false`},
		{"tag empty", tagOf(t, ""), "m f=false"},
		{"tag optional", tagOf(t, ref("x")), "m,v=x f=false"},
		{"tag nil", tagOf[*string](t, nil), "m f=false"},
		{"tag bytes", tagOf(t, []byte("a b")), `m,v=a\ b f=false`},
		{"tag bytes nil", tagOf[[]byte](t, nil), "m f=false"},
		{"tag integer", tagOf(t, -5), "m,v=-5 f=false"},
		{"tag unsigned", tagOf(t, uint8(5)), "m,v=5 f=false"},
		{"tag enum by its method", tagOf(t, side(1)), "m,v=SELL f=false"},
		{"tag enum by its method, empty", tagOf(t, side(2)), "m f=false"},
		{"tag enum by its method, nil", tagOf[*side](t, nil), "m f=false"},
		{"tag enum by names", written(t, oneTag[level]{V: 1}, tagNames), `m,v=a\ b f=false`},
		{"tag enum by an empty name", written(t, oneTag[level]{V: 2}, tagNames), "m f=false"},
		{"tag enum without a name", written(t, oneTag[level]{V: 9}, tagNames), `error: lp: point 0 of "m": tag value "v": value without text`},
		{"tag text", tagOf(t, label{"a b"}), `m,v=a\ b f=false`},
		{"tag text of a pointer", tagOf(t, &shout{"long enough for a word"}), `m,v=LONG\ ENOUGH\ FOR\ A\ WORD f=false`},
		{"tag text that fails", tagOf(t, money{-1}), `error: lp: point 0 of "m": tag value "v": value without text: debt`},
		{"tag backslash", tagOf(t, `C:\`), `error: lp: point 0 of "m": tag value "v": backslash that line protocol cannot carry`},
		{"time integer", timeOf(t, int64(1540184368785116000)), "m f=false 1540184368785116000"},
		{"time zero", timeOf(t, int64(0)), "m f=false 0"},
		{"time nil", timeOf[*int64](t, nil), "m f=false"},
		{"time small integer", timeOf(t, int32(-7)), "m f=false -7"},
		{"time unsigned", timeOf(t, uint32(7)), "m f=false 7"},
		{"time unsigned out of range", timeOf(t, uint64(math.MaxUint64)), `error: lp: point 0 of "m": timestamp: time out of range`},
		{"time out of range", timeOf(t, int64(math.MinInt64)), `error: lp: point 0 of "m": timestamp: time out of range`},
		{"time text", timeOf(t, "2018-01-01 00:00:00"), "m f=false 1514764800000000000"},
		{"time text optional", timeOf(t, ref("1969-12-31T23:59:59.5Z")), "m f=false -500000000"},
		{"time text empty", timeOf(t, ""), `error: lp: point 0 of "m": timestamp: invalid time`},
		{"time text bad", timeOf(t, "2018/01/01"), `error: lp: point 0 of "m": timestamp: invalid time`},
		{"time text far", timeOf(t, "2300-01-01"), `error: lp: point 0 of "m": timestamp: time out of range`},
		{"time", timeOf(t, at), "m f=false 1540161168785116000"},
		{"time.Time zero", timeOf(t, time.Time{}), "m f=false"},
		{"time.Time optional", timeOf(t, &at), "m f=false 1540161168785116000"},
		{"time.Time nil", timeOf[*time.Time](t, nil), "m f=false"},
		{"time.Time far", timeOf(t, at.AddDate(300, 0, 0)), `error: lp: point 0 of "m": timestamp: time out of range`},
		{"time in seconds", written(t, oneTime[time.Time]{V: time.Unix(-1, 5e8)}, lp.SchemaOptions{Options: lp.Options{Precision: lp.Second}}), "m f=false -1"},
		{"time text in seconds", written(t, oneTime[string]{V: "1969-12-31T23:59:59.5Z"}, lp.SchemaOptions{Options: lp.Options{Precision: lp.Second}}), "m f=false -1"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s: %q, want %q", caseat.Line(i), c.name, c.got, c.want)
		}
	}
}
