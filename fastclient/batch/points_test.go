package batch

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// TestAppendedPrecision: the times of appended points and frames are written in the unit
// that the request names.
func TestAppendedPrecision(t *testing.T) {
	const seconds = 1514764800
	var timed lp.Point
	timed.SetMeasurement("m")
	timed.SetInt("f", 1)
	timed.SetTime(time.Unix(seconds, 5))
	stamped := lp.Point{Options: lp.Options{Precision: lp.Second}}
	stamped.SetMeasurement("m")
	stamped.SetInt("f", 1)
	stamped.SetTimestamp(seconds)
	table := &frame.Frame{Measurement: "m", Precision: lp.Minute, Time: []int64{seconds / 60}, Columns: []frame.Column{frame.Ints("f", []int64{1})}}
	points := []lp.Appender{&timed, &stamped, table}
	for p, want := range map[fastclient.Precision]string{
		fastclient.Nanosecond:  "m f=1i 1514764800000000005\n" + strings.Repeat("m f=1i 1514764800000000000\n", 2),
		fastclient.Millisecond: strings.Repeat("m f=1i 1514764800000\n", 3),
		fastclient.Second:      strings.Repeat("m f=1i 1514764800\n", 3),
		fastclient.Microsecond: strings.Repeat("m f=1i 1514764800000000000\n", 3), // sent as nanoseconds
		fastclient.Hour:        strings.Repeat("m f=1i 1514764800\n", 3),          // as seconds
	} {
		s := influxtest.New(t)
		b, err := NewSyncWriter(client(t, s, fastclient.Options{Precision: p}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = b.AppendPoints(t.Context(), points...)
		if err = errors.Join(err, b.Close(t.Context())); err != nil || string(s.Last().Body) != want {
			t.Errorf("SyncWriter in %v: %v, body\n%s", p, err, s.Last().Body)
		}
		synctest.Test(t, func(t *testing.T) {
			w, s, end := pipeWriter(t, fastclient.Options{Precision: p}, Options{})
			err := w.AppendPoints(context.Background(), points...)
			err = errors.Join(err, w.Flush(context.Background()))
			if got := string(s.Last().Body); err != nil || got != want {
				t.Errorf("Writer in %v: %v, body\n%s", p, err, got)
			}
			end()
		})
	}
}

// An appenderFunc writes itself.
type appenderFunc func(dst []byte) ([]byte, error)

func (f appenderFunc) AppendLP(dst []byte) ([]byte, error) { return f(dst) }

// TestAppendersThatDoNotAppend: if an Appender returns a buffer other than the one it was
// given, only its own lines are lost.
func TestAppendersThatDoNotAppend(t *testing.T) {
	points := []lp.Appender{
		fastclient.Lines("a f=1"),
		appenderFunc(func([]byte) ([]byte, error) { return nil, errors.New("failed") }),
		appenderFunc(func([]byte) ([]byte, error) { return []byte("b"), nil }),
		appenderFunc(func([]byte) ([]byte, error) { return nil, nil }), // has nothing
		appenderFunc(func(dst []byte) ([]byte, error) { return append(dst, "c f=1"...), nil }),
		fastclient.Lines("d f=1"),
	}
	s := influxtest.New(t)
	b, err := NewSyncWriter(client(t, s, fastclient.Options{}), Options{NoStamp: true})
	if err != nil {
		t.Fatal(err)
	}
	var refused *AppendError
	if err := b.AppendPoints(t.Context(), points...); !errors.As(err, &refused) || refused.Refused != 2 || refused.Accepted != 3 {
		t.Errorf("AppendPoints: %v", err)
	}
	if err := b.Close(t.Context()); err != nil || string(s.Last().Body) != "a f=1\nc f=1\nd f=1\n" {
		t.Errorf("Close: %v, body\n%s", err, s.Last().Body)
	}
}

// TestFrameOptions holds that a frame is written by the options of the writer.
func TestFrameOptions(t *testing.T) {
	f := &frame.Frame{Measurement: "m", Time: []int64{1, 2, 3}, Columns: []frame.Column{
		frame.Floats("v", []float64{1, math.NaN(), 3}), frame.Strings("s", []string{"a", "b", "\xff"})}}
	for _, c := range []struct {
		o       lp.Options
		refused int
		body    string
	}{
		{lp.Options{}, 2, "m v=1,s=\"a\" 1\n"},
		{lp.Options{NotFinite: lp.NotFiniteDropField}, 1, "m v=1,s=\"a\" 1\nm s=\"b\" 2\n"},
		{lp.Options{NotFinite: lp.NotFiniteDropPoint, Text: lp.TextReplace}, 0, "m v=1,s=\"a\" 1\nm v=3,s=\"\uFFFD\" 3\n"},
	} {
		s := influxtest.New(t)
		b, err := NewSyncWriter(client(t, s, fastclient.Options{}), Options{Encoder: c.o})
		if err != nil {
			t.Fatal(err)
		}
		var a *AppendError
		if err := b.AppendPoints(t.Context(), f); errors.As(err, &a) != (c.refused > 0) || a != nil && a.Refused != c.refused {
			t.Errorf("%+v: %v", c.o, err)
		}
		if err := b.Close(t.Context()); err != nil || string(s.Last().Body) != c.body {
			t.Errorf("%+v: %v, body\n%s", c.o, err, s.Last().Body)
		}
	}
}

// TestEmptyRowsAreRefused: a row without a field counts as a refused line, also between rows
// that are refused for other reasons.
func TestEmptyRowsAreRefused(t *testing.T) {
	const rows = 3000
	f := &frame.Frame{Measurement: "m", Time: make([]int64, rows), Columns: []frame.Column{{Name: "v"}}}
	bad := 0
	for i := range rows {
		f.Time[i] = int64(i)
		switch i {
		case 7, 8, 1025, rows - 1:
			f.Columns[0].AppendNull()
			bad++
		case 5, 2051:
			f.Columns[0].AppendFloat(math.Inf(1))
			bad++
		default:
			f.Columns[0].AppendFloat(1)
		}
	}
	sc := newScript(acker)
	w := testWriter(t, Options{}, sc.Send)
	err := w.AppendPoints(t.Context(), f)
	var a *AppendError
	if !errors.As(err, &a) || a.Refused != bad || a.Accepted != rows-bad {
		t.Errorf("AppendPoints: %v", err)
	}
	mustClose(t, w)
}
