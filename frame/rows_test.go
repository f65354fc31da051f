package frame

import (
	"bytes"
	"math"
	"strconv"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
)

// compareRows reads body as frames and as rows, and compares them cell by cell.
func compareRows(t *testing.T, body []byte, r *Reader) {
	t.Helper()
	s := jsonscan.NewScanner(bytes.NewReader(body))
	s.MaxRowBytes = 1 << 20
	// No frame has a row without cells, which no server sends.
	rows := func() bool {
		for {
			switch {
			case !s.Next():
				if s.Err() == nil || !jsonscan.Recoverable(s.Err()) {
					return false
				}
			case s.Row().Len() > 0:
				return true
			}
		}
	}
	var last error
	for f, err := range r.Frames() {
		if last = err; err != nil {
			if _, bad := err.(*jsonscan.CellError); bad && !rows() {
				t.Fatalf("%v, and no row", err)
			}
			continue
		}
		if err := f.check(0, f.Len()); err != nil {
			t.Fatal(err)
		}
		for i := range f.Len() {
			if !rows() {
				t.Fatalf("row %d of a frame of %s: %v", i, f.Measurement, s.Err())
			}
			compareRow(t, f, i, s.Row())
		}
	}
	if rows() {
		t.Fatalf("rows after the last frame, %v", last)
	}
	if err := s.Err(); (err == nil) != (last == nil || Recoverable(last)) {
		t.Fatalf("error %v, want %v", last, err)
	}
}

func compareRow(t *testing.T, f *Frame, i int, row *jsonscan.Row) {
	t.Helper()
	series := row.Series()
	time := series.Column("time")
	if f.Measurement != series.Name || f.StatementID != series.StatementID {
		t.Fatalf("frame of %q, %d, want %q, %d", f.Measurement, f.StatementID, series.Name, series.StatementID)
	}
	for k, tag := range series.Tags {
		if len(f.Tags) == 0 {
			if c := f.Columns[len(f.Columns)-len(series.Tags)+k]; c.Name != tag.Key || string(c.Text(i)) != tag.Value {
				t.Fatalf("tag column %q is %q, want %v", c.Name, c.Text(i), tag)
			}
		} else if f.Tags[k].Key != tag.Key || f.Tags[k].Value != tag.Value {
			t.Fatalf("tag %v, want %v", f.Tags[k], tag)
		}
	}
	k := 0
	for at, name := range series.Columns {
		if at == time {
			want, _ := row.Int(at)
			if row.Kind(at) == jsonscan.KindString {
				want, _ = row.Timestamp(at)
			}
			if f.Time[i] != want {
				t.Fatalf("time %d, want %d", f.Time[i], want)
			}
			continue
		}
		c := &f.Columns[k]
		k++
		same := c.Name == name && c.IsNull(i) == row.IsNull(at)
		if same && !c.IsNull(i) {
			switch c.Type {
			case Int64:
				v, err := row.Int(at)
				same = err == nil && v == c.Ints[i] && row.Kind(at) == jsonscan.KindInt
			case Uint64:
				v, err := row.Uint(at)
				same = err == nil && v == c.Uints[i] && row.Kind(at) != jsonscan.KindFloat
			case Float64:
				// An integer among floats is rounded, see Column.Rounded.
				v, err := strconv.ParseFloat(string(row.Raw(at)), 64)
				same = err == nil && math.Float64bits(v) == math.Float64bits(c.Floats[i])
			case Bool:
				v, err := row.Bool(at)
				same = err == nil && v == c.Bool(i)
			default:
				v, err := row.Bytes(at)
				same = err == nil && bytes.Equal(v, c.Text(i))
			}
		}
		if !same {
			t.Fatalf("column %q of type %v, row %d is %q, want %s", c.Name, c.Type, i, c.AppendValue(nil, i), row.Raw(at))
		}
	}
}

// TestReaderBodies compares frames with rows for all shapes of responses.
func TestReaderBodies(t *testing.T) {
	for _, b := range workload.Bodies {
		for _, chunk := range []int{0, 100} {
			body := b.Make(0.01, chunk)
			for _, size := range []int{0, 7, -1} {
				for _, merge := range []bool{false, true} {
					r := NewReader(jsonscan.NewScanner(bytes.NewReader(body)))
					r.Rows, r.Merge = size, merge
					compareRows(t, body, r)
				}
			}
		}
	}
}
