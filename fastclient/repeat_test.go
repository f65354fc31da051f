package fastclient

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// repeated are calls that make lines: at stamps their points, unless it is zero.
var repeated = map[string]func(ctx context.Context, c *Client, at time.Time) error{
	"WriteEncoder": func(ctx context.Context, c *Client, at time.Time) error {
		var e lp.Encoder
		for _, at := range []time.Time{time.Unix(1, 0), at} {
			e.Point("m")
			e.String("s", "a\n\"b\" 1")
			if err := e.End(at); err != nil {
				return err
			}
		}
		return c.WriteEncoder(ctx, &e)
	},
	"WritePoints": func(ctx context.Context, c *Client, at time.Time) error {
		var p, q lp.Point
		for _, p := range []*lp.Point{&p, &q} {
			p.SetMeasurement("a b")
			p.SetTag("t", `c,= d`)
			p.SetInt("f", 1)
			p.SetTime(at)
		}
		p.SetTime(time.Unix(1, 0))
		return WritePoints(ctx, c, []*lp.Point{&p, &q}, DefaultTags(lp.Tag{Key: "x", Value: "y"}))
	},
	"WriteSeq": func(ctx context.Context, c *Client, at time.Time) error {
		return WriteSeq(ctx, c, func(yield func(Lines) bool) {
			line := Lines("m f=1")
			if !at.IsZero() {
				line = Lines("m f=1 1")
			}
			_ = yield(Lines("m f=1 -1\nm f=2 2")) && yield(line)
		})
	},
	"WriteStructs": func(ctx context.Context, c *Client, at time.Time) error {
		return WriteStructs(ctx, c, nil, []load{{time.Unix(1, 0), "a", 1}, {at, "b", 2}})
	},
	"WriteFrame": func(ctx context.Context, c *Client, at time.Time) error {
		f := &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Ints("f", []int64{1, 2})}}
		if !at.IsZero() {
			f.Time = []int64{1, 2}
		}
		return c.WriteFrame(ctx, f)
	},
}

// What may have been applied is sent again if all its points have timestamps, so that
// a second time changes nothing, and not otherwise.
func TestRepeatWhatIsStamped(t *testing.T) {
	for name, write := range repeated {
		for _, lost := range []influxtest.Reply{influxtest.Drop(), influxtest.DropHard()} {
			for _, stamped := range []bool{true, false} {
				at := map[bool]time.Time{true: time.Unix(2, 0)}[stamped]
				faked(t, Options{Retry: &RetryPolicy{}}, []influxtest.Reply{lost, influxtest.Status(204)}, func(t *testing.T, s *influxtest.Server, c *Client) {
					err := write(t.Context(), c, at)
					n := len(s.Requests())
					var e *TransportError
					if stamped && (err != nil || n != 2 || string(s.Requests()[0].Body) != string(s.Requests()[1].Body)) ||
						!stamped && (!errors.As(err, &e) || !e.Ambiguous || n != 1) {
						t.Errorf("%s, stamped %v: %v after %d attempts", name, stamped, err, n)
					}
				})
				faked(t, Options{Retry: &RetryPolicy{Ambiguous: AmbiguousNever}}, []influxtest.Reply{lost, influxtest.Status(204)}, func(t *testing.T, s *influxtest.Server, c *Client) {
					if err := write(t.Context(), c, at); err == nil || len(s.Requests()) != 1 {
						t.Errorf("%s, never: %v after %d attempts", name, err, len(s.Requests()))
					}
				})
				// Another server is the same question.
				c, a, b := twoServers(t, Options{})
				a.Play(lost)
				if err := write(t.Context(), c, at); stamped != (err == nil) || stamped != (len(b.Requests()) == 1) {
					t.Errorf("%s, stamped %v: %v, %d requests to the other server", name, stamped, err, len(b.Requests()))
				}
			}
		}
	}
}

// Each body is judged by its own lines.
func TestRepeatBodyByBody(t *testing.T) {
	faked(t, Options{Retry: &RetryPolicy{}}, []influxtest.Reply{influxtest.Drop(), influxtest.Status(204), influxtest.Drop()}, func(t *testing.T, s *influxtest.Server, c *Client) {
		lines := make([]Lines, 40_000)
		for i := range lines {
			lines[i] = Lines("measurement field=123456789 1500000000000000000")
		}
		lines[len(lines)-1] = Lines("m f=1")
		err := WritePoints(t.Context(), c, lines)
		var stopped *StoppedError
		if !errors.As(err, &stopped) || len(s.Requests()) != 3 {
			t.Errorf("%v after %d attempts", err, len(s.Requests()))
		}
	})
}
