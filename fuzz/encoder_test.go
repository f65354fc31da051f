package fuzz

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pointwire/pointwire/lp"
)

// An input is a point as the fuzzer describes it.
type input struct {
	name           string
	k1, v1, k2, v2 string // tags
	f1, s, f2      string // keys of two fields, and the value of a string field
	bits           uint64 // a number
	ts             int64
	shape          uint32
}

// The parts of shape.
func (in *input) tags() int               { return int(in.shape & 3 % 3) }
func (in *input) kind() int               { return int(in.shape >> 2 & 7) }
func (in *input) second() int             { return int(in.shape >> 5 & 7) } // kind of the second field; 7 is none
func (in *input) precision() lp.Precision { return lp.Precision(in.shape >> 8 & 7 % 6) }
func (in *input) ending() int             { return int(in.shape >> 11 & 3) }
func (in *input) sort() bool              { return in.shape>>13&1 != 0 }
func (in *input) series() int             { return int(in.shape >> 14 & 3) } // tags in the series, if the point has one

const (
	kindFloat = iota
	kindFloat32
	kindInt
	kindUint
	kindBool
	kindString
	kindBytes
	kindNone
)

// value returns the value of a field of a kind, and nil if there is none.
func (in *input) value(kind int) any {
	switch kind {
	case kindFloat:
		return math.Float64frombits(in.bits)
	case kindFloat32:
		// The encoder writes the shortest text of the float32, which is read as another
		// float64.
		v := math.Float32frombits(uint32(in.bits))
		return parseFloat(formatFloat(float64(v), 32))
	case kindInt:
		return int64(in.bits)
	case kindUint:
		return in.bits
	case kindBool:
		return in.bits&1 != 0
	case kindString, kindBytes:
		return in.s
	}
	return nil
}

// point returns the point that in describes, as it must be read back.
func (in *input) point() point {
	p := point{measurement: in.name}
	for i, t := range []tag{{in.k1, in.v1}, {in.k2, in.v2}} {
		if i < in.tags() && t.value != "" {
			p.tags = append(p.tags, t)
		}
	}
	for _, f := range []field{{in.f1, in.value(in.kind())}, {in.f2, in.value(in.second())}} {
		if f.value != nil {
			p.fields = append(p.fields, f)
		}
	}
	switch in.ending() {
	case 0:
		p.hasTime, p.ts = true, floor(in.ts, in.precision().Unit())
	case 1, 2:
		p.hasTime, p.ts = true, in.ts
	}
	return p
}

// easy reports whether the encoder must accept the point, because no part of it is near the
// limits of line protocol.
func (in *input) easy() bool {
	p := in.point()
	names := []string{in.name}
	seen := map[string]bool{}
	for _, f := range p.fields {
		names = append(names, f.key)
		if seen[f.key] {
			return false
		}
		seen[f.key] = true
	}
	clear(seen)
	for i, t := range []tag{{in.k1, in.v1}, {in.k2, in.v2}} {
		if i < in.tags() {
			names = append(names, t.key, t.value)
			if seen[t.key] {
				return false
			}
			seen[t.key] = true
		}
	}
	for _, s := range names {
		if s == "" || s == "time" || s[0] == '#' || !utf8.ValidString(s) || strings.ContainsAny(s, "\\\n\t\x00") {
			return false
		}
	}
	for _, f := range p.fields {
		switch v := f.value.(type) {
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		case string:
			if !utf8.ValidString(v) {
				return false
			}
		}
	}
	if in.ending() == 0 && (in.ts < lp.MinTime || in.ts > lp.MaxTime) {
		return false
	}
	return len(p.fields) > 0 && (!p.hasTime || storable(p.ts, in.precision()))
}

// field writes a field with e.
func (in *input) field(e *lp.Encoder, key string, kind int) {
	switch kind {
	case kindFloat:
		e.Float(key, math.Float64frombits(in.bits))
	case kindFloat32:
		e.Float32(key, math.Float32frombits(uint32(in.bits)))
	case kindInt:
		e.Int(key, int64(in.bits))
	case kindUint:
		e.Uint(key, in.bits)
	case kindBool:
		e.Bool(key, in.bits&1 != 0)
	case kindString:
		e.String(key, in.s)
	case kindBytes:
		e.StringBytes(key, []byte(in.s))
	}
}

// end ends the point.
func (in *input) end(e *lp.Encoder) error {
	switch in.ending() {
	case 0:
		return e.End(time.Unix(0, in.ts))
	case 1, 2:
		return e.EndTimestamp(in.ts)
	}
	return e.EndNoTimestamp()
}

// encode writes the point with e, in one of its forms.
func (in *input) encode(e *lp.Encoder) error {
	list := []lp.Tag{{Key: in.k1, Value: in.v1}, {Key: in.k2, Value: in.v2}}[:in.tags()]
	inSeries := 0
	if in.series() != 0 {
		inSeries = min(in.series()-1, len(list))
		s, err := lp.NewSeries(in.name, list[:inSeries]...)
		if err != nil {
			return err
		}
		e.Series(s)
	} else {
		e.Point(in.name)
	}
	for _, t := range list[inSeries:] {
		e.Tag(t.Key, t.Value)
	}
	in.field(e, in.f1, in.kind())
	in.field(e, in.f2, in.second())
	return in.end(e)
}

// neighbour is the point before and after the one under test. It contains every separator.
func neighbour(e *lp.Encoder, ts int64) {
	e.Point("a b")
	e.Tag("k", "v=1")
	e.String("s", "x\ny\" z=1,q=2")
	if err := e.EndTimestamp(ts); err != nil {
		panic(err)
	}
}

func neighbourPoint(ts int64) point {
	return point{
		measurement: "a b",
		tags:        []tag{{"k", "v=1"}},
		fields:      []field{{"s", "x\ny\" z=1,q=2"}},
		ts:          ts,
		hasTime:     true,
	}
}

func seedInputs(add func(in input)) {
	one := math.Float64bits(1)
	add(input{"cpu", "host", "server01", "region", "eu", "load", "text", "n", one, 1540184368785116000, 0x0e2})
	for _, s := range []string{
		"a,b", "a b", "a=b", `a"b`, `a\b`, `a\\b`, `a\,b`, `a\ b`, `a\=b`, `a\"b`, `a\\,b`, `a\\ b`, `a\`, `a\\`, "\\",
		"a\nb", "\n", "a\n", "#a", "a#", "\ta", "a\t", "\x00a", "a\x00", "\r", "a\r", " ", ",", "=", `"`, "",
		"time", "é", "\xff", "\xed\xa0\x80", "\U0001f600", "x\nadmin v=1", "a b=1 2\nc d=3",
	} {
		add(input{s, s, s, "k", s, s, s, "f", one, 1, 0x0b6})
		add(input{"m", s, "v", "k", "v", "f", "s", "g", one, 1, 0x0e1})
		add(input{"m", "k", s, "l", "v", "f", "s", "g", one, 1, 0x0e1})
		add(input{s, "k", "v", "l", "v", "f", "s", "g", one, 1, 0x0e2})
		add(input{"m", "k", "v", "l", "v", s, "s", "g", one, 1, 0x0e1})
		add(input{"m", "k", "v", "l", "v", "f", s, "g", one, 1, 0x0f5})
		add(input{"m", "k", s, "l", s, "f", s, "g", one, 1, 0xa0f6})
	}
	for _, v := range []float64{0, math.Copysign(0, -1), 1e-6, 9.999999999999999e-7, 1e21, 1e300, 5e-324, 1 << 53, math.MaxFloat64, math.NaN(), math.Inf(-1)} {
		add(input{"m", "", "", "", "", "f", "", "g", math.Float64bits(v), 0, 0x0e0})
		add(input{"m", "", "", "", "", "f", "", "g", uint64(math.Float32bits(float32(v))), 0, 0x0e4})
	}
	for i, ts := range []int64{math.MinInt64, math.MinInt64 + 1, math.MinInt64 + 2, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64, 9223372036, -9223372036, 2562047, -2562047, -2562048} {
		for p := range uint32(6) {
			for ending := range uint32(4) {
				add(input{"m", "k", "v", "", "", "f", "s", "g", uint64(i), ts, 0xe9 | p<<8 | ending<<11})
			}
		}
	}
}

// FuzzEncoder checks the promise of the encoder: it refuses a point, or writes one line that
// both oracles read as the same point, and its neighbours are unchanged.
func FuzzEncoder(f *testing.F) {
	seedInputs(func(in input) {
		f.Add(in.name, in.k1, in.v1, in.k2, in.v2, in.f1, in.s, in.f2, in.bits, in.ts, in.shape)
	})
	f.Fuzz(func(t *testing.T, name, k1, v1, k2, v2, f1, s, f2 string, bits uint64, ts int64, shape uint32) {
		in := input{name, k1, v1, k2, v2, f1, s, f2, bits, ts, shape}
		var e lp.Encoder
		opt := lp.Options{Precision: in.precision(), Dialect: in.dialect()}
		if in.sort() {
			opt.TagOrder = lp.TagsSorted
		}
		e.SetOptions(opt)
		neighbour(&e, -7)
		err := in.encode(&e)
		neighbour(&e, 7)
		want := []point{neighbourPoint(-7), in.point(), neighbourPoint(7)}
		if err != nil {
			if in.easy() {
				t.Fatalf("%+v is refused: %v", in, err)
			}
			var pe *lp.PointError
			if !errors.As(err, &pe) || pe.Reason == 0 || pe.Error() == "" {
				t.Fatalf("%+v: error without a place: %v", in, err)
			}
			want = []point{want[0], want[2]}
		}
		if e.Lines() != len(want) {
			t.Fatalf("%+v: %d lines, want %d", in, e.Lines(), len(want))
		}
		requirePoints(t, e.Bytes(), in.precision(), want...)
	})
}

// FuzzEncoderReplace checks the same with the Replace policy: there is never another line,
// tag or field, and the values are unchanged.
func FuzzEncoderReplace(f *testing.F) {
	seedInputs(func(in input) {
		f.Add(in.name, in.k1, in.v1, in.k2, in.v2, in.f1, in.s, in.f2, in.bits, in.ts, in.shape)
	})
	f.Fuzz(func(t *testing.T, name, k1, v1, k2, v2, f1, s, f2 string, bits uint64, ts int64, shape uint32) {
		in := input{name, k1, v1, k2, v2, f1, s, f2, bits, ts, shape &^ (3 << 14)}
		var e lp.Encoder
		e.SetOptions(lp.Options{Precision: in.precision(), Dialect: in.dialect(), Text: lp.TextReplace})
		if err := in.encode(&e); err != nil {
			for _, r := range []error{lp.ErrNotFinite, lp.ErrNoFields, lp.ErrTimeRange, lp.ErrDuplicateTag, lp.ErrDuplicateField} {
				if errors.Is(err, r) {
					return
				}
			}
			t.Fatalf("%+v: the policy is to replace, got %v", in, err)
		}
		want, d := in.point(), in.dialect()
		want.measurement = replaced(want.measurement, posMeasurement, d)
		for i, g := range want.tags {
			want.tags[i] = tag{replaced(g.key, posTagKey, d), replaced(g.value, posTagValue, d)}
		}
		for i, g := range want.fields {
			want.fields[i].key = replaced(g.key, posFieldKey, d)
			if s, ok := g.value.(string); ok {
				want.fields[i].value = strings.ToValidUTF8(s, "\uFFFD")
			}
		}
		requirePoints(t, e.Bytes(), in.precision(), want)
		if e.Count(lp.Replaced) == 0 && describe([]point{want}) != describe([]point{in.point()}) {
			t.Fatalf("%+v: replaced and not counted", in)
		}
	})
}

// A position is a part of a line that is a text.
type position int

const (
	posMeasurement position = iota
	posTagKey
	posTagValue
	posFieldKey
	posString
)

func (p position) String() string {
	return [...]string{"measurement", "tag key", "tag value", "field key", "string field"}[p]
}

// replaced returns the text that the Append functions write for s according to their
// documentation. Bytes that cannot be represented are replaced one by one from the end of
// s, so that a backslash is judged before the bytes in front of it.
func replaced(s string, pos position, d lp.Dialect) string {
	switch {
	case pos == posString:
		return strings.ToValidUTF8(s, "\uFFFD")
	case s == "":
		return "_"
	case s == "time" && (pos == posTagKey || pos == posFieldKey):
		return "_time"
	}
	b := []byte(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\n", "_"))
	if pos == posMeasurement && b[0] == '#' || (pos == posMeasurement || pos == posFieldKey) && (b[0] == '\t' || b[0] == 0) {
		b[0] = '_'
	}
	before := [...]string{posMeasurement: `, ="`, posTagKey: `, =`, posTagValue: `, =`, posFieldKey: `, ="`}[pos]
	if d == lp.Influx1 {
		before = [...]string{posMeasurement: `, ="`, posTagKey: ` `, posTagValue: ` `, posFieldKey: `, =`}[pos]
	}
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '\\' {
			continue
		}
		run := len(b[:i+1]) - len(bytes.TrimRight(b[:i+1], `\`))
		if i == len(b)-1 || strings.IndexByte(before, b[i+1]) >= 0 && (pos == posMeasurement || run%2 == 1) {
			b[i] = '_'
		}
	}
	return string(b)
}
