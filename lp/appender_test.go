package lp_test

import (
	"errors"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// fakeAppender writes text, and returns err.
type fakeAppender struct {
	text string
	err  error
}

func (a fakeAppender) AppendLP(dst []byte) ([]byte, error) { return append(dst, a.text...), a.err }

// ignorant writes to a buffer of its own.
type ignorant string

func (a ignorant) AppendLP([]byte) ([]byte, error) { return []byte(a), nil }

// TestOpenPointIsRefused holds that whatever adds to the batch counts a point that
// was left open.
func TestOpenPointIsRefused(t *testing.T) {
	s := must(lp.SchemaFor[oneTag[string]]())
	var p lp.Point
	p.SetMeasurement("p")
	p.SetInt("f", 1)
	for _, c := range []struct {
		name string
		next func(e *lp.Encoder) error
		want string
	}{
		{"Point", func(e *lp.Encoder) error { e.Point("p"); e.Int("f", 1); return e.EndNoTimestamp() }, "p f=1i\n"},
		{"Series", func(e *lp.Encoder) error {
			e.Series(must(lp.NewSeries("p")))
			e.Int("f", 1)
			return e.EndNoTimestamp()
		}, "p f=1i\n"},
		{"Line", func(e *lp.Encoder) error { return e.Line([]byte("p f=1i")) }, "p f=1i\n"},
		{"Append", func(e *lp.Encoder) error { return e.Append(fakeAppender{"p f=1i\n", nil}) }, "p f=1i\n"},
		{"Append of a Point", func(e *lp.Encoder) error { return e.Append(&p) }, "p f=1i\n"},
		{"Point.Encode", p.Encode, "p f=1i\n"},
		{"Schema.Encode", func(e *lp.Encoder) error { return s.Encode(e, &oneTag[string]{V: "a"}) }, "m,v=a f=false\n"},
	} {
		for name, open := range map[string]func(e *lp.Encoder){
			"tags":   func(e *lp.Encoder) { e.Point("open"); e.Tag("t", "v") },
			"fields": func(e *lp.Encoder) { e.Point("open"); e.Int("f", 1) },
		} {
			var e lp.Encoder
			open(&e)
			if err := c.next(&e); err != nil {
				t.Errorf("%s after %s: %v", c.name, name, err)
			}
			var pe *lp.PointError
			if !errors.As(e.Err(), &pe) || pe.Reason != lp.ErrOrder || pe.Measurement != "open" || pe.Index != 0 ||
				e.Refused() != 1 || e.Count(lp.ErrOrder) != 1 || e.Lines() != 1 || string(e.Bytes()) != c.want {
				t.Errorf("%s after %s: %v, %d refused, %d counted, %q", c.name, name, e.Err(), e.Refused(), e.Count(lp.ErrOrder), e.Bytes())
			}
		}
		var e lp.Encoder
		e.Point("bad")
		e.Tag("", "v") // counted already
		if err := c.next(&e); err != nil || e.Refused() != 1 || e.Count(lp.ErrOrder) != 0 || e.Lines() != 1 {
			t.Errorf("%s after a bad point: %v, %d refused, %d lines", c.name, err, e.Refused(), e.Lines())
		}
	}
}

// TestAppendRefuses holds that what an Appender refuses, or does not write as
// whole lines, is counted and leaves nothing behind.
func TestAppendRefuses(t *testing.T) {
	other := errors.New("no data")
	bad := &lp.PointError{Index: 1, Measurement: "m", Part: lp.PartFieldValue, Key: "f", Reason: lp.ErrNotFinite, Others: 2}
	for _, c := range []struct {
		name    string
		a       lp.Appender
		want    string
		reason  lp.Reason // 0 for no error
		is      error
		index   int // after one point
		refused int
	}{
		{"nothing", fakeAppender{"", nil}, "", 0, nil, 0, 0},
		{"lines", fakeAppender{"a f=1\nb f=\"x\ny\"\n", nil}, "a f=1\nb f=\"x\ny\"\n", 0, nil, 0, 0},
		{"an error", fakeAppender{"", other}, "", lp.ErrValue, other, 1, 1},
		{"lines and an error", fakeAppender{"a f=1\nb f=1\n", other}, "a f=1\nb f=1\n", lp.ErrValue, other, 3, 1},
		{"a PointError", fakeAppender{"a f=1\nb f=1\n", bad}, "a f=1\nb f=1\n", lp.ErrNotFinite, lp.ErrNotFinite, 2, 3},
		{"a wrapped PointError", fakeAppender{"a f=1\n", errors.Join(other, bad)}, "a f=1\n", lp.ErrNotFinite, other, 2, 3},
		{"no line feed", fakeAppender{"a f=1", nil}, "", lp.ErrLine, nil, 1, 1},
		{"no last line feed", fakeAppender{"a f=1\nb f=1", nil}, "a f=1\n", lp.ErrLine, nil, 2, 1},
		{"a line feed in quotes", fakeAppender{"a f=1\nb f=\"x\n", nil}, "a f=1\n", lp.ErrLine, nil, 2, 1},
		{"half a line and an error", fakeAppender{"a f=1\nb f", other}, "a f=1\n", lp.ErrValue, other, 2, 1},
		{"another buffer", ignorant("a f=1\n"), "", lp.ErrLine, nil, 1, 1},
		{"no buffer", ignorant(""), "", 0, nil, 0, 0},
	} {
		const before, after = "before,a=b f=1i\n", "after f=1i\n"
		var e lp.Encoder
		add := func(m, tag string) {
			e.Point(m)
			e.Tag("a", tag)
			e.Int("f", 1)
			if err := e.EndNoTimestamp(); err != nil {
				t.Error(err)
			}
		}
		add("before", "b")
		err := e.Append(c.a)
		first := e.Err()
		add("after", "")
		if got, want := string(e.Bytes()), before+c.want+after; got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
		if e.Refused() != c.refused || c.reason != 0 && e.Count(c.reason) != 1 {
			t.Errorf("%s: %d refused, %d counted", c.name, e.Refused(), e.Count(c.reason))
		}
		var pe *lp.PointError
		switch {
		case c.reason == 0:
			if err != nil || first != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		case !errors.As(err, &pe) || pe.Reason != c.reason || pe.Index != c.index || first != err || c.is != nil && !errors.Is(err, c.is):
			t.Errorf("%s: %v, Err %v", c.name, err, first)
		}
		e.Point("") // the number of the next point
		if err := e.EndNoTimestamp(); !errors.As(err, &pe) || pe.Index != e.Lines()+c.refused {
			t.Errorf("%s: number %d, want %d", c.name, pe.Index, e.Lines()+c.refused)
		}
	}
	if bad.Index != 1 {
		t.Error("the error of the Appender was changed")
	}
}

// TestAppendCountsPolicies holds that the encoder counts what the policies of a
// point leave out or change, and adds nothing of its own to the point.
func TestAppendCountsPolicies(t *testing.T) {
	var e lp.Encoder
	if err := e.SetExtraTags(lp.Tag{Key: "dc", Value: "eu"}); err != nil {
		t.Fatal(err)
	}
	own := lp.Options{NotFinite: lp.NotFiniteDropField, Precision: lp.Second}
	e.SetOptions(own)
	p := lp.Point{Options: lp.Options{Text: lp.TextDropPoint}}
	p.SetMeasurement("m")
	p.SetTag("t", "a\nb")
	p.SetInt("f", 1)
	if err := e.Append(&p); err != nil || e.Len() != 0 || e.Count(lp.ErrNewline) != 1 || e.Refused() != 0 {
		t.Errorf("dropped: %v, %q, %d counted", err, e.Bytes(), e.Count(lp.ErrNewline))
	}
	p.Options.Text = lp.TextReplace
	if err := e.Append(&p); err != nil || string(e.Bytes()) != "m,t=a_b f=1i\n" || e.Count(lp.Replaced) != 1 {
		t.Errorf("replaced: %v, %q, %d counted", err, e.Bytes(), e.Count(lp.Replaced))
	}
	p.Options.Text = lp.TextRefuse
	err := e.Append(&p)
	if !errors.Is(err, lp.ErrNewline) || e.Err() != err || e.Count(lp.ErrNewline) != 2 || e.Refused() != 1 || e.Lines() != 1 {
		t.Errorf("refused: %v, Err %v", err, e.Err())
	}
	if e.Options() != own {
		t.Errorf("options %+v", e.Options())
	}
	e.Point("m")
	e.Int("f", 1)
	if err := e.EndNoTimestamp(); err != nil || string(e.Bytes()) != "m,t=a_b f=1i\nm,dc=eu f=1i\n" {
		t.Errorf("%q, %v", e.Bytes(), err)
	}
}
