package lp_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

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
	for _, c := range []struct{ name, got, want string }{
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
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// TestSchemaMeasurement has the ways to name a measurement.
func TestSchemaMeasurement(t *testing.T) {
	type Plain struct {
		V int `lp:"v"`
	}
	type Own struct {
		M lp.Measurement
		V int `lp:"v"`
	}
	type Tagged struct {
		_    lp.Measurement `lp:"a b,c"`
		Name string         `lp:",measurement"`
		V    int            `lp:"v"`
	}
	for _, c := range []struct{ name, got, want string }{
		{"type", written(t, Plain{1}, lp.SchemaOptions{}), "Plain v=1i"},
		{"option", written(t, Plain{1}, lp.SchemaOptions{Measurement: "o p"}), `o\ p v=1i`},
		{"value", written(t, Own{M: "x,y", V: 1}, lp.SchemaOptions{}), `x\,y v=1i`},
		{"no value", written(t, Own{V: 1}, lp.SchemaOptions{}), "Own v=1i"},
		{"bad value", written(t, Own{M: "#", V: 1}, lp.SchemaOptions{}), `error: lp: point 0 of "#": measurement: measurement starts with #`},
		{"bad value replaced", written(t, Own{M: "#", V: 1}, lp.SchemaOptions{Options: lp.Options{Text: lp.TextReplace}}), "_ v=1i"},
		{"long value", written(t, Own{M: lp.Measurement(strings.Repeat("x y", 200)), V: 1}, lp.SchemaOptions{}), strings.Repeat(`x\ y`, 200) + " v=1i"},
		{"tagged", written(t, Tagged{Name: "z", V: 1}, lp.SchemaOptions{}), "z v=1i"},
		{"blank", written(t, Tagged{V: 1}, lp.SchemaOptions{}), `a\ b\,c v=1i`},
		{"generic type", written(t, generic[int]{1}, lp.SchemaOptions{}), "generic v=1i"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

type generic[V any] struct {
	V V `lp:"v"`
}

// TestSchemaOptions has what changes a schema.
func TestSchemaOptions(t *testing.T) {
	type Point struct {
		T    int64    `lp:",timestamp,omitempty"`
		Host string   `lp:"host,tag" json:"h"`
		Rack int      `lp:"rack,tag,omitempty"`
		A    int      `lp:"a,omitempty"`
		B    float64  `lp:"b,omitempty"`
		C    string   `lp:"c,omitempty"`
		D    bool     `lp:"d,omitempty"`
		E    uint8    `lp:"e,omitempty"`
		F    []byte   `lp:"f,omitempty"`
		G    *float32 `lp:"g,omitempty"`
		H    int      `lp:"h"`
		skip int
		No   int `lp:"-"`
	}
	type two struct {
		A float64 `lp:"a"`
		B float64 `lp:"b"`
	}
	full := Point{T: 9, Host: "b", Rack: 2, A: 1, B: 2, C: "x", D: true, E: 3, F: []byte("y"), G: ref(float32(4)), H: 5, skip: 1, No: 1}
	for _, c := range []struct{ name, got, want string }{
		{"full", written(t, full, lp.SchemaOptions{}), `Point,host=b,rack=2 a=1i,b=2,c="x",d=true,e=3u,f="y",g=4,h=5i 9`},
		{"omitempty", written(t, Point{Host: "b"}, lp.SchemaOptions{}), "Point,host=b h=0i"},
		{"pointer to zero is omitted too", written(t, Point{G: ref(float32(0))}, lp.SchemaOptions{}), "Point h=0i"},
		{"OmitEmpty", written(t, Point{Host: "b", A: 1}, lp.SchemaOptions{OmitEmpty: true}), "Point,host=b a=1i"},
		{"OmitEmpty of all", written(t, Point{Host: "b"}, lp.SchemaOptions{OmitEmpty: true}), `error: lp: point 0 of "Point": no fields`},
		{"extra tags", written(t, Point{Host: "b"}, lp.SchemaOptions{ExtraTags: []lp.Tag{{Key: "z z", Value: "{1+1}"}, {Key: "host", Value: "over"}, {Key: "no"}}}), `Point,z\ z={1+1},host=over h=0i`},
		{"tags sorted", written(t, Point{Host: "b", Rack: 1}, lp.SchemaOptions{Options: lp.Options{TagOrder: lp.TagsSorted}, ExtraTags: []lp.Tag{{Key: "i", Value: "v"}, {Key: "a", Value: "w"}}}), "Point,a=w,host=b,i=v,rack=1 h=0i"},
		{"explicit schema", written(t, full, lp.SchemaOptions{Columns: map[string]string{"Host": "h", "H": "n,tag", "T": ",timestamp"}}), `Point,n=5 h="b" 9`},
		{"placeholder", written(t, struct {
			_ lp.Measurement `lp:"MyPoint"`
			T int64          `lp:",timestamp"`
		}{}, lp.SchemaOptions{Placeholder: true}), "MyPoint _=true 0"},
		{"no placeholder beside a field", written(t, Point{}, lp.SchemaOptions{Placeholder: true}), "Point h=0i"},
		{"NaN dropped", written(t, two{A: math.NaN(), B: 1}, lp.SchemaOptions{Options: lp.Options{NotFinite: lp.NotFiniteDropField}}), "two b=1"},
		{"point with NaN dropped", written(t, one[float64]{V: math.NaN()}, lp.SchemaOptions{Options: lp.Options{NotFinite: lp.NotFiniteDropPoint}}), ""},
		{"unsigned as integer", written(t, one[uint8]{V: 5}, lp.SchemaOptions{Options: lp.Options{Unsigned: lp.UnsignedInt}}), "m v=5i"},
		{"unsigned too large", written(t, one[uint64]{V: 1 << 63}, lp.SchemaOptions{Options: lp.Options{Unsigned: lp.UnsignedInt}}), `error: lp: point 0 of "m": field value "v": unsigned integer not allowed`},
		{"unsigned clamped", written(t, one[uint64]{V: 1 << 63}, lp.SchemaOptions{Options: lp.Options{Unsigned: lp.UnsignedClamp}}), "m v=9223372036854775807i"},
		{"unsigned refused", written(t, one[uint8]{V: 5}, lp.SchemaOptions{Options: lp.Options{Unsigned: lp.UnsignedRefuse}}), `error: lp: point 0 of "m": field value "v": unsigned integer not allowed`},
		{"newline refused", written(t, one[string]{V: "a\nb"}, lp.SchemaOptions{Options: lp.Options{RefuseNewline: true}}), `error: lp: point 0 of "m": field value "v": line feed`},
		{"text replaced", written(t, oneTag[string]{V: "a\nb\\"}, lp.SchemaOptions{Options: lp.Options{Text: lp.TextReplace}}), "m,v=a_b_ f=false"},
		{"point with bad text dropped", written(t, oneTag[string]{V: "a\n"}, lp.SchemaOptions{Options: lp.Options{Text: lp.TextDropPoint}}), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// TestSchemaProblems holds that a bad schema says all that is wrong with it.
func TestSchemaProblems(t *testing.T) {
	type loop struct {
		Next *loop `lp:",inline"`
	}
	type bad struct {
		M1    lp.Measurement
		M2    lp.Measurement
		M3    *string        `lp:",measurement"`
		M4    int            `lp:",measurement"`
		T1    int64          `lp:"x,timestamp"`
		T2    time.Time      `lp:",timestamp"`
		T3    bool           `lp:",timestamp"`
		Chan  chan int       `lp:"chan"`
		Func  func()         `lp:"func,tag"`
		Map   map[string]int `lp:"map"`
		When  time.Time      `lp:"when"`
		NoKey int            `lp:",omitempty"`
		Time  int            `lp:"time"`
		TimeT string         `lp:"time,tag"`
		Slash int            `lp:"a\\\\"`
		Dup   int            `lp:"k"`
		Dup2  float64        `lp:"k"`
		TagD  string         `lp:"k,tag"`
		TagD2 string         `lp:"k,tag"`
		FTag  float64        `lp:"ftag,tag"`
		BTag  bool           `lp:"btag,tag"`
		Opt   int            `lp:"opt,omitemtpy"`
		Str   int            `lp:"str,string"`
		Dec   int            `lp:"dec,decimal"`
		In    int            `lp:",inline"`
		Loop  loop           `lp:",inline"`
		priv  int            `lp:"priv"`
		Enum  float64        `lp:"enum"`
		Cplx  complex128     `lp:"cplx"`
	}
	_, err := lp.NewSchema[bad](lp.SchemaOptions{
		Measurement: "#m",
		Enums:       map[string]map[int64]string{"Enum": {0: "x"}, "None": {0: "x"}},
		ExtraTags:   []lp.Tag{{Key: "time", Value: "v"}, {Key: "e", Value: "1"}, {Key: "e", Value: "2"}},
	})
	var se *lp.SchemaError
	if !errors.As(err, &se) {
		t.Fatalf("error %v", err)
	}
	want := []string{
		"field M2: second measurement",
		"field M3: second measurement",
		"field M4: second measurement",
		"field T1: a timestamp has no key",
		"field T2: second timestamp",
		"field T3: second timestamp",
		"field T3: bool cannot be a timestamp",
		"field Chan: type chan int has no place in line protocol",
		"field Func: type func() has no place in line protocol",
		"field Map: type map[string]int has no place in line protocol",
		"field When: time.Time can only be a timestamp",
		"field NoKey: no key in its lp tag",
		`field Time: key "time": lp: reserved key "time"`,
		`field TimeT: key "time": lp: reserved key "time"`,
		`field Slash: key "a\\\\": lp: backslash that line protocol cannot carry`,
		`field Dup2: second key "k"`,
		`field TagD2: second key "k"`,
		"field FTag: float64 cannot be a tag",
		"field BTag: bool cannot be a tag",
		`field Opt: unknown option "omitemtpy"`,
		"field Str: int has no String method",
		"field Dec: int cannot be decimal",
		"field In: int cannot be inline",
		"lp_test.loop holds itself",
		"field priv: has an lp tag but is not exported",
		"field Enum: names for the values of float64, which is no integer",
		"field Cplx: type complex128 has no place in line protocol",
		"no struct field None for its names",
		`measurement "#m": lp: measurement starts with #`,
		`extra tag "time": lp: reserved key "time"`,
		`second extra tag "e"`,
	}
	for _, w := range want {
		if !slices.Contains(se.Problems, w) {
			t.Errorf("missing: %s", w)
		}
	}
	for _, p := range se.Problems {
		if !slices.Contains(want, p) {
			t.Errorf("unexpected: %s", p)
		}
		if !strings.Contains(se.Error(), p) {
			t.Errorf("the text of the error lacks %q", p)
		}
	}
	if _, err := lp.SchemaFor[int](); err == nil || !strings.Contains(err.Error(), "not a struct") {
		t.Errorf("schema of int: %v", err)
	}
	if _, err := lp.NewSchema[one[int]](lp.SchemaOptions{Columns: map[string]string{"W": "w"}}); err == nil || !strings.Contains(err.Error(), "no struct field W") {
		t.Errorf("column of no field: %v", err)
	}
	_ = bad{priv: 0}.priv
}
