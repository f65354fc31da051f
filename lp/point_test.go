package lp_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pointwire/pointwire/lp"
)

// precisions are the units of line protocol.
var precisions = []lp.Precision{lp.Nanosecond, lp.Microsecond, lp.Millisecond, lp.Second, lp.Minute, lp.Hour}

// TestPointPrecision holds that the timestamp of a point names the same time
// whatever precision the batch has: that of time.Time, rounded down.
func TestPointPrecision(t *testing.T) {
	at := time.Date(1969, 12, 31, 23, 58, 57, 123456789, time.UTC)
	for _, at := range []time.Time{at, at.AddDate(50, 1, 1), time.Unix(0, lp.MinTime), time.Unix(0, lp.MaxTime), time.Unix(0, 0)} {
		for _, from := range precisions {
			stamp := at.UnixNano() / from.Unit() // in range
			point := func(set func(p *lp.Point)) *lp.Point {
				var p lp.Point
				p.Options.Precision = from
				p.SetMeasurement("m")
				p.SetInt("f", 1)
				set(&p)
				return &p
			}
			stamped := point(func(p *lp.Point) { p.SetTimestamp(stamp) })
			timed := point(func(p *lp.Point) { p.SetTime(time.Unix(0, stamp*from.Unit())) })
			mapped := func(v any) *lp.Point {
				p, err := lp.PointFromMap(map[string]any{"time": v, "fields": map[string]any{"f": 1}}, "m")
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			text := mapped(time.Unix(0, stamp*from.Unit()).UTC().Format(time.RFC3339Nano))
			number := mapped(stamp * from.Unit())
			for _, to := range precisions {
				want, wantErr := func() (string, error) {
					var e lp.Encoder
					e.SetPrecision(to)
					e.Point("m")
					e.Int("f", 1)
					err := e.End(time.Unix(0, stamp*from.Unit()))
					return string(e.Bytes()), err
				}()
				for i, p := range []*lp.Point{stamped, timed, text, number} {
					check := func(form string, got []byte, err error) {
						t.Helper()
						if string(got) != want || errors.Is(err, lp.ErrTimeRange) != (wantErr != nil) {
							t.Errorf("%s of %v, point %d of %v, in %v: %q, %v, want %q, %v", form, at, i, from, to, got, err, want, wantErr)
						}
					}
					var e lp.Encoder
					e.SetPrecision(to)
					err := p.Encode(&e)
					check("Encode", e.Bytes(), err)
					e.Reset()
					err = e.Append(p)
					check("Append", e.Bytes(), err)
					e.Reset()
					err = e.Append(struct{ lp.Appender }{p}) // does not know precisions
					if p == timed && (err != nil || e.Lines() != 1) {
						t.Errorf("an Appender of its own: %q, %v", e.Bytes(), err)
					}
					p.Options.Precision = to // after SetTimestamp
					got, err := p.AppendLP(nil)
					check("AppendLP", got, err)
					p.Options.Precision = from
				}
			}
		}
	}
	for _, p := range []lp.Point{{Options: lp.Options{Precision: lp.Hour}}, {Options: lp.Options{Precision: 99}}} {
		p.SetMeasurement("m")
		p.SetInt("f", 1)
		p.SetTimestamp(lp.MaxTime/lp.Hour.Unit() + 1) // fits another unit
		for _, to := range precisions {
			var e lp.Encoder
			e.SetPrecision(to)
			if err := p.Encode(&e); !errors.Is(err, lp.ErrTimeRange) || e.Len() != 0 {
				t.Errorf("out of range in %v: %q, %v", to, e.Bytes(), err)
			}
		}
	}
}

// TestAppendLPIn holds that whatever wraps a point is written in the precision of
// the batch if it can be.
func TestAppendLPIn(t *testing.T) {
	var p lp.Point
	p.SetMeasurement("m")
	p.SetInt("f", 1)
	p.SetTime(time.Unix(5, 0))
	line, err := p.AppendLPIn([]byte("x\n"), lp.Millisecond)
	if err != nil || string(line) != "x\nm f=1i 5000\n" {
		t.Errorf("%q, %v", line, err)
	}
	p.SetInt("bad\n", 1)
	line, err = p.AppendLPIn([]byte("x"), lp.Millisecond)
	if !errors.Is(err, lp.ErrNewline) || string(line) != "x" {
		t.Errorf("%q, %v", line, err)
	}
	var e lp.Encoder
	e.SetPrecision(lp.Second)
	if err := e.Append(twice{time.Unix(5, 0)}); err != nil || string(e.Bytes()) != "m f=1i 5\nm f=2i 5\n" || e.Lines() != 2 {
		t.Errorf("%q, %v", e.Bytes(), err)
	}
}

// twice is a lp.PrecisionAppender.
type twice struct{ at time.Time }

func (a twice) AppendLP(dst []byte) ([]byte, error) { return a.AppendLPIn(dst, lp.Nanosecond) }

func (a twice) AppendLPIn(dst []byte, p lp.Precision) ([]byte, error) {
	ts := lp.AppendTime(nil, a.at, p)
	return fmt.Appendf(dst, "m f=1i %s\nm f=2i %s\n", ts, ts), nil
}
