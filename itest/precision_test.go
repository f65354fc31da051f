package itest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

type timedPoint struct {
	_  lp.Measurement `lp:"structs"`
	At time.Time      `lp:",timestamp"`
	F  int64          `lp:"f"`
}

// waysToWrite write one point with the field f and the time at, in the precision p. Those
// that do not use line have the client encode the point. The measurement is the name of the
// way.
var waysToWrite = map[string]func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, line []byte) error{
	"write": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		return c.Write(ctx, line, fastclient.WritePrecision(p))
	},
	"view": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		return c.WithPrecision(p).Write(ctx, line)
	},
	"from": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		_, err := c.WriteFrom(ctx, bytes.NewReader(line), fastclient.WritePrecision(p))
		return err
	},
	"lines": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		return fastclient.WritePoints(ctx, c, []fastclient.Lines{line}, fastclient.WritePrecision(p), fastclient.DefaultTags(lp.Tag{Key: "x", Value: "y"}))
	},
	"encoder": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		var e lp.Encoder
		e.SetPrecision(p)
		encodePoint(&e, "encoder", at)
		return c.WriteEncoder(ctx, &e)
	},
	"point": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		point, err := lp.NewPoint("point", nil, map[string]any{"f": 1}, at)
		if err != nil {
			return err
		}
		return fastclient.WritePoints(ctx, c.WithPrecision(p), []*lp.Point{point})
	},
	"structs": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		return fastclient.WriteStructs(ctx, c.WithPrecision(p), nil, []timedPoint{{At: at, F: 1}})
	},
	"frame": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		f := &frame.Frame{Measurement: "frame", Precision: p, Time: []int64{at.UnixNano() / p.Unit()}, Columns: []frame.Column{frame.Ints("f", []int64{1})}}
		return c.WriteFrame(ctx, f)
	},
	"writer": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		return throughWriter(ctx, c, p, func(w *batch.Writer) error { return w.Append(ctx, line) })
	},
	"writer_points": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		return throughWriter(ctx, c, p, func(w *batch.Writer) error {
			point, err := lp.NewPoint("writer_points", nil, map[string]any{"f": 1}, at)
			return errors.Join(err, w.AppendPoints(ctx, point))
		})
	},
	"writer_encode": func(ctx context.Context, c *fastclient.Client, p lp.Precision, at time.Time, _ []byte) error {
		return throughWriter(ctx, c, p, func(w *batch.Writer) error {
			return w.Encode(ctx, func(e *lp.Encoder) { encodePoint(e, "writer_encode", at) })
		})
	},
	"batch_writer": func(ctx context.Context, c *fastclient.Client, p lp.Precision, _ time.Time, line []byte) error {
		w, err := batch.NewSyncWriter(c.WithPrecision(p), batch.Options{})
		if err != nil {
			return err
		}
		return errors.Join(w.Append(ctx, line), w.Close(ctx))
	},
}

func encodePoint(e *lp.Encoder, name string, at time.Time) {
	e.Point(name)
	e.Int("f", 1)
	e.End(at)
}

func throughWriter(ctx context.Context, c *fastclient.Client, p lp.Precision, f func(w *batch.Writer) error) error {
	w, err := batch.NewWriter(c.WithPrecision(p), batch.Options{})
	if err != nil {
		return err
	}
	return errors.Join(f(w), w.Flush(ctx), w.Close(ctx))
}

// TestPrecisions writes one time in every precision and every way to each endpoint of each
// server. The /write of InfluxDB 2 knows other words for precisions than 1.x, and takes an
// unknown word for nanoseconds, without an error.
func TestPrecisions(t *testing.T) {
	at := time.Date(2023, 4, 5, 6, 7, 8, 123456789, time.UTC)
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		clients := map[string]*fastclient.Client{"v1": newClient1(t, s, fastclient.Options{})}
		if is2(s) {
			clients["v2"] = newClient(t, s, fastclient.Options{})
		}
		for api, c := range clients {
			for p := lp.Nanosecond; p <= lp.Hour; p++ {
				t.Run(api+"/"+p.String(), func(t *testing.T) {
					c := createDatabase(t, s, c, "precision_"+api+"_"+p.String())
					floor := at.UnixNano() / p.Unit() * p.Unit()
					want := map[string]bool{}
					for name, write := range waysToWrite {
						line := fmt.Appendf(nil, "%s f=1i %d", name, at.UnixNano()/p.Unit())
						err := write(t.Context(), c, p, at, line)
						if api == "v2" && p > lp.Second {
							// InfluxDB 2 has no words for these precisions, so nothing is sent.
							if _, ok := errors.AsType[*fastclient.OptionError](err); !ok {
								t.Errorf("%s: %v", name, err)
							}
							continue
						}
						if err != nil {
							t.Errorf("%s: %v", name, err)
						}
						want[fmt.Sprintf("%s %d 1", name, floor)] = true
					}
					res, err := c.Query(t.Context(), "SELECT f FROM /.*/")
					if err != nil {
						t.Fatal(err)
					}
					for row, err := range res.Rows() {
						if err != nil {
							t.Fatal(err)
						}
						got := row.Series().Name + " " + strings.Join(rawCells(row), " ")
						if !want[got] {
							t.Errorf("stored %q", got)
						}
						delete(want, got)
					}
					for line := range want {
						t.Errorf("not stored: %q", line)
					}
				})
			}
		}
	})
}

// TestStamps appends lines of one series without a timestamp in every precision. As many
// must be stored as are acked.
func TestStamps(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		v1 := newClient1(t, s, fastclient.Options{})
		for p := lp.Nanosecond; p <= lp.Hour; p++ {
			t.Run(p.String(), func(t *testing.T) {
				c := createDatabase(t, s, v1, "stamps_"+p.String())
				w, err := batch.NewWriter(c.WithPrecision(p), batch.Options{})
				if err != nil {
					t.Fatal(err)
				}
				const n = 20
				for i := range n {
					err := w.Append(t.Context(), fmt.Appendf(nil, "m,a=%d v=%di", i%2, i))
					if err != nil && !errors.Is(err, batch.ErrNoTimeLeft) {
						t.Error(err)
					}
				}
				if err := errors.Join(w.Flush(t.Context()), w.Close(t.Context())); err != nil {
					t.Error(err)
				}
				st := w.Stats()
				if got := len(raws(t, c, "SELECT v FROM m")); got != int(st.Acked.Lines) || st.Acked.Lines+st.RefusedOther != n {
					t.Errorf("%d lines are stored, %d acked, %d refused", got, st.Acked.Lines, st.RefusedOther)
				}
				if p <= lp.Second && st.Acked.Lines != n {
					t.Errorf("%d lines are acked", st.Acked.Lines)
				}
			})
		}
	})
}
