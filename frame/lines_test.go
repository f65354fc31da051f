package frame

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// linesReader returns a reader of a jsonl response.
func linesReader(body string) *Reader {
	s := jsonscan.NewScanner(strings.NewReader(body))
	s.JSONLines = true
	return NewReader(s)
}

// showColumns prints a frame: its name, its times, and each column with its cells.
func showColumns(f *Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v", f.Measurement, f.Time)
	for i := range f.Columns {
		c := &f.Columns[i]
		fmt.Fprintf(&b, " | %s %v", c.Name, c.Type)
		for k := range c.Len() {
			if c.IsNull(k) {
				b.WriteString(" -")
				continue
			}
			b.WriteString(" " + string(c.AppendValue(nil, k)))
		}
	}
	return b.String()
}

// TestLinesFrames holds the shape of frames of a jsonl response: columns that come late are
// null before, and every column is as long as the frame.
func TestLinesFrames(t *testing.T) {
	const second = "2026-01-01T00:00:0"
	row := func(n int, rest string) string { return fmt.Sprintf("{\"time\":\"%s%d\"%s}\n", second, n, rest) }
	for _, tt := range []struct {
		name, body string
		rows       int
		want       []string
	}{
		{"none", "", 0, nil},
		{"late", row(0, `,"a":1`) + row(1, `,"b":0.5`) + row(2, `,"a":2,"c":"x"`), 0,
			[]string{" [1767225600000000000 1767225601000000000 1767225602000000000] | a int64 1 - 2 | b float64 - 0.5 - | c string - - x"}},
		{"frames", row(0, `,"a":1`) + row(1, `,"b":2`) + row(2, "") + row(3, `,"b":3,"c":true`) + row(4, `,"a":4`), 2,
			[]string{
				" [1767225600000000000 1767225601000000000] | a int64 1 - | b int64 - 2",
				" [1767225602000000000 1767225603000000000] | a int64 - - | b int64 - 3 | c bool - true",
				" [1767225604000000000] | a int64 4 | b int64 - | c bool -"}},
		{"time late", `{"a":1}` + "\n" + row(0, "") + row(1, `,"a":2`), 0,
			[]string{" [] | a int64 1", " [1767225600000000000 1767225601000000000] | a int64 - 2"}},
		{"no column yet", "{}\n{}\n" + `{"a":1}` + "\n{}\n", 0, []string{" []", " [] | a int64 1 -"}},
		{"no column", "{}\n{}\n", 0, []string{" []"}},
		{"no time", `{"a":1}` + "\n{}\n" + `{"b":18446744073709551615}` + "\n", 0, []string{" [] | a int64 1 - - | b uint64 - - 18446744073709551615"}},
		{"integers and floats", `{"a":1}` + "\n" + `{"a":1.5}` + "\n" + `{"b":9007199254740993}` + "\n", 0, []string{" [] | a float64 1 1.5 - | b int64 - - 9007199254740993"}},
		{"kinds", `{"a":1}` + "\n" + `{"a":"x","b":1}` + "\n", 0, []string{" [] | a int64 1 | b null -", " [] | a string x | b int64 1"}},
		{"measurements", `{"iox::measurement":"cpu","a":1}` + "\n" + `{"iox::measurement":"mem","b":1}` + "\n" + `{"iox::measurement":"mem","c":1}` + "\n", 0,
			[]string{"cpu [] | a int64 1", "mem [] | b int64 1 - | c int64 - 1"}},
		{"nested", `{"a":{"x":[1]}}` + "\n", 0, []string{` [] | a string {"x":[1]}`}},
	} {
		for _, merge := range []bool{false, true} {
			r := linesReader(tt.body)
			r.Rows, r.Merge = tt.rows, merge
			var got []string
			for f, err := range r.Frames() {
				if err != nil {
					t.Fatal(err)
				}
				if err := f.check(0, f.Len()); err != nil {
					t.Error(err)
				}
				got = append(got, showColumns(f))
			}
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("%s:\n%q\nwant\n%q", tt.name, got, tt.want)
			}
		}
	}
}

// TestLinesFrameTags holds that a column which comes late may be a tag.
func TestLinesFrameTags(t *testing.T) {
	r := linesReader("{\"v\":1}\n{\"host\":\"a\",\"v\":2}\n{\"host\":\"b\",\"v\":3}\n")
	r.Tags = []string{"host"}
	frames, err := ReadAll(r)
	if err != nil || len(frames) != 1 {
		t.Fatal(frames, err)
	}
	if c := frames[0].TagColumn("host"); c == nil || c.Type != Dict || showColumns(frames[0]) != " [] | v int64 1 2 3 | host dictionary - a b" {
		t.Error(showColumns(frames[0]))
	}
}

// TestLinesFrameNullTime holds that a row without a time is left out with an error, and the
// rows after it are not.
func TestLinesFrameNullTime(t *testing.T) {
	r := linesReader("{\"time\":\"2026-01-01T00:00:00\",\"v\":1}\n{\"v\":2}\n{\"time\":\"2026-01-01T00:00:01\",\"v\":3}\n")
	var got []string
	for f, err := range r.Frames() {
		if err != nil {
			if !errors.Is(err, jsonscan.ErrNull) {
				t.Error(err)
			}
			got = append(got, "error")
			continue
		}
		got = append(got, showColumns(f))
	}
	if len(got) != 3 || got[1] != "error" || !strings.HasSuffix(got[2], "| v int64 3") {
		t.Errorf("%q", got)
	}
}

// TestLinesFrameTwin compares frames of random rows with the rows.
func TestLinesFrameTwin(t *testing.T) {
	for seed := range 200 {
		var b strings.Builder
		n := uint32(seed)*2654435761 + 1
		next := func(k uint32) uint32 { n = n*1664525 + 1013904223; return n >> 16 % k }
		for range 30 {
			sep := "{"
			for c := range 6 {
				if next(3) == 0 {
					fmt.Fprintf(&b, `%s"c%d":%d`, sep, c, next(100))
					sep = ","
				}
			}
			if sep == "{" {
				b.WriteString(sep)
			}
			b.WriteString("}\n")
		}
		var want []string
		s := jsonscan.NewScanner(strings.NewReader(b.String()))
		s.JSONLines = true
		for row, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if row.Len() == 0 {
				continue // in no frame
			}
			cells := map[string]string{}
			for i, c := range row.Series().Columns {
				if !row.IsNull(i) {
					cells[c] = string(row.Raw(i))
				}
			}
			want = append(want, fmt.Sprint(cells))
		}
		for _, rows := range []int{0, 1, 7, -1} {
			r := linesReader(b.String())
			r.Rows = rows
			var got []string
			frames := 0
			for f, err := range r.Frames() {
				if err != nil {
					t.Fatal(err)
				}
				frames++
				for i := range f.Len() {
					cells := map[string]string{}
					for k := range f.Columns {
						if c := &f.Columns[k]; !c.IsNull(i) {
							cells[c.Name] = string(c.AppendValue(nil, i))
						}
					}
					got = append(got, fmt.Sprint(cells))
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || rows < 0 && frames > 2 {
				t.Fatalf("seed %d, %d rows, %d frames:\n%v\nwant\n%v", seed, rows, frames, got, want)
			}
		}
	}
}

// TestMaxCells bounds what a response of short rows and many columns takes.
func TestMaxCells(t *testing.T) {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "{\"c%d\":1}\n", i)
	}
	head := b.String()
	for _, body := range []string{
		head + strings.Repeat("{}\n", 200_000), // 4,000 columns of 200,000 rows are 6.4 GB
		strings.Repeat("{}\n", 200_000) + head, // the same, with the columns after the rows
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := linesReader(body)
		r.MaxCells = 1 << 20
		frames, err := ReadAll(r)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooManyCells) || Recoverable(err) {
			t.Errorf("%d frames, %v", len(frames), err)
		}
		cells := 0
		for _, f := range frames {
			if err := f.check(0, f.Len()); err != nil {
				t.Error(err)
			}
			cells += f.Len() * len(f.Columns)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 || cells > 1<<20+4001 {
			t.Errorf("%d bytes for %d cells", got, cells)
		}
	}
	// With rows as many as wanted at most, frames are bounded without it.
	r := linesReader(strings.Repeat("{}\n", 1_000_000) + head)
	r.Rows = 1 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range r.Frames() {
		if err != nil {
			t.Error(err)
		}
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 600<<20 {
		t.Errorf("%d bytes", got)
	}
	// It counts the cells of any response.
	s := jsonscan.NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["time","v"],"values":[[1,1],[2,2],[3,3]]}]}]}`))
	r = NewReader(s)
	r.MaxCells = 4
	if frames, err := ReadAll(r); !errors.Is(err, ErrTooManyCells) || len(frames) != 1 || frames[0].Len() != 3 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
	s.Reset(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["time","v"],"values":[[1,1],[2,2]]}]}]}`))
	r.Reset(s)
	if frames, err := ReadAll(r); err != nil || len(frames) != 1 {
		t.Errorf("%d frames, %v", len(frames), err)
	}
}

// TestLinesFrameMemory holds that a column which comes late has nothing of the column whose
// memory it gets, not even if all of it is null.
func TestLinesFrameMemory(t *testing.T) {
	body := `{"iox::measurement":"m","a":1,"b":1}` + "\n" + `{"iox::measurement":"m","a":2}` + "\n" +
		strings.Repeat(`{"iox::measurement":"n","a":1}`+"\n", 100) + strings.Repeat(`{"iox::measurement":"n","a":1,"b":null}`+"\n", 100)
	frames := 0
	for f, err := range linesReader(body).Frames() {
		if err != nil {
			t.Fatal(err)
		}
		if frames++; frames == 2 && (f.Len() != 200 || f.Columns[1].Type != Null || f.Columns[1].Valid != nil || !f.Columns[1].IsNull(0)) {
			t.Errorf("%d rows, column %+v", f.Len(), f.Columns[1])
		}
	}
	if frames != 2 {
		t.Errorf("%d frames", frames)
	}
}
