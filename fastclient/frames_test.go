package fastclient

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

const framesResponse = `{"results":[{"statement_id":0,"series":[{"name":"cpu","tags":{"host":"a"},"columns":["time","load"],"values":[[1,0.5],[2,null],[3,2]]},` +
	`{"name":"cpu","tags":{"host":"b"},"columns":["time","load"],"values":[[1,1]]}]},{"statement_id":1,"error":"database not found: x"}]}` + "\n"

func TestQueryFrames(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(framesResponse))
	frames, err := client(t, s, Options{}).QueryFrames(t.Context(), "SELECT load FROM cpu GROUP BY host; SELECT * FROM x..y")
	var failed *QueryError
	if !errors.As(err, &failed) || failed.StatementID != 1 {
		t.Errorf("error %v", err)
	}
	if len(frames) != 2 || frames[0].Tag("host") != "a" || frames[1].Tag("host") != "b" {
		t.Fatalf("frames %+v", frames)
	}
	if c := frames[0].Column("load"); fmt.Sprint(c.Floats[0], c.IsNull(1), c.Floats[2]) != "0.5 true 2" || fmt.Sprint(frames[0].Time) != "[1 2 3]" {
		t.Errorf("%+v", c)
	}
	s = influxtest.New(t, influxtest.Error(401, "authorization failed"))
	if frames, err := client(t, s, Options{}).QueryFrames(t.Context(), "SELECT 1"); frames != nil || !errors.Is(err, ErrUnauthorized) {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

// TestResultFrames streams frames and leaves the loop early: the connection is
// let go either way.
func TestResultFrames(t *testing.T) {
	s := influxtest.New(t, influxtest.JSON(framesResponse), influxtest.JSON(framesResponse))
	c := client(t, s, Options{})
	for stop := range 2 {
		r, err := c.Query(t.Context(), "SELECT 1")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range r.Frames() {
			if n++; err != nil && n != 3 {
				t.Errorf("pair %d: %v", n, err)
			}
			if stop == 1 {
				break
			}
		}
		if want := []int{3, 1}[stop]; n != want {
			t.Errorf("%d pairs, want %d", n, want)
		}
	}
	if n := c.Stats(); n.Conns != n.Idle {
		t.Errorf("%d connections of %d idle", n.Idle, n.Conns)
	}
}

func TestWriteFrame(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Precision: Second})
	f := &frame.Frame{Measurement: "cpu", Precision: lp.Millisecond, Time: []int64{1, 2, 3}, Columns: []frame.Column{
		frame.Tags("host", []string{"a", "b", "a"}), frame.Floats("load", []float64{0.5, math.NaN(), 2})}}
	err := c.WriteFrame(t.Context(), f, DefaultTags(lp.Tag{Key: "dc", Value: "x"}, lp.Tag{Key: "host", Value: "z"}), WritePrecision(Hour))
	var bad *PointsError
	if !errors.As(err, &bad) || bad.Bad != 1 || bad.Index != 1 || bad.Write != nil || !errors.Is(err, lp.ErrNotFinite) {
		t.Errorf("error %v", err)
	}
	if r := s.Last(); string(r.Body) != "cpu,host=a,dc=x load=0.5 1\ncpu,host=a,dc=x load=2 3\n" || r.Query.Get("precision") != "ms" {
		t.Errorf("precision %q, body\n%s", r.Query.Get("precision"), r.Body)
	}
	f.Columns[1].Floats = nil
	var shape *frame.ShapeError
	if err := c.WriteFrame(t.Context(), f); !errors.As(err, &shape) {
		t.Errorf("error %v", err)
	}
}

// TestEmptyRowsAreTold: a row without a field is a bad point, in whatever way a frame is
// written, in blocks and between rows that are bad for other reasons.
func TestEmptyRowsAreTold(t *testing.T) {
	const rows = 3*frameBlock + 10
	f := &frame.Frame{Measurement: "m", Time: make([]int64, rows), Columns: []frame.Column{{Name: "v"}}}
	bad := map[int]bool{}
	for i := range rows {
		f.Time[i] = int64(i)
		switch i {
		case 7, 8, frameBlock + 1, rows - 1:
			f.Columns[0].AppendNull()
			bad[i] = true
		case 5, 2*frameBlock + 3:
			f.Columns[0].AppendFloat(math.Inf(1))
			bad[i] = true
		default:
			f.Columns[0].AppendFloat(1)
		}
	}
	s := influxtest.New(t)
	c := client(t, s, Options{Compression: Compression{Off: true}})
	for _, first := range []int{5, 7} {
		if first == 7 {
			f.Columns[0].Floats[5] = 1
			delete(bad, 5)
		}
		for name, write := range map[string]func() error{
			"WriteFrame":  func() error { return c.WriteFrame(t.Context(), f) },
			"extra tags":  func() error { return c.WriteFrame(t.Context(), f, DefaultTags(lp.Tag{Key: "a", Value: "b"})) },
			"WritePoints": func() error { return WritePoints(t.Context(), c, []*frame.Frame{f}) },
		} {
			err := write()
			var e *PointsError
			var p *lp.PointError
			if !errors.As(err, &e) || !errors.As(e.First, &p) || e.Bad != len(bad) || e.Write != nil || p.Index != first {
				t.Errorf("%s: %v", name, err)
			}
			if want := lp.ErrNoFields; first == 7 && !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
			if got := strings.Count(string(s.Last().Body), "\n"); got != rows-len(bad) {
				t.Errorf("%s: %d lines", name, got)
			}
		}
	}
}

// TestWriteEncoderTells: what an encoder refused, and what was left open, are told
// beside the outcome of the rest.
func TestWriteEncoderTells(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{})
	var e lp.Encoder
	e.Point("m")
	e.Float("f", 1)
	e.EndTimestamp(1)
	e.Point("n")
	e.Float("f", 2)
	var bad *PointsError
	var p *lp.PointError
	for range 2 { // it changes nothing
		err := c.WriteEncoder(t.Context(), &e)
		if !errors.As(err, &bad) || !errors.As(err, &p) || bad.Bad != 1 || bad.Index != 1 || p.Measurement != "n" || p.Reason != lp.ErrOrder || bad.Write != nil {
			t.Errorf("an open point: %v", err)
		}
	}
	if err := e.EndTimestamp(2); err != nil || string(e.Bytes()) != "m f=1 1\nn f=2 2\n" {
		t.Errorf("%v, %s", err, e.Bytes())
	}
	if err := c.WriteEncoder(t.Context(), &e); err != nil {
		t.Error(err)
	}
	e.Point("o")
	e.Float("f", math.NaN())
	if e.Unfinished() != nil {
		t.Error("a refused point is unfinished")
	}
	e.Point("p")
	s.Play(influxtest.Error(400, "no"))
	err := c.WriteEncoder(t.Context(), &e)
	if !errors.As(err, &bad) || bad.Bad != 2 || bad.Index != 2 || !errors.Is(err, lp.ErrNotFinite) || !errors.Is(bad.Write, ErrBadRequest) {
		t.Errorf("refused: %v", err)
	}
	e.Reset()
	e.Point("q")
	e.EndTimestamp(1)
	if err := c.WriteEncoder(t.Context(), &e); !errors.As(err, &bad) || bad.Bad != 1 || bad.Write != nil || !errors.Is(err, lp.ErrNoFields) {
		t.Errorf("nothing but a refused point: %v", err)
	}
}

// TestWriteFrameLarge writes 100,000 rows in bodies of a bounded size, and
// nothing for a frame without rows.
func TestWriteFrameLarge(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Compression: Compression{Off: true}})
	if err := c.WriteFrame(t.Context(), &frame.Frame{Measurement: "m"}); err != nil || s.Last() != nil {
		t.Errorf("nothing to write: %v, request %v", err, s.Last())
	}
	const rows = 100_000
	f := &frame.Frame{Measurement: "m", Time: make([]int64, rows), Columns: []frame.Column{{Name: "i"}}}
	for i := range rows {
		f.Time[i] = int64(i)
		f.Columns[0].AppendInt(int64(i))
	}
	if err := c.WriteFrame(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, r := range s.Requests() {
		if len(r.Body) > pieceBytes+frameBlock*64 {
			t.Errorf("a body of %d bytes", len(r.Body))
		}
		lines += strings.Count(string(r.Body), "\n")
	}
	if lines != rows {
		t.Errorf("%d lines", lines)
	}
}
