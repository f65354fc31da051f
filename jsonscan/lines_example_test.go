package jsonscan_test

import (
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
)

// A null is left out of its row, so a column may come late. It keeps its index from then on,
// and the Series says that it extends the one before.
func ExampleSeries_Extends() {
	s := jsonscan.NewScanner(strings.NewReader(`{"time":"2026-01-01T00:00:00","load":0.5}
{"time":"2026-01-01T00:00:01"}
{"time":"2026-01-01T00:00:02.000000001","load":1.0,"users":3}
`))
	s.JSONLines = true
	var last *jsonscan.Series
	for row, err := range s.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if series := row.Series(); series != last {
			fmt.Println(series.Columns, last != nil && series.Extends(last))
			last = series
		}
		t, _ := row.Time(0) // UTC
		fmt.Println(t.Nanosecond(), row.IsNull(1), string(row.AppendJSON(nil)))
	}
	// Output:
	// [time load] false
	// 0 false ["2026-01-01T00:00:00",0.5]
	// 0 true ["2026-01-01T00:00:01",null]
	// [time load users] true
	// 1 false ["2026-01-01T00:00:02.000000001",1.0,3]
}
