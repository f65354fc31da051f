package lp_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestSchemaNested has embedded structs and structs inline, as values and
// behind pointers.
func TestSchemaNested(t *testing.T) {
	type Where struct {
		Host string `lp:"host,tag"`
		Temp int    `lp:"temp"`
	}
	type Deep struct {
		*Where
		Up *float64 `lp:"up"`
	}
	type Point struct {
		Where
		Deep *Deep `lp:"deep_,inline"`
		In   Where `lp:"in_,inline"`
		V    bool  `lp:"v"`
	}
	full := Point{Where{"a", 1}, &Deep{&Where{"b", 2}, ref(3.5)}, Where{"c", 4}, true}
	for _, c := range []struct{ name, got, want string }{
		{"full", written(t, full, lp.SchemaOptions{}), "Point,host=a,deep_host=b,in_host=c temp=1i,deep_temp=2i,deep_up=3.5,in_temp=4i,v=true"},
		{"nil inside", written(t, Point{Deep: &Deep{}}, lp.SchemaOptions{}), "Point temp=0i,in_temp=0i,v=false"},
		{"nil", written(t, Point{}, lp.SchemaOptions{}), "Point temp=0i,in_temp=0i,v=false"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// TestSchemaAppendWith holds that tags of a call win over those of the struct
// and of the schema.
func TestSchemaAppendWith(t *testing.T) {
	s, err := lp.NewSchema[oneTag[string]](lp.SchemaOptions{ExtraTags: []lp.Tag{{Key: "x", Value: "1"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tags []lp.Tag
		want string
		err  lp.Reason
	}{
		{nil, "m,v=a,x=1 f=false\n", 0},
		{[]lp.Tag{{Key: "z z", Value: "b c"}}, "m,v=a,x=1,z\\ z=b\\ c f=false\n", 0},
		{[]lp.Tag{{Key: "v", Value: "b"}}, "m,x=1,v=b f=false\n", 0},
		{[]lp.Tag{{Key: "x", Value: "2"}, {Key: "y", Value: ""}}, "m,v=a,x=2 f=false\n", 0},
		{[]lp.Tag{{Key: "time", Value: "b"}}, "", lp.ErrReservedKey},
		{[]lp.Tag{{Key: "t", Value: "\n"}}, "", lp.ErrNewline},
		{[]lp.Tag{{Key: "t", Value: "1"}, {Key: "t", Value: "2"}}, "", lp.ErrDuplicateTag},
	} {
		got, err := s.AppendWith([]byte("x"), &oneTag[string]{V: "a"}, c.tags...)
		if c.err != 0 {
			if !errors.Is(err, c.err) || string(got) != "x" {
				t.Errorf("%v: %q, %v", c.tags, got, err)
			}
			continue
		}
		if err != nil || string(got) != "x"+c.want {
			t.Errorf("%v: %q, %v, want %q", c.tags, got, err, c.want)
		}
	}
}

// TestSchemaTagOrder holds that tags are sorted where the options say so, wherever
// they come from.
func TestSchemaTagOrder(t *testing.T) {
	type point struct {
		_ lp.Measurement `lp:"m"`
		Z string         `lp:"z,tag"`
		A string         `lp:"a,tag"`
		F bool           `lp:"f"`
	}
	v := point{Z: "Z", A: "A"}
	given := must(lp.SchemaFor[point]())
	sorted := must(lp.NewSchema[point](lp.SchemaOptions{Options: lp.Options{TagOrder: lp.TagsSorted}}))
	line := func(b []byte, err error) string {
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	encode := func(s *lp.Schema[point], order lp.TagOrder, tags ...lp.Tag) string {
		var e lp.Encoder
		e.SetOptions(lp.Options{TagOrder: order})
		if err := e.SetDefaultTags(tags...); err != nil {
			t.Fatal(err)
		}
		err := s.Encode(&e, &v)
		return line(e.Bytes(), err)
	}
	tag := func(k string) lp.Tag { return lp.Tag{Key: k, Value: strings.ToUpper(k)} }
	var many []lp.Tag
	long := "m,a=A"
	for c := 'b'; c < 'z'; c++ {
		many = append([]lp.Tag{tag(string(c))}, many...)
		long += "," + string(c) + "=" + strings.ToUpper(string(c))
	}
	for _, c := range []struct{ name, got, want string }{
		{"given", line(given.Append(nil, &v)), "m,z=Z,a=A f=false\n"},
		{"sorted", line(sorted.Append(nil, &v)), "m,a=A,z=Z f=false\n"},
		{"With", line(given.With(sorted.Options()).Append(nil, &v)), "m,a=A,z=Z f=false\n"},
		{"stays sorted", line(sorted.With(lp.Options{}).Append(nil, &v)), "m,a=A,z=Z f=false\n"},
		{"AppendWith", line(sorted.AppendWith(nil, &v, tag("c"))), "m,a=A,c=C,z=Z f=false\n"},
		{"AppendWith, escaped", line(sorted.AppendWith(nil, &v, tag("a,"), tag("a b"), tag("a=b"), tag("zz"), tag("B"))), `m,B=B,a=A,a\ b=A\ B,a\,=A\,,a\=b=A\=B,z=Z,zz=ZZ f=false` + "\n"},
		{"AppendWith many", line(sorted.AppendWith(nil, &v, many...)), long + ",z=Z f=false\n"},
		{"Encode", encode(given, lp.TagsSorted), "m,a=A,z=Z f=false\n"},
		{"Encode as given", encode(given, lp.TagsAsGiven, tag("b")), "m,z=Z,a=A,b=B f=false\n"},
		{"Encode with a default tag", encode(given, lp.TagsSorted, tag("b")), "m,a=A,b=B,z=Z f=false\n"},
		{"Encode with one that the point has", encode(given, lp.TagsSorted, lp.Tag{Key: "a", Value: "x"}, tag("b")), "m,a=A,b=B,z=Z f=false\n"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// TestSchemaAppendWithPolicy holds that tags of a call follow the policy for text.
func TestSchemaAppendWithPolicy(t *testing.T) {
	s := must(lp.SchemaFor[oneTag[string]]())
	v := oneTag[string]{V: "a"}
	for _, c := range []struct {
		tags []lp.Tag
		want string // with TextReplace
		part lp.Part
		err  lp.Reason
	}{
		{[]lp.Tag{{Key: "x", Value: "C\n"}}, "m,v=a,x=C_ f=false\n", lp.PartTagValue, lp.ErrNewline},
		{[]lp.Tag{{Key: "y", Value: "1"}, {Key: "x\n", Value: "C\n"}}, "m,v=a,y=1,x_=C_ f=false\n", lp.PartTagKey, lp.ErrNewline},
		{[]lp.Tag{{Key: "time", Value: "1"}}, "m,v=a,_time=1 f=false\n", lp.PartTagKey, lp.ErrReservedKey},
	} {
		given := slices.Clone(c.tags)
		got, err := s.AppendWith([]byte("x"), &v, c.tags...)
		var pe *lp.PointError
		if !errors.As(err, &pe) || pe.Reason != c.err || pe.Part != c.part || pe.Measurement != "m" || string(got) != "x" {
			t.Errorf("refuse %q: %q, %v", c.tags, got, err)
		}
		if got, err := s.With(lp.Options{Text: lp.TextReplace}).AppendWith([]byte("x"), &v, c.tags...); err != nil || string(got) != "x"+c.want {
			t.Errorf("replace %q: %q, %v, want %q", c.tags, got, err, c.want)
		}
		if got, err := s.With(lp.Options{Text: lp.TextDropPoint}).AppendWith([]byte("x"), &v, c.tags...); err != nil || string(got) != "x" {
			t.Errorf("drop %q: %q, %v", c.tags, got, err)
		}
		if !slices.Equal(c.tags, given) {
			t.Errorf("tags of the caller changed from %q to %q", given, c.tags)
		}
	}
	replace := s.With(lp.Options{Text: lp.TextReplace})
	for _, c := range []struct {
		tags []lp.Tag
		want string
	}{
		{[]lp.Tag{{Key: "a\n", Value: "1"}, {Key: "a_", Value: "2"}}, `lp: point 0 of "m": tag key "a_": duplicate tag`},
		{[]lp.Tag{{Key: "v", Value: ""}}, "m,v=a f=false\n"},
		{[]lp.Tag{{Key: "b", Value: ""}, {Key: "b", Value: "1"}}, "m,v=a,b=1 f=false\n"},
	} {
		got, err := replace.AppendWith(nil, &v, c.tags...)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want {
			t.Errorf("%q: %q, want %q", c.tags, got, c.want)
		}
	}
}

// TestSchemaAll holds that the forms for many points leave bad ones out and say
// which was the first.
func TestSchemaAll(t *testing.T) {
	s := must(lp.SchemaFor[one[float64]]())
	values := []one[float64]{{V: 1}, {V: math.NaN()}, {V: 2}, {V: math.Inf(1)}, {V: math.Inf(-1)}, {V: 3}}
	const want = "x\nm v=1\nm v=2\nm v=3\n"
	for name, form := range map[string]func(dst []byte, v []one[float64]) ([]byte, error){
		"AppendAll": s.AppendAll,
		"AppendSeq": func(dst []byte, v []one[float64]) ([]byte, error) { return s.AppendSeq(dst, slices.Values(v)) },
	} {
		got, err := form([]byte("x\n"), values)
		var pe *lp.PointError
		if !errors.As(err, &pe) || pe.Index != 1 || pe.Others != 2 || pe.Key != "v" || pe.Reason != lp.ErrNotFinite {
			t.Errorf("%s: error %+v", name, pe)
		}
		if string(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got, err := form(nil, nil); len(got) != 0 || err != nil {
			t.Errorf("%s of nothing: %q, %v", name, got, err)
		}
	}
	drop := s.With(lp.Options{NotFinite: lp.NotFiniteDropPoint})
	if got, err := drop.AppendAll([]byte("x\n"), values); err != nil || string(got) != want {
		t.Errorf("with a policy: %q, %v", got, err)
	}
}

// TestSchemaEncode holds that an encoder counts and completes points of
// a schema as it does its own.
func TestSchemaEncode(t *testing.T) {
	s := must(lp.SchemaFor[oneTag[string]]())
	var e lp.Encoder
	e.SetOptions(lp.Options{Text: lp.TextReplace})
	if err := e.SetDefaultTags(lp.Tag{Key: "dc", Value: "eu"}, lp.Tag{Key: "v", Value: "none"}); err != nil {
		t.Fatal(err)
	}
	if err := e.SetExtraTags(lp.Tag{Key: "x", Value: "1"}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"a", "", "b\n"} {
		if err := s.Encode(&e, &oneTag[string]{V: v}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := string(e.Bytes()), "m,v=a,dc=eu,x=1 f=false\nm,dc=eu,v=none,x=1 f=false\nm,v=b_,dc=eu,x=1 f=false\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if e.Lines() != 3 || e.Count(lp.Replaced) != 1 || e.Count(lp.EmptyTag) != 1 || e.Err() != nil {
		t.Errorf("%d lines, %d replaced, %d empty, %v", e.Lines(), e.Count(lp.Replaced), e.Count(lp.EmptyTag), e.Err())
	}
	e.SetOptions(lp.Options{})
	err := s.Encode(&e, &oneTag[string]{V: "b\n"})
	var pe *lp.PointError
	if !errors.As(err, &pe) || pe.Index != 3 || pe.Reason != lp.ErrNewline || e.Err() != err || e.Refused() != 1 || e.Lines() != 3 {
		t.Errorf("%v, Err %v, %d refused", err, e.Err(), e.Refused())
	}
}
