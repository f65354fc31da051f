//go:build !race

package jsonscan

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// lineRows returns a jsonl response of n rows, with nulls in some of them.
func lineRows(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"host":"server%d","note":"a \"b\" %d","time":"2026-01-01T00:%02d:%02d.%09d"`, i%7, i, i/60%60, i%60, i)
		if i%3 > 0 {
			fmt.Fprintf(&b, `,"usage":%d.25`, i)
		}
		if i%5 > 0 {
			fmt.Fprintf(&b, `,"ok":%t,"n":%d,"list":[%d]`, i%2 == 0, int64(i)<<40, i)
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}

// sparseRows returns rows of a few of many columns, in any order, and with white space.
func sparseRows(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for c := range 500 {
		fmt.Fprintf(&b, `"c%d":%d,`, c, c)
	}
	b.WriteString("\"last\":1}\n")
	for i := range n {
		fmt.Fprintf(&b, "{\"c%d\":1,\"c%d\":2, \"c%d\" : 3}\n", i*7%500, (i*7+250)%500, (i*7+100)%500)
	}
	return b.Bytes()
}

// TestLinesAllocs holds that a row costs no allocation, in either way of parsing it, and a
// response like the one before it none either.
func TestLinesAllocs(t *testing.T) {
	for name, body := range map[string][]byte{
		"rows": lineRows(1000), "sparse": sparseRows(1000),
		"spaced":       bytes.ReplaceAll(lineRows(1000), []byte(`":`), []byte(`" : `)),
		"measurements": bytes.ReplaceAll(lineRows(1000), []byte(`{"host"`), []byte(`{"iox::measurement":"cpu","host"`)),
		"name last":    bytes.ReplaceAll(lineRows(1000), []byte("}\n"), []byte(`,"iox::measurement":"cpu"}`+"\n")),
	} {
		r := bytes.NewReader(body)
		s := NewScanner(r)
		s.JSONLines = true
		got := testing.AllocsPerRun(5, func() {
			r.Reset(body)
			s.Reset(r)
			rows := 0
			for s.Next() {
				rows++
				row := s.Row()
				if row.Series().Column("time") >= 0 {
					if _, err := row.Timestamp(row.Series().Column("time")); err != nil {
						t.Fatal(err)
					}
				}
				for i := range row.Len() {
					row.Cell(i).Float()
					if row.Kind(i) == KindString {
						row.Bytes(i)
					}
				}
			}
			if s.Err() != nil || rows < 1000 {
				t.Fatal(rows, s.Err())
			}
		})
		if got > lineAllocs { // 0 except with purego
			t.Errorf("%s: %v allocations for 1,000 rows", name, got)
		}
	}
}

// TestLinesStructAllocs is TestStructAllocs for jsonl.
func TestLinesStructAllocs(t *testing.T) {
	type values struct {
		Time  int64    `lp:",timestamp"`
		Host  string   `lp:"host,tag"`
		Note  string   `lp:"note"`
		Usage float64  `lp:"usage,omitempty"`
		OK    bool     `lp:"ok,omitempty"`
		N     int64    `lp:"n,omitempty"`
		List  []byte   `lp:"list"`
		More  struct{} `lp:"-"`
	}
	body := lineRows(1000)
	r := bytes.NewReader(body)
	s := NewScanner(r)
	s.JSONLines = true
	var dst []values
	got := perRow(t, 1000, func() {
		r.Reset(body)
		s.Reset(r)
		var err error
		if dst, err = AppendStructs(dst[:0], s.Rows()); err != nil || len(dst) != 1000 {
			t.Fatal(len(dst), err)
		}
	})
	if got > 4*structAllocs { // a row has texts
		t.Errorf("%v allocations per row", got)
	}
}

// TestLinesHeap bounds the memory of the scanner while it reads a body of 28 MB.
func TestLinesHeap(t *testing.T) {
	row := `{"time":"2026-01-01T00:00:00","a":43.123456789012345,"b":"some text","c":true,"d":12345}` + "\n"
	rows := 28 << 20 / len(row)
	before := heapNow()
	s := NewScanner(&repeat{row: []byte(row), rows: rows})
	s.JSONLines = true
	n, peak := 0, uint64(0)
	for s.Next() {
		if n++; n%100_000 == 0 {
			peak = max(peak, heapNow())
		}
	}
	if s.Err() != nil || n != rows {
		t.Fatal(n, s.Err())
	}
	if peak > before+1<<20 {
		t.Errorf("%d bytes of heap", peak-before)
	}
	_ = strings.Clone(s.Row().Series().Name)
}
