package query

import (
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// peakReader notes the size of the heap at every read.
type peakReader struct {
	rest []byte
	peak uint64
}

func (r *peakReader) Read(p []byte) (int, error) {
	r.note()
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 256<<10)], r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *peakReader) note() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.peak = max(r.peak, m.HeapAlloc)
}

// TestPeakHeap reads one document of 29 MB (2.9 MB with -short) and measures the heap at
// every read and at the end. Reading by rows must need less than 1 MB in addition to the
// body. The needs of other libraries are printed, without the response itself for those
// that take it in memory.
func TestPeakHeap(t *testing.T) {
	size := 1.0
	if testing.Short() {
		size = 0.1
	}
	b, _ := workload.FindBody("cpugb")
	body := b.Make(size, 0)
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	for _, e := range entries() {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		before := m.HeapAlloc
		r := &peakReader{rest: body}
		a := &Response{Body: body, Documents: [][]byte{body}, reader: r}
		if _, err := e.contender.Visit(a); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
		r.note()
		above := int64(r.peak) - int64(before)
		t.Logf("%-18s %8.2f MB above the body of %.1f MB", e.name, float64(above)/1e6, float64(len(body))/1e6)
		if e.name == rowsName && above > 1e6 {
			t.Errorf("%s needs %d bytes above the body", e.name, above)
		}
	}
}
