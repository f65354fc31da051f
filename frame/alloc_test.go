//go:build !race

package frame

import (
	"bytes"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// TestReaderAllocs holds that reading does not allocate per row. Only the series, which
// stay valid, are allocated.
func TestReaderAllocs(t *testing.T) {
	read := func(b workload.Body, merge bool) {
		body := b.Make(0.05, 0)
		in := bytes.NewReader(nil)
		s := jsonscan.NewScanner(in)
		r := NewReader(s)
		r.Merge = merge
		rows, series := 0, bytes.Count(body, []byte(`"values":`))
		run := func() {
			in.Reset(body)
			s.Reset(in)
			r.Reset(s)
			rows = 0
			for r.Next() {
				rows += r.Frame().Len()
			}
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
		}
		run()
		if got, limit := testing.AllocsPerRun(5, run), 2+seriesAllocs*float64(series); got > limit {
			t.Errorf("%s, merge %v: %v allocations for %d rows of %d series, want at most %v", b.Name, merge, got, rows, series, limit)
		}
	}
	for _, b := range workload.Bodies {
		read(b, false)
		if b.Name == "small_last" {
			read(b, true)
		}
	}
}

// TestAppendAllocs holds that writing a frame does not allocate.
func TestAppendAllocs(t *testing.T) {
	f := tradeFrame(1024)
	dst := make([]byte, 0, 1<<20)
	var e Encoder
	if got := testing.AllocsPerRun(20, func() {
		var err error
		if dst, err = e.Append(dst[:0], f); err != nil {
			t.Fatal(err)
		}
	}); got > appendAllocs {
		t.Errorf("Encoder.Append: %v allocations", got)
	}
	if got := testing.AllocsPerRun(20, func() { dst, _ = f.AppendLP(dst[:0]) }); got > appendAllocs {
		t.Errorf("Frame.AppendLP: %v allocations", got)
	}
	if got := testing.AllocsPerRun(20, func() { dst, _ = f.AppendLPIn(dst[:0], lp.Second) }); got > appendAllocs {
		t.Errorf("Frame.AppendLPIn: %v allocations", got)
	}
}
