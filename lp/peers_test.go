package lp_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// line writes one point with the strict options. An error is its reason.
func line(add func(e *lp.Encoder) error) string { return lineWith(lp.Options{}, add) }

func lineWith(o lp.Options, add func(e *lp.Encoder) error) string {
	var e lp.Encoder
	e.SetOptions(o)
	if err := add(&e); err != nil {
		var r lp.Reason
		if !errors.As(err, &r) || e.Count(r) != 1 || e.Len() != 0 {
			return "not counted or not cut out: " + err.Error()
		}
		return r.Error()
	}
	return string(e.Bytes())
}

// withTag and withField write a point that has one tag, or one field, besides.
func withTag(key, value string) string {
	return line(func(e *lp.Encoder) error {
		e.Point("m")
		e.Tag(key, value)
		e.Int("f", 1)
		return e.EndNoTimestamp()
	})
}

func withField(add func(e *lp.Encoder)) string {
	return line(func(e *lp.Encoder) error {
		e.Point("m")
		add(e)
		return e.EndNoTimestamp()
	})
}

func withMeasurement(name string) string {
	return line(func(e *lp.Encoder) error {
		e.Point(name)
		e.Int("f", 1)
		return e.EndNoTimestamp()
	})
}

func parsed(text string, p lp.Precision) int64 {
	ts, err := lp.ParseTimestamp(text, p)
	if err != nil {
		return -1
	}
	return ts
}

// TestMistakesOfOthers has what other writers of line protocol get wrong, each
// under its name: a client in Python (aioinflux), those in Go (influxdb1-client,
// influxdb-client-go, influxdb3-go) and an agent.
func TestMistakesOfOthers(t *testing.T) {
	type optional struct {
		_     lp.Measurement `lp:"m"`
		Users *int64         `lp:"users"`
		F     int            `lp:"f"`
	}
	type mapped struct {
		M lp.Measurement
		K int   `lp:"k,tag"`
		E uint8 `lp:"e"`
	}
	enums := lp.SchemaOptions{Enums: map[string]map[int64]string{"K": {0: "a b"}, "E": {0: `q"q`}}}
	for i, c := range []struct{ name, got, want string }{
		{"trailing space without a time", withMeasurement("m"), "m f=1i\n"},
		{"time 0 dropped", line(func(e *lp.Encoder) error {
			e.Point("m")
			e.Int("f", 1)
			return e.EndTimestamp(0)
		}), "m f=1i 0\n"},
		{"nil written as None", written(t, optional{}, lp.SchemaOptions{}), "m f=0i"},
		{"backslash doubled in a measurement", withMeasurement(`a\b`), "a\\b f=1i\n"},
		{"backslash doubled in a tag", withTag(`k\k`, `v\v`), "m,k\\k=v\\v f=1i\n"},
		{"backslash doubled in a field key", withField(func(e *lp.Encoder) { e.Int(`f\f`, 1) }), "m f\\f=1i\n"},
		{"line feed deleted from a string", withField(func(e *lp.Encoder) { e.String("f", "a\nb") }), "m f=\"a\nb\"\n"},
		{"line feed in a tag value injects a line", withTag("k", "x\nadmin v=1"), "lp: line feed"},
		{"line feed in a tag key injects a line", withTag("k\nadmin v=1", "x"), "lp: line feed"},
		{"line feed in a measurement injects a line", withMeasurement("m f=1\nadmin"), "lp: line feed"},
		{"line feed in a field key injects a line", withField(func(e *lp.Encoder) { e.Int("f=1\nadmin v", 1) }), "lp: line feed"},
		{"quote in a string injects a field", withField(func(e *lp.Encoder) { e.String("f", `",g="`) }), "m f=\"\\\",g=\\\"\"\n"},
		{"tag value that ends in a backslash", withTag("k", `C:\`), "lp: backslash that line protocol cannot carry"},
		{"empty tag value written", withTag("k", ""), "m f=1i\n"},
		{"empty tag key written", withTag("", "v"), "lp: empty key"},
		{"empty field key written", withField(func(e *lp.Encoder) { e.Int("", 1) }), "lp: empty key"},
		{"invalid UTF-8 passed on", withTag("k", "\xff"), "lp: invalid UTF-8"},
		{"empty measurement written", withMeasurement(""), "lp: missing measurement"},
		{"measurement that makes a comment", withMeasurement("#m"), "lp: measurement starts with #"},
		{"tagless point with a comma", withMeasurement("m"), "m f=1i\n"},
		{"point without a field", withField(func(*lp.Encoder) {}), "lp: no fields"},
		{"NaN written", withField(func(e *lp.Encoder) { e.Float("f", math.NaN()) }), "lp: not a finite number"},
		{"infinity written", withField(func(e *lp.Encoder) { e.Float("f", math.Inf(1)) }), "lp: not a finite number"},
		{"point of NaN alone vanishes", lineWith(lp.Options{NotFinite: lp.NotFiniteDropField}, func(e *lp.Encoder) error {
			e.Point("m")
			e.Float("f", math.NaN())
			return e.EndNoTimestamp()
		}), "lp: no fields"},
		{"unsigned clamped in silence", lineWith(lp.Options{Unsigned: lp.UnsignedInt}, func(e *lp.Encoder) error {
			e.Point("m")
			e.Uint("f", math.MaxUint64)
			return e.EndNoTimestamp()
		}), "lp: unsigned integer not allowed"},
		{"unsigned written as an integer", withField(func(e *lp.Encoder) { e.Uint("f", math.MaxUint64) }), "m f=18446744073709551615u\n"},
		{"integer becomes a float", withField(func(e *lp.Encoder) { e.Value("f", int32(5)) }), "m f=5i\n"},
		{"float32 in the width of float64", withField(func(e *lp.Encoder) { e.Float32("f", 0.1) }), "m f=0.1\n"},
		{"True and False", withField(func(e *lp.Encoder) { e.Bool("f", true) }), "m f=true\n"},
		{"duplicate tag", line(func(e *lp.Encoder) error {
			e.Point("m")
			e.Tag("k", "a")
			e.Tag("k", "b")
			e.Int("f", 1)
			return e.EndNoTimestamp()
		}), "lp: duplicate tag"},
		{"duplicate field", withField(func(e *lp.Encoder) { e.Int("f", 1); e.Int("f", 2) }), "lp: duplicate field"},
		{"field named time", withField(func(e *lp.Encoder) { e.Int("time", 1) }), `lp: reserved key "time"`},
		{"tag named time", withTag("time", "x"), `lp: reserved key "time"`},
		{"key of an extra tag not escaped", written(t, optional{}, lp.SchemaOptions{ExtraTags: []lp.Tag{{Key: "a b", Value: "c,d"}}}), `m,a\ b=c\,d f=0i`},
		{"text of an extra tag run as code", written(t, optional{}, lp.SchemaOptions{ExtraTags: []lp.Tag{{Key: "a", Value: "{1+1}"}}}), "m,a={1+1} f=0i"},
		{"extra tag beside a tag of its key", written(t, mapped{M: "m"}, lp.SchemaOptions{Enums: enums.Enums, ExtraTags: []lp.Tag{{Key: "k", Value: "x"}}}), `m,k=x e="q\"q"`},
		{"names of an enumeration and a measurement not escaped", written(t, mapped{M: "a,b"}, enums), `a\,b,k=a\ b e="q\"q"`},
		{"timestamps that no server takes", line(func(e *lp.Encoder) error {
			e.Point("m")
			e.Int("f", 1)
			return e.EndTimestamp(math.MaxInt64)
		}), "lp: time out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%s: %q, want %q", caseat.Line(i), c.got, c.want)
			}
		})
	}
	for _, c := range []struct {
		name      string
		got, want int64
	}{
		{"nanoseconds cut to microseconds", parsed("2018-01-01T00:00:00.123456789Z", lp.Nanosecond), 1514764800123456789},
		{"fraction before 1970 a second late", parsed("1969-12-31T23:59:59.5Z", lp.Nanosecond), -500000000},
		{"rounded towards 1970", parsed("1969-12-31T23:59:59.5Z", lp.Second), -1},
		{"no text taken for the time 0", parsed("", lp.Nanosecond), -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%d, want %d", c.got, c.want)
			}
		})
	}
}

// TestTimesOfNoZone holds that the zone of the machine does not move a time
// without one.
func TestTimesOfNoZone(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	for _, hours := range []int{0, 9, 2, -5} {
		time.Local = time.FixedZone("", hours*3600)
		if got := parsed("2018-07-01T00:00:00", lp.Nanosecond); got != 1530403200000000000 {
			t.Errorf("%d hours from UTC: %d", hours, got)
		}
	}
}

// TestBatches has what others get wrong between points: blank lines, CRLF, an
// empty batch that is no empty body, points in another order, and a batch handed
// on whose memory the next point overwrites.
func TestBatches(t *testing.T) {
	var e lp.Encoder
	if e.Len() != 0 || len(e.Bytes()) != 0 {
		t.Error("an empty batch has bytes")
	}
	add := func(v float64) {
		e.Point("m")
		e.Float("f", v)
		e.EndTimestamp(1)
	}
	e.SetOptions(lp.Options{NotFinite: lp.NotFiniteDropPoint})
	for _, v := range []float64{3, math.NaN(), 1, 2} {
		add(v)
	}
	const want = "m f=3 1\nm f=1 1\nm f=2 1\n"
	first := e.Bytes()
	if string(first) != want {
		t.Errorf("%q, want %q", first, want)
	}
	e.SetBuffer(nil)
	add(9)
	if string(first) != want {
		t.Errorf("a batch handed on became %q", first)
	}
	if bytes.ContainsRune(first, '\r') || strings.Contains(string(first), "\n\n") {
		t.Error("a blank line or CRLF")
	}
	type row struct {
		F float64 `lp:"f"`
	}
	if got, err := must(lp.SchemaFor[row]()).AppendSeq(nil, slices.Values([]row{})); len(got) != 0 || err != nil {
		t.Errorf("no points: %q, %v", got, err)
	}
}
