package jsonscan

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// values returns what AppendValues reads of a series with these columns and rows, or its
// error.
func values[T any](columns, rows string, options ...StructOption) string {
	body := `{"results":[{"series":[{"name":"m",` + columns + `,"values":[` + rows + `]}]}]}`
	got, err := AppendValues[T](nil, NewScanner(strings.NewReader(body)).Rows(), options...)
	if err != nil {
		return fmt.Sprint(got, " ", err)
	}
	return fmt.Sprint(got)
}

func TestAppendValues(t *testing.T) {
	type name string
	type tagged struct {
		netip.Addr
		V int `lp:"v"`
	}
	const timed, alone = `"columns":["time","v"]`, `"columns":["v"]`
	for i, tt := range []struct{ got, want string }{
		{values[float64](timed, `[1,0.5],[2,3]`), "[0.5 3]"},
		{values[float32](alone, `[0.5]`), "[0.5]"},
		{values[int](timed, `[1,1e3],[2,-3]`), "[1000 -3]"},
		{values[int8](timed, `[1,5],[2,300]`), `[5] jsonscan: read column 1 "v" as int8: value out of range`},
		{values[uint64](alone, `[18446744073709551615]`), "[18446744073709551615]"},
		{values[uint8](alone, `[1.5]`), `[] jsonscan: read column 0 "v" as uint64: value would lose digits`},
		{values[bool](alone, `[true],[false]`), "[true false]"},
		{values[string](`"columns":["name"]`, `["a"],["b\n"],[""]`), "[a b\n ]"},
		{values[name](alone, `["a"]`), "[a]"},
		{values[[]byte](alone, `["a"],[null]`), "[[97] []]"},
		{values[time.Duration](timed, `[1,1500]`), "[1.5µs]"},
		{values[netip.Addr](alone, `["::1"]`), "[::1]"},
		{values[time.Time](alone, `["2017-07-14T02:40:00Z"],[1500000000000000001]`), "[2017-07-14 02:40:00 +0000 UTC 2017-07-14 02:40:00.000000001 +0000 UTC]"},
		{values[time.Time](`"columns":["time"]`, `[1500000000000000001]`), "[2017-07-14 02:40:00.000000001 +0000 UTC]"},
		{values[int64](`"columns":["time"]`, `[7]`), "[7]"},
		{values[float64](timed, `[1,0.5],[2,null]`), `[0.5] jsonscan: read column 1 "v" as float64: cell is null`},
		{values[float64](timed, `[1,0.5],[2,null]`, NullAsZero), "[0.5 0]"},
		{values[float64](`"columns":["time","v","w"]`, `[1,2,3]`, AllowExtraColumns), `[] jsonscan: read series "m" as float64: no field for w`},
		{values[float64](`"tags":{"host":"a"},`+timed, `[1,2]`), `[] jsonscan: read series "m" as float64: no field for host`},
		{values[float64](`"tags":{"host":"a"},`+timed, `[1,2]`, AllowExtraColumns), "[2]"},
		{values[float64](timed, ``), "[]"},
		{values[float64](`"columns":[]`, `[]`), `[] jsonscan: read series "m" as float64: no column for the value`},
		{values[chan int](alone, `[1]`), "[] jsonscan: read into type chan int: type chan int has no place in line protocol"},
		{values[struct{ A int }](alone, `[1]`), "[] jsonscan: read into type struct { A int }: no struct field with an lp tag"},
		{values[map[string]int](alone, `[1]`), "[] jsonscan: read into type map[string]int: type map[string]int has no place in line protocol"},
	} {
		if tt.want != tt.got {
			t.Errorf("case %d: %s, want %s", i, tt.got, tt.want)
		}
	}
	got, err := AppendValues[*float64](nil, NewScanner(structBody(`"time","v"`, `1,0.5`, `2,null`, `3,0.5`)).Rows())
	if err != nil || len(got) != 3 || *got[0] != 0.5 || got[1] != nil || *got[2] != 0.5 || got[0] == got[2] {
		t.Errorf("pointers: %v, %v", got, err)
	}
	// The methods of an embedded type do not make a text of a struct with lp tags.
	if got, err := AppendValues[tagged](nil, NewScanner(structBody(`"time","v"`, `1,2`)).Rows()); err != nil || got[0].V != 2 {
		t.Errorf("a struct: %v, %v", got, err)
	}
	var e *StructError
	if _, err := AppendValues[*chan int](nil, NewScanner(structBody(`"v"`, `1`)).Rows()); !errors.As(err, &e) || e.Type != "*chan int" {
		t.Errorf("a pointer: %v", err)
	}
	// Series whose column is elsewhere, one after another.
	body := `{"results":[{"series":[{"name":"m","columns":["time","v"],"values":[[1,2]]},{"name":"m","columns":["v"],"values":[[3]]},{"name":"m","columns":["v","time"],"values":[[4,5]]}]}]}`
	if got, err := AppendValues([]int{1}, NewScanner(strings.NewReader(body)).Rows()); err != nil || fmt.Sprint(got) != "[1 2 3 4]" {
		t.Errorf("several series: %v, %v", got, err)
	}
}
