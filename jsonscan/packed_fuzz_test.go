package jsonscan

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

// packedResponse returns a response with one series of n columns, whose rows are in values,
// an array.
func packedResponse(n int, values string) string {
	columns := ""
	for range n {
		columns += "\xa1c"
	}
	return "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91\x83\xa4name\xa1m\xa7columns\xdc" +
		string([]byte{byte(n >> 8), byte(n)}) + columns + "\xa6values" + values
}

// FuzzPackedRow compares one row with the plain twin: the same rows are accepted, and every
// cell is the same.
func FuzzPackedRow(f *testing.F) {
	for _, row := range []string{
		"\x93\xd3\x14\xd1\x12\x0d{\x16\x00\x14\xcb?\xd3333333\xc0", "\x92\xa3abc\xd9\x03abc", "\x90", "\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x91\xc7\x0c\x05\x00\x00\x00\x00Yh/\xb4\x00\x00\x00\x01", "\x92\xc2\xc3", "\x91\xa2\xff\xfe", "\x91\xdb\x00\x00\x00\x01x",
		"\x94\xd0\x80\xd1\x80\x00\xd2\x80\x00\x00\x00\xe0", "\xdc\x00\x01\xca\x7f\x80\x00\x00", "\x91\x90", "\x91\xc4\x00", "\x91\xc1", "\x91\xd6\xff1234",
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		v, rest, err := plainValue(row)
		cells, isRow := v.([]any)
		if err == nil && (!isRow || len(rest) > 0) || len(cells) > 1000 {
			return
		}
		accepted := err == nil
		for _, c := range cells {
			switch c.(type) {
			case []any, plainMap:
				accepted = false
			}
		}
		body := packedResponse(len(cells), "\x91"+string(row))
		for _, size := range []int{64, 65, 100, 64 << 10} {
			s := packedScanner(iotest.OneByteReader(strings.NewReader(body)), size)
			ok := s.Next()
			if ok != accepted && !(ok && err != nil) {
				t.Fatalf("%x: %v, plain: %v", row, s.Err(), err)
			}
			if !ok || err != nil {
				continue
			}
			var got, want strings.Builder
			for i := range cells {
				traceCell(&got, s.Row(), i)
				want.WriteString(oracleCell(t, plainCellText(cells[i])))
			}
			if got.String() != want.String() {
				t.Fatalf("%x: %s, want %s", row, got.String(), want.String())
			}
			if s.Next() || s.Err() != nil {
				t.Fatalf("%x: after the row: %v", row, s.Err())
			}
		}
	})
}

// FuzzPackedResponse gives the scanner any bytes. It must end with rows or an error, say the
// same through every buffer, and accept only what the plain twin decodes.
func FuzzPackedResponse(f *testing.F) {
	packed, _ := goldenPacked(f)
	for _, a := range packed {
		if len(a.body) < 2000 {
			f.Add(a.body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want := trace(packedScanner(bytes.NewReader(body), 64<<10))
		for _, size := range []int{64, 65, 127} {
			if got := trace(packedScanner(iotest.HalfReader(bytes.NewReader(body)), size)); got != want {
				t.Fatalf("buffer %d:\n%s\nwant:\n%s", size, got, want)
			}
		}
		s := packedScanner(bytes.NewReader(body), 64<<10)
		for _, err := range s.Rows() {
			if err != nil && !Recoverable(err) {
				return
			}
		}
		for rest := body; len(rest) > 0; {
			_, next, err := plainValue(rest)
			if errors.Is(err, errPlainShort) {
				t.Fatalf("%x: accepted, plain: %v", body, err)
			}
			if err != nil {
				return // such as a key that is no text, in what the scanner skips
			}
			rest = next
		}
	})
}

// TestPackedSortTags holds that the tags of a series are in the order of their keys, however
// the server sent them, and that a series continues in another order.
func TestPackedSortTags(t *testing.T) {
	body := func(keys string, partial bool) string {
		b := "\x81\xa7results\x91\x83\xacstatement_id\x00\xa6series\x91\x85\xa4name\xa1m\xa4tags" + string([]byte{0x80 | byte(len(keys))})
		for _, k := range keys {
			b += "\xa1" + string(k) + "\xa1v"
		}
		mark := "\xc2"
		if partial {
			mark = "\xc3"
		}
		return b + "\xa7columns\x91\xa1c\xa6values\x91\x91\x01\xa7partial" + mark + "\xa7partial" + mark
	}
	s := packedScanner(strings.NewReader(body("bac", true)+body("cab", true)+body("abc", false)), 64)
	var series []*Series
	for row, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		series = append(series, row.Series())
	}
	if len(series) != 3 || series[0] != series[1] || series[1] != series[2] {
		t.Fatalf("%v", series)
	}
	if got := describe(series[0]); got != "0 m a=v b=v c=v [c]" {
		t.Error(got)
	}
}
