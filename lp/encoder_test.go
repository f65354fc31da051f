package lp_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
	"github.com/pointwire/pointwire/lp"
)

func TestEncoderTrade(t *testing.T) {
	var e lp.Encoder
	e.Point("Trade")
	e.Tag("instrument", "AAPL")
	e.Tag("source", "NASDAQ")
	e.Tag("side", "BUY")
	e.Float("price", 219.23)
	e.Int("size", 100)
	e.String("trade_id", "34a1e085-3122-429c-9662-7ce82039d287")
	if err := e.EndTimestamp(1540184368785116000); err != nil {
		t.Fatal(err)
	}
	const want = `Trade,instrument=AAPL,source=NASDAQ,side=BUY price=219.23,size=100i,trade_id="34a1e085-3122-429c-9662-7ce82039d287" 1540184368785116000` + "\n"
	if string(e.Bytes()) != want {
		t.Errorf("%q, want %q", e.Bytes(), want)
	}
}

// TestEncoderRefuses holds that a refused point leaves nothing behind, that its
// error says where and why, and that the points around it are written.
func TestEncoderRefuses(t *testing.T) {
	ok := func(e *lp.Encoder) error { e.Int("f", 1); return e.EndTimestamp(1) }
	for i, c := range []struct {
		name   string
		point  func(e *lp.Encoder) error
		part   lp.Part
		key    string
		reason lp.Reason
	}{
		{"empty measurement", func(e *lp.Encoder) error { e.Point(""); return ok(e) }, lp.PartMeasurement, "", lp.ErrNoMeasurement},
		{"comment", func(e *lp.Encoder) error { e.Point("#m"); return ok(e) }, lp.PartMeasurement, "", lp.ErrComment},
		{"measurement line feed", func(e *lp.Encoder) error { e.Point("m\nn"); return ok(e) }, lp.PartMeasurement, "", lp.ErrNewline},
		{"measurement backslash", func(e *lp.Encoder) error { e.Point(`m\`); return ok(e) }, lp.PartMeasurement, "", lp.ErrBackslash},
		{"measurement UTF-8", func(e *lp.Encoder) error { e.Point("m\xff"); return ok(e) }, lp.PartMeasurement, "", lp.ErrUTF8},
		{"empty series", func(e *lp.Encoder) error { e.Series(lp.Series{}); return ok(e) }, lp.PartMeasurement, "", lp.ErrNoMeasurement},
		{"tag key empty", func(e *lp.Encoder) error { e.Point("m"); e.Tag("", "v"); return ok(e) }, lp.PartTagKey, "", lp.ErrEmptyKey},
		{"tag key time", func(e *lp.Encoder) error { e.Point("m"); e.Tag("time", "v"); return ok(e) }, lp.PartTagKey, "time", lp.ErrReservedKey},
		{"tag value backslash", func(e *lp.Encoder) error { e.Point("m"); e.Tag("p", `C:\`); return ok(e) }, lp.PartTagValue, "p", lp.ErrBackslash},
		{"tag key backslash before space", func(e *lp.Encoder) error { e.Point("m"); e.Tag(`a\ b`, `"`); return ok(e) }, lp.PartTagKey, `a\ b`, lp.ErrBackslash},
		{"tag value backslash before space", func(e *lp.Encoder) error { e.Point("m"); e.Tag("p", `a\\\ b`); return ok(e) }, lp.PartTagValue, "p", lp.ErrBackslash},
		{"measurement backslash before space", func(e *lp.Encoder) error { e.Point(`a\ b`); e.Tag("t", `"`); return ok(e) }, lp.PartMeasurement, "", lp.ErrBackslash},
		{"tag value line feed", func(e *lp.Encoder) error { e.Point("m"); e.Tag("p", "x\nadmin v=1"); return ok(e) }, lp.PartTagValue, "p", lp.ErrNewline},
		{"tag after field", func(e *lp.Encoder) error { e.Point("m"); e.Int("f", 1); e.Tag("t", "v"); return ok(e) }, lp.PartTagKey, "t", lp.ErrOrder},
		{"duplicate tag", func(e *lp.Encoder) error {
			e.Point("m")
			e.Tag("b", "1")
			e.Tag("a", "1")
			e.Tag("b", "2")
			return ok(e)
		}, lp.PartTagKey, "b", lp.ErrDuplicateTag},
		{"duplicate field", func(e *lp.Encoder) error { e.Point("m"); e.Int("f", 1); e.Bool("f", true); return e.EndNoTimestamp() }, lp.PartFieldKey, "f", lp.ErrDuplicateField},
		{"field key empty", func(e *lp.Encoder) error { e.Point("m"); e.Bool("", true); return e.EndNoTimestamp() }, lp.PartFieldKey, "", lp.ErrEmptyKey},
		{"field key time", func(e *lp.Encoder) error { e.Point("m"); e.Bool("time", true); return e.EndNoTimestamp() }, lp.PartFieldKey, "time", lp.ErrReservedKey},
		{"NaN", func(e *lp.Encoder) error { e.Point("m"); e.Float("f", math.NaN()); return ok(e) }, lp.PartFieldValue, "f", lp.ErrNotFinite},
		{"infinite float32", func(e *lp.Encoder) error { e.Point("m"); e.Float32("g", float32(math.Inf(1))); return ok(e) }, lp.PartFieldValue, "g", lp.ErrNotFinite},
		{"string UTF-8", func(e *lp.Encoder) error { e.Point("m"); e.String("s", "\xff"); return ok(e) }, lp.PartFieldValue, "s", lp.ErrUTF8},
		{"decimal", func(e *lp.Encoder) error { e.Point("m"); e.Decimal("d", "1,5"); return ok(e) }, lp.PartFieldValue, "d", lp.ErrNumber},
		{"no fields", func(e *lp.Encoder) error { e.Point("m"); e.Tag("t", "v"); return e.EndTimestamp(1) }, lp.PartLine, "", lp.ErrNoFields},
		{"timestamp range", func(e *lp.Encoder) error { e.Point("m"); e.Int("f", 1); return e.EndTimestamp(math.MaxInt64) }, lp.PartTimestamp, "", lp.ErrTimeRange},
		{"time range", func(e *lp.Encoder) error {
			e.Point("m")
			e.Int("f", 1)
			return e.End(time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC))
		}, lp.PartTimestamp, "", lp.ErrTimeRange},
		{"raw line", func(e *lp.Encoder) error { return e.Line([]byte("m")) }, lp.PartLine, "", lp.ErrLine},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Log(caseat.Line(i))
			var e lp.Encoder
			e.Point("before")
			if err := ok(&e); err != nil {
				t.Fatal(err)
			}
			err := c.point(&e)
			var pe *lp.PointError
			if !errors.As(err, &pe) {
				t.Fatalf("error %v", err)
			}
			if pe.Index != 1 || pe.Part != c.part || pe.Key != c.key || pe.Reason != c.reason || !errors.Is(err, c.reason) {
				t.Errorf("error %+v", pe)
			}
			if !strings.HasPrefix(err.Error(), "lp: ") || !strings.Contains(err.Error(), c.reason.String()) {
				t.Errorf("text %q", err)
			}
			e.Point("after")
			if err := ok(&e); err != nil {
				t.Fatal(err)
			}
			if got, want := string(e.Bytes()), "before f=1i 1\nafter f=1i 1\n"; got != want {
				t.Errorf("batch %q, want %q", got, want)
			}
			if e.Lines() != 2 || e.Count(c.reason) != 1 || e.Err() != err {
				t.Errorf("%d lines, count %d, Err %v", e.Lines(), e.Count(c.reason), e.Err())
			}
			e.Reset()
			if e.Len() != 0 || e.Lines() != 0 || e.Err() != nil {
				t.Error("Reset leaves something")
			}
		})
	}
}

// The earliest time rounds down to a unit that begins before it, which servers
// refuse with "time outside range".
func TestEndRoundsOutOfRange(t *testing.T) {
	earliest := time.Unix(0, lp.MinTime)
	for p := lp.Nanosecond; p <= lp.Hour; p++ {
		var e lp.Encoder
		e.SetPrecision(p)
		e.Point("m")
		e.Int("f", 1)
		err := e.End(earliest)
		if p == lp.Nanosecond && err != nil || p != lp.Nanosecond && !errors.Is(err, lp.ErrTimeRange) {
			t.Errorf("%v: %v, %q", p, err, e.Bytes())
		}
		if got, want := string(lp.AppendTime(nil, earliest, p)), strconv.FormatInt(lp.MinTime/p.Unit(), 10); got != want {
			t.Errorf("AppendTime in %v: %s, want %s", p, got, want)
		}
	}
}

// A line feed after a backslash is one line to InfluxDB 1.x and two to others.
func TestLineWithEscapedNewline(t *testing.T) {
	for _, line := range []string{"m\\\nx f=1", "m,\\\n=v f=1", "m,t=\\\n f=1", "m \\\n=1", "m f=1\\\n"} {
		var e lp.Encoder
		if err := e.Line([]byte(line)); !errors.Is(err, lp.ErrLine) || e.Lines() != 0 {
			t.Errorf("%q: %v, %q", line, err, e.Bytes())
		}
	}
	var e lp.Encoder
	if err := e.Line([]byte("m f=\"a\\\n\\\"b\"")); err != nil {
		t.Errorf("line feed in a string field: %v", err)
	}
}

// TestTagsBesideSeries holds that a tag is looked for in the series of its own
// point, whatever the point before had.
func TestTagsBesideSeries(t *testing.T) {
	without := must(lp.NewSeries("m", lp.Tag{Key: "a", Value: "1"}))
	with := must(lp.NewSeries("m", lp.Tag{Key: "b", Value: "1"}))
	var e lp.Encoder
	add := func(s lp.Series, keys ...string) error {
		e.Series(s)
		for _, k := range keys {
			e.Tag(k, "x y")
		}
		e.Int("f", 1)
		return e.EndNoTimestamp()
	}
	for i, c := range []struct {
		series lp.Series
		keys   []string
		ok     bool
	}{
		{without, []string{"c", "b"}, true},
		{without, []string{"c", "b"}, true},
		{with, []string{"c", "b"}, false},
		{with, []string{"c"}, true},
		{without, []string{"c", "b"}, true},
		{with, []string{"b"}, false},
		{with, nil, true},
		{without, []string{"b", "b"}, false},
		{without, []string{"b"}, true},
		{lp.Series{}, nil, false},
	} {
		if err := add(c.series, c.keys...); (err == nil) != c.ok {
			t.Errorf("point %d: %v", i, err)
		}
	}
	e.Point("m") // no series
	e.Tag("b", "1")
	e.Tag("a", "1")
	e.Int("f", 1)
	if err := e.EndNoTimestamp(); err != nil {
		t.Error(err)
	}
}
