//go:build !race

package pwarrow_test

import (
	"math/rand/v2"
	"testing"

	pwarrow "github.com/pointwire/pointwire/adapters/arrow"
)

// What a record and a frame allocate does not grow with the rows, where their memory is
// shared.
func TestAllocations(t *testing.T) {
	count := func(rows int) (there, back float64) {
		f := random(rand.New(rand.NewPCG(1, 2)), rows)
		f.Columns = append(f.Columns[:1:1], f.Columns[2:8]...) // without booleans and null
		there = testing.AllocsPerRun(50, func() {
			r, err := pwarrow.Record(f)
			if err != nil {
				t.Fatal(err)
			}
			r.Release()
		})
		r, err := pwarrow.Record(f)
		if err != nil {
			t.Fatal(err)
		}
		back = testing.AllocsPerRun(50, func() {
			if _, err := pwarrow.Frame(r); err != nil {
				t.Fatal(err)
			}
		})
		return there, back
	}
	there, back := count(100)
	if a, b := count(10_000); a != there || b != back {
		t.Errorf("%v and %v allocations with 10,000 rows, %v and %v with 100", a, b, there, back)
	}
}
