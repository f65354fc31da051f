package itest

import (
	"bytes"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
)

// bodySize is small enough for every run of the tests, and large enough for series of more
// than 10,000 rows. Benchmarks use size 1, which would take two minutes here.
var bodySize = flag.Float64("bodysize", 0.1, "size of the responses of TestBodies")

// TestBodies writes the points of the bodies that decoders are measured on, and checks
// that the servers respond with these bodies, byte for byte. So decoders are measured on
// what servers send.
func TestBodies(t *testing.T) {
	size := *bodySize
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		c := newClient(t, s, fastclient.Options{})
		for _, b := range workload.Bodies {
			t.Run(b.Name, func(t *testing.T) {
				c := createDatabase(t, s, c, "bodies_"+b.Name)
				body := b.Make(size, 0)
				writeBody(t, c, body, b.Tags)
				got := rawResponse(t, c, b.Query, fastclient.Unchunked())
				if strings.HasPrefix(s.Version(), "1.6.") {
					// It also marks complete series of more than 10,000 rows as partial.
					got = bytes.ReplaceAll(got, []byte(`]],"partial":true}`), []byte(`]]}`))
				}
				sameBytes(t, "in one document", got, body)
				const chunk = 1000
				sameBytes(t, "in chunks", rawResponse(t, c, b.Query, fastclient.Chunked(chunk)), b.Make(size, chunk))
			})
		}
	})
}

func rawResponse(t *testing.T, c *fastclient.Client, q string, opts ...fastclient.QueryOption) []byte {
	t.Helper()
	body, err := c.QueryRaw(t.Context(), q, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sameBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	near := func(b []byte) []byte { return b[max(0, i-100):min(len(b), i+100)] }
	t.Errorf("%s: %d bytes, want %d; they differ at %d:\n%s\nwant\n%s", what, len(got), len(want), i, near(got), near(want))
}

// writeBody writes the rows of body as points. Columns that hold only integers are written
// as integers.
func writeBody(t *testing.T, c *fastclient.Client, body []byte, tags []string) {
	t.Helper()
	scanner := jsonscan.NewScanner(bytes.NewReader(body))
	floats := map[string]bool{}
	for row, err := range scanner.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range row.Series().Columns {
			if row.Kind(i) == jsonscan.KindFloat {
				floats[name] = true
			}
		}
	}
	w, err := batch.NewSyncWriter(c, batch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scanner.Reset(bytes.NewReader(body))
	for row, err := range scanner.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Encode(t.Context(), func(e *lp.Encoder) { encodeRow(t, e, row, tags, floats) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// functionField maps a column to the field of which it holds the mean or the last value.
var functionField = map[string]string{"mean": "v", "last": "v"}

func encodeRow(t *testing.T, e *lp.Encoder, row *jsonscan.Row, tags []string, floats map[string]bool) {
	t.Helper()
	series := row.Series()
	e.Point(series.Name)
	for _, tag := range series.Tags {
		e.Tag(tag.Key, tag.Value)
	}
	for i, name := range series.Columns {
		if slices.Contains(tags, name) {
			e.Tag(name, must[string](t)(row.String(i)))
		}
	}
	for i, name := range series.Columns {
		if i == 0 || slices.Contains(tags, name) {
			continue
		}
		field := name
		if f, ok := functionField[name]; ok {
			field = f
		}
		switch kind := row.Kind(i); {
		case kind == jsonscan.KindNull:
		case kind == jsonscan.KindBool:
			e.Bool(field, must[bool](t)(row.Bool(i)))
		case kind == jsonscan.KindString:
			e.String(field, must[string](t)(row.String(i)))
		case floats[name]:
			e.Float(field, must[float64](t)(row.Float(i)))
		default:
			e.Int(field, must[int64](t)(row.Int(i)))
		}
	}
	e.EndTimestamp(must[int64](t)(row.Timestamp(0)))
}
