package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/pointwire/pointwire/frame"
)

// serve returns the URL of a server that answers queries with body.
func serve(t *testing.T, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ping" {
			w.WriteHeader(204)
			return
		}
		if user, password, _ := r.BasicAuth(); user != "u" || password != "sesame" {
			w.WriteHeader(401)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func ask(t *testing.T, r request) (rows int, out []byte, err error) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	rows, err = run(t.Context(), bytes.NewReader(text), &b)
	return rows, b.Bytes(), err
}

// TestIPC has more rows than a frame, of which the first frame has neither a fraction of f
// nor any value of s: the schema is that of the field keys all the same. arrow-go reads it.
func TestIPC(t *testing.T) {
	const rows = 3 * frame.DefaultRows
	var values []string
	for i := range rows {
		f, s := fmt.Sprint(i), "null"
		if i == rows-1 {
			f, s = "0.5", `"last"`
		}
		values = append(values, fmt.Sprintf(`[%d,"h%d",%s,%d,%s]`, i, i%3, f, 9007199254740993+i, s))
	}
	body := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","host","f","i","s"],"values":[` + strings.Join(values, ",") + `]}]}]}`
	r := request{URL: serve(t, body), Database: "d", Username: "u", Password: "sesame", Query: "SELECT * FROM m", Precision: "ns", Chunk: 10_000,
		Measurements: map[string]measurement{"m": {Tags: []string{"host"}, Fields: map[string]frame.Type{"f": frame.Float64, "i": frame.Int64, "s": frame.String}}}}
	for _, stream := range []bool{false, true} {
		r.Stream = stream
		n, out, err := ask(t, r)
		if err != nil || n != rows {
			t.Fatalf("%d rows, %v", n, err)
		}
		var batches []arrow.RecordBatch
		if stream {
			reader, err := ipc.NewReader(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			for reader.Next() {
				b := reader.RecordBatch()
				b.Retain()
				batches = append(batches, b)
			}
			if reader.Err() != nil {
				t.Fatal(reader.Err())
			}
		} else {
			reader, err := ipc.NewFileReader(bytes.NewReader(out))
			if err != nil {
				t.Fatal(err)
			}
			for i := range reader.NumRecords() {
				b, err := reader.RecordBatch(i)
				if err != nil {
					t.Fatal(err)
				}
				b.Retain()
				batches = append(batches, b)
			}
		}
		at := 0
		for _, b := range batches {
			column := func(name string) arrow.Array { return b.Column(b.Schema().FieldIndices(name)[0]) }
			f, i, s, host := column("f").(*array.Float64), column("i").(*array.Int64), column("s"), column("host")
			for k := range int(b.NumRows()) {
				want := float64(at)
				if at == rows-1 {
					want = 0.5
				}
				if f.Value(k) != want || i.Value(k) != 9007199254740993+int64(at) || s.IsNull(k) != (at < rows-1) || host.ValueStr(k) != fmt.Sprintf("h%d", at%3) {
					t.Fatalf("row %d: %v, %v, %v, %v", at, f.Value(k), i.Value(k), s.ValueStr(k), host.ValueStr(k))
				}
				at++
			}
		}
		if at != rows {
			t.Errorf("%d rows", at)
		}
	}
}

func TestIPCFails(t *testing.T) {
	row := func(name, column, value string) string {
		return `{"results":[{"statement_id":0,"series":[{"name":"` + name + `","columns":["time","` + column + `"],"values":[[1,` + value + `]]}]}]}`
	}
	keys := map[string]measurement{"m": {Tags: []string{"both"}, Fields: map[string]frame.Type{"f": frame.Float64, "both": frame.Int64}}}
	for _, c := range []struct{ body, precision, says string }{
		{row("other", "f", "1"), "ns", `no measurement "other"`},
		{row("m", "both", "1"), "ns", "GROUP BY *"},
		{row("m", "f", "9007199254740993"), "ns", "frame: convert row 0"},
		{row("m", "f", "1")[:60], "ns", "EOF"},
		{`{"results":[{"statement_id":0,"error":"no such thing"}]}`, "ns", "no such thing"},
		{row("m", "f", "1"), "d", "precision"},
	} {
		r := request{URL: serve(t, c.body), Database: "d", Username: "u", Password: "sesame", Query: "q", Precision: c.precision, Chunk: 1, Measurements: keys}
		if _, _, err := ask(t, r); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%v, want %s", err, c.says)
		}
	}
	if _, err := run(context.Background(), strings.NewReader(`{"Password":"sesame`), io.Discard); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v", err)
	}
}
