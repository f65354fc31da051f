package jsonscan

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestStructTimes reads times that are fields in the forms that lp.Schema writes: text, and
// integers in a unit that is not that of the timestamps.
func TestStructTimes(t *testing.T) {
	type row struct {
		Time time.Time  `lp:",timestamp"`
		Text time.Time  `lp:"text,string"`
		S    time.Time  `lp:"s,s"`
		MS   time.Time  `lp:"ms,ms"`
		US   time.Time  `lp:"us,us"`
		NS   *time.Time `lp:"ns,ns"`
	}
	read := func(cells string) (row, error) {
		s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["time","text","s","ms","us","ns"],"values":[[` + cells + `]]}]}]}`))
		s.SetPrecision(Millisecond)
		rows, err := AppendStructs[row](nil, s.Rows())
		if err != nil {
			return row{}, err
		}
		return rows[0], nil
	}
	at := func(sec, nsec int64) time.Time { return time.Unix(sec, nsec).UTC() }
	ns := at(9, 7)
	for cells, want := range map[string]row{
		`1500,"2009-11-10T23:00:00.5Z",1,1001,-1,9000000007`: {at(1, 5e8), time.Date(2009, 11, 10, 23, 0, 0, 5e8, time.UTC), at(1, 0), at(1, 1e6), at(0, -1000), &ns},
		`0,"0001-01-01T00:00:00Z",-62135596800,"1970-01-01T00:00:01Z",9223372036854775807,null`: {
			at(0, 0), time.Time{}, time.Time{}, at(1, 0), time.UnixMicro(1<<63 - 1).UTC(), nil},
	} {
		got, err := read(cells)
		if err != nil {
			t.Errorf("%s: %v", cells, err)
			continue
		}
		for i, pair := range [][2]time.Time{{got.Time, want.Time}, {got.Text, want.Text}, {got.S, want.S}, {got.MS, want.MS}, {got.US, want.US}} {
			if pair[0] != pair[1] {
				t.Errorf("%s: time %d is %v, want %v", cells, i, pair[0], pair[1])
			}
		}
		if (got.NS == nil) != (want.NS == nil) || got.NS != nil && *got.NS != *want.NS {
			t.Errorf("%s: %v, want %v", cells, got.NS, want.NS)
		}
	}
	for _, cells := range []string{`1,"2009-11-10T23:00:00Z",1.5,1,1,1`, `1,"2009-11-10T23:00:00Z",true,1,1,1`, `1,"2009",1,1,1,1`, `1,"2009-11-10T23:00:00Z",1,"x",1,1`} {
		var cell *CellError
		if _, err := read(cells); !errors.As(err, &cell) {
			t.Errorf("%s: %v", cells, err)
		}
	}
}

// TestStructNumber reads numbers as their digits into a json.Number.
func TestStructNumber(t *testing.T) {
	type row struct {
		Time json.Number  `lp:",timestamp"`
		A    json.Number  `lp:"a"`
		B    *json.Number `lp:"b"`
	}
	s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["time","a","b"],"values":[[7,9223372036854775807,1e-7],[8,-0.10,null]]}]}]}`))
	got, err := AppendStructs[row](nil, s.Rows())
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if got[0].Time != "7" || got[0].A != "9223372036854775807" || *got[0].B != "1e-7" || got[1].A != "-0.10" || got[1].B != nil {
		t.Errorf("%+v", got)
	}
}
