package fastclient

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// manyBodies are writes of 40,000 points of about 80 bytes, which are more than
// three bodies.
var manyBodies = map[string]func(context.Context, *Client) error{
	"WritePoints": func(ctx context.Context, c *Client) error {
		lines := make([]Lines, 40_000)
		for i := range lines {
			lines[i] = Lines("m s=\"" + strings.Repeat("x", 70) + "\" 1\n")
		}
		return WritePoints(ctx, c, lines)
	},
	"WriteStructs": func(ctx context.Context, c *Client) error {
		type point struct {
			S string `lp:"s"`
			T int64  `lp:",timestamp"`
		}
		points := make([]point, 40_000)
		for i := range points {
			points[i] = point{strings.Repeat("x", 70), 1}
		}
		return WriteStructs(ctx, c, nil, points)
	},
	"WriteFrame": func(ctx context.Context, c *Client) error {
		texts := make([]string, 40_000)
		for i := range texts {
			texts[i] = strings.Repeat("x", 75)
		}
		return c.WriteFrame(ctx, &frame.Frame{Measurement: "m", Time: make([]int64, len(texts)), Columns: []frame.Column{frame.Strings("s", texts)}})
	},
}

// A body stored in part does not keep back the bodies after it.
func TestBodiesAfterAPartialWrite(t *testing.T) {
	for name, write := range manyBodies {
		t.Run(name, func(t *testing.T) {
			s := influxtest.New(t, influxtest.Error(400, "partial write: field type conflict dropped=1"), influxtest.Status(204))
			err := write(t.Context(), client(t, s, Options{}))
			var part *PartialWriteError
			if !errors.As(err, &part) || part.Dropped != 1 || Retryable(err) {
				t.Errorf("%v", err)
			}
			if n := len(s.Requests()); n < 3 {
				t.Errorf("%d bodies sent", n)
			}
		})
	}
}

// A body that fails ends the call, which says where.
func TestStopped(t *testing.T) {
	for name, write := range manyBodies {
		t.Run(name, func(t *testing.T) {
			s := influxtest.New(t, influxtest.Error(400, "partial write: field type conflict dropped=1"), influxtest.Status(204), influxtest.Error(503, "busy"))
			err := write(t.Context(), client(t, s, Options{}))
			lines := 0
			for _, r := range s.Requests()[:2] {
				lines += strings.Count(string(r.Body), "\n")
			}
			var stopped *StoppedError
			if !errors.As(err, &stopped) || stopped.Index != lines || !Retryable(err) {
				t.Errorf("%v, want it to stop at %d", err, lines)
			}
			if n := len(s.Requests()); n != 3 {
				t.Errorf("%d bodies sent", n)
			}
			var part *PartialWriteError
			if !errors.As(err, &part) {
				t.Errorf("%v does not tell of the first body", err)
			}

			s = influxtest.New(t, influxtest.Error(503, "busy"))
			err = write(t.Context(), client(t, s, Options{}))
			if _, ok := err.(*ServerError); !ok {
				t.Errorf("the first body: %T %v", err, err)
			}
		})
	}
}

// What a call keeps of bodies stored in part is bounded, and says what it left out.
func TestManyPartialWrites(t *testing.T) {
	s := influxtest.New(t, influxtest.Error(400, "partial write: field type conflict dropped=1"))
	c := client(t, s, Options{})
	err := WriteSeq(t.Context(), c, func(yield func(Lines) bool) {
		for range 20 {
			if !yield(Lines("m s=\"" + strings.Repeat("x", pieceBytes) + "\" 1\n")) {
				return
			}
		}
	})
	if n := strings.Count(err.Error(), "dropped=1"); n != maxParts || !strings.Contains(err.Error(), "4 more of the bodies") {
		t.Errorf("%d of 20: %v", n, err)
	}
}
