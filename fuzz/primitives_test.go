package fuzz

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/influxdata/influxdb/models"

	"github.com/pointwire/pointwire/lp"
)

// FuzzPrimitives writes a line with the Append functions, which check nothing but must
// still keep every text in its place.
func FuzzPrimitives(f *testing.F) {
	seedInputs(func(in input) {
		f.Add(in.name, in.k1, in.v1, in.k2, in.v2, in.f1, in.s, in.f2, in.bits, in.ts, in.shape)
	})
	f.Fuzz(func(t *testing.T, name, k1, v1, k2, v2, f1, s, f2 string, bits uint64, ts int64, shape uint32) {
		in := input{name, k1, v1, k2, v2, f1, s, f2, bits, ts, shape}
		line := lp.AppendMeasurement([]byte("x y=1i 1\n"), name)
		line = lp.AppendTag(line, k1, v1)
		line = lp.AppendTag(line, k2, v2)
		line = append(line, ' ')
		line = lp.AppendFieldKey(line, f1)
		line = lp.AppendString(line, s)
		line = append(line, ',')
		line = lp.AppendFieldKey(line, f2)
		n := len(line)
		var v any
		switch in.kind() {
		case kindFloat:
			line = lp.AppendFloat(line, math.Float64frombits(bits))
		case kindFloat32:
			line = lp.AppendFloat32(line, math.Float32frombits(uint32(bits)))
		case kindInt:
			line = lp.AppendInt(line, int64(bits))
		case kindUint:
			line = lp.AppendUint(line, bits)
		case kindBool:
			line = lp.AppendBool(line, bits&1 != 0)
		default:
			line = lp.AppendString(line, s)
		}
		v = in.value(in.kind())
		if v == nil {
			v = s
		}
		if text, ok := v.(string); ok {
			v = strings.ToValidUTF8(text, "\uFFFD")
		}
		if x, ok := v.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
			if len(line) != n {
				t.Fatalf("%v is written as %q", x, line[n:])
			}
			v = int64(0)
			line = append(line, "0i"...)
		}
		p := in.precision()
		line = append(line, ' ')
		stamp := floor(ts, p.Unit())
		if lo, hi := int64(lp.MinTime), int64(lp.MaxTime); ts < lo || ts > hi || !storable(stamp, p) {
			stamp = hi / p.Unit()
			if ts < 0 {
				stamp = -stamp
			}
		}
		line = lp.AppendTime(line, time.Unix(0, ts), p)
		line = append(line, "\nx y=2i "...)
		line = lp.AppendTimestamp(line, 2)

		want := point{measurement: replaced(name, posMeasurement, lp.Portable), hasTime: true, ts: stamp}
		for _, g := range []tag{{k1, v1}, {k2, v2}} {
			if g.value != "" {
				want.tags = append(want.tags, tag{replaced(g.key, posTagKey, lp.Portable), replaced(g.value, posTagValue, lp.Portable)})
			}
		}
		if len(want.tags) == 2 && want.tags[0].key == want.tags[1].key {
			return // the server refuses it, which only an Encoder has to detect
		}
		want.fields = []field{{replaced(f1, posFieldKey, lp.Portable), replaced(s, posString, lp.Portable)}, {replaced(f2, posFieldKey, lp.Portable), v}}
		requirePoints(t, line, p,
			point{measurement: "x", fields: []field{{"y", int64(1)}}, ts: 1, hasTime: true},
			want,
			point{measurement: "x", fields: []field{{"y", int64(2)}}, ts: 2, hasTime: true})
	})
}

// FuzzLine puts raw lines into a batch. An accepted line must be one point, or a line that a
// server refuses, and never two points.
func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"m f=1i 1", "m,t=v f=1 1\n", `m f="a b" 1`, "m f=\"a\nb\" 1", "m f=1\nm f=2", "m\\\nx f=1", `m,a\=b=c f=1`,
		`m f\"="x" 1`, "m f=1 1 ", "m  f=1", "m f=1,g=2i,h=t,i=\"\" -1", "#m f=1", " m f=1", "m f=1e400", "m f=.5", "m f=-1.e+3",
		"m f=\"\\\n\"", "m,t=\\\n f=1", "m f\\\n=1", "m f=1 9223372036854775808", "m f=99999999999999999999i",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var e lp.Encoder
		neighbour(&e, 1)
		err := e.Line(line)
		neighbour(&e, 2)
		one := append(bytes.TrimSuffix(line, []byte("\n")), '\n')
		if err != nil {
			if e.Lines() != 2 || !errors.Is(err, lp.ErrLine) {
				t.Fatalf("%q: %d lines, %v", line, e.Lines(), err)
			}
			// A line that both oracles read as one point should not be refused.
			a, err1 := readInflux(one, lp.Nanosecond)
			b, err2 := readReference(one)
			if err1 == nil && err2 == nil && len(a) == 1 && describe(a) == describe(b) && !looseLine(line) {
				t.Fatalf("%q is refused: %v", line, err)
			}
			return
		}
		if e.Lines() != 3 {
			t.Fatalf("%q: %d lines", line, e.Lines())
		}
		body := e.Bytes()
		parsed, err := models.ParsePoints(bytes.Clone(body))
		want := 3
		if err != nil {
			want = 2 // only this line is refused
		}
		if len(parsed) != want || parsed[0].UnixNano() != 1 || parsed[want-1].UnixNano() != 2 {
			t.Fatalf("InfluxDB reads %d points from %q: %v", len(parsed), body, err)
		}
		if !utf8.Valid(line) || control(strings.ReplaceAll(string(line), "\n", "")) {
			return // the reference decoder refuses it and goes on at the next line feed, even in a string
		}
		if good, bad := referenceLines(body); good < 2 || good+bad != 3 {
			t.Fatalf("the reference decoder finds %d points and %d bad lines in %q", good, bad, body)
		}
	})
}

func (in input) String() string {
	return fmt.Sprintf("%q %q=%q %q=%q | %q %q text %q %#x @%d shape %#x",
		in.name, in.k1, in.v1, in.k2, in.v2, in.f1, in.f2, in.s, in.bits, in.ts, in.shape)
}

// looseLine reports whether line has white space or a comment around the point, which
// servers skip and Encoder.Line does not, see README.md.
func looseLine(line []byte) bool {
	if bytes.Contains(line, []byte("  ")) {
		return true
	}
	for l := range bytes.SplitSeq(bytes.TrimSuffix(line, []byte("\n")), []byte("\n")) {
		if len(bytes.Trim(l, " \r")) != len(l) || len(l) == 0 || l[0] == '#' {
			return true
		}
	}
	return false
}

// TestSwallowedLine writes points that InfluxDB would read together with the line after
// them. The part of InfluxDB that cuts a body into lines lets a space end the tags even
// after an odd number of backslashes. So a quote after this space begins a string, or the
// quote of a string with a line feed does not.
func TestSwallowedLine(t *testing.T) {
	type tags = []lp.Tag
	for _, c := range []struct {
		name string
		tags tags
		text string
		part lp.Part
	}{
		{"m", tags{{Key: `a\ b`, Value: `"`}}, "", lp.PartTagKey},
		{"m", tags{{Key: `a\\\ b`, Value: `"`}}, "", lp.PartTagKey},
		{"m", tags{{Key: "k", Value: `a\ b\="`}}, "", lp.PartTagValue},
		{"m", tags{{Key: "k", Value: `a\ b`}, {Key: `l\=`, Value: `"`}}, "", lp.PartTagValue},
		{"m", tags{{Key: "k", Value: `a\ b`}, {Key: "l", Value: `c\,d`}}, "x\ny", lp.PartTagValue},
		{`a\ b`, tags{{Key: "k", Value: `"`}}, "", lp.PartMeasurement},
		{`a\ b`, nil, "x\ny", lp.PartMeasurement},
	} {
		if c.part != lp.PartMeasurement {
			// The line that the encoder would write.
			line := escapeName.Replace(c.name)
			for _, g := range c.tags {
				line += "," + escapeTags.Replace(g.Key) + "=" + escapeTags.Replace(g.Value)
			}
			var e lp.Encoder
			neighbour(&e, 2)
			body := fmt.Appendf(nil, "%s f=\"%s\" 1\n%s", line, c.text, e.Bytes())
			if got, err := readInflux(body, lp.Nanosecond); err == nil && len(got) == 2 {
				t.Errorf("InfluxDB reads %q as it is: the case shows nothing", body)
			}
		}
		var e lp.Encoder
		e.Point(c.name)
		for _, g := range c.tags {
			e.Tag(g.Key, g.Value)
		}
		e.String("f", c.text)
		var pe *lp.PointError
		if err := e.EndTimestamp(1); !errors.As(err, &pe) || pe.Reason != lp.ErrBackslash || pe.Part != c.part {
			t.Errorf("%q %q: %v", c.name, c.tags, err)
		}
		for _, g := range c.tags {
			line := append(lp.AppendTag([]byte("m"), g.Key, g.Value), " f=1i 1\n"...)
			e.Reset()
			neighbour(&e, 2)
			if got, err := readInflux(append(line, e.Bytes()...), lp.Nanosecond); err != nil || len(got) != 2 {
				t.Errorf("AppendTag of %q writes %q: %v", g, line, err)
			}
		}
	}
}

var (
	escapeName = strings.NewReplacer(",", `\,`, " ", `\ `)
	escapeTags = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
)
