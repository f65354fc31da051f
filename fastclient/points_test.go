package fastclient

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// TestPointsPrecision holds that the times of points and frames are written in the
// unit that the request names.
func TestPointsPrecision(t *testing.T) {
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
	words := map[Precision]string{Millisecond: "ms", Second: "s", Hour: "s"}
	for p, want := range map[Precision]string{
		Nanosecond:  "m f=1i 1514764800000000005\nm f=1i 1514764800000000000\nm f=1i 1514764800000000000\n",
		Millisecond: "m f=1i 1514764800000\nm f=1i 1514764800000\nm f=1i 1514764800000\n",
		Second:      "m f=1i 1514764800\nm f=1i 1514764800\nm f=1i 1514764800\n",
		Microsecond: strings.Repeat("m f=1i 1514764800000000000\n", 3), // sent as nanoseconds
		Hour:        strings.Repeat("m f=1i 1514764800\n", 3),          // as seconds
	} {
		s := influxtest.New(t)
		c := client(t, s, Options{Precision: p})
		check := func(form string, err error) {
			t.Helper()
			r := s.Last()
			if word := r.Query.Get("precision"); err != nil || string(r.Body) != want || word != words[p] {
				t.Errorf("%s in %v: %v, precision %q, body\n%s", form, p, err, word, r.Body)
			}
		}
		check("WritePoints", WritePoints(t.Context(), c, points))
		check("WritePrecision", WritePoints(t.Context(), client(t, s, Options{}), points, WritePrecision(p)))
		check("WritePoints of one type", WritePoints(t.Context(), c, []*lp.Point{&timed, &stamped, &stamped}))
	}
}

// A selfAppender writes itself.
type selfAppender func(dst []byte) ([]byte, error)

func (f selfAppender) AppendLP(dst []byte) ([]byte, error) { return f(dst) }

// TestPointsThatDoNotAppend holds that an Appender that returns another buffer
// than the one it was given costs no line but its own.
func TestPointsThatDoNotAppend(t *testing.T) {
	failed := errors.New("failed")
	points := []lp.Appender{
		Lines("a f=1"),
		selfAppender(func([]byte) ([]byte, error) { return nil, failed }),
		selfAppender(func([]byte) ([]byte, error) { return []byte("b"), nil }),
		selfAppender(func([]byte) ([]byte, error) { return nil, nil }), // has nothing
		selfAppender(func(dst []byte) ([]byte, error) { return append(dst, "c f=1"...), nil }),
		Lines("d f=1"),
	}
	const want = "a f=1\nc f=1\nd f=1\n"
	s := influxtest.New(t)
	c := client(t, s, Options{})
	var bad *PointsError
	if err := WritePoints(t.Context(), c, points); !errors.As(err, &bad) || bad.Bad != 2 || bad.Index != 1 || bad.First != failed || string(s.Last().Body) != want {
		t.Errorf("WritePoints: %v, body\n%s", err, s.Last().Body)
	}
}
