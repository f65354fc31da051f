package lp_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/lp"
)

// TestLayoutDuplicates holds that a key is written once, be it of a row, of another
// row or of a field, in every order, whatever the point before had.
func TestLayoutDuplicates(t *testing.T) {
	var keys []string
	for i := range 40 {
		keys = append(keys, fmt.Sprintf("k%d", i))
	}
	var layouts []lp.Layout
	for i := range 8 { // of 0 to 7 keys, and the zero value
		layouts = append(layouts, must(lp.NewLayout(keys[i:2*i]...)))
	}
	layouts = append(layouts, lp.Layout{})
	r := rand.New(rand.NewPCG(1, 2))
	var e, fresh lp.Encoder
	refused := 0
	// parts are layouts from 0 on and fields from 100 on.
	write := func(e *lp.Encoder, parts []int) error {
		e.Point("m")
		for _, p := range parts {
			if p < 100 {
				row := layouts[p].Row(e)
				for i := range layouts[p].Len() {
					row.Int(int64(i))
				}
			} else if p < 200 {
				e.Int(keys[p-100], 1)
			} else {
				e.IntFor(must(lp.NewFieldKey(keys[p-200])), 1)
			}
		}
		return e.EndNoTimestamp()
	}
	var parts []int
	for range 20_000 {
		if r.IntN(3) == 0 || parts == nil { // else the same once more
			parts = parts[:0]
			for range r.IntN(4) + 1 {
				switch r.IntN(3) {
				case 0:
					parts = append(parts, r.IntN(len(layouts)))
				default:
					parts = append(parts, 100*(1+r.IntN(2))+r.IntN(16))
				}
			}
		}
		var want []string
		twice := ""
		for _, p := range parts {
			var more []string
			if p < 100 {
				for i := range layouts[p].Len() {
					more = append(more, layouts[p].Key(i))
				}
			} else {
				more = []string{keys[p%100]}
			}
			for _, k := range more {
				if twice == "" && slices.Contains(want, k) {
					twice = k
				}
				want = append(want, k)
			}
		}
		for name, e := range map[string]*lp.Encoder{"used": &e, "fresh": &fresh} {
			if e.Reset(); name == "fresh" {
				*e = lp.Encoder{}
			}
			err := write(e, parts)
			var pe *lp.PointError
			switch {
			case twice != "":
				refused++
				if !errors.As(err, &pe) || pe.Reason != lp.ErrDuplicateField || pe.Key != twice || pe.Part != lp.PartFieldKey || e.Len() != 0 {
					t.Fatalf("%s, parts %v: %q, %v, want %s refused", name, parts, e.Bytes(), err, twice)
				}
			case len(want) == 0:
				if !errors.Is(err, lp.ErrNoFields) {
					t.Fatalf("%s, parts %v: %v", name, parts, err)
				}
			case err != nil || strings.Count(string(e.Bytes()), "=") != len(want):
				t.Fatalf("%s, parts %v: %q, %v", name, parts, e.Bytes(), err)
			}
		}
	}
	if refused < 1000 {
		t.Errorf("%d of the points have a key twice", refused)
	}
	allow := lp.Encoder{}
	allow.SetOptions(lp.Options{AllowDuplicateFields: true})
	err := write(&allow, []int{103, 3, 3, 203, 104})
	if want := "m k3=1i,k3=0i,k4=1i,k5=2i,k3=0i,k4=1i,k5=2i,k3=1i,k4=1i\n"; err != nil || string(allow.Bytes()) != want {
		t.Errorf("allowed: %q, %v", allow.Bytes(), err)
	}
}

// TestRowFloats holds that Row.Floats does what Row.Float does for each value.
func TestRowFloats(t *testing.T) {
	var keys []string
	for i := range 40 {
		keys = append(keys, strings.Repeat("k", 1+i%20)+fmt.Sprint(i))
	}
	layout := must(lp.NewLayout(keys...))
	r := rand.New(rand.NewPCG(5, 6))
	for range 3000 {
		values := make([]float64, r.IntN(len(keys)+1))
		for i := range values {
			switch r.IntN(8) {
			case 0:
				values[i] = math.Float64frombits(r.Uint64())
			case 1, 2:
				values[i] = float64(r.IntN(1e6)-5e5) / 1e3
			case 3:
				values[i] = float64(r.IntN(1e9)) / 1e8
			case 4:
				if r.IntN(20) == 0 {
					values[i] = math.NaN()
				}
			default:
				values[i] = 100*r.Float64() - 10
			}
		}
		var one, all lp.Encoder
		for _, e := range []*lp.Encoder{&one, &all} {
			e.SetOptions(lp.Options{NotFinite: lp.NotFinitePolicy(r.IntN(3))})
		}
		all.SetOptions(one.Options())
		one.Point("m")
		row := layout.Row(&one)
		for _, v := range values {
			row.Float(v)
		}
		want := one.EndTimestamp(1)
		all.Point("m")
		rows := layout.Row(&all)
		cut := r.IntN(len(values) + 1)
		rows.Floats(values[:cut])
		rows.Floats(values[cut:])
		got := all.EndTimestamp(1)
		if fmt.Sprint(got) != fmt.Sprint(want) || string(all.Bytes()) != string(one.Bytes()) {
			t.Fatalf("%v: %q, %v; want %q, %v", values, all.Bytes(), got, one.Bytes(), want)
		}
	}
}
