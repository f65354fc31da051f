package jsonscan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// TestManyColumns: columns and tags count in a row's memory, however short their names
// are, on the fast path and on the other.
func TestManyColumns(t *testing.T) {
	const most = 1024 // of a MaxRowBytes of 64 KiB
	list := func(item string, n int) string { return item + strings.Repeat(","+item, n-1) }
	for _, pretty := range []bool{false, true} {
		for _, c := range []struct {
			name          string
			columns, tags int
			ok            bool
		}{
			{"columns", most, 1, true}, {"one more", most + 1, 1, false}, {"tags", 1, most, true}, {"tags, one more", 1, most + 1, false},
		} {
			doc := `{"results":[{"statement_id":0,"series":[{"name":"m","tags":{` + list(`"k":"v"`, c.tags) + `},"columns":[` + list(`"c"`, c.columns) + `],"values":[[` + list("0", c.columns) + `]]}]}]}`
			if pretty {
				doc = strings.ReplaceAll(doc, `:`, `: `)
			}
			s := jsonscan.NewScanner(strings.NewReader(doc))
			s.MaxRowBytes = 64 << 10
			rows := 0
			for s.Next() {
				rows++
			}
			var size *jsonscan.RowSizeError
			if c.ok && (s.Err() != nil || rows != 1) || !c.ok && (!errors.As(s.Err(), &size) || rows != 0) {
				t.Errorf("%s, pretty %v: %d rows, %v", c.name, pretty, rows, s.Err())
			}
		}
	}
}
