package frame_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/jsonscan"
)

// TestWideFrames: a series of very many columns is read in frames of few rows, and takes
// memory for the rows that there are.
func TestWideFrames(t *testing.T) {
	const columns, rows = 50_000, 100
	row := "[" + strings.Repeat("0,", columns-1) + "0]"
	doc := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["c"` + strings.Repeat(`,"c"`, columns-1) + `],"values":[` +
		strings.Repeat(row+",", rows-1) + row + `]}]}]}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for f, err := range frame.NewReader(jsonscan.NewScanner(strings.NewReader(doc))).Frames() {
		if err != nil {
			t.Fatal(err)
		}
		if f.Len()*len(f.Columns) > 4<<20 {
			t.Errorf("a frame of %d rows and %d columns", f.Len(), len(f.Columns))
		}
		n += f.Len()
	}
	runtime.ReadMemStats(&after)
	if n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
	if size := after.TotalAlloc - before.TotalAlloc; size > 160<<20 {
		t.Errorf("%d MB allocated", size>>20)
	}
}
