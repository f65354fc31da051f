package itest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

type counters struct {
	_ lp.Measurement `lp:"structs"`
	N uint64         `lp:"n"`
}

// TestUnsignedAuto writes unsigned integers without a policy. Through the 1.x endpoint every
// server stores them as integers, and the client refuses those that do not fit. Values that
// the user encoded as unsigned are stored by InfluxDB 2; the error of 1.x names the option.
func TestUnsignedAuto(t *testing.T) {
	values := []uint64{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, api := range []fastclient.API{fastclient.V1, fastclient.V2} {
			client := newClient1(t, s, fastclient.Options{})
			if api == fastclient.V2 {
				if !is2(s) {
					continue
				}
				client = newClient(t, s, fastclient.Options{})
			}
			c := createDatabase(t, s, client, "unsigned_"+api.String())
			ctx := t.Context()
			kept := 3
			if api == fastclient.V2 {
				kept = 5
			}
			points := func(name string, policy lp.UnsignedPolicy) (list []lp.Appender) {
				for i, v := range values {
					p := &lp.Point{Options: lp.Options{Unsigned: policy}}
					p.SetMeasurement(name)
					p.SetUint("n", v)
					p.SetTag("i", fmt.Sprint(i))
					list = append(list, p)
				}
				return list
			}
			w, err := batch.NewSyncWriter(c, batch.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for way, err := range map[string]error{
				"points":  fastclient.WritePoints(ctx, c, points("points", lp.UnsignedAuto)),
				"structs": fastclient.WriteStructs(ctx, c, nil, []counters{{N: values[0]}, {N: values[3]}}),
				"frame": c.WriteFrame(ctx, &frame.Frame{Measurement: "frame", Time: []int64{1, 2, 3, 4, 5},
					Columns: []frame.Column{frame.Uints("n", values)}}),
				"batch_writer": errors.Join(w.AppendPoints(ctx, points("batch_writer", lp.UnsignedAuto)...), w.Close(ctx)),
			} {
				want := kept
				if way == "structs" {
					want = 1 // only one fits, or both get the same time from the server
				}
				if (kept == 5) != (err == nil) || err != nil && !errors.Is(err, lp.ErrUnsigned) {
					t.Errorf("%v, %s: %v", api, way, err)
				}
				if got := len(raws(t, c, "SELECT n FROM "+way)); got != want {
					t.Errorf("%v, %s: %d points are stored, want %d", api, way, got, want)
				}
			}
			var bad *fastclient.PointsError
			if err := fastclient.WritePoints(ctx, c, points("points", lp.UnsignedAuto)); api == fastclient.V1 && (!errors.As(err, &bad) || bad.Bad != 2 || bad.Write != nil) {
				t.Errorf("%v", err)
			}
			err = fastclient.WritePoints(ctx, c, points("kept", lp.UnsignedKeep))
			if is2(s) {
				if got := len(raws(t, c, "SELECT n FROM kept")); err != nil || got != 5 {
					t.Errorf("%v: %d unsigned values are stored: %v", api, got, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), "lp.Options.Unsigned") {
				t.Errorf("the error names no option: %v", err)
			}
		}
	})
}
