package fastclient

import (
	"errors"
	"maps"
	"math"
	"testing"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

// TestEncodeOptions holds that frames and structs are written by the options of the call, in
// every call that takes them, and that what these leave out or change is reported.
func TestEncodeOptions(t *testing.T) {
	type row struct {
		Host string  `lp:"host,tag"`
		Load float64 `lp:"load"`
		Time int64   `lp:",timestamp"`
	}
	rows := []row{{"a", 1, 1}, {"b\n", math.NaN(), 2}, {"c\n", 3, 3}}
	schema, err := lp.NewSchema[row](lp.SchemaOptions{Measurement: "m", Options: lp.Options{Text: lp.TextDropPoint}})
	if err != nil {
		t.Fatal(err)
	}
	f := &frame.Frame{Measurement: "m", Columns: []frame.Column{{Name: "host", Role: frame.Tag}, {Name: "load"}}}
	for _, r := range rows {
		f.Columns[0].AppendString(r.Host)
		f.Columns[1].AppendFloat(r.Load)
		f.Time = append(f.Time, r.Time)
	}
	s := influxtest.New(t)
	c := client(t, s, Options{Compression: Compression{Off: true}})
	ctx := t.Context()
	calls := map[string]func(...PointOption) error{
		"structs": func(o ...PointOption) error { return WriteStructs(ctx, c, schema, rows, o...) },
		"frame":   func(o ...PointOption) error { return c.WriteFrame(ctx, f, o...) },
		"points":  func(o ...PointOption) error { return WritePoints(ctx, c, []*frame.Frame{f}, o...) },
	}
	for _, tc := range []struct {
		name   string
		o      []PointOption
		body   string
		bad    int // points
		reason lp.Reason
		counts map[lp.Reason]uint64
	}{
		{"replaced", []PointOption{EncodeOptions(lp.Options{Text: lp.TextReplace, NotFinite: lp.NotFiniteDropPoint})},
			"m,host=a load=1 1\nm,host=c_ load=3 3\n", 0, 0, map[lp.Reason]uint64{lp.Replaced: 2, lp.ErrNotFinite: 1}},
		{"dropped", []PointOption{EncodeOptions(lp.Options{Text: lp.TextDropPoint})},
			"m,host=a load=1 1\n", 0, 0, map[lp.Reason]uint64{lp.ErrNewline: 2}},
		{"no field", []PointOption{EncodeOptions(lp.Options{Text: lp.TextReplace, NotFinite: lp.NotFiniteDropField})},
			"m,host=a load=1 1\nm,host=c_ load=3 3\n", 1, lp.ErrNoFields, map[lp.Reason]uint64{lp.Replaced: 2, lp.ErrNotFinite: 1}},
		{"shared", []PointOption{EncodeOptions(lp.Options{Text: lp.TextDropPoint}), DefaultTags(lp.Tag{Key: "load", Value: "x"}, lp.Tag{Key: "host", Value: "y"})},
			"m,host=a,load=x load=1 1\n", 0, 0, map[lp.Reason]uint64{lp.ErrNewline: 2, lp.ErrSharedKey: 1}},
		{"shared refused", []PointOption{EncodeOptions(lp.Options{Text: lp.TextDropPoint, SharedKey: lp.SharedKeyRefuse}), DefaultTags(lp.Tag{Key: "load", Value: "x"})},
			"", 1, lp.ErrSharedKey, map[lp.Reason]uint64{lp.ErrNewline: 2, lp.ErrSharedKey: 1}},
	} {
		for name, call := range calls {
			before := len(s.Requests())
			counts := map[lp.Reason]uint64{}
			err := call(append(tc.o, EncodeCounts(func(r lp.Reason, n uint64) {
				if r != lp.ErrNoFields { // of a frame these are not counted by its encoder
					counts[r] += n
				}
			}))...)
			var bad *PointsError
			if errors.As(err, &bad) != (tc.bad > 0) || tc.bad > 0 && (bad.Bad != tc.bad || !errors.Is(err, tc.reason)) {
				t.Errorf("%s, %s: %v", tc.name, name, err)
			}
			body := ""
			for _, r := range s.Requests()[before:] {
				body += string(r.Body)
			}
			if body != tc.body || !maps.Equal(counts, tc.counts) {
				t.Errorf("%s, %s: counts %v, body\n%s", tc.name, name, counts, body)
			}
		}
	}
	// Without the option the schema and strictness decide, as ever.
	var bad *PointsError
	if err := WriteStructs(ctx, c, schema, rows); err != nil {
		t.Error(err)
	}
	if err := c.WriteFrame(ctx, f); !errors.As(err, &bad) || bad.Bad != 2 {
		t.Error(err)
	}
}
