package fuzz

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// dialect returns the dialect in which the point is written.
func (in *input) dialect() lp.Dialect {
	if in.shape>>16&1 != 0 {
		return lp.Influx1
	}
	return lp.Portable
}

// decoded returns the points that d reads, up to the end of its input.
func decoded(t testing.TB, d *lp.Decoder) (points []point) {
	t.Helper()
	for {
		v, err := d.Next()
		if err == io.EOF {
			return points
		}
		if err != nil {
			t.Fatal(err)
		}
		points = append(points, viewPoint(v))
	}
}

// viewPoint returns the point that the accessors of v return.
func viewPoint(v *lp.PointView) point {
	p := point{measurement: string(v.Measurement())}
	for i := range v.NumTags() {
		k, value := v.Tag(i)
		p.tags = append(p.tags, tag{string(k), string(value)})
	}
	for i := range v.NumFields() {
		k, value := v.Field(i)
		f := field{key: string(k)}
		switch value.Kind() {
		case lp.FloatField:
			f.value = value.Float()
		case lp.IntField:
			f.value = value.Int()
		case lp.UintField:
			f.value = value.Uint()
		case lp.BoolField:
			f.value = value.Bool()
		case lp.StringField:
			f.value = string(value.Bytes())
		}
		p.fields = append(p.fields, f)
	}
	p.ts, p.hasTime = v.Timestamp()
	return p
}

// escapedKey is a tag key as it stands in a line.
func escapedKey(key string) string {
	return strings.TrimSuffix(string(lp.AppendTag(nil, key, "v")), "=v")
}

// FuzzRoundTrip checks decoder and encoder against each other in every dialect. The decoder
// must return each point that the encoder accepts, bit for bit and with tags in their order,
// and the encoder must write the returned point as the same line.
func FuzzRoundTrip(f *testing.F) {
	seedInputs(func(in input) {
		for _, dialect := range []uint32{0, 1 << 16} {
			f.Add(in.name, in.k1, in.v1, in.k2, in.v2, in.f1, in.s, in.f2, in.bits, in.ts, in.shape|dialect)
		}
	})
	var d lp.Decoder
	f.Fuzz(func(t *testing.T, name, k1, v1, k2, v2, f1, s, f2 string, bits uint64, ts int64, shape uint32) {
		in := input{name, k1, v1, k2, v2, f1, s, f2, bits, ts, shape}
		var e lp.Encoder
		e.SetOptions(lp.Options{Precision: in.precision(), Dialect: in.dialect()})
		want := []point{neighbourPoint(-7), in.point(), neighbourPoint(7)}
		if in.series() > 2 { // the series has all tags, in the order of their escaped keys
			slices.SortStableFunc(want[1].tags, func(a, b tag) int { return strings.Compare(escapedKey(a.key), escapedKey(b.key)) })
		}
		neighbour(&e, -7)
		if err := in.encode(&e); err != nil {
			var pe *lp.PointError
			if !errors.As(err, &pe) {
				t.Fatal(err)
			}
			want = []point{want[0], want[2]}
		}
		neighbour(&e, 7)
		d.SetOptions(lp.DecoderOptions{Precision: in.precision()})
		d.Reset(e.Bytes())
		got := decoded(t, &d)
		if len(got) != len(want) {
			t.Fatalf("%q is %d points, want %d", e.Bytes(), len(got), len(want))
		}
		for i, p := range got {
			if !p.same(want[i]) {
				t.Fatalf("%q is read as\n%v\nwant\n%v", e.Bytes(), p, want[i])
			}
			for k, g := range p.tags {
				if g != want[i].tags[k] {
					t.Fatalf("%q: tag %d is %v, want %v", e.Bytes(), k, g, want[i].tags[k])
				}
			}
		}
		d.Reset(e.Bytes())
		var again []byte
		for range want {
			v, err := d.Next()
			if err != nil {
				t.Fatal(err)
			}
			if again, err = v.AppendLP(again); err != nil {
				t.Fatal(err)
			}
		}
		if string(again) != string(e.Bytes()) {
			t.Fatalf("%q is written again as %q", e.Bytes(), again)
		}
	})
}
