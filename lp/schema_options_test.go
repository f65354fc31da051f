package lp_test

import (
	"math"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

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
	type Outer struct {
		Tagged
		_ lp.Measurement `lp:"outer"` // after it, but not inside
	}
	type None struct {
		_ lp.Measurement `lp:"-"`
		V int            `lp:"v"`
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
		{"outer struct first", written(t, Outer{Tagged: Tagged{V: 1}}, lp.SchemaOptions{}), "outer v=1i"},
		{"no part", written(t, None{V: 1}, lp.SchemaOptions{}), "None v=1i"},
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
		{"tags sorted", written(t, Point{Host: "b", Rack: 1}, lp.SchemaOptions{Options: lp.Options{TagOrder: lp.TagsSorted}, ExtraTags: []lp.Tag{{Key: "i", Value: "v"}, {Key: "ab", Value: "w"}}}), "Point,ab=w,host=b,i=v,rack=1 h=0i"},
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
