package fuzz

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/valyala/fastjson"

	"github.com/pointwire/pointwire/jsonscan"
)

// jsonlRow is a row of a jsonl response: the name of its series, and its cells by column.
type jsonlRow struct {
	name  string
	cells map[string]string // null cells are left out
}

func (r jsonlRow) String() string {
	var list []string
	for k, v := range r.cells {
		list = append(list, fmt.Sprintf("%q=%s", k, v))
	}
	slices.Sort(list)
	return fmt.Sprintf("%q %s", r.name, strings.Join(list, " "))
}

// readJSONL reads a jsonl response with fastjson, line by line, up to what is wrong with it.
func readJSONL(body []byte) (rows []jsonlRow, end outcome) {
	for len(body) > 0 {
		line, rest, found := bytes.Cut(body, []byte("\n"))
		body = rest
		if len(bytes.Trim(line, " \t\r")) == 0 {
			continue
		}
		if !found {
			return rows, truncated
		}
		if fastjson.ValidateBytes(line) != nil {
			return rows, malformed
		}
		v, err := fastjson.ParseBytes(line)
		if err != nil || v.Type() != fastjson.TypeObject {
			return rows, malformed
		}
		row := jsonlRow{cells: map[string]string{}}
		seen := map[string]bool{}
		ok := true
		v.GetObject().Visit(func(k []byte, v *fastjson.Value) {
			key := string(k)
			ok = ok && !seen[key]
			seen[key] = true
			switch {
			case v.Type() == fastjson.TypeNull:
			case key == "iox::measurement":
				ok = ok && v.Type() == fastjson.TypeString
				row.name = string(v.GetStringBytes())
			default:
				var text string
				text, ok = jsonlCell(v, ok)
				row.cells[key] = text
			}
		})
		if !ok {
			return rows, malformed
		}
		rows = append(rows, row)
	}
	return rows, complete
}

// jsonlCell returns the text of a cell: its JSON, but of a text what it stands for.
func jsonlCell(v *fastjson.Value, ok bool) (string, bool) {
	if v.Type() == fastjson.TypeString {
		return "text " + string(v.GetStringBytes()), ok
	}
	text := string(v.MarshalTo(nil))
	if v.Type() == fastjson.TypeNumber {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return text, false
		}
	}
	return text, ok
}

// scanJSONL reads a jsonl response with a scanner.
func scanJSONL(s *jsonscan.Scanner) (rows []jsonlRow, err error) {
	var last *jsonscan.Series
	for row, err := range s.Rows() {
		if err != nil {
			return rows, err
		}
		series := row.Series()
		if last != nil && series != last && series.Extends(last) == (series.Name != last.Name) {
			return rows, fmt.Errorf("%q %q extends %q %q: %v", series.Name, series.Columns, last.Name, last.Columns, series.Extends(last))
		}
		if columns := len(series.Columns); columns != row.Len() {
			return rows, fmt.Errorf("%d cells of %d columns", row.Len(), columns)
		}
		last = series
		r := jsonlRow{name: series.Name, cells: map[string]string{}}
		for i, name := range series.Columns {
			raw := row.Raw(i)
			switch {
			case row.IsNull(i):
			case raw[0] == '"':
				text, _ := row.Bytes(i)
				r.cells[name] = "text " + string(text)
			case raw[0] == '[' || raw[0] == '{':
				// As fastjson prints it, which reads and prints any value alike.
				v, err := fastjson.ParseBytes(raw)
				if err != nil {
					return rows, err
				}
				r.cells[name] = string(v.MarshalTo(nil))
			default:
				r.cells[name] = string(raw)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// FuzzJSONL compares jsonl responses with what fastjson reads, both ways, in any pieces.
func FuzzJSONL(f *testing.F) {
	files, err := filepath.Glob("../jsonscan/testdata/*-by-source.jsonl")
	if err != nil || len(files) < 5 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, uint64(1))
	}
	for _, body := range []string{
		"{\"a\":1}\n{\"b\":2}\n{}\n", "{\"a\":1,\"a\":2}\n", "{\"iox::measurement\":\"m\",\"a\":[1,{\"b\":null}]}\n{\"a\":1}\n", "{\"a\":1", "{\"a\":1}", " { \"a\" : 1e5 } \r\n\n",
		"{\"a\":\"\\u00e9\\n\\ud83d\\ude00\"}\n", "{\"a\":01}\n", "{\"a\":nan}\n", "[1]\n", "{\"a\":1e400}\n", "{\"a\":{\"b\":01}}\n", "{\"\\u0061\":1}\n{\"a\":2}\n",
	} {
		f.Add([]byte(body), uint64(2))
	}
	var s jsonscan.Scanner
	s.JSONLines = true
	f.Fuzz(func(t *testing.T, body []byte, seed uint64) {
		// fastjson keeps a lone surrogate as it is written, and nests 300 values at most.
		if len(body) > 16<<10 || bytes.Contains(bytes.ToLower(body), []byte(`\ud`)) || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 200 {
			return
		}
		s.AllowInvalidUTF8 = false
		s.Reset(&pieces{body, rand.New(rand.NewPCG(seed, 1))})
		rows, err := scanJSONL(&s)
		want, end := readJSONL(body)
		var syntax *jsonscan.SyntaxError
		var read *jsonscan.ReadError
		if errors.As(err, &syntax) && (strings.Contains(syntax.Msg, "UTF-8") || strings.Contains(syntax.Msg, "control character")) {
			return // which fastjson does not look for, or not in keys: see README.md
		}
		ok := false
		switch end {
		case complete:
			ok = err == nil
		case truncated:
			ok = errors.As(err, &read) && errors.Is(err, io.ErrUnexpectedEOF) && read.Offset == int64(len(body))
		case malformed:
			ok = errors.As(err, &syntax)
		}
		if !ok || fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Fatalf("%q gives %v\n%v\nfastjson: %v\n%v", body, err, rows, end, want)
		}
	})
}

// TestJSONLPrints holds that encoding/json and fastjson print nested values alike where the
// comparison above relies on it.
func TestJSONLPrints(t *testing.T) {
	for _, text := range []string{`{"a":[1,2.50,"x\u0041\n"],"b":{}}`, `[null,true,1e5]`} {
		v, err := fastjson.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal([]byte(text), &a) != nil || json.Unmarshal(v.MarshalTo(nil), &b) != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s is printed as %s", text, v.MarshalTo(nil))
		}
	}
}
