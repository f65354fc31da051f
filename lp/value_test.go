package lp_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

// TestValue holds that Value and SetValue write a value by the kind of its type,
// whatever the name of that.
func TestValue(t *testing.T) {
	type (
		celsius   float64
		kelvin    float32
		count     int16
		mask      uint8
		flag      bool
		name      string
		raw       []byte
		rawByte   byte
		notANull  *int
		something struct{ v int }
	)
	for i, c := range []struct {
		v    any
		want string
	}{
		{1.5, "1.5"}, {float32(0.1), "0.1"}, {-1, "-1i"}, {int8(-1), "-1i"}, {int16(-1), "-1i"}, {int32(-1), "-1i"}, {int64(-1), "-1i"},
		{uint(1), "1u"}, {uint8(1), "1u"}, {uint16(1), "1u"}, {uint32(1), "1u"}, {uint64(1), "1u"}, {uintptr(1), "1u"},
		{true, "true"}, {"a", `"a"`}, {[]byte("a"), `"a"`}, {time.Second, "1000000000i"}, {nil, ""},
		{celsius(1.5), "1.5"}, {kelvin(0.1), "0.1"}, {count(-1), "-1i"}, {mask(1), "1u"}, {flag(true), "true"}, {flag(false), "false"},
		{name("a"), `"a"`}, {raw("a"), `"a"`}, {[]rawByte{'a'}, `"a"`}, {side(1), "1i"}, {time.Wednesday, "3i"},
		{notANull(nil), "error"}, {something{1}, "error"}, {[]int{1}, "error"}, {1i, "error"}, {new(1), "error"},
	} {
		want := "m a=1i,v=" + c.want + "\n"
		var reason lp.Reason
		switch c.want {
		case "":
			want = "m a=1i\n"
		case "error":
			want, reason = "", lp.ErrType
		}
		var e lp.Encoder
		e.Point("m")
		e.Int("a", 1)
		e.Value("v", c.v)
		err := e.EndNoTimestamp()
		if string(e.Bytes()) != want || reason == 0 && err != nil || reason != 0 && !errors.Is(err, reason) {
			t.Errorf("%s: Value(%T %v): %q, %v, want %q", caseat.Line(i), c.v, c.v, e.Bytes(), err, want)
		}
		p, err := lp.NewPoint("m", nil, map[string]any{"a": 1, "v": c.v}, time.Time{})
		if reason != 0 {
			if !errors.Is(err, reason) {
				t.Errorf("%s: NewPoint of %T %v: %v", caseat.Line(i), c.v, c.v, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: NewPoint of %T %v: %v", caseat.Line(i), c.v, c.v, err)
			continue
		}
		if b, ok := c.v.(raw); ok {
			b[0] = 'b' // the point has a copy
		}
		if got, err := p.AppendLP(nil); err != nil || string(got) != want {
			t.Errorf("%s: NewPoint of %T %v: %q, %v, want %q", caseat.Line(i), c.v, c.v, got, err, want)
		}
	}
}

// TestPointFromMap has what stands for a time and for a measurement.
func TestPointFromMap(t *testing.T) {
	type stamp int64
	fields := map[string]any{"f": 1}
	for _, c := range []struct {
		m    map[string]any
		want string
		err  lp.Reason
	}{
		{map[string]any{"time": nil}, "other f=1i\n", 0},
		{map[string]any{"time": 7}, "other f=1i 7\n", 0},
		{map[string]any{"time": int64(-7)}, "other f=1i -7\n", 0},
		{map[string]any{"time": int32(7)}, "other f=1i 7\n", 0},
		{map[string]any{"time": int8(7)}, "other f=1i 7\n", 0},
		{map[string]any{"time": uint64(7)}, "other f=1i 7\n", 0},
		{map[string]any{"time": uint32(7)}, "other f=1i 7\n", 0},
		{map[string]any{"time": stamp(7)}, "other f=1i 7\n", 0},
		{map[string]any{"time": uint64(1) << 63}, "", lp.ErrTimeRange},
		{map[string]any{"time": 7.5}, "", lp.ErrType},
		{map[string]any{"time": true}, "", lp.ErrType},
		{map[string]any{"measurement": ""}, "other f=1i\n", 0},
		{map[string]any{"measurement": nil}, "other f=1i\n", 0},
		{map[string]any{"measurement": "own"}, "own f=1i\n", 0},
		{map[string]any{"measurement": 1}, "", lp.ErrType},
	} {
		c.m["fields"] = fields
		p, err := lp.PointFromMap(c.m, "other")
		if c.err != 0 {
			if !errors.Is(err, c.err) {
				t.Errorf("%v: %v, want %v", c.m, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", c.m, err)
			continue
		}
		if got, err := p.AppendLP(nil); err != nil || string(got) != c.want {
			t.Errorf("%v: %q, %v, want %q", c.m, got, err, c.want)
		}
	}
}

// TestDecimal holds that a Decimal is what the grammar says and a float64 can be.
func TestDecimal(t *testing.T) {
	grammar := regexp.MustCompile(`^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
	s := must(lp.SchemaFor[decimalOf[string]]())
	check := func(text string) {
		t.Helper()
		want := grammar.MatchString(text)
		if want {
			_, err := strconv.ParseFloat(text, 64)
			want = err == nil
		}
		var e lp.Encoder
		e.Point("m")
		e.Decimal("v", text)
		err := e.EndNoTimestamp()
		if want != (err == nil) || !want && !errors.Is(err, lp.ErrNumber) || want && string(e.Bytes()) != "m v="+text+"\n" {
			t.Errorf("Decimal(%q): %q, %v", text, e.Bytes(), err)
		}
		if _, err := s.Append(nil, &decimalOf[string]{V: text}); want != (err == nil) {
			t.Errorf("decimal %q of a schema: %v", text, err)
		}
		if err := e.Line([]byte("m v=" + text)); want != (err == nil) {
			t.Errorf("line with %q: %v", text, err)
		}
	}
	nines := strings.Repeat("9", 308)
	for _, text := range []string{
		"1e400", "-1e400", "1e309", "1e308", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "-1.8e308",
		"17.976931348623157e307", "0.1e309", "0.1e310", "0.00000001e316", "0.0000000001e316", "1e-400", "1e99999999999999999999", "1e-99999999999999999999",
		nines, nines + "9", nines + ".5", nines + "9.5", "-" + nines + "9", "1" + nines, "2" + nines, strings.Repeat("0", 400) + "1", nines + "9e-1",
		nines + nines + "e-308", "0e400", "0.0e999", "1e4e5", "1e", "e5", "", "-", ".", "-.5e+3", "5.", "+1",
	} {
		check(text)
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 20000 {
		var b []byte
		for range r.IntN(7) {
			b = append(b, "0123456789.eE+-"[r.IntN(15)])
		}
		if check(string(b)); t.Failed() {
			return
		}
	}
}
