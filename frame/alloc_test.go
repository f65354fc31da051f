//go:build !race

package frame

import (
	"bytes"
	"fmt"
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

// TestLinesReaderAllocs holds that rows of a jsonl response cost no allocation, also those
// with columns that come late, and that one like the response before costs none either.
func TestLinesReaderAllocs(t *testing.T) {
	var b bytes.Buffer
	for i := range 3000 {
		fmt.Fprintf(&b, "{\"host\":\"server%d\",\"time\":\"2026-01-01T00:%02d:%02d\"", i%7, i/60, i%60)
		for c := range i % 9 {
			fmt.Fprintf(&b, ",\"c%d\":%d.5", c, i)
		}
		b.WriteString("}\n")
	}
	in := bytes.NewReader(nil)
	s := jsonscan.NewScanner(in)
	s.JSONLines = true
	r := NewReader(s)
	run := func() {
		in.Reset(b.Bytes())
		s.Reset(in)
		r.Reset(s)
		rows := 0
		for r.Next() {
			rows += r.Frame().Len()
		}
		if r.Err() != nil || rows != 3000 {
			t.Fatal(rows, r.Err())
		}
	}
	run()
	// Nine Series, in blocks of 32.
	if got := testing.AllocsPerRun(5, run); got > 1 {
		t.Errorf("%v allocations for 3,000 rows", got)
	}
}
