package frame

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// TestConvert converts values at the ends of what is exact.
func TestConvert(t *testing.T) {
	for _, tt := range []struct {
		from Column
		to   Type
		want string // of AppendValue, or the error
	}{
		{Ints("c", []int64{1, -1, 1 << 53, -1 << 53}), Float64, "1 -1 9007199254740992 -9007199254740992"},
		{Ints("c", []int64{1<<53 + 1}), Float64, "row 0 of column \"c\" from int64 to float64: "},
		{Ints("c", []int64{1<<53 + 2, 1152921504606847000, -1152921504606847000, 1 << 60}), Float64, "9007199254740994 1152921504606847000 -1152921504606847000 1152921504606847000"},
		{Ints("c", []int64{0, math.MaxInt64}), Float64, "row 1 of column"},
		{Ints("c", []int64{math.MinInt64}), Float64, "-9223372036854776000"},
		{Ints("c", []int64{9223372036854775001}), Float64, "row 0"},
		{Uints("c", []uint64{1 << 63, 18446744073709552}), Float64, "9223372036854776000 18446744073709550"},
		{Uints("c", []uint64{math.MaxUint64}), Float64, "row 0"},
		{Ints("c", []int64{0, math.MaxInt64}), Uint64, "0 9223372036854775807"},
		{Ints("c", []int64{-1}), Uint64, "row 0"},
		{Uints("c", []uint64{math.MaxInt64}), Int64, "9223372036854775807"},
		{Uints("c", []uint64{1 << 63}), Int64, "row 0"},
		{Floats("c", []float64{1}), Int64, "column \"c\" from float64 to int64: no conversion"},
		{Strings("c", []string{"1"}), Float64, "no conversion"},
		{Ints("c", []int64{1}), Dict + 1, "no conversion"},
		{Floats("c", []float64{0.5}), Float64, "0.5"},
	} {
		c := tt.from
		err := c.Convert(tt.to)
		var parts []string
		for i := range c.Len() {
			parts = append(parts, string(c.AppendValue(nil, i)))
		}
		got := strings.Join(parts, " ")
		if err != nil {
			if c.Type != tt.from.Type {
				t.Errorf("%v: the type changed", err)
			}
			got = err.Error()
		} else if c.Type != tt.to {
			t.Errorf("%v: type %v", tt.want, c.Type)
		}
		if err != nil && !strings.Contains(got, tt.want) || err == nil && got != tt.want {
			t.Errorf("%v to %v: %q, want %q", tt.from.Type, tt.to, got, tt.want)
		}
		if e, ok := errors.AsType[*ConvertError](err); err != nil && (!ok || e.Column != "c" || !errors.Is(err, e.Err)) {
			t.Errorf("error %v", err)
		}
	}
}

// TestConvertNull gives columns of nulls each type: they stay as long, and take values.
func TestConvertNull(t *testing.T) {
	for to := Null; to <= Dict; to++ {
		for _, n := range []int{0, 1, 7, 8, 9, 100} {
			c := Column{Name: "c"}
			c.AppendInt(7) // memory that is used again
			c.Reset()
			for range n {
				c.AppendNull()
			}
			if err := c.Convert(to); err != nil {
				t.Fatal(err)
			}
			if c.Type != to || c.Len() != n || c.Nulls() != n {
				t.Errorf("%v: type %v, %d rows, %d nulls, want %d", to, c.Type, c.Len(), c.Nulls(), n)
			}
			switch to {
			case Int64:
				c.AppendInt(5)
			case Float64:
				c.AppendFloat(5)
			case Dict:
				c.AppendCode("5")
			case String:
				c.AppendString("5")
			default:
				continue
			}
			f := Frame{Measurement: "m", Time: make([]int64, n+1), Columns: []Column{c}}
			lines, err := f.AppendLP(nil)
			if err != nil || strings.Count(string(lines), "\n") != 1 || f.Skipped() != n || !strings.Contains(string(lines), "5") {
				t.Errorf("%v: %v, %q", to, err, lines)
			}
		}
	}
}

// TestConvertPrinted holds that the integers which InfluxDB prints for whole floats become
// these floats.
func TestConvertPrinted(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var want []float64
	var body strings.Builder
	for range 2000 {
		f := math.Trunc(math.Ldexp(1+r.Float64(), r.IntN(63))) * float64(1-2*r.IntN(2))
		want = append(want, f)
		if body.Len() > 0 {
			body.WriteByte(',')
		}
		c := Floats("", []float64{f})
		body.WriteString("[1," + string(c.AppendValue(nil, 0)) + "]")
	}
	text := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[` + body.String() + `]}]}]}`
	reader := NewReader(jsonscan.NewScanner(strings.NewReader(text)))
	reader.Rows = -1
	for f, err := range reader.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		c := f.Column("v")
		if c.Type != Int64 {
			t.Fatalf("type %v", c.Type)
		}
		if err := c.Convert(Float64); err != nil {
			t.Fatal(err)
		}
		for i, v := range c.Floats {
			if v != want[i] {
				t.Fatalf("%v, want %v", v, want[i])
			}
		}
	}
}
