package lp

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

type plainPoint struct {
	T1 string  `lp:"t1,tag"`
	F1 float64 `lp:"f1"`
	S1 string  `lp:"s1"`
	T2 string  `lp:"a tag whose key needs es,tag"`
	I1 int64   `lp:"i1"`
	B1 bool    `lp:"b1"`
	S2 string  `lp:"a_field_whose_key_has_28_byt"`
	F2 float64 `lp:"f2"`
	T  int64   `lp:",timestamp"`
}

// plainFloats has 13 floats that follow each other, of which 5 are written together, then 8.
type plainFloats struct {
	N                                     int64 `lp:"n"`
	A, B, C, D, E, F, G, H, I, J, K, L, M float64
	T                                     int64 `lp:",timestamp"`
}

type plainTime struct {
	F  float64   `lp:"f"`
	T  string    `lp:"t,tag"`
	A  string    `lp:"a,tag"`
	At time.Time `lp:",timestamp"`
}

// withoutPlain returns a schema that writes the same points without a plainProgram.
func withoutPlain[T any](s *Schema[T]) *Schema[T] {
	p := *s.p
	q := *s.p.inOrder
	p.plain, q.plain = nil, nil
	p.inOrder, q.inOrder = &q, &q
	return &Schema[T]{&p, s.opt, new(sharedCounts)}
}

// TestPlainProgram says which structs have a plainProgram.
func TestPlainProgram(t *testing.T) {
	is := func(p *program, want bool) {
		t.Helper()
		if got := p.plain != nil && p.inOrder.plain != nil; got != want {
			t.Errorf("plain: %v, want %v", got, want)
		}
	}
	is(mustSchema[plainPoint](t, SchemaOptions{}).p, true)
	is(mustSchema[plainTime](t, SchemaOptions{}).p, true)
	var runs []uint8
	for _, o := range mustSchema[plainFloats](t, SchemaOptions{Columns: map[string]string{
		"A": "a", "B": "b", "C": "c", "D": "d", "E": "e", "F": "f", "G": "g", "H": "h", "I": "i", "J": "j", "N": "n", "K": "k", "L": "l",
	}}).p.plain.fields {
		runs = append(runs, o.run)
	}
	if want := []uint8{0, 4, 3, 0, 0, 8, 7, 6, 5, 4, 3, 0, 0}; !slices.Equal(runs, want) {
		t.Errorf("runs %v, want %v", runs, want)
	}
	is(mustSchema[plainTime](t, SchemaOptions{Measurement: "a measurement of 29 bytes____"}).p, false) // 33 with escapes
	is(mustSchema[plainTime](t, SchemaOptions{OmitEmpty: true}).p, false)
	is(mustSchema[plainTime](t, SchemaOptions{ExtraTags: []Tag{{Key: "x", Value: "y"}}}).p, false)
	type omit struct {
		F float64 `lp:"f,omitempty"`
	}
	is(mustSchema[omit](t, SchemaOptions{}).p, false)
	type pointer struct {
		F *float64 `lp:"f"`
	}
	is(mustSchema[pointer](t, SchemaOptions{}).p, false)
	type long struct {
		F float64 `lp:"a_field_whose_key_has_31_bytes_"`
	}
	is(mustSchema[long](t, SchemaOptions{}).p, false)
	type other struct {
		F float64 `lp:"f"`
		N int32   `lp:"n"`
	}
	is(mustSchema[other](t, SchemaOptions{}).p, false)
	s := mustSchema[plainTime](t, SchemaOptions{})
	named, err := s.WithMeasurement("other")
	if err != nil {
		t.Fatal(err)
	}
	is(named.p, true)
	if b, err := named.Append(nil, &plainTime{}); string(b) != "other f=0\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}

func mustSchema[T any](t testing.TB, o SchemaOptions) *Schema[T] {
	t.Helper()
	s, err := NewSchema[T](o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// FuzzPlainProgram compares what a plainProgram writes with what the other loops do: the
// line, the error, the counts, and that bytes of dst are kept.
func FuzzPlainProgram(f *testing.F) {
	f.Add("tag", "v", "text", "", 0.5, math.Copysign(0, -1), int64(5), int64(1e18), uint16(0))
	f.Add("", "needs escapes", `say "hi" \`, "a string field that is longer than thirty-two bytes", 1e-9, 1e22, int64(-1), int64(0), uint16(3))
	f.Add("exactly8", "sixteen_bytes___", "a string field that is longer than the sixty-four bytes copied in hope", "\n", math.NaN(), 12.25, int64(0), int64(math.MaxInt64), uint16(0x1234))
	f.Add("trailing\\", "line\nfeed", "\xff", "é", 1.0, math.Inf(1), int64(math.MinInt64), int64(math.MinInt64), uint16(0xffff))
	f.Add("a tag value that is longer than thirty-two bytes", "and another one, with what needs escapes in it", "", "", 3.0, 4.0, int64(1), int64(2), uint16(9))
	f.Add(strings.Repeat("long_", 300), strings.Repeat("b", 2000), strings.Repeat("c", 64), strings.Repeat("d", 3000), 0.1, 0.2, int64(1), int64(1), uint16(0))
	points, times := mustSchema[plainPoint](f, SchemaOptions{}), mustSchema[plainTime](f, SchemaOptions{})
	floats := mustSchema[plainFloats](f, SchemaOptions{Columns: map[string]string{
		"N": "n", "A": "a", "B": "b", "C": "c", "D": "d", "E": "e", "F": "f", "G": "g", "H": "h", "I": "i", "J": "a longer key", "K": "k", "L": "l", "M": "m",
		"T": ",timestamp",
	}})
	f.Fuzz(func(t *testing.T, t1, t2, s1, s2 string, f1, f2 float64, i, ts int64, bits uint16) {
		o := Options{
			NotFinite: NotFinitePolicy(bits % 3),
			Text:      TextPolicy(bits / 3 % 3),
			Precision: []Precision{Nanosecond, Millisecond, Second, Precision(200)}[bits/9%4],
		}
		o.RefuseNewline = bits&0x100 != 0
		if bits&0x200 != 0 {
			o.TagOrder = TagsSorted
		}
		v := plainPoint{T1: t1, F1: f1, S1: s1, T2: t2, I1: i, B1: bits&0x400 != 0, S2: s2, F2: f2, T: ts}
		w := plainTime{F: f2, T: t1, A: t2}
		if bits&0x800 != 0 {
			w.At = time.Unix(0, ts)
		}
		x := plainFloats{i, f1, f2, f1 / 3, -f2, f1 * 1e3, 0.5, f2, f1 + f2, f2 / 7, 1, f1, f1 - f2, f2, ts}
		comparePlain(t, floats.With(o), []plainFloats{x, {A: f1, M: f2}, x}, int(bits>>12))
		comparePlain(t, points.With(o), []plainPoint{v, v, {F1: 1, T: ts + 1}}, int(bits>>12))
		comparePlain(t, times.With(o), []plainTime{w, {F: 1}, w}, int(bits>>12))
	})
}

func comparePlain[T any](t *testing.T, s *Schema[T], values []T, grown int) {
	t.Helper()
	twin := withoutPlain(s)
	s = &Schema[T]{s.p, s.opt, new(sharedCounts)}
	dst := append(make([]byte, 0, 1<<(grown%12)), "before"...)
	check := func(call string, got, want []byte, err, wantErr error) {
		t.Helper()
		if string(got) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) || string(dst) != "before" {
			t.Fatalf("%s of %+v with %+v: %q, %v; want %q, %v; dst %q", call, values, s.opt, got, err, want, wantErr, dst)
		}
	}
	for i := range values {
		got, err := s.Append(dst, &values[i])
		want, wantErr := twin.Append(nil, &values[i])
		check("Append", got, append([]byte("before"), want...), err, wantErr)
	}
	got, err := s.AppendAll(dst, values)
	want, wantErr := twin.AppendAll(nil, values)
	check("AppendAll", got, append([]byte("before"), want...), err, wantErr)
	var e, f Encoder
	e.SetOptions(s.opt)
	f.SetOptions(s.opt)
	for i := range values {
		err, wantErr := s.Encode(&e, &values[i]), twin.Encode(&f, &values[i])
		check("Encode", append([]byte("before"), e.Bytes()...), append([]byte("before"), f.Bytes()...), err, wantErr)
	}
	for r := range Reason(numReasons) {
		if s.Count(r) != twin.Count(r) || e.Count(r) != f.Count(r) {
			t.Fatalf("%+v with %+v: %v is counted %d and %d times, want %d and %d", values, s.opt, r, s.Count(r), e.Count(r), twin.Count(r), f.Count(r))
		}
	}
}
