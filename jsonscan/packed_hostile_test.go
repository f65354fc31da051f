package jsonscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pointwire/pointwire/internal/caseat"
)

// packedHead is a response up to the members of its only series.
const packedHead = "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91"

// badPacked are responses that a scanner refuses, with the offset of what is wrong.
var badPacked = []struct {
	body   string
	offset int64
	msg    string
}{
	{"{}", 0, "expected a map"},
	{"\n", 0, "expected a map"},
	{"<html>", 0, "expected a map"},
	{"\xc1", 0, "expected a map"},
	{"\x80\xc0", 1, "expected a map"},
	{"\x81\x01\x01", 1, "expected a key"},
	{"\x81\xa1k\xc1", 3, "expected a value"},
	{"\x81\xa1k\x01", 0, "document has neither results nor an error"},
	{"\x81\xa7results\x01", 9, "expected an array"},
	{"\x81\xa7results\x91\x90", 10, "expected a result"},
	{"\x81\xa7results\x91\x81\xacstatement_id\xa10", 24, "expected a number"},
	{"\x81\xa7results\x91\x81\xacstatement_id\xff", 24, "statement_id is not a small integer"},
	{"\x81\xa7results\x91\x81\xacstatement_id\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", 24, "statement_id is not a small integer"},
	{packedHead + "\x91", 33, "expected a series"},
	{packedHead + "\x81\xa4name\x01", 39, "expected a string"},
	{packedHead + "\x81\xa4tags\x81\x01\x01", 40, "expected a key"},
	{packedHead + "\x81\xa4tags\x81\xa1k\x01", 42, "expected a string"},
	{packedHead + "\x81\xa6values\x90", 42, "values without columns"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x80", 52, "expected an array"},
	{packedHead + "\x83\xa7columns\x91\xa1c\xa6values\x90\xa6values\x90", 60, "second values in a series"},
	{packedHead + "\x83\xa7columns\x91\xa1c\xa6values\x90\xa7columns\x91\xa1c", 61, "name, tags or columns after the values of a series"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x01", 53, "expected a row"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x90", 53, "row has fewer cells than columns"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\xdd\xff\xff\xff\xff", 53, "row has more cells than columns"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\x90", 54, "cell is an array or a map"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xc4\x00", 54, "cell is binary"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xc1", 54, "expected a value"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xd6\xff\x00\x00\x00\x00", 54, "cell is of an unknown extension type"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xc7\x0c\x05\x00\x00\x00\x00\x00\x00\x00\x00\x3b\x9a\xca\x00", 54, "time out of range"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xc7\x0c\x05\x00\x00\x00\x3a\xff\xf4\x41\x80\x00\x00\x00\x00", 54, "time out of range"},
	{packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91\xc7\x0c\x05\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 54, "time out of range"},
}

func TestPackedBad(t *testing.T) {
	for i, c := range badPacked {
		for _, size := range sizes {
			for name, reader := range readers {
				s := packedScanner(reader(strings.NewReader(c.body)), size)
				var last error
				for _, err := range s.Rows() {
					last = err
				}
				var e *SyntaxError
				if !errors.As(last, &e) || e.Offset != c.offset || e.Msg != c.msg {
					t.Errorf("%s: buffer %d, %s: %v, want %q at %d", caseat.Line(i), size, name, last, c.msg, c.offset)
				}
			}
		}
	}
}

// TestPackedLies gives lengths and counts that the response does not hold. The memory that
// they cost does not depend on them.
func TestPackedLies(t *testing.T) {
	series := packedHead + "\x82\xa7columns\x91\xa1c\xa6values"
	for _, body := range []string{
		"\xdf\xff\xff\xff\xff",
		"\x81\xdb\xff\xff\xff\xff",
		"\x81\xa1k\xdb\xff\xff\xff\xff",
		"\x81\xa1k\xc6\xff\xff\xff\xff",
		"\x81\xa1k\xc9\xff\xff\xff\xff\x05",
		"\x81\xa1k" + strings.Repeat("\xdd\xff\xff\xff\xff", 100_000),
		"\x81\xa1k" + strings.Repeat("\x81\xa1k", 100_000),
		"\x81\xa5error\xdb\xff\xff\xff\xff",
		"\x81\xa7results\xdd\xff\xff\xff\xff",
		packedHead[:len(packedHead)-1] + "\xdd\xff\xff\xff\xff",
		packedHead + "\xdf\xff\xff\xff\xff",
		packedHead + "\x81\xa7columns\xdd\xff\xff\xff\xff",
		packedHead + "\x81\xa4tags\xdf\xff\xff\xff\xff",
		packedHead + "\x81\xa4name\xdb\xff\xff\xff\xff",
		series + "\xdd\xff\xff\xff\xff",
		series + "\xdd\xff\xff\xff\xff\x91\xdb\xff\xff\xff\xff",
		series + "\x91\xdd\x00\x00\x00\x01\xc9\xff\xff\xff\xff\x05",
	} {
		s := packedScanner(strings.NewReader(body), 64<<10)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.Next()
		runtime.ReadMemStats(&after)
		var size *RowSizeError
		if err := s.Err(); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &size) && !strings.Contains(err.Error(), "extension") {
			t.Errorf("%.60x: %v", body, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 256<<10 {
			t.Errorf("%.60x: %d bytes", body, got)
		}
	}
}

// TestPackedRowSize holds MaxRowBytes for rows, for texts outside them and for columns.
func TestPackedRowSize(t *testing.T) {
	long := "\xdb" + string(binary.BigEndian.AppendUint32(nil, 5000)) + strings.Repeat("x", 5000)
	row := packedHead + "\x82\xa7columns\x91\xa1c\xa6values\x91\x91" + long
	for _, tt := range []struct {
		body   string
		limit  int
		offset int64
	}{
		{row, 5006, -1},
		{row, 5005, 53},
		{row, 100, 53},
		{"\x81\xa5error" + long, 4999, 7},
		{"\x81" + long, 4999, 1},
	} {
		for _, size := range []int{64, 100, 64 << 10} {
			s := packedScanner(iotest.HalfReader(strings.NewReader(tt.body)), size)
			s.MaxRowBytes = tt.limit
			for s.Next() {
			}
			var e *RowSizeError
			if tt.offset < 0 && s.Err() != nil {
				t.Errorf("limit %d: %v", tt.limit, s.Err())
			} else if tt.offset >= 0 && (!errors.As(s.Err(), &e) || e.Offset != tt.offset || e.Limit != tt.limit) {
				t.Errorf("limit %d: %v, want an error at %d", tt.limit, s.Err(), tt.offset)
			}
		}
	}
	for name, head := range map[string]string{"columns": "\xa7columns\xdd", "tags": "\xa4tags\xdf"} {
		body := packedHead + "\x81" + head + string(binary.BigEndian.AppendUint32(nil, 2000)) + strings.Repeat("\xa0\xa0", 2000)
		s := packedScanner(strings.NewReader(body), 64<<10)
		s.MaxRowBytes = 1000
		var e *RowSizeError
		if s.Next() || !errors.As(s.Err(), &e) || e.Columns != 1024 {
			t.Errorf("2,000 %s: %v", name, s.Err())
		}
	}
}

// TestPackedSlowly reads a row of many cells that arrives byte by byte. Parsing it again for
// each byte would take minutes.
func TestPackedSlowly(t *testing.T) {
	const cells = 60_000
	var b bytes.Buffer
	b.WriteString(packedHead + "\x82\xa7columns\xdc")
	b.Write(binary.BigEndian.AppendUint16(nil, cells))
	b.WriteString(strings.Repeat("\xa1c", cells) + "\xa6values\x92")
	for range 2 {
		b.WriteByte(0xdc)
		b.Write(binary.BigEndian.AppendUint16(nil, cells))
		b.WriteString(strings.Repeat("\x01", cells-1) + "\xa2ab")
	}
	s := packedScanner(iotest.OneByteReader(&b), 64<<10)
	rows := 0
	for s.Next() {
		rows++
		if text, err := s.Row().String(cells - 1); text != "ab" || err != nil {
			t.Fatal(text, err)
		}
	}
	if rows != 2 || s.Err() != nil {
		t.Error(rows, s.Err())
	}
}
