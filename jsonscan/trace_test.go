package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// trace reads all of s and returns what it delivered, one line per event.
func trace(s *Scanner) string {
	var b strings.Builder
	var last *Series
	for row, err := range s.Rows() {
		if err != nil {
			fmt.Fprintf(&b, "%T %v\n", err, err)
			continue
		}
		if row.Series() != last {
			last = row.Series()
			fmt.Fprintf(&b, "series %d %q", last.StatementID, last.Name)
			for _, tag := range last.Tags {
				fmt.Fprintf(&b, " %q=%q", tag.Key, tag.Value)
			}
			fmt.Fprintf(&b, " %q\n", last.Columns)
		}
		b.WriteString("row")
		for i := range row.Len() {
			b.WriteByte(' ')
			traceCell(&b, row, i)
		}
		b.WriteByte('\n')
	}
	if last != nil && last.Partial {
		b.WriteString("partial\n")
	}
	for _, m := range s.Messages() {
		fmt.Fprintf(&b, "message %d %q %q\n", m.StatementID, m.Level, m.Text)
	}
	return b.String()
}

func traceCell(b *strings.Builder, row *Row, i int) {
	switch row.Kind(i) {
	case KindNull:
		b.WriteString("null")
	case KindBool:
		v, _ := row.Bool(i)
		fmt.Fprint(b, v)
	case KindInt:
		v, _ := row.Int(i)
		fmt.Fprintf(b, "i%d", v)
	case KindUint:
		v, _ := row.Uint(i)
		fmt.Fprintf(b, "u%d", v)
	case KindFloat:
		v, _ := row.Float(i)
		fmt.Fprintf(b, "f%v", v)
	case KindString:
		v, _ := row.Bytes(i)
		fmt.Fprintf(b, "%q", v)
		if text, ok := row.Text(row.Cell(i)); ok && !bytes.Equal(text, v) {
			fmt.Fprintf(b, ", but Text is %q", text)
		}
		return
	}
	if text, ok := row.Text(row.Cell(i)); ok {
		fmt.Fprintf(b, ", with the Text %q", text)
	}
}

// sizes has the sizes of the buffers that every body is read with.
var sizes = []int{64, 100, 1000, 4 << 10, 64 << 10, 1 << 20}

// bufferSizes returns sizes, or in short form the least and a common one: the race detector
// takes minutes for all.
func bufferSizes() []int {
	if testing.Short() {
		return []int{64, 64 << 10}
	}
	return sizes
}

func sized(r io.Reader, size int) *Scanner {
	s := &Scanner{bufferSize: size}
	s.Reset(r)
	return s
}

// readers has the ways in which every body arrives.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":    func(r io.Reader) io.Reader { return r },
	"half":     iotest.HalfReader,
	"one byte": iotest.OneByteReader,
	"data+err": iotest.DataErrReader,
}

// traceEvery reads body through every buffer and reader and requires the same
// trace of all.
func traceEvery(t *testing.T, body string) string {
	t.Helper()
	want := trace(sized(strings.NewReader(body), 64<<10))
	for _, size := range sizes {
		for name, reader := range readers {
			if got := trace(sized(reader(strings.NewReader(body)), size)); got != want {
				t.Fatalf("buffer %d, %s:\n%s\nwant:\n%s", size, name, got, want)
			}
		}
	}
	return want
}

func describe(s *Series) string {
	var b strings.Builder
	fmt.Fprint(&b, s.StatementID, " ", s.Name)
	for _, tag := range s.Tags {
		fmt.Fprintf(&b, " %s=%s", tag.Key, tag.Value)
	}
	fmt.Fprint(&b, " ", s.Columns)
	return b.String()
}

// wholeDocuments reports whether body consists of whole documents of which the last
// does not promise another.
func wholeDocuments(body string) bool {
	d := json.NewDecoder(strings.NewReader(body))
	promised := false
	for {
		var doc struct{ Results []struct{ Partial bool } }
		err := d.Decode(&doc)
		if err == io.EOF {
			return !promised
		}
		if err != nil {
			return false
		}
		promised = len(doc.Results) > 0 && doc.Results[len(doc.Results)-1].Partial
	}
}
