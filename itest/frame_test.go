package itest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/lp"
)

// TestFrameRoundTrip writes a frame to each server and reads it back. Every value must be
// the same to the bit, null must be null, and only rows without a field may be missing.
func TestFrameRoundTrip(t *testing.T) {
	const rows = 5000
	r := rand.New(rand.NewPCG(1, 2))
	f := &frame.Frame{Measurement: "m 1", Tags: []lp.Tag{{Key: "all", Value: "same, yes"}}, Columns: []frame.Column{
		{Name: "host", Role: frame.Tag}, {Name: "f f"}, {Name: "i"}, {Name: "b"}, {Name: "s"},
	}}
	null := func() bool { return r.IntN(4) == 0 }
	want := 0
	for i := range rows {
		f.Time = append(f.Time, 1_500_000_000_000_000_000+int64(i)*1_000_003)
		f.Columns[0].AppendCode(fmt.Sprintf("host=%d", r.IntN(5)))
		fields := 0
		add := func(c *frame.Column, value func()) {
			if null() {
				c.AppendNull()
				return
			}
			value()
			fields++
		}
		add(&f.Columns[1], func() {
			v := math.Float64frombits(r.Uint64())
			if v-v != 0 || i == 0 {
				v = math.Copysign(0, -1)
			}
			f.Columns[1].AppendFloat(v)
		})
		add(&f.Columns[2], func() { f.Columns[2].AppendInt(int64(r.Uint64()) >> r.IntN(64)) })
		add(&f.Columns[3], func() { f.Columns[3].AppendBool(r.IntN(2) == 0) })
		add(&f.Columns[4], func() { f.Columns[4].AppendString([]string{"", "a\nb", `"q" \`, "é, x=1"}[r.IntN(4)]) })
		if fields > 0 {
			want++
		}
	}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "frames")
		c := newClient(t, s, fastclient.Options{Database: db})
		// The rows without a field are reported, and the others stored.
		var bad *fastclient.PointsError
		if err := c.WriteFrame(t.Context(), f); !errors.As(err, &bad) || bad.Bad != rows-want || bad.Write != nil || !errors.Is(err, lp.ErrNoFields) {
			t.Fatal(err)
		}
		q := `SELECT "f f", i, b, s FROM "m 1" GROUP BY *`
		res, err := c.Query(t.Context(), q, fastclient.Chunked(1000))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Close()
		reader := res.FrameReader()
		reader.Merge = true
		byTime := map[int64]int{}
		for i, ts := range f.Time {
			byTime[ts] = i
		}
		got := 0
		for g, err := range reader.Frames() {
			if err != nil {
				t.Fatal(err)
			}
			for i, ts := range g.Time {
				k, ok := byTime[ts]
				if !ok {
					t.Fatalf("time %d was not written, or was read twice", ts)
				}
				delete(byTime, ts)
				got++
				compareFrameRow(t, g, i, f, k)
			}
		}
		if got != want {
			t.Errorf("%d rows, want %d", got, want)
		}
	})
}

// compareFrameRow compares row i of g, the frame that was read, with row k of f.
func compareFrameRow(t *testing.T, g *frame.Frame, i int, f *frame.Frame, k int) {
	t.Helper()
	if v := string(g.Column("all").Text(i)); v != "same, yes" {
		t.Fatalf("tag of all: %q", v)
	}
	for c := range f.Columns {
		want := &f.Columns[c]
		got := g.Column(want.Name)
		if got.IsNull(i) != want.IsNull(k) {
			t.Fatalf("%s, row %d: null %v, want %v", want.Name, k, got.IsNull(i), want.IsNull(k))
		}
		if want.IsNull(k) {
			continue
		}
		same := false
		switch {
		case want.Type == frame.Float64 && got.Type == frame.Float64:
			same = math.Float64bits(got.Floats[i]) == math.Float64bits(want.Floats[k])
		case want.Type == frame.Float64:
			same = math.Float64bits(float64(got.Ints[i])) == math.Float64bits(want.Floats[k]) // all values of this frame are whole
		default:
			same = string(got.AppendValue(nil, i)) == string(want.AppendValue(nil, k))
		}
		if !same {
			t.Fatalf("%s, row %d: %s, want %s", want.Name, k, got.AppendValue(nil, i), want.AppendValue(nil, k))
		}
	}
}
