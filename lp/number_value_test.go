package lp_test

import (
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// A ratio is a number by its methods, and a struct.
type ratio struct{ a, b int64 }

var errNoInteger = errors.New("no integer")

func (r ratio) Int64() (int64, error) {
	if r.b == 0 || r.a%r.b != 0 {
		return 0, errNoInteger
	}
	return r.a / r.b, nil
}

func (r ratio) Float64() (float64, error) { return float64(r.a) / float64(r.b), nil }

// A tally is a number by the methods of its pointer.
type tally struct{ n int64 }

func (t *tally) Int64() (int64, error)     { return t.n, nil }
func (t *tally) Float64() (float64, error) { return float64(t.n), nil }

// TestNumberValue holds what a value becomes that is a number by its methods: an integer if
// it is one that fits, a float otherwise, by Value, by a Point and by a schema.
func TestNumberValue(t *testing.T) {
	type point struct {
		V json.Number `lp:"v"`
	}
	schema := must(lp.NewSchema[point](lp.SchemaOptions{Measurement: "m"}))
	for i, c := range []struct {
		v    any
		want string
		err  lp.Reason
	}{
		{json.Number("1"), "1i", 0}, {json.Number("-0"), "0i", 0}, {json.Number("9223372036854775807"), "9223372036854775807i", 0},
		{json.Number("-9223372036854775808"), "-9223372036854775808i", 0},
		{json.Number("9223372036854775808"), "9223372036854776000", 0}, {json.Number("1.0"), "1", 0}, {json.Number("1e3"), "1000", 0},
		{json.Number("0.1"), "0.1", 0}, {json.Number("-5e-324"), "-5e-324", 0},
		{json.Number(""), "", lp.ErrNumber}, {json.Number("1e999"), "", lp.ErrNumber}, {json.Number("x"), "", lp.ErrNumber},
		{json.Number("NaN"), "", lp.ErrNotFinite},
		{ratio{6, 3}, "2i", 0}, {ratio{1, 2}, "0.5", 0}, {ratio{1, 0}, "", lp.ErrNotFinite}, {&ratio{1, 2}, "0.5", 0},
		{&tally{7}, "7i", 0}, {tally{7}, "", lp.ErrType}, {(*tally)(nil), "", lp.ErrType}, {(*json.Number)(nil), "", lp.ErrType},
		{big.NewInt(1), "", lp.ErrType},
	} {
		outcome := func(what string, line []byte, err error) {
			want := ""
			if c.err == 0 {
				want = "m v=" + c.want + "\n"
			}
			if string(line) != want || c.err == 0 && err != nil || c.err != 0 && !errors.Is(err, c.err) {
				t.Errorf("%s: %s of %T %v: %q, %v, want %q", caseat.Line(i), what, c.v, c.v, line, err, want)
			}
		}
		var e lp.Encoder
		e.Point("m")
		e.Value("v", c.v)
		err := e.EndNoTimestamp()
		outcome("Value", e.Bytes(), err)
		var line []byte
		p, err := lp.NewPoint("m", nil, map[string]any{"v": c.v}, time.Time{})
		if err == nil {
			line, err = p.AppendLP(nil)
		}
		outcome("NewPoint", line, err)
		if v, ok := c.v.(json.Number); ok {
			line, err = schema.Append(nil, &point{v})
			outcome("Schema", line, err)
		}
	}
}

// TestNumberSchema has the struct fields that are numbers by their methods.
func TestNumberSchema(t *testing.T) {
	type all struct {
		T json.Number  `lp:",timestamp,omitempty"`
		H json.Number  `lp:"h,tag"`
		A json.Number  `lp:"a,omitempty"`
		B *json.Number `lp:"b"`
		C json.Number  `lp:"c,decimal,omitempty"`
		D json.Number  `lp:"d,string,omitempty"`
		E ratio        `lp:"e,omitempty"`
		F *tally       `lp:"f"`
		G tally        `lp:"g"`
	}
	number := json.Number("3")
	schema := must(lp.NewSchema[all](lp.SchemaOptions{Measurement: "m", Options: lp.Options{Precision: lp.Second}}))
	for _, c := range []struct {
		v    all
		want string
	}{
		{all{T: "5", H: "1", A: "2", B: &number, C: "4", D: "6", E: ratio{1, 4}, F: &tally{7}, G: tally{8}}, `m,h=1 a=2i,b=3i,c=4,d="6",e=0.25,f=7i,g=8i 5`},
		{all{E: ratio{0, 1}}, "m g=0i"},
		{all{T: "0", A: "0", E: ratio{0, 1}}, "m g=0i"},
		{all{A: "0.0", E: ratio{0, 1}}, "m g=0i"},
		{all{T: "-1", A: "-1.5", E: ratio{0, 1}}, "m a=-1.5,g=0i -1"},
		{all{T: "1.5", E: ratio{0, 1}}, "invalid time"},
		{all{T: "x", E: ratio{0, 1}}, "invalid time"},
		{all{T: "9223372036854775807", E: ratio{0, 1}}, "time out of range"},
		{all{E: ratio{1, 0}}, "not a finite number"},
		{all{A: "x", E: ratio{0, 1}}, `field value "a": invalid number`},
	} {
		line, err := schema.Append([]byte("x"), &c.v)
		got := strings.TrimSuffix(string(line), "\n")
		if err != nil {
			got += err.Error()
		}
		if got != "x"+c.want && (err == nil || !strings.HasPrefix(got, "xlp: ") || !strings.HasSuffix(got, c.want)) {
			t.Errorf("%+v: %s, want %s", c.v, got, c.want)
		}
	}
	drop := schema.With(lp.Options{NotFinite: lp.NotFiniteDropField})
	if line, err := drop.Append(nil, &all{E: ratio{1, 0}}); err != nil || string(line) != "m g=0i\n" {
		t.Errorf("a field that is dropped: %q, %v", line, err)
	}
	// The text of many large numbers makes the buffer grow.
	var lines []byte
	for range 1000 {
		lines = must(schema.Append(lines, &all{A: "-1.7976931348623157e308", E: ratio{1, 3}, G: tally{-1 << 63}}))
	}
	if n := len("m a=-179769313486231570000e288,e=0.3333333333333333,g=-9223372036854775808i\n"); len(lines)%1000 != 0 || len(lines) < 500*n {
		t.Errorf("%d bytes", len(lines))
	}
}

// TestNumberTimes has JSON numbers as times of PointFromMap.
func TestNumberTimes(t *testing.T) {
	for _, c := range []struct {
		time any
		want string
		err  lp.Reason
	}{
		{json.Number("1257894000000000000"), "m f=1.5 1257894000000000000\n", 0},
		{json.Number("-1"), "m f=1.5 -1\n", 0},
		{json.Number("1.5"), "", lp.ErrTime},
		{json.Number("x"), "", lp.ErrTime},
	} {
		p, err := lp.PointFromMap(map[string]any{"time": c.time, "fields": map[string]any{"f": json.Number("1.5")}}, "m")
		if err != nil {
			if !errors.Is(err, c.err) {
				t.Errorf("%v: %v", c.time, err)
			}
			continue
		}
		if line, err := p.AppendLP(nil); err != nil || string(line) != c.want {
			t.Errorf("%v: %q, %v", c.time, line, err)
		}
	}
	// A document decoded with UseNumber keeps integers beyond 2^53.
	d := json.NewDecoder(strings.NewReader(`{"measurement": "m", "time": 9007199254740993, "fields": {"i": 9007199254740993, "f": 0.5}}`))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	if line, err := must(lp.PointFromMap(m, "")).AppendLP(nil); err != nil || string(line) != "m f=0.5,i=9007199254740993i 9007199254740993\n" {
		t.Errorf("%q, %v", line, err)
	}
}

// TestTimeFields holds how a time is written as a field: by the policy of Value and Point,
// and by the options of a struct.
func TestTimeFields(t *testing.T) {
	type point struct {
		Text time.Time  `lp:"text,string,omitempty"`
		S    time.Time  `lp:"s,s,omitempty"`
		MS   time.Time  `lp:"ms,ms,omitempty"`
		US   time.Time  `lp:"us,us,omitempty"`
		NS   time.Time  `lp:"ns,ns,omitempty"`
		P    *time.Time `lp:"p,ns"`
		F    int        `lp:"f"`
	}
	schema := must(lp.NewSchema[point](lp.SchemaOptions{Measurement: "m"}))
	zone := time.FixedZone("", 3600)
	for i, c := range []struct {
		at   time.Time
		want [6]string // by policy; empty if refused
	}{
		{time.Unix(0, 0), [6]string{"", `"1970-01-01T00:00:00Z"`, "0i", "0i", "0i", "0i"}},
		{time.Date(2009, 11, 11, 0, 0, 0, 123456789, zone), [6]string{"", `"2009-11-10T23:00:00.123456789Z"`, "1257894000123456789i", "1257894000123456i", "1257894000123i", "1257894000i"}},
		{time.Unix(-1, 999999999), [6]string{"", `"1969-12-31T23:59:59.999999999Z"`, "-1i", "-1i", "-1i", "-1i"}},
		{time.Unix(0, -1<<63), [6]string{"", `"1677-09-21T00:12:43.145224192Z"`, "-9223372036854775808i", "-9223372036854776i", "-9223372036855i", "-9223372037i"}},
		{time.Unix(0, 1<<63-1), [6]string{"", `"2262-04-11T23:47:16.854775807Z"`, "9223372036854775807i", "9223372036854775i", "9223372036854i", "9223372036i"}},
		{time.Unix(0, 1<<63-1).Add(1), [6]string{"", `"2262-04-11T23:47:16.854775808Z"`, "", "9223372036854775i", "9223372036854i", "9223372036i"}},
		{time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), [6]string{"", `"9999-12-31T23:59:59.999999999Z"`, "", "253402300799999999i", "253402300799999i", "253402300799i"}},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)), [6]string{"", "", "", "253402304399000000i", "253402304399000i", "253402304399i"}},
		{time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), [6]string{"", "", "", "-62198755200000000i", "-62198755200000i", "-62198755200i"}},
		{time.Unix(1<<62, 0), [6]string{"", "", "", "", "", "4611686018427387904i"}},
		{time.Time{}, [6]string{"", `"0001-01-01T00:00:00Z"`, "", "-62135596800000000i", "-62135596800000i", "-62135596800i"}},
	} {
		for policy, want := range c.want {
			reason := lp.ErrTimeRange
			if policy == 0 {
				reason = lp.ErrType
			}
			outcome := func(what string, line []byte, err error) {
				wantLine := ""
				if want != "" {
					wantLine = "m v=" + want + "\n"
				}
				if string(line) != wantLine || want != "" && err != nil || want == "" && !errors.Is(err, reason) {
					t.Errorf("%s: %s of %v with policy %d: %q, %v, want %q", caseat.Line(i), what, c.at, policy, line, err, wantLine)
				}
			}
			o := lp.Options{Times: lp.TimePolicy(policy)}
			var e lp.Encoder
			e.SetOptions(o)
			e.Point("m")
			e.Value("v", c.at)
			err := e.EndNoTimestamp()
			outcome("Value", e.Bytes(), err)
			p := must(lp.NewPoint("m", nil, map[string]any{"v": c.at}, time.Time{}))
			p.Options = o
			line, err := p.AppendLP(nil)
			outcome("Point", line, err)
			if policy == 0 {
				continue
			}
			v := point{}
			name := [...]string{"", "text", "ns", "us", "ms", "s"}[policy]
			*[...]*time.Time{nil, &v.Text, &v.NS, &v.US, &v.MS, &v.S}[policy] = c.at
			line, err = schema.Append(nil, &v)
			got := strings.Replace(strings.Replace(string(line), ",f=0i", "", 1), name+"=", "v=", 1)
			if c.at.IsZero() {
				if string(line) != "m f=0i\n" {
					t.Errorf("a time that is left out: %q, %v", line, err)
				}
				continue
			}
			outcome("Schema", []byte(got), err)
		}
	}
	at := time.Unix(1, 5)
	if line, err := schema.Append(nil, &point{P: &at}); err != nil || string(line) != "m p=1000000005i,f=0i\n" {
		t.Errorf("a pointer: %q, %v", line, err)
	}
	var e lp.Encoder
	e.SetOptions(lp.Options{Times: 77})
	e.Point("m")
	e.Value("v", at)
	if err := e.EndNoTimestamp(); !errors.Is(err, lp.ErrType) {
		t.Error(err)
	}
	var lines []byte
	for range 1000 { // the text makes the buffer grow
		lines = must(schema.Append(lines, &point{Text: time.Unix(0, 123456789)}))
	}
	if want := strings.Repeat("m text=\"1970-01-01T00:00:00.123456789Z\",f=0i\n", 1000); string(lines) != want {
		t.Errorf("%.200s", lines)
	}
}
