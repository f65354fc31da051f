package jsonscan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
)

type guideCase struct {
	Name   string
	Kind   string
	Input  json.RawMessage
	Expect json.RawMessage
}

func guideCases(t *testing.T) []guideCase {
	t.Helper()
	data, err := os.ReadFile("testdata/guide-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []guideCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// elsewhere names the package that runs the cases of a kind, if it is not this one.
var elsewhere = map[string]string{
	"encode_point": "lp", "encode_raw": "lp", "encode_batch": "lp", "encode_schema": "lp",
	"schema_error": "lp", "parse_time": "lp", "http_request": "fastclient",
	"client_config": "fastclient", "server": "itest", "server_line": "itest",
	"server_epoch": "itest", "server_escape_matrix": "itest",
}

func decodeExact(t *testing.T, raw []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// generic returns a cell as encoding/json with UseNumber would decode it.
func generic(t *testing.T, r *Row, i int) any {
	t.Helper()
	switch r.Kind(i) {
	case KindNull:
		return nil
	case KindBool:
		v, err := r.Bool(i)
		if err != nil {
			t.Fatal(err)
		}
		return v
	case KindString:
		v, err := r.String(i)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return json.Number(r.Raw(i))
}

func genericRow(t *testing.T, r *Row) []any {
	t.Helper()
	cells := make([]any, r.Len())
	for i := range cells {
		cells[i] = generic(t, r, i)
	}
	return cells
}

func readAll(t *testing.T, r io.Reader) (rows [][]any, docs int, err error) {
	t.Helper()
	s := NewScanner(r)
	rows = [][]any{}
	for row, e := range s.Rows() {
		if e != nil {
			return rows, s.Documents(), e
		}
		rows = append(rows, genericRow(t, row))
	}
	return rows, s.Documents(), nil
}

func TestGuideCases(t *testing.T) {
	ran := map[string]int{}
	for _, c := range guideCases(t) {
		if elsewhere[c.Kind] != "" {
			continue
		}
		t.Run(c.Kind+"/"+c.Name, func(t *testing.T) {
			run := map[string]func(*testing.T, guideCase){
				"iterate":       caseIterate,
				"iterate_meta":  caseMeta,
				"iterate_count": caseCount,
				"chunked":       caseChunked,
				"http_response": caseResponse,
			}[c.Kind]
			if run == nil {
				t.Fatalf("kind %q is run nowhere", c.Kind)
			}
			run(t, c)
		})
		ran[c.Kind]++
	}
	if len(ran) != 5 {
		t.Errorf("ran only %v", ran)
	}
}

func caseIterate(t *testing.T, c guideCase) {
	var want struct{ Rows [][]any }
	decodeExact(t, c.Expect, &want)
	rows, _, err := readAll(t, bytes.NewReader(c.Input))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(rows, want.Rows) {
		t.Errorf("rows %v, want %v", rows, want.Rows)
	}
}

func caseMeta(t *testing.T, c guideCase) {
	var want struct{ Rows []any }
	decodeExact(t, c.Expect, &want)
	var got []any
	for row, err := range NewScanner(bytes.NewReader(c.Input)).Rows() {
		if err != nil {
			t.Fatal(err)
		}
		cells := map[string]any{}
		for i, name := range row.Series().Columns {
			cells[name] = generic(t, row, i)
		}
		var tags any
		if len(row.Series().Tags) > 0 {
			m := map[string]any{}
			for _, tag := range row.Series().Tags {
				m[tag.Key] = tag.Value
			}
			tags = m
		}
		id := json.Number(fmt.Sprint(row.Series().StatementID))
		got = append(got, []any{cells, row.Series().Name, tags, id})
	}
	if !reflect.DeepEqual(got, want.Rows) {
		t.Errorf("rows %v, want %v", got, want.Rows)
	}
}

func caseCount(t *testing.T, c guideCase) {
	var in struct {
		Series int
		Rows   int `json:"rows_per_series"`
	}
	var want struct{ Rows int }
	decodeExact(t, c.Input, &in)
	decodeExact(t, c.Expect, &want)
	var b strings.Builder
	b.WriteString(`{"results":[{"statement_id":0,"series":[`)
	for i := range in.Series {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"win_disk","tags":{"instance":"%c:"},"columns":["time","v"],"values":[`, 'C'+i)
		b.WriteString(strings.TrimSuffix(strings.Repeat(`[1,2],`, in.Rows), ","))
		b.WriteString(`]}`)
	}
	b.WriteString(`]}]}`)
	rows, _, err := readAll(t, strings.NewReader(b.String()))
	if err != nil || len(rows) != want.Rows {
		t.Errorf("%d rows, %v, want %d", len(rows), err, want.Rows)
	}
}

func caseChunked(t *testing.T, c guideCase) {
	var in struct {
		Parts    []string `json:"tcp_parts"`
		Generate string
	}
	var want struct {
		Chunks *int
		Rows   int
		Error  string `json:"then_error"`
	}
	decodeExact(t, c.Input, &in)
	decodeExact(t, c.Expect, &want)
	var body io.Reader
	if in.Generate != "" {
		if in.Generate != "one line, 2000000 rows [i,1]" {
			t.Fatalf("unknown recipe %q", in.Generate)
		}
		body = longLine(2000000)
	} else {
		var parts []io.Reader
		for _, p := range in.Parts {
			parts = append(parts, strings.NewReader(p))
		}
		body = io.MultiReader(parts...)
	}
	s := NewScanner(body)
	rows := 0
	var failed error
	for _, err := range s.Rows() {
		if err != nil {
			failed = err
			continue
		}
		rows++
	}
	if rows != want.Rows {
		t.Errorf("%d rows, want %d", rows, want.Rows)
	}
	if want.Chunks != nil && s.Documents() != *want.Chunks {
		t.Errorf("%d chunks, want %d", s.Documents(), *want.Chunks)
	}
	var server *ResponseError
	switch {
	case want.Error == "" && failed != nil:
		t.Error(failed)
	case want.Error != "" && (!errors.As(failed, &server) || server.Message != want.Error):
		t.Errorf("error %v, want %q", failed, want.Error)
	}
}

// longLine makes the line row by row, so that the test does not hold it.
func longLine(rows int) io.Reader {
	r, w := io.Pipe()
	go func() {
		b := []byte(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[0,1]`)
		for i := 1; i < rows; i++ {
			b = fmt.Appendf(b, ",[%d,1]", i)
			if len(b) > 32<<10 {
				if _, err := w.Write(b); err != nil {
					return
				}
				b = b[:0]
			}
		}
		w.Write(append(b, "]}]}]}\n"...))
		w.Close()
	}()
	return r
}

// caseResponse runs the cases that concern the body of a response. The status belongs
// to the transport, and the messages of /write to fastclient.
func caseResponse(t *testing.T, c guideCase) {
	var in struct {
		Call string
		Body string
	}
	var want struct {
		OK    bool
		Rows  [][]any
		Error *struct {
			Status      int
			StatementID *int `json:"statement_id"`
			Message     string
		}
	}
	decodeExact(t, c.Input, &in)
	decodeExact(t, c.Expect, &want)
	if in.Call != "query" {
		t.Skip("fastclient: not the response of /query")
	}
	rows, _, err := readAll(t, strings.NewReader(in.Body))
	if want.Error == nil {
		if err != nil || !reflect.DeepEqual(rows, want.Rows) {
			t.Errorf("rows %v, %v, want %v", rows, err, want.Rows)
		}
		return
	}
	var statement *StatementError
	var server *ResponseError
	switch {
	case want.Error.StatementID != nil:
		if !errors.As(err, &statement) || statement.StatementID != *want.Error.StatementID ||
			statement.Message != want.Error.Message {
			t.Errorf("error %v, want %+v", err, want.Error)
		}
	case !errors.As(err, &server) || want.Error.Message != "" && server.Message != want.Error.Message:
		t.Errorf("error %v, want %+v", err, want.Error)
	}
}
