package jsonscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// lineSource makes a body line by line, without holding it.
type lineSource struct {
	line  func(n int) string
	lines int
	n     int
	rest  string
}

func (l *lineSource) Read(b []byte) (int, error) {
	if l.rest == "" {
		if l.n == l.lines {
			return 0, io.EOF
		}
		l.rest = l.line(l.n)
		l.n++
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// TestLinesRowSize holds MaxRowBytes for a line, with and without its end in the buffer.
func TestLinesRowSize(t *testing.T) {
	row := `{"a":"` + strings.Repeat("x", 5000) + `"}`
	for _, tt := range []struct {
		body   string
		limit  int
		offset int64 // of the error, or -1
	}{
		{row + "\n", len(row), -1},
		{row + "\n", len(row) - 1, 0},
		{"{}\n" + row + "\n{}\n", len(row), -1},
		{"{}\n" + row + "\n{}\n", 100, 3},
		{"{}\n" + row, 100, 3},
		{"{}\n" + strings.Repeat(" ", 6000) + row, 5000, 6003},
		{strings.Repeat("x", 6000), 5000, 0},
		{`{"` + strings.Repeat("x", 6000), 5000, 0},
	} {
		for _, size := range []int{64, 100, 64 << 10} {
			for name, reader := range readers {
				s := linesScanner(reader(strings.NewReader(tt.body)), size)
				s.MaxRowBytes = tt.limit
				for s.Next() {
				}
				var e *RowSizeError
				if tt.offset < 0 && s.Err() != nil {
					t.Errorf("limit %d, buffer %d, %s: %v", tt.limit, size, name, s.Err())
				} else if tt.offset >= 0 && (!errors.As(s.Err(), &e) || e.Offset != tt.offset || e.Limit != tt.limit || e.Columns != 0) {
					t.Errorf("limit %d, buffer %d, %s: %v, want an error at %d", tt.limit, size, name, s.Err(), tt.offset)
				}
			}
		}
	}
}

// TestLinesColumnLimit holds how many columns a response may name, in one row or in many,
// and how long their names may be together.
func TestLinesColumnLimit(t *testing.T) {
	wide := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"c%d":1`, i)
		}
		return "{" + b.String()[1:] + "}\n"
	}
	long := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name    string
		line    func(n int) string
		lines   int
		limit   int // MaxRowBytes
		columns int // of the error, 0 for none
	}{
		{"as many as may be", func(int) string { return wide(maxLineColumns) }, 2, 0, 0},
		{"one more", func(int) string { return wide(maxLineColumns + 1) }, 1, 0, maxLineColumns},
		{"many more", func(int) string { return wide(200_000) }, 1, 0, maxLineColumns},
		{"a column twice, often", func(int) string { return `{"a":1` + strings.Repeat(`,"a":1`, 1<<20) + "}\n" }, 1, 0, maxLineColumns},
		{"one by one", func(n int) string { return fmt.Sprintf("{\"c%d\":1}\n", n) }, 5000, 0, maxLineColumns},
		{"one by one, fewer", func(n int) string { return fmt.Sprintf("{\"c%d\":1}\n", n) }, maxLineColumns, 0, 0},
		{"long names", func(n int) string { return fmt.Sprintf("{\"%s%d\":1}\n", long, n) }, 4000, 1 << 20, 1042},
		{"longer names", func(n int) string { return fmt.Sprintf("{\"%s%d\":1}\n", strings.Repeat(long, 1000), n) }, 100, 0, 16},
		{"other measurements", func(n int) string { return fmt.Sprintf("{\"iox::measurement\":\"m%d\",\"c%d\":1}\n", n, n) }, 20_000, 4096, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := linesScanner(&lineSource{line: tt.line, lines: tt.lines}, 64<<10)
			s.MaxRowBytes = tt.limit
			rows := 0
			for s.Next() {
				rows++
				s.Row().Series()
			}
			var e *RowSizeError
			if tt.columns == 0 && (s.Err() != nil || rows != tt.lines) {
				t.Fatalf("%d rows, %v", rows, s.Err())
			}
			if tt.columns > 0 && (!errors.As(s.Err(), &e) || e.Columns != tt.columns || !strings.Contains(e.Error(), "columns")) {
				t.Fatalf("%d rows, %v", rows, s.Err())
			}
		})
	}
}

// TestLinesMemory bounds what responses take that name as much as they can: the bytes that
// are allocated, and those that stay.
func TestLinesMemory(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for _, tt := range []struct {
		name        string
		line        func(n int) string
		lines       int
		total, kept uint64 // MiB
	}{
		// 4,096 Series of 16 KiB of names each, if they did not share them, are 128 MiB.
		{"a column in each row", func(n int) string { return fmt.Sprintf("{\"c%d\":1}\n", n) }, 4096, 4, 2},
		{"long names", func(n int) string { return fmt.Sprintf("{\"%s%d\":1}\n", long, n) }, 4096, 80, 36},
		{"rows of nulls", func(n int) string {
			if n < 4096 {
				return fmt.Sprintf("{\"c%d\":1}\n", n)
			}
			return "{}\n"
		}, 50_000, 4, 2},
		{"measurements", func(n int) string { return fmt.Sprintf("{\"iox::measurement\":\"m%d\",\"c\":1}\n", n) }, 20_000, 8, 1},
	} {
		s := linesScanner(&lineSource{line: tt.line, lines: tt.lines}, 64<<10)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		source := uint64(0) // which the test itself allocates
		for n := range tt.lines {
			source += uint64(len(tt.line(n))) * 2
		}
		var mid runtime.MemStats
		runtime.ReadMemStats(&mid)
		made := mid.TotalAlloc - before.TotalAlloc
		var last *Series
		for s.Next() {
			last = s.Row().Series()
		}
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - mid.TotalAlloc; got > made+tt.total<<20 {
			t.Errorf("%s: %d bytes allocated", tt.name, got-made)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if after.HeapAlloc > before.HeapAlloc+tt.kept<<20 {
			t.Errorf("%s: %d bytes stay", tt.name, after.HeapAlloc-before.HeapAlloc)
		}
		if s.Err() != nil {
			t.Errorf("%s: %v", tt.name, s.Err())
		}
		runtime.KeepAlive(last)
		runtime.KeepAlive(s)
	}
}

// TestLinesSlowly reads long rows that arrive byte by byte. Parsing them again for each byte
// would take minutes.
func TestLinesSlowly(t *testing.T) {
	row := `{"n":[` + strings.Repeat("1,", 200_000) + `1],"s":"` + strings.Repeat("x", 200_000) + "\"}\n"
	s := linesScanner(iotest.OneByteReader(strings.NewReader(row+row)), 64)
	rows := 0
	for s.Next() {
		rows++
	}
	if rows != 2 || s.Err() != nil {
		t.Error(rows, s.Err())
	}
}

// TestLinesDeep nests values as deeply as encoding/json allows, and more deeply.
func TestLinesDeep(t *testing.T) {
	for depth, ok := range map[int]bool{9999: true, 10000: false, 1_000_000: false} {
		for _, pair := range []string{"[]", `{}`} {
			inside := strings.Repeat(pair[:1], depth) + strings.Repeat(pair[1:], depth)
			if pair == "{}" {
				inside = strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
			}
			body := []byte(`{"a":` + inside + "}\n")
			s := linesScanner(bytes.NewReader(body), 64<<10)
			if s.Next() != ok {
				t.Errorf("%d of %s: %v", depth, pair, s.Err())
			}
			if _, end := plainLines(body); (end == linesWhole) != ok {
				t.Errorf("%d of %s: the twin says %s", depth, pair, end)
			}
		}
	}
}
