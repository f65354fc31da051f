package jsonscan

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// seenSeries is a Series that a program kept, with a copy made when its response was
// read.
type seenSeries struct {
	at   *Series
	said Series
}

// readSeries reads body and returns the series of each row, or nil for the rows that
// skip names.
func readSeries(s *Scanner, body []byte, skip func(row int) bool) (rows []*Series) {
	s.Reset(bytes.NewReader(body))
	for {
		for s.Next() {
			if skip != nil && skip(len(rows)) {
				rows = append(rows, nil)
				continue
			}
			rows = append(rows, s.Row().Series())
		}
		if s.Err() == nil || !Recoverable(s.Err()) {
			return rows
		}
	}
}

// compareResponses reads responses with one scanner, and each with a scanner of its
// own. The series must be equal. Two rows of a response must have the same pointer if
// and only if they are of one series, and a Series must not change later. skip names
// the rows, by response and row, whose series is not asked for.
func compareResponses(t *testing.T, size int, skip func(response, row int) bool, responses ...[]byte) {
	t.Helper()
	one := sized(nil, size)
	var held []seenSeries
	for n, body := range responses {
		got := readSeries(one, body, func(row int) bool { return skip != nil && skip(n, row) })
		want := readSeries(sized(nil, size), body, nil)
		if len(got) != len(want) {
			t.Fatalf("response %d has %d rows, want %d\n%s", n, len(got), len(want), body)
		}
		places := map[*Series]*Series{}
		for i, s := range got {
			if s == nil {
				continue
			}
			if !reflect.DeepEqual(*s, *want[i]) {
				t.Fatalf("response %d, row %d: %+v, want %+v\n%s", n, i, *s, *want[i], body)
			}
			if w, ok := places[s]; ok && w != want[i] {
				t.Fatalf("response %d, row %d has the Series of another series\n%s", n, i, body)
			}
			places[s] = want[i]
			held = append(held, seenSeries{s, copySeries(s)})
		}
		of := map[*Series]bool{}
		for _, w := range places {
			of[w] = true
		}
		if len(of) != len(places) {
			t.Fatalf("response %d has two Series for one series\n%s", n, body)
		}
		for _, h := range held {
			if !reflect.DeepEqual(*h.at, h.said) {
				t.Fatalf("response %d changed a Series of an earlier one: %+v was %+v\n%s", n, *h.at, h.said, body)
			}
		}
	}
}

// copySeries returns a copy of s that shares no memory with it.
func copySeries(s *Series) Series {
	c := *s
	c.Name = strings.Clone(s.Name)
	c.Tags, c.Columns = slices.Clone(s.Tags), slices.Clone(s.Columns)
	for i, tag := range c.Tags {
		c.Tags[i] = Tag{Key: strings.Clone(tag.Key), Value: strings.Clone(tag.Value)}
	}
	for i, name := range c.Columns {
		c.Columns[i] = strings.Clone(name)
	}
	return c
}

// memoResponse makes a response from data, which chooses names, tags, columns and
// statements, the number of rows, which series are partial, and where documents end.
func memoResponse(data []byte) []byte {
	var b bytes.Buffer
	next := func() (c byte) {
		if len(data) > 0 {
			c, data = data[0], data[1:]
		}
		return c
	}
	statement, sep := 0, ""
	b.WriteString(`{"results":[{"statement_id":0,"series":[`)
	for len(data) > 0 {
		c := next()
		switch {
		case c&0xf0 == 0xf0:
			statement++
			fmt.Fprintf(&b, `]},{"statement_id":%d,"series":[`, statement&3)
			sep = ""
		case c&0xf0 == 0xe0:
			fmt.Fprintf(&b, `],"partial":%t}]}`+"\n"+`{"results":[{"statement_id":%d,"series":[`, c&1 != 0, statement&3)
			sep = ""
		}
		shape := next()
		fmt.Fprintf(&b, `%s{"name":"m%d"`, sep, c&1)
		if shape&3 > 0 {
			fmt.Fprintf(&b, `,"tags":{"host":"h%d"`, c>>1&1)
			if shape&3 > 1 {
				fmt.Fprintf(&b, `,"a\nb":"%s"`, strings.Repeat("é", int(shape>>2&3)))
			}
			b.WriteByte('}')
		}
		columns := 1 + int(shape>>4&1)
		b.WriteString(`,"columns":["time"` + strings.Repeat(`,"value"`, columns-1) + `],"values":[`)
		for i := range 1 + int(shape>>5&1) {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("[1" + strings.Repeat(",2.5", columns-1) + "]")
		}
		b.WriteByte(']')
		switch shape >> 6 {
		case 1:
			b.WriteString(`,"partial":true`)
		case 2:
			b.WriteString(`,"more":[{"a":[1]}],"partial":true`)
		case 3:
			b.WriteByte(' ')
		}
		b.WriteByte('}')
		sep = ","
	}
	b.WriteString("]}]}\n")
	return b.Bytes()
}

// FuzzSeriesMemo reads two responses with one scanner, the second twice, and compares
// them with what new scanners read.
func FuzzSeriesMemo(f *testing.F) {
	f.Add([]byte("\x00\x11\x01\x11\x02\x11"), []byte("\x00\x11\x01\x11\x02\x51"), uint8(0), uint8(0))
	f.Add([]byte("\x00\x11\xf1\x11\x02\x91"), []byte("\x00\x11\xf0\x11\x02\x31"), uint8(1), uint8(0))
	f.Add([]byte("\x00\x71\xe1\x71\x02\xd2"), []byte("\x00\x71\xe1\x71\x02\xd6"), uint8(2), uint8(3))
	f.Add([]byte{}, []byte("\x00\x00\x00\x00\x01\x20"), uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, first, second []byte, size, share uint8) {
		if len(first)+len(second) > 200 {
			t.Skip()
		}
		var skip func(int, int) bool
		if share > 1 {
			skip = func(response, row int) bool { return (response+row)%int(share) == 0 }
		}
		a, b := memoResponse(first), memoResponse(second)
		compareResponses(t, sizes[int(size)%len(sizes)], skip, a, b, b, a)
	})
}

// The responses of a poll share those series that are equal and can no longer change.
func TestSeriesMemo(t *testing.T) {
	series := func(name, host, tail string) string {
		return `{"name":"` + name + `","tags":{"host":"` + host + `"},"columns":["time","v"],"values":[[1,2]` + tail + `}`
	}
	response := func(list ...string) []byte {
		return []byte(`{"results":[{"statement_id":0,"series":[` + strings.Join(list, ",") + "]}]}\n")
	}
	const end = "]"
	alone := response(series("m", "a", end))
	base := response(series("m", "a", end), series("m", "b", end), series("m", "c", end))
	for _, c := range []struct {
		name   string
		second []byte
		shared []bool // by row
	}{
		{"the same", base, []bool{true, true, true}},
		{"shorter", response(series("m", "a", end)), []bool{true}},
		{"longer", response(series("m", "a", end), series("m", "b", end), series("m", "c", end), series("m", "d", end)), []bool{true, true, true, false}},
		{"another tag", response(series("m", "a", end), series("m", "x", end), series("m", "c", end)), []bool{true, false, false}},
		{"another name", response(series("n", "a", end), series("m", "b", end)), []bool{false, false}},
		{"two rows", response(series("m", "a", ",[3,4]]"), series("m", "b", end)), []bool{false, false, true}},
		{"partial", response(series("m", "a", `],"partial":true`), series("m", "b", end)), []bool{false, true}},
		{"partial at the end", response(series("m", "a", end), series("m", "b", `],"partial":true`)), []bool{true, false}},
		{"other columns", bytes.ReplaceAll(base, []byte(`"v"`), []byte(`"w"`)), []bool{false, false, false}},
		{"other statement", bytes.Replace(base, []byte(`"statement_id":0`), []byte(`"statement_id":1`), 1), []bool{false, false, false}},
	} {
		s := NewScanner(nil)
		first := readSeries(s, base, nil)
		second := readSeries(s, c.second, nil)
		if len(second) != len(c.shared) {
			t.Fatalf("%s: %d rows, want %d", c.name, len(second), len(c.shared))
		}
		for i, at := range second {
			if got := slices.Contains(first, at); got != c.shared[i] {
				t.Errorf("%s: row %d shared: %v, want %v", c.name, i, got, c.shared[i])
			}
		}
		for _, size := range sizes {
			compareResponses(t, size, nil, base, c.second, base, c.second, c.second)
			compareResponses(t, size, nil, c.second, base, base)
			compareResponses(t, size, func(response, _ int) bool { return response == 1 }, alone, response(series("m", "a", `],"partial":true`)), alone)
			compareResponses(t, size, func(response, _ int) bool { return response == 1 }, base, c.second, base)
		}
	}
}

// A Series may be read while the scanner reads more. The race detector would see a
// write to it.
func TestSeriesMemoReaders(t *testing.T) {
	body := memoResponse([]byte("\x00\x11\x02\x11\x01\x51\xe1\x11"))
	s := NewScanner(nil)
	for range 3 {
		held := readSeries(s, body, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, at := range held {
				copySeries(at)
			}
		}()
		readSeries(s, body, nil)
		<-done
	}
}

// The memory that a scanner keeps from one response to the next is bounded.
func TestSeriesMemoIsBounded(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`{"results":[{"statement_id":0,"series":[`)
	for i := range 3 * memoSeries {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"m","tags":{"host":"%d"},"columns":["time"],"values":[[1]]}`, i)
	}
	b.WriteString("]}]}\n")
	s := NewScanner(nil)
	first := readSeries(s, b.Bytes(), nil)
	second := readSeries(s, b.Bytes(), nil)
	shared := 0
	for i := range second {
		if first[i] == second[i] {
			shared++
		}
	}
	if shared != memoSeries || len(s.memo.list) != memoSeries {
		t.Errorf("%d series shared, %d kept, want %d", shared, len(s.memo.list), memoSeries)
	}
	long := strings.Repeat("x", memoText)
	body := []byte(`{"results":[{"statement_id":0,"series":[{"name":"m","tags":{"host":"` + long + `"},"columns":["time"],"values":[[1]]}]}]}`)
	s = NewScanner(io.MultiReader())
	readSeries(s, body, nil)
	if len(s.memo.list) != 0 {
		t.Errorf("kept a series of %d bytes", len(long))
	}
}
