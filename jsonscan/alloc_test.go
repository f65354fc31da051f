//go:build !race

package jsonscan

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// perRow returns the allocations of a run over n rows, divided by n.
func perRow(t *testing.T, n int, run func()) float64 {
	t.Helper()
	run()
	return testing.AllocsPerRun(5, run) / float64(n)
}

func TestRowAllocs(t *testing.T) {
	for _, shape := range workload.Bodies {
		body := shape.Make(bodyShare(shape.Name), 0)
		r := bytes.NewReader(body)
		s := NewScanner(r)
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
		// Series stay valid, so they are allocated, in blocks of 32. A row costs nothing.
		run()
		if got, limit := testing.AllocsPerRun(5, run), 2+seriesAllocs*float64(series); got > limit {
			t.Errorf("%s: %v allocations for %d rows of %d series, want at most %v", shape.Name, got, rows, series, limit)
		}
	}
}

// TestPolledSeriesAllocs holds that the responses to a query that is sent again and
// again share the series.
func TestPolledSeriesAllocs(t *testing.T) {
	last, _ := workload.FindBody("small_last")
	body := last.Make(1, 0)
	r := bytes.NewReader(body)
	s := NewScanner(r)
	got := perRow(t, 1, func() {
		r.Reset(body)
		s.Reset(r)
		for s.Next() {
			if s.Row().Series().Name != "mem" {
				t.Error(s.Row().Series())
			}
		}
	})
	if s.Err() != nil || got > seriesAllocs { // 0 except with purego
		t.Errorf("%v allocations per response, %v", got, s.Err())
	}
}

// mixRows returns a response of n rows of seven cells, in one series.
func mixRows(n int) []byte {
	mix, _ := workload.FindBody("mix")
	return mix.Make(float64(n)/150_000, 0)
}

func TestPrettyRowAllocs(t *testing.T) {
	body := bytes.ReplaceAll(mixRows(2000), []byte(","), []byte(",\n    "))
	r := bytes.NewReader(body)
	s := NewScanner(r)
	got := perRow(t, 2000, func() {
		r.Reset(body)
		s.Reset(r)
		for s.Next() {
		}
	})
	if s.Err() != nil || got > 0.01 {
		t.Errorf("%v allocations per row, %v", got, s.Err())
	}
}

func TestStructAllocs(t *testing.T) {
	type values struct {
		Time    int64   `lp:",timestamp"`
		Counter uint32  `lp:"counter,omitempty"`
		Enabled bool    `lp:"enabled,omitempty"`
		ID      int64   `lp:"id,omitempty"`
		Ratio   float64 `lp:"ratio,omitempty"`
		State   string  `lp:"state,omitempty"`
		Value   float64 `lp:"value,omitempty"`
		absent  int
	}
	body := mixRows(2000)
	r := bytes.NewReader(body)
	s := NewScanner(r)
	var dst []values
	got := perRow(t, 2000, func() {
		r.Reset(body)
		s.Reset(r)
		var err error
		if dst, err = AppendStructs(dst[:0], s.Rows()); err != nil || len(dst) != 2000 {
			t.Fatal(len(dst), err)
		}
	})
	if got > structAllocs {
		t.Errorf("%v allocations per row", got)
	}
	_ = dst[0].absent
}

// repeat reads a body of any length without holding it.
type repeat struct {
	head, row, tail []byte
	rows            int
	rest            []byte
}

func (r *repeat) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		switch {
		case r.head != nil:
			r.rest, r.head = r.head, nil
		case r.rows > 0:
			r.rows--
			r.rest = r.row
		case r.tail != nil:
			r.rest, r.tail = r.tail, nil
		default:
			return 0, io.EOF
		}
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// heapNow returns the bytes of the heap that are in use.
func heapNow() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestHeap bounds the memory of the scanner while it reads a body of 28 MB in one
// document.
func TestHeap(t *testing.T) {
	heap := heapNow
	row := []byte(`,[1500000000000000000,43.123456789012345,"some text",true,null,12345]`)
	body := &repeat{
		head: []byte(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","a","b","c","d","e"],"values":[[1,2,"x",true,null,3]`),
		row:  row, tail: []byte(`]}]}]}` + "\n"), rows: 28 << 20 / len(row),
	}
	before := heap()
	s := NewScanner(body)
	rows, peak := 0, uint64(0)
	for s.Next() {
		if rows++; rows%100_000 == 0 {
			peak = max(peak, heap())
		}
	}
	if s.Err() != nil || rows != 28<<20/len(row)+1 {
		t.Fatal(rows, s.Err())
	}
	if peak > before+1<<20 {
		t.Errorf("%d bytes of heap", peak-before)
	}
	runtime.KeepAlive(s)
}
