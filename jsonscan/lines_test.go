package jsonscan

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/caseat"
)

// goodLines are jsonl responses.
var goodLines = []struct{ name, body, want string }{
	{"no rows", "", ""},
	{"white space", " \r\n\t\n\n", ""},
	{"rows", `{"time":"2026-01-01T00:00:00","load":0.5}` + "\n" + `{"time":"2026-01-01T00:00:01","load":1.0}` + "\n",
		"series 0 \"\" [\"time\" \"load\"]\nrow \"2026-01-01T00:00:00\" f0.5\nrow \"2026-01-01T00:00:01\" f1\n"},
	{"late column", `{"a":1}` + "\n" + `{"b":2}` + "\n" + `{"a":3,"c":true,"b":4}` + "\n" + `{}` + "\n",
		"series 0 \"\" [\"a\"]\nrow i1\nseries 0 \"\" [\"a\" \"b\"]\nrow null i2\nseries 0 \"\" [\"a\" \"b\" \"c\"]\nrow i3 i4 true\nrow null null null\n"},
	{"no members", "{}\n{ }\n", "series 0 \"\" []\nrow\nrow\n"},
	{"empty row first", "{}\n" + `{"a":1}` + "\n", "series 0 \"\" []\nrow\nseries 0 \"\" [\"a\"]\nrow i1\n"},
	{"any order", `{"a":1,"b":2,"c":3}` + "\n" + `{"c":3,"a":1,"b":2}` + "\n" + `{"b":2,"c":3}` + "\n" + `{"b":2,"a":1}` + "\n",
		"series 0 \"\" [\"a\" \"b\" \"c\"]\nrow i1 i2 i3\nrow i1 i2 i3\nrow null i2 i3\nrow i1 i2 null\n"},
	{"nulls", `{"a":null,"b":1}` + "\n" + `{"b":null}` + "\n", "series 0 \"\" [\"a\" \"b\"]\nrow null i1\nrow null null\n"},
	{"numbers", `{"a":9223372036854775807,"b":-9223372036854775808,"c":18446744073709551615,"d":-0.0,"e":1e300,"f":3.0}` + "\n",
		"series 0 \"\" [\"a\" \"b\" \"c\" \"d\" \"e\" \"f\"]\nrow i9223372036854775807 i-9223372036854775808 u18446744073709551615 f-0 f1e+300 f3\n"},
	{"texts", `{"a":"\"\\\n\t\u0001é","b":""}` + "\n", "series 0 \"\" [\"a\" \"b\"]\nrow \"\\\"\\\\\\n\\t\\x01é\" \"\"\n"},
	{"escaped keys", `{"a\"b":1,"\u0061":2}` + "\n" + `{"a\"b":3,"a":4}` + "\n",
		"series 0 \"\" [\"a\\\"b\" \"a\"]\nrow i1 i2\nrow i3 i4\n"},
	{"white space within", ` { "a" : 1 , "b" : [ 1 , 2 ] } ` + "\r\n", "series 0 \"\" [\"a\" \"b\"]\nrow i1 \"[ 1 , 2 ]\"\n"},
	{"nested", `{"a":{"value":1.5,"time":"2026-01-01T00:00:00"},"b":[],"c":{},"d":[[],{"x\"]":[null,1e400]}]}` + "\n",
		"series 0 \"\" [\"a\" \"b\" \"c\" \"d\"]\nrow \"{\\\"value\\\":1.5,\\\"time\\\":\\\"2026-01-01T00:00:00\\\"}\" \"[]\" \"{}\" \"[[],{\\\"x\\\\\\\"]\\\":[null,1e400]}]\"\n"},
	{"measurements", `{"iox::measurement":"cpu","a":1}` + "\n" + `{"iox::measurement":"cpu","a":2,"b":3}` + "\n" + `{"iox::measurement":"mem","b":4}` + "\n" + `{"iox::measurement":"mem","b":5}` + "\n",
		"series 0 \"cpu\" [\"a\"]\nrow i1\nseries 0 \"cpu\" [\"a\" \"b\"]\nrow i2 i3\nseries 0 \"mem\" [\"b\"]\nrow i4\nrow i5\n"},
	{"measurement last", `{"a":1,"iox::measurement":"c\u0070u"}` + "\n" + `{"a":2,"iox::measurement":"cpu"}` + "\n" + `{"a":3,"iox::measurement":null}` + "\n" + `{"a":4}` + "\n",
		"series 0 \"cpu\" [\"a\"]\nrow i1\nrow i2\nseries 0 \"\" [\"a\"]\nrow i3\nrow i4\n"},
	{"measurement alone", `{"iox::measurement":"cpu"}` + "\n" + `{"iox::measurement":"cpu"}` + "\n" + `{"iox::measurement":""}` + "\n" + `{}` + "\n",
		"series 0 \"cpu\" []\nrow\nrow\nseries 0 \"\" []\nrow\nrow\n"},
	{"looks like an error", `{"error":"no"}` + "\n", "series 0 \"\" [\"error\"]\nrow \"no\"\n"},
}

func TestLines(t *testing.T) {
	for _, a := range goodLines {
		t.Run(a.name, func(t *testing.T) {
			if twin, end := plainLines([]byte(a.body)); twin != a.want || end != linesWhole {
				t.Errorf("the twin says %s\n%s\nwant\n%s", end, twin, a.want)
			}
			requireLines(t, []byte(a.body), sizes)
		})
	}
}

// badLines are responses that a scanner refuses, with the offset of what is wrong.
var badLines = []struct {
	body   string
	offset int64
	msg    string
}{
	{"<html>\n", 0, "expected a row"},
	{"[{}]\n", 0, "expected a row"},
	{"5\n", 0, "expected a row"},
	{"{}\n x\n", 4, "expected a row"},
	{"{}{}\n", 2, "unexpected byte after a row"},
	{"{} ,\n", 3, "unexpected byte after a row"},
	{"{\n}\n", 1, "line ends inside a row"},
	{"{\"a\n\":1}\n", 3, "line ends inside a row"},
	{"{\"a\"\n:1}\n", 4, "line ends inside a row"},
	{"{\"a\":\n1}\n", 5, "line ends inside a row"},
	{"{\"a\":1\n}\n", 6, "line ends inside a row"},
	{"{\"a\":1,\n\"b\":1}\n", 7, "line ends inside a row"},
	{"{\"a\":\"x\n\"}\n", 7, "line ends inside a row"},
	{"{\"a\":tru\n", 8, "line ends inside a row"},
	{"{\"a\":[1,\n2]}\n", 8, "line ends inside a row"},
	{"{\"a\":{\"b\"\n:2}}\n", 9, "line ends inside a row"},
	{"{1:1}\n", 1, "expected a key"},
	{"{\"a\":1,}\n", 7, "expected a key"},
	{"{,\"a\":1}\n", 1, "expected a key"},
	{"{\"a\" 1}\n", 5, "expected ':'"},
	{"{\"a\":1 2}\n", 7, "expected ',' or '}'"},
	{"{\"a\":1]\n", 6, "expected ',' or '}'"},
	{"{\"a\":}\n", 5, "expected a value"},
	{"{\"a\":+1}\n", 5, "expected a value"},
	{"{\"a\":01}\n", 6, "expected ',' or '}'"},
	{"{\"a\":1.}\n", 7, "invalid number"},
	{"{\"a\":1e400}\n", 5, "number beyond float64"},
	{"{\"a\":NaN}\n", 5, "expected a value"},
	{"{\"a\":valse}\n", 5, "expected a value"},
	{"{\"a\":nul}\n", 8, "invalid literal"},
	{"{\"a\":\"\\x\"}\n", 7, "invalid escape in string"},
	{"{\"a\\x\":1}\n", 4, "invalid escape in string"},
	{"{\"a\":\"\x01\"}\n", 6, "control character in string"},
	{"{\"a\":\"\xff\"}\n", 6, "invalid UTF-8 in string"},
	{"{\"\xff\":1}\n", 2, "invalid UTF-8 in string"},
	{"{\"a\":\"\\ud83d\"}\n", 6, "lone surrogate in string"},
	{"{\"a\":[1,]}\n", 8, "expected a value"},
	{"{\"a\":[1 2]}\n", 8, "expected ',' or ']'"},
	{"{\"a\":{\"b\":1]}\n", 11, "expected ',' or '}'"},
	{"{\"a\":{1}}\n", 6, "expected a key"},
	{"{\"a\":{\"b\" 1}}\n", 10, "expected ':'"},
	{"{\"a\":[\"\\q\"]}\n", 8, "invalid escape in string"},
	{"{\"iox::measurement\":5}\n", 20, "iox::measurement is not a text"},
	{"{\"iox::measurement\":[]}\n", 19, "iox::measurement is not a text"},
	{"{\"a\":1,\"a\":2}\n", 7, "row has a column twice"},
	{"{\"a\":1}\n{\"a\":1,\"\\u0061\":2}\n", 15, "row has a column twice"},
	{"{\"a\":1}\n{\"a\":null,\"a\":null}\n", 18, "row has a column twice"},
	{"{\"iox::measurement\":\"m\",\"iox::measurement\":\"m\"}\n", 24, "row has a column twice"},
}

func TestLinesBad(t *testing.T) {
	for i, c := range badLines {
		for _, size := range bufferSizes() {
			for name, reader := range readers {
				s := linesScanner(reader(strings.NewReader(c.body)), size)
				_, _, err := traceLines(s)
				var e *SyntaxError
				if !errors.As(err, &e) || e.Offset != c.offset || e.Msg != c.msg {
					t.Errorf("%s: buffer %d, %s: %v, want %q at %d", caseat.Line(i), size, name, err, c.msg, c.offset)
				}
			}
		}
		if strings.Contains(c.msg, "UTF-8") || strings.Contains(c.msg, "surrogate") {
			continue
		}
		requireLines(t, []byte(c.body), sizes[:3])
	}
}

// TestLinesTruncated truncates responses at every byte. A response that ends within a line,
// or without its line feed, is truncated; the rows before are those of the whole one.
func TestLinesTruncated(t *testing.T) {
	for _, a := range goodLines {
		for cut := range len(a.body) {
			short := a.body[:cut]
			got, end, err := traceLines(linesScanner(strings.NewReader(short), 64))
			whole := strings.TrimRight(short, " \r\t") == "" || strings.HasSuffix(strings.TrimRight(short, " \r\t"), "\n")
			if whole != (end == linesWhole) || !whole && end != linesTruncated || !strings.HasPrefix(a.want, got) {
				t.Fatalf("%q: %s (%v)\n%s", short, end, err, got)
			}
		}
	}
}

// TestLinesReadError holds that the error of the reader ends the rows, after those before it.
func TestLinesReadError(t *testing.T) {
	broken := errors.New("broken")
	for _, body := range []string{"", "{\"a\":1}\n", "{\"a\":1}\n{\"a\":"} {
		s := linesScanner(io.MultiReader(strings.NewReader(body), errReader{broken}), 64)
		got, _, err := traceLines(s)
		var read *ReadError
		if !errors.As(err, &read) || !errors.Is(err, broken) || read.Offset != int64(len(body)) || strings.Count(got, "row ") != strings.Count(body, "\n") {
			t.Errorf("%q: %v, rows\n%s", body, err, got)
		}
		if s.Next() || s.Err() != err {
			t.Errorf("%q: goes on after the error: %v", body, s.Err())
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestLinesSeries holds which rows share a Series, and which Series extend others.
func TestLinesSeries(t *testing.T) {
	body := `{"a":1}` + "\n" + `{"a":2}` + "\n" + `{"a":3,"b":4}` + "\n" + `{"b":4}` + "\n" + `{"c":5}` + "\n" +
		`{"iox::measurement":"m","a":1}` + "\n" + `{"iox::measurement":"m","a":1,"b":2}` + "\n"
	for _, size := range []int{64, 64 << 10} {
		s := linesScanner(strings.NewReader(body), size)
		var list []*Series
		for row, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, row.Series())
		}
		if len(list) != 7 || list[0] != list[1] || list[2] != list[3] || list[0] == list[2] || list[2] == list[4] {
			t.Fatalf("%v", list)
		}
		distinct := []*Series{list[0], list[2], list[4], list[5], list[6]}
		for i, a := range distinct {
			for k, b := range distinct {
				if want := i > k && (i < 3 || k == 3); a.Extends(b) != want {
					t.Errorf("%s extends %s: %v", describe(a), describe(b), !want)
				}
			}
		}
		for i, want := range []string{"0  [a]", "0  [a b]", "0  [a b c]", "0 m [a]", "0 m [a b]"} {
			if got := describe(distinct[i]); got != want {
				t.Errorf("series %d is %s, want %s", i, got, want)
			}
		}
		if s.Statements() != 1 || s.Documents() != 1 || s.Offset() != int64(len(body)) {
			t.Error(s.Statements(), s.Documents(), s.Offset())
		}
	}
	if a, b := new(Series), new(Series); a.Extends(b) || a.Extends(a) {
		t.Error("a Series of no response extends another")
	}
}

// TestLinesAgain holds that Series that were handed out never change, whatever comes after
// them, in the response or in the next ones through the same scanner.
func TestLinesAgain(t *testing.T) {
	bodies := []string{
		`{"a":1,"b":2}` + "\n", `{"a":1,"b":2}` + "\n" + `{"c":3}` + "\n", `{"a":1,"c":2}` + "\n" + `{"b":3}` + "\n", `{"b":1}` + "\n",
		`{"a":1}` + "\n" + `{"b":3}` + "\n", "{}\n", "", `{"iox::measurement":"m","a":1,"b":2}` + "\n" + `{"iox::measurement":"n","a":1,"x":2}` + "\n", `{"a":1,"b":2}` + "\n",
	}
	s := linesScanner(strings.NewReader(""), 64)
	type seen struct {
		series *Series
		text   string
	}
	var all []seen
	for round := range 3 {
		for _, body := range bodies {
			s.Reset(strings.NewReader(body))
			for row, err := range s.Rows() {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, seen{row.Series(), describe(row.Series())})
			}
			s.Reset(strings.NewReader(body))
			got, _, _ := traceLines(s)
			if want, _ := plainLines([]byte(body)); got != want {
				t.Errorf("round %d, %q:\n%s\nwant\n%s", round, body, got, want)
			}
		}
	}
	for _, a := range all {
		if got := describe(a.series); got != a.text {
			t.Errorf("series is now %s, was %s", got, a.text)
		}
	}
}

// TestLinesTime holds that a time without a zone is UTC, exact to the nanosecond, in jsonl
// alone.
func TestLinesTime(t *testing.T) {
	for _, tt := range []struct {
		text string
		want string // of time.Time, or empty for an error
		ns   bool   // it fits in nanoseconds since 1970
	}{
		{"2065-01-07T17:28:51", "2065-01-07T17:28:51Z", true},
		{"2065-01-07T17:28:51.5", "2065-01-07T17:28:51.5Z", true},
		{"1969-12-31T23:59:59.999999999", "1969-12-31T23:59:59.999999999Z", true},
		{"1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000000001Z", true},
		{"2065-01-07T17:28:51.123456", "2065-01-07T17:28:51.123456Z", true},
		{"1677-09-21T00:12:43.145224192", "1677-09-21T00:12:43.145224192Z", true},
		{"2262-04-11T23:47:16.854775807", "2262-04-11T23:47:16.854775807Z", true},
		{"2262-04-11T23:47:16.854775808", "2262-04-11T23:47:16.854775808Z", false},
		{"0001-01-01T00:00:00", "0001-01-01T00:00:00Z", false},
		{"2065-01-07T17:28:51Z", "2065-01-07T17:28:51Z", true},
		{"2065-01-07T17:28:51.25+02:00", "2065-01-07T15:28:51.25Z", true},
		{"2065-01-07", "", false},
		{"2065-01-07 17:28:51", "", false},
		{"2065-01-07T17:28", "", false},
		{"2065-01-07T17:28:51.", "", false},
		{"2065-01-07T17:28:51.x", "", false},
		{"2065-13-07T17:28:51", "", false},
		{"2065-01-07T17:28:51.12x4", "", false},
		{"17:28:51", "", false},
		{"", "", false},
	} {
		s := linesScanner(strings.NewReader(fmt.Sprintf("{\"t\":%q}\n", tt.text)), 64)
		if !s.Next() {
			t.Fatal(s.Err())
		}
		got, err := s.Row().Time(0)
		if (err == nil) != (tt.want != "") || err == nil && got.Format(time.RFC3339Nano) != tt.want || err != nil && !errors.Is(err, ErrTime) {
			t.Errorf("%q is the time %v, %v", tt.text, got, err)
		}
		ns, err := s.Row().Timestamp(0)
		if (err == nil) != tt.ns || err == nil && ns != got.UnixNano() {
			t.Errorf("%q is the timestamp %d, %v", tt.text, ns, err)
		}
	}
	s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"m","columns":["t"],"values":[["2065-01-07T17:28:51"]]}]}]}`))
	if !s.Next() {
		t.Fatal(s.Err())
	}
	if _, err := s.Row().Time(0); !errors.Is(err, ErrTime) {
		t.Errorf("JSON: %v", err)
	}
}

// TestLinesCells holds what the getters say of cells that only jsonl has.
func TestLinesCells(t *testing.T) {
	s := linesScanner(strings.NewReader(`{"a":1,"n":{"x":"\u0041"},"i":1152921504606847000,"u":18446744073709549568,"v":18446744073709551615,"m":9223372036854775807,"s":"{\"x\"}"}`+"\n{}\n"), 64)
	if !s.Next() {
		t.Fatal(s.Err())
	}
	r := s.Row()
	for i, want := range map[int]string{1: `{"x":"\u0041"}`, 6: `{"x"}`} {
		text, err := r.String(i)
		view, err2 := r.Bytes(i)
		appended, err3 := r.AppendString([]byte("x"), i)
		if text != want || string(view) != want || string(appended) != "x"+want || errors.Join(err, err2, err3) != nil {
			t.Errorf("%q, %q, %q, %v", text, view, appended, errors.Join(err, err2, err3))
		}
	}
	if got := string(r.Raw(1)) + string(r.Raw(6)); got != `{"x":"\u0041"}"{\"x\"}"` {
		t.Errorf("raw %s", got)
	}
	if got := string(r.AppendJSON(nil)); got != `[1,{"x":"\u0041"},1152921504606847000,18446744073709549568,18446744073709551615,9223372036854775807,"{\"x\"}"]` {
		t.Errorf("row %s", got)
	}
	// An integer is one: no float is printed as 1152921504606847000.
	for i, exact := range map[int]bool{0: true, 2: false, 3: true, 4: false, 5: false} {
		if _, err := r.Float(i); (err == nil) != exact || err != nil && !errors.Is(err, ErrInexact) {
			t.Errorf("cell %d as a float: %v", i, err)
		}
	}
	if !s.Next() {
		t.Fatal(s.Err())
	}
	for i := range r.Len() {
		if _, err := r.Int(i); !errors.Is(err, ErrNull) || !r.IsNull(i) || string(r.Raw(i)) != "null" {
			t.Errorf("cell %d: %v, %s", i, err, r.Raw(i))
		}
	}
	if got := fmt.Sprintf("%+v", r); got != ` ["a","n","i","u","v","m","s"] [null,null,null,null,null,null,null]` {
		t.Errorf("%q", got)
	}
}

// TestLinesParts holds what NextPart says of a jsonl response.
func TestLinesParts(t *testing.T) {
	for body, want := range map[string]string{
		"":                    "result none",
		"{}\n":                "row result none",
		"{\"a\":1}\n{}\n":     "row row result none",
		"{\"a\":1}\n{\"b\":1": "row none",
	} {
		s := linesScanner(strings.NewReader(body), 64)
		var parts []string
		for {
			p := s.NextPart()
			parts = append(parts, p.String())
			if p == PartNone {
				break
			}
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%q: %s, want %s", body, got, want)
		}
	}
}
