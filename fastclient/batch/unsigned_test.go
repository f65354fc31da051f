package batch

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

type unsignedStruct struct {
	_ lp.Measurement `lp:"m"`
	N uint64         `lp:"n"`
}

// unsignedWays are all the ways in which a client encodes points. Each writes the values as
// the field n of m, one body for each value, and returns the error of the points.
var unsignedWays = map[string]func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error{
	"points": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return fastclient.WritePoints(ctx, c, unsignedPoints(policy, values))
	},
	"points with tags": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return fastclient.WritePoints(ctx, c, unsignedPoints(policy, values), fastclient.DefaultTags())
	},
	"frame": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		if policy != lp.UnsignedAuto {
			return errors.ErrUnsupported
		}
		return c.WriteFrame(ctx, unsignedFrame(values))
	},
	"frame as a point": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		if policy != lp.UnsignedAuto {
			return errors.ErrUnsupported
		}
		return fastclient.WritePoints(ctx, c, []*frame.Frame{unsignedFrame(values)})
	},
	"structs": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		if policy != lp.UnsignedAuto {
			return errors.ErrUnsupported
		}
		return fastclient.WriteStructs(ctx, c, nil, unsignedStructs(values))
	},
	"structs by schema": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		s, err := lp.NewSchema[unsignedStruct](lp.SchemaOptions{Options: lp.Options{Unsigned: policy}})
		if err != nil {
			return err
		}
		return fastclient.WriteStructs(ctx, c, s, unsignedStructs(values))
	},
	"appended points": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return unsignedBatch(ctx, c, lp.UnsignedAuto, func(b *SyncWriter) error {
			var list []lp.Appender
			for _, p := range unsignedPoints(policy, values) {
				list = append(list, p)
			}
			return b.AppendPoints(ctx, list...)
		})
	},
	"appended structs": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return unsignedBatch(ctx, c, policy, func(b *SyncWriter) error { return WriteStructs(ctx, b, nil, unsignedStructs(values)) })
	},
	"encoded": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return unsignedBatch(ctx, c, policy, func(b *SyncWriter) error {
			return b.Encode(ctx, func(e *lp.Encoder) {
				for _, v := range values {
					e.Point("m")
					e.Uint("n", v)
					e.EndNoTimestamp()
				}
			})
		})
	},
	"encoded points": func(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, values []uint64) error {
		return unsignedBatch(ctx, c, policy, func(b *SyncWriter) error {
			return b.Encode(ctx, func(e *lp.Encoder) {
				for _, p := range unsignedPoints(lp.UnsignedAuto, values) {
					e.Append(p)
				}
			})
		})
	},
}

func unsignedBatch(ctx context.Context, c *fastclient.Client, policy lp.UnsignedPolicy, f func(b *SyncWriter) error) error {
	b, err := NewSyncWriter(c, Options{NoStamp: true, Encoder: lp.Options{Unsigned: policy}})
	if err != nil {
		return err
	}
	return errors.Join(f(b), b.Close(ctx))
}

func unsignedPoints(policy lp.UnsignedPolicy, values []uint64) (list []*lp.Point) {
	for _, v := range values {
		p := &lp.Point{Options: lp.Options{Unsigned: policy}}
		p.SetMeasurement("m")
		p.SetUint("n", v)
		list = append(list, p)
	}
	return list
}

func unsignedStructs(values []uint64) (list []unsignedStruct) {
	for _, v := range values {
		list = append(list, unsignedStruct{N: v})
	}
	return list
}

func unsignedFrame(values []uint64) *frame.Frame {
	return &frame.Frame{Measurement: "m", Columns: []frame.Column{frame.Uints("n", values)}}
}

// TestUnsignedAuto: the client encodes no unsigned values for version 1. Values that do not
// fit into an integer are bad points. A policy that the user set is kept.
func TestUnsignedAuto(t *testing.T) {
	values := []uint64{0, 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64}
	const (
		fit  = "m n=0i\nm n=1i\nm n=9223372036854775807i\n"
		keep = "m n=0u\nm n=1u\nm n=9223372036854775807u\nm n=9223372036854775808u\nm n=18446744073709551615u\n"
	)
	for way, write := range unsignedWays {
		for _, tt := range []struct {
			api    fastclient.API
			policy lp.UnsignedPolicy
			want   string
		}{
			{fastclient.V1, lp.UnsignedAuto, fit}, {fastclient.V1, lp.UnsignedKeep, keep}, {fastclient.V1, lp.UnsignedInt, fit},
			{fastclient.V2, lp.UnsignedAuto, keep}, {fastclient.V2, lp.UnsignedInt, fit}, {fastclient.V3, lp.UnsignedAuto, keep},
		} {
			s := influxtest.New(t)
			err := write(t.Context(), client(t, s, fastclient.Options{API: tt.api}), tt.policy, values)
			if errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			if got := string(s.Last().Body); got != tt.want {
				t.Errorf("%s, %v, policy %d: sent %q", way, tt.api, tt.policy, got)
			}
			var points *fastclient.PointsError
			var appended *AppendError
			switch {
			case tt.want == keep:
				if err != nil {
					t.Errorf("%s, %v, policy %d: %v", way, tt.api, tt.policy, err)
				}
			case !errors.Is(err, lp.ErrUnsigned):
				t.Errorf("%s, %v, policy %d: %v", way, tt.api, tt.policy, err)
			case errors.As(err, &points) && points.Bad == 2 && points.Write == nil:
			case errors.As(err, &appended) && appended.Refused == 2 && appended.Accepted == 3:
			default:
				t.Errorf("%s, %v, policy %d: %v", way, tt.api, tt.policy, err)
			}
		}
	}
}

// TestUnsignedAsGiven: lines that the caller encoded are not changed.
func TestUnsignedAsGiven(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, fastclient.Options{})
	const text = "m n=5u 1\n"
	var e lp.Encoder
	e.Point("m")
	e.Uint("n", 5)
	e.EndTimestamp(1)
	b, err := NewSyncWriter(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, from := c.WriteFrom(t.Context(), strings.NewReader(text))
	err = errors.Join(c.Write(t.Context(), []byte(text)), c.WriteEncoder(t.Context(), &e), fastclient.WritePoints(t.Context(), c, []fastclient.Lines{fastclient.Lines(text)}),
		from, b.Append(t.Context(), []byte(text)), b.Close(t.Context()))
	var bodies []string
	for _, r := range s.Requests() {
		bodies = append(bodies, string(r.Body))
	}
	if err != nil || !slices.Equal(bodies, slices.Repeat([]string{text}, 5)) {
		t.Errorf("%v, sent %q", err, bodies)
	}
}

// TestUnsignedHint: the error about an unsigned value that a server refuses names the
// option, and no other error does.
func TestUnsignedHint(t *testing.T) {
	const option = "lp.Options.Unsigned"
	for message, want := range map[string]bool{
		"partial write: unable to parse 'm n=5u': invalid number dropped=0":                                               true,
		"partial write: unable to parse 'm n=5u 1': invalid number\nunable to parse 'm n=6u 1': invalid number dropped=0": true,
		"unable to parse 'm,t=': a=1,n=5u 1': invalid number":                                                             true,
		// The quoted line seems to end within the string.
		"unable to parse 'm s=\"': invalid number\",n=5u 1': invalid number":                                                    false,
		"partial write: unable to parse 'm n=5x': invalid number dropped=0":                                                     false,
		"partial write: unable to parse 'm n=\"5u\"': invalid number dropped=0":                                                 false,
		"partial write: unable to parse 'm n=5u': bad timestamp dropped=0":                                                      false,
		"partial write: field type conflict: input field \"unable to parse 'm n=5u': invalid number\" on measurement dropped=1": false,
		"": false,
	} {
		e := &fastclient.ServerError{Op: "write", Status: 400, Message: message}
		b := &BatchError{Seq: 1, Lines: 1, Reason: ReasonLine, Status: 400, Message: message}
		if got := strings.Contains(e.Error(), option); got != want {
			t.Errorf("%v", e)
		}
		if got := strings.Contains(b.Error(), option); got != want {
			t.Errorf("%v", b)
		}
	}
}
