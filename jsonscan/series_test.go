package jsonscan

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// TestSeriesOnDemand asks for the series of some rows only. It must be equal to the
// series found by asking for every row, with one pointer for all rows of a series.
func TestSeriesOnDemand(t *testing.T) {
	bodies := map[string][]byte{}
	for _, a := range goldenResponses(t) {
		bodies[a.Name+" "+a.Version] = a.body
	}
	for _, b := range workload.Bodies {
		bodies[b.Name] = b.Make(bodyShare(b.Name), 0)
		bodies[b.Name+" in chunks"] = b.Make(bodyShare(b.Name), 3)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for name, body := range bodies {
		var all []*Series
		for row, err := range sized(bytes.NewReader(body), 64<<10).Rows() {
			if err == nil {
				all = append(all, row.Series())
			}
		}
		for _, size := range sizes {
			for _, share := range []int{2, 10, 1000} {
				i, last := 0, -1
				var series *Series
				for row, err := range sized(bytes.NewReader(body), size).Rows() {
					if err != nil {
						continue
					}
					if r.IntN(share) == 0 {
						s := row.Series()
						// Partial is known after the last row.
						got, want := *s, *all[i]
						got.Partial, want.Partial = false, false
						if !reflect.DeepEqual(got, want) {
							t.Fatalf("%s, buffer %d: row %d is of %+v, want %+v", name, size, i, got, want)
						}
						if last >= 0 && (s == series) != (all[i] == all[last]) || s != row.Series() {
							t.Fatalf("%s, buffer %d: rows %d and %d: pointers %p and %p", name, size, last, i, series, s)
						}
						series, last = s, i
					}
					i++
				}
				if i != len(all) {
					t.Fatalf("%s, buffer %d: %d rows, want %d", name, size, i, len(all))
				}
			}
		}
	}
}
