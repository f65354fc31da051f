package jsonscan

import (
	"encoding/json"
	"strings"
	"testing"
)

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
