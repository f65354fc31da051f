//go:build !race

package jsonscan

import (
	"bytes"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// TestPackedAllocs holds that rows of MessagePack cost no allocation, and its series no more
// than those of JSON.
func TestPackedAllocs(t *testing.T) {
	for _, shape := range workload.Bodies {
		body := packedBody(t, shape.Make(bodyShare(shape.Name), 0))
		r := bytes.NewReader(body)
		s := NewScanner(r)
		s.MessagePack = true
		rows, series := 0, 0
		run := func() {
			r.Reset(body)
			s.Reset(r)
			s.memo.list = s.memo.list[:0] // as if this were the first response
			rows, series = 0, 0
			var last *Series
			for s.Next() {
				rows++
				row := s.Row()
				if row.Series() != last {
					last = row.Series()
					series++
				}
				for i := range row.Len() {
					row.Int(0)
					row.Cell(i).Float()
					if row.Kind(i) == KindString {
						row.Bytes(i)
					}
				}
			}
			if s.Err() != nil {
				t.Fatal(s.Err())
			}
		}
		run()
		if got, limit := testing.AllocsPerRun(5, run), 2+seriesAllocs*float64(series); got > limit {
			t.Errorf("%s: %v allocations for %d rows of %d series, want at most %v", shape.Name, got, rows, series, limit)
		}
	}
}

// TestPackedPolledAllocs holds that the responses to a query that is sent again and again
// share the series.
func TestPackedPolledAllocs(t *testing.T) {
	last, _ := workload.FindBody("small_last")
	body := packedBody(t, last.Make(1, 0))
	r := bytes.NewReader(body)
	s := NewScanner(r)
	s.MessagePack = true
	got := perRow(t, 1, func() {
		r.Reset(body)
		s.Reset(r)
		for s.Next() {
			if s.Row().Series().Name != "mem" {
				t.Error(s.Row().Series())
			}
		}
	})
	if s.Err() != nil || got > seriesAllocs {
		t.Errorf("%v allocations per response, %v", got, s.Err())
	}
}

func TestPackedStructAllocs(t *testing.T) {
	trade, _ := workload.FindBody("trade")
	body := packedBody(t, trade.Make(0.01, 0))
	r := bytes.NewReader(body)
	s := NewScanner(r)
	s.MessagePack = true
	var dst []workload.Trade
	got := perRow(t, 1500, func() {
		r.Reset(body)
		s.Reset(r)
		var err error
		if dst, err = AppendStructs(dst[:0], s.Rows()); err != nil || len(dst) != 1500 {
			t.Fatal(len(dst), err)
		}
	})
	if got > 4*structAllocs { // a trade has four texts
		t.Errorf("%v allocations per row", got)
	}
}
