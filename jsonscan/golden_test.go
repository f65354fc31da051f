package jsonscan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// oracle writes what encoding/json finds in a response in the form of trace.
type oracle struct {
	b        strings.Builder
	last     oracleSeries
	lastID   int
	any      bool // last is set
	messages strings.Builder
}

type oracleSeries struct {
	Name    string
	Tags    json.RawMessage
	Columns []string
	Values  [][]json.RawMessage
	Partial bool
}

type oracleDocument struct {
	Results []struct {
		ID       *int `json:"statement_id"`
		Series   []oracleSeries
		Messages []struct{ Level, Text string }
		Partial  bool
		Error    *string
	}
	Error   *string
	Code    string
	Message string
}

func oracleTrace(t *testing.T, body []byte) string {
	t.Helper()
	var o oracle
	for len(bytes.TrimSpace(body)) > 0 {
		if body[0] != '{' {
			line, rest, _ := bytes.Cut(body, []byte("\n"))
			fmt.Fprintf(&o.b, "*jsonscan.ResponseError jsonscan: server: %s\n", line)
			body = rest
			continue
		}
		d := json.NewDecoder(bytes.NewReader(body))
		var doc oracleDocument
		if err := d.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		o.document(t, &doc)
		body = bytes.TrimLeft(body[d.InputOffset():], " \r\n\t")
	}
	if o.any && o.last.Partial {
		o.b.WriteString("partial\n")
	}
	return o.b.String() + o.messages.String()
}

func (o *oracle) document(t *testing.T, doc *oracleDocument) {
	for i, r := range doc.Results {
		id := i
		if r.ID != nil {
			id = *r.ID
		}
		for k := range r.Series {
			o.series(t, &r.Series[k], id, i == 0 && k == 0)
		}
		for _, m := range r.Messages {
			fmt.Fprintf(&o.messages, "message %d %q %q\n", id, m.Level, m.Text)
		}
		if r.Error != nil {
			fmt.Fprintf(&o.b, "*jsonscan.StatementError jsonscan: statement %d: %s\n", id, *r.Error)
		}
	}
	if doc.Error != nil {
		fmt.Fprintf(&o.b, "*jsonscan.ResponseError jsonscan: server: %s\n", *doc.Error)
	}
}

func (o *oracle) series(t *testing.T, s *oracleSeries, id int, first bool) {
	if len(s.Values) == 0 {
		return
	}
	goesOn := o.any && first && o.last.Partial && o.lastID == id && o.last.Name == s.Name &&
		bytes.Equal(o.last.Tags, s.Tags) && fmt.Sprintf("%q", o.last.Columns) == fmt.Sprintf("%q", s.Columns)
	o.last, o.lastID, o.any = *s, id, true
	if !goesOn {
		fmt.Fprintf(&o.b, "series %d %q", id, s.Name)
		for d := json.NewDecoder(bytes.NewReader(s.Tags)); ; {
			key, err := d.Token()
			if err != nil {
				break
			}
			if _, ok := key.(string); !ok {
				continue
			}
			value, _ := d.Token()
			fmt.Fprintf(&o.b, " %q=%q", key, value)
		}
		fmt.Fprintf(&o.b, " %q\n", s.Columns)
	}
	for _, row := range s.Values {
		o.b.WriteString("row")
		for _, raw := range row {
			o.b.WriteString(" " + oracleCell(t, raw))
		}
		o.b.WriteByte('\n')
	}
}

func oracleCell(t *testing.T, raw []byte) string {
	text := string(raw)
	switch text[0] {
	case 'n', 't', 'f':
		return text
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(s)
	}
	if text != "-0" {
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return fmt.Sprintf("i%d", v)
		}
		if v, err := strconv.ParseUint(text, 10, 64); err == nil {
			return fmt.Sprintf("u%d", v)
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("f%v", v)
}

type goldenResponse struct {
	Name, Version, File string
	Status              int
	ContentType         string `json:"content_type"`
	Params              map[string]string
	body                []byte
}

// goldenResponses returns the recorded JSON responses of real servers.
func goldenResponses(t testing.TB) []goldenResponse {
	t.Helper()
	index, err := os.ReadFile("testdata/index.json")
	if err != nil {
		t.Fatal(err)
	}
	var all, kept []goldenResponse
	if err := json.Unmarshal(index, &all); err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.ContentType != "application/json" {
			continue
		}
		f, err := os.Open("testdata/" + a.File)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if a.body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
		f.Close()
		kept = append(kept, a)
	}
	if len(kept) < 100 {
		t.Fatalf("only %d recorded responses", len(kept))
	}
	return kept
}

// TestGolden reads the recorded responses through every buffer and reader.
func TestGolden(t *testing.T) {
	rows := 0
	for _, a := range goldenResponses(t) {
		want := oracleTrace(t, a.body)
		rows += strings.Count(want, "\nrow")
		for _, size := range bufferSizes() {
			for name, reader := range readers {
				s := sized(reader(bytes.NewReader(a.body)), size)
				s.Chunked = a.Params["chunked"] == "true"
				if got := trace(s); got != want {
					t.Fatalf("%s %s, buffer %d, %s: %s", a.Name, a.Version, size, name, firstDifference(got, want))
				}
			}
		}
	}
	if rows < 30_000 {
		t.Errorf("only %d rows", rows)
	}
}

// TestGoldenTruncated truncates the recorded responses at every byte, or at many if
// they are long.
func TestGoldenTruncated(t *testing.T) {
	for _, a := range goldenResponses(t) {
		if strings.HasPrefix(a.Name, "infinity") && a.Version != "1.8.10" {
			continue // truncated plain text is plain text
		}
		end := bytes.LastIndexByte(a.body, '}')
		step := 1
		if end > 2000 {
			step = end/100 | 1
		}
		for cut := 0; cut <= end; cut += step {
			s := sized(bytes.NewReader(a.body[:cut]), 4<<10)
			s.Chunked = a.Params["chunked"] == "true"
			var last error
			for _, err := range s.Rows() {
				last = err
			}
			if _, ok := last.(*ReadError); !ok && !wholeDocuments(string(a.body[:cut])) {
				t.Fatalf("%s %s truncated at %d of %d: %v", a.Name, a.Version, cut, len(a.body), last)
			}
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range w {
		if i >= len(g) || g[i] != w[i] {
			have := "nothing"
			if i < len(g) {
				have = g[i]
			}
			return fmt.Sprintf("line %d is %.300s, want %.300s", i, have, w[i])
		}
	}
	return "more than wanted: " + strings.Join(g[len(w):], "\n")
}

// TestBodies reads the bodies of the benchmarks, which look like responses of
// servers, through every buffer and reader.
func TestBodies(t *testing.T) {
	for _, shape := range workload.Bodies {
		for _, chunk := range []int{0, 100} {
			body := shape.Make(bodyShare(shape.Name), chunk)
			want := oracleTrace(t, body)
			for _, size := range bufferSizes() {
				for name, reader := range readers {
					s := sized(reader(bytes.NewReader(body)), size)
					s.Chunked = chunk > 0
					if got := trace(s); got != want {
						t.Fatalf("%s, chunks of %d, buffer %d, %s: %s", shape.Name, chunk, size, name, firstDifference(got, want))
					}
				}
			}
		}
	}
}

// bodyShare returns the share of a body that is about 50 KB.
func bodyShare(name string) float64 {
	switch name {
	case "small_mean", "small_last":
		return 1
	}
	return 0.004
}
