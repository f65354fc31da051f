package jsonscan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pointwire/pointwire/internal/workload"
)

// packedScanner returns a scanner of a MessagePack response.
func packedScanner(r io.Reader, size int) *Scanner {
	s := sized(r, size)
	s.MessagePack = true
	return s
}

// packedOracle returns the trace of a body by the plain twin.
func packedOracle(t *testing.T, body []byte) string {
	t.Helper()
	docs, err := plainDocuments(body)
	if err != nil {
		t.Fatal(err)
	}
	var o oracle
	for i := range docs {
		o.document(t, &docs[i])
	}
	if o.any && o.last.Partial {
		o.b.WriteString("partial\n")
	}
	return o.b.String() + o.messages.String()
}

// goldenPacked returns the recorded MessagePack responses, and the JSON responses to the
// same queries by their name and version.
func goldenPacked(t testing.TB) (packed []goldenResponse, text map[string]goldenResponse) {
	t.Helper()
	index, err := os.ReadFile("testdata/index.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []goldenResponse
	if err := json.Unmarshal(index, &all); err != nil {
		t.Fatal(err)
	}
	text = map[string]goldenResponse{}
	for _, a := range goldenResponses(t) {
		text[a.Name+" "+a.Version] = a
	}
	for _, a := range all {
		if a.ContentType != "application/x-msgpack" {
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
		packed = append(packed, a)
	}
	if len(packed) < 200 {
		t.Fatalf("only %d recorded responses", len(packed))
	}
	return packed, text
}

// TestPackedGolden reads the recorded responses through every buffer and reader, and
// compares them with what the plain twin finds.
func TestPackedGolden(t *testing.T) {
	packed, _ := goldenPacked(t)
	rows := 0
	for _, a := range packed {
		want := packedOracle(t, a.body)
		rows += strings.Count(want, "\nrow")
		for _, size := range bufferSizes() {
			for name, reader := range readers {
				if len(a.body) > 50_000 && (size < 4<<10 || name == "one byte") {
					continue // minutes with the race detector
				}
				s := packedScanner(reader(bytes.NewReader(a.body)), size)
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

// packedDiffers has the recorded cases in which MessagePack says something else than JSON,
// beyond what sameResponse allows. TestPackedDifferences looks at each.
var packedDiffers = map[string]string{
	"infinity":              "JSON loses the response",
	"infinity-positive":     "JSON loses the response",
	"infinity-between":      "JSON loses the response",
	"infinity-chunked":      "JSON loses chunks",
	"infinity-chunked-only": "JSON loses chunks",
	"time-zone":             "the offset is not sent",
	"time-zone-west":        "the offset is not sent",
}

// TestPackedEqualsJSON reads every recorded pair of responses. Rows, series, messages and
// errors must be the same, numbers as numbers.
func TestPackedEqualsJSON(t *testing.T) {
	packed, text := goldenPacked(t)
	pairs := 0
	for _, a := range packed {
		name, _ := strings.CutSuffix(a.Name, "-msgpack")
		b, ok := text[name+" "+a.Version]
		if _, differs := packedDiffers[name]; !ok || differs || name == a.Name {
			continue
		}
		pairs++
		if a.Status != b.Status {
			t.Errorf("%s %s: status %d, JSON %d", name, a.Version, a.Status, b.Status)
		}
		chunked := a.Params["chunked"] == "true"
		p, j := packedScanner(bytes.NewReader(a.body), 4<<10), sized(bytes.NewReader(b.body), 4<<10)
		p.Chunked, j.Chunked = chunked, chunked
		if err := sameResponse(p, j); err != nil {
			t.Errorf("%s %s: %v", name, a.Version, err)
		}
	}
	if pairs < 200 {
		t.Errorf("only %d pairs", pairs)
	}
}

// TestPackedBodies reads the bodies of the benchmarks in both forms.
func TestPackedBodies(t *testing.T) {
	for _, shape := range workload.Bodies {
		for _, chunk := range []int{0, 100} {
			body := shape.Make(bodyShare(shape.Name), chunk)
			packed := packedBody(t, body)
			if err := sameResponse(packedScanner(bytes.NewReader(packed), 4<<10), sized(bytes.NewReader(body), 4<<10)); err != nil {
				t.Fatalf("%s, chunks of %d: %v", shape.Name, chunk, err)
			}
			want := packedOracle(t, packed)
			for _, size := range bufferSizes() {
				if got := trace(packedScanner(iotest.HalfReader(bytes.NewReader(packed)), size)); got != want {
					t.Fatalf("%s, chunks of %d, buffer %d: %s", shape.Name, chunk, size, firstDifference(got, want))
				}
			}
		}
	}
}

// TestPackedTruncated truncates the recorded responses at every byte, or at many if they
// are long. Only between two documents may the end look like one.
func TestPackedTruncated(t *testing.T) {
	packed, _ := goldenPacked(t)
	for _, a := range packed {
		step := 1
		if len(a.body) > 2000 {
			step = len(a.body)/100 | 1
		}
		for cut := 0; cut < len(a.body); cut += step {
			s := packedScanner(bytes.NewReader(a.body[:cut]), 4<<10)
			s.Chunked = a.Params["chunked"] == "true"
			var last error
			for _, err := range s.Rows() {
				last = err
			}
			var short *ReadError
			if errors.As(last, &short) && errors.Is(last, io.ErrUnexpectedEOF) {
				continue
			}
			docs, err := plainDocuments(a.body[:cut])
			if err != nil || len(docs) == 0 {
				t.Fatalf("%s %s truncated at %d of %d: %v", a.Name, a.Version, cut, len(a.body), last)
			}
			if n := docs[len(docs)-1].Results; len(n) > 0 && n[len(n)-1].Partial {
				t.Fatalf("%s %s truncated at %d of %d, where more is promised: %v", a.Name, a.Version, cut, len(a.body), last)
			}
		}
	}
}

// TestPackedDifferences holds what MessagePack says and JSON does not, on each version.
func TestPackedDifferences(t *testing.T) {
	packed, text := goldenPacked(t)
	versions := 0
	for _, a := range packed {
		name, _ := strings.CutSuffix(a.Name, "-msgpack")
		s := packedScanner(bytes.NewReader(a.body), 4<<10)
		s.Chunked = a.Params["chunked"] == "true"
		rows, infinite := 0, 0
		var first []byte
		for row, err := range s.Rows() {
			if err != nil {
				break
			}
			if rows++; rows == 1 {
				first = row.AppendJSON(nil)
			}
			for i := range row.Len() {
				if v, err := row.Float(i); err == nil && math.IsInf(v, 0) {
					infinite++
					if string(row.Raw(i)) != "null" {
						t.Errorf("%s %s: infinity prints as %s", name, a.Version, row.Raw(i))
					}
				}
			}
		}
		var lost bool
		for _, err := range sized(bytes.NewReader(text[name+" "+a.Version].body), 4<<10).Rows() {
			var e *ResponseError
			lost = lost || errors.As(err, &e)
		}
		switch name {
		case "infinity", "infinity-positive", "infinity-between", "infinity-chunked", "infinity-chunked-only":
			versions++
			if rows == 0 || infinite == 0 || !lost {
				t.Errorf("%s %s: %d rows, %d infinities, JSON lost rows %v", name, a.Version, rows, infinite, lost)
			}
		case "time-zone":
			versions++
			if want := `["2017-07-14T02:40:00Z",`; !strings.HasPrefix(string(first), want) {
				t.Errorf("%s %s: %s", name, a.Version, first)
			}
		}
	}
	if versions != 18 {
		t.Errorf("%d responses were looked at", versions)
	}
}
