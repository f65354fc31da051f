package itest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

// guideCase is one case of guide-cases.json. Its README explains the kinds.
type guideCase struct {
	Name   string
	Kind   string
	Input  json.RawMessage
	Expect json.RawMessage
}

// guideCases returns the cases of one kind.
func guideCases(t *testing.T, kind string) []guideCase {
	t.Helper()
	data, err := os.ReadFile("../lp/testdata/guide-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var all, cases []guideCase
	decode(t, data, &all)
	for _, c := range all {
		if c.Kind == kind {
			cases = append(cases, c)
		}
	}
	if len(cases) == 0 {
		t.Fatalf("no cases of kind %s", kind)
	}
	return cases
}

// decode decodes JSON and keeps numbers as text.
func decode(t *testing.T, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

// document is a response decoded by encoding/json.
type document struct {
	Error   string
	Message string // InfluxDB 2 has this instead of Error
	Results []struct {
		StatementID int `json:"statement_id"`
		Error       string
		Partial     bool
		Series      []struct {
			Name    string
			Tags    map[string]string
			Columns []string
			Values  [][]any
			Partial bool
		}
	}
}

// TestGuideLines writes the line of each case and checks what is stored.
func TestGuideLines(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, c := range guideCases(t, "server_line") {
			t.Run(c.Name, func(t *testing.T) {
				var in struct{ Line string }
				var want struct {
					Status int
					Stored any `json:"stored_or_message"`
				}
				decode(t, c.Input, &in)
				decode(t, c.Expect, &want)
				db := newDatabase(t, s, "guide_lines")
				got := write(t, s, db, in.Line)
				if got.status != want.Status {
					t.Errorf("status %d, want %d: %s", got.status, want.Status, got.body)
				}
				if text, ok := want.Stored.(string); ok {
					var doc document
					decode(t, []byte(got.body), &doc)
					if is2(s) && text == `input tag "time"` { // InfluxDB 2 words this differently
						text = `cannot use reserved tag key "time"`
					}
					if !strings.Contains(doc.Error+doc.Message, text) {
						t.Errorf("error %q, want %q in it", doc.Error+doc.Message, text)
					}
					return
				}
				var doc document
				decode(t, []byte(query(t, s, db, "SELECT * FROM /.*/")), &doc)
				if len(doc.Results) != 1 {
					t.Fatalf("%d results", len(doc.Results))
				}
				series := doc.Results[0].Series
				fields, _ := want.Stored.(map[string]any)
				switch {
				case want.Stored == nil && len(series) > 0:
					t.Errorf("stored %v, want nothing", series)
				case want.Stored != nil && (len(series) != 1 || len(series[0].Values) != 1):
					t.Errorf("stored %v, want one point", series)
				case want.Stored != nil:
					for i, name := range series[0].Columns {
						if v, ok := fields[name]; ok && fmt.Sprint(series[0].Values[0][i]) != fmt.Sprint(v) {
							t.Errorf("%s = %v, want %v", name, series[0].Values[0][i], v)
						}
					}
				}
			})
		}
	})
}

// TestGuideEpochs requests one time in every unit.
func TestGuideEpochs(t *testing.T) {
	units := map[string]string{"nanoseconds": "1500000000123456789", "microseconds": "1500000000123456", "milliseconds": "1500000000123"}
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		db := newDatabase(t, s, "guide_epochs")
		mustWrite(t, s, db, "m f=1i 1500000000123456789")
		for _, c := range guideCases(t, "server_epoch") {
			var in struct{ Epoch string }
			var want struct{ Unit string }
			decode(t, c.Input, &in)
			decode(t, c.Expect, &want)
			unit, _, _ := strings.Cut(strings.ToLower(want.Unit), " ")
			if units[unit] == "" {
				t.Fatalf("%s: unit %q", c.Name, want.Unit)
			}
			if got := query(t, s, db, "SELECT f FROM m", "epoch", in.Epoch); !strings.Contains(got, "[["+units[unit]+",1]]") {
				t.Errorf("%s: %s, want %s", c.Name, got, units[unit])
			}
		}
	})
}

// TestGuideServer runs the cases whose names say how to set up the server.
func TestGuideServer(t *testing.T) {
	tests := map[string]func(*testing.T, *Server, guideCase){
		"9 points without time and equal tags collapse to 1 row":  guideCollapse,
		"chunk order and count on a real server":                  guideChunks,
		"chunked query on a missing measurement yields no rows":   guideMissingMeasurement,
		"query on missing db is a statement error":                guideMissingDatabase,
		"unchunked series may carry partial:true though complete": guidePartial,
		"write to other db then read temp_db..test_measurement":   guideOtherDatabase,
	}
	cases := guideCases(t, "server")
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, c := range cases {
			f := tests[c.Name]
			if f == nil {
				t.Errorf("no test for the case %q", c.Name)
				continue
			}
			t.Run(c.Name, func(t *testing.T) { f(t, s, c) })
		}
	})
}

// wantRows compares the number of rows of all series of a response with the case.
func wantRows(t *testing.T, c guideCase, body string) {
	t.Helper()
	var want struct{ Rows int }
	decode(t, c.Expect, &want)
	got := 0
	for d := json.NewDecoder(strings.NewReader(body)); d.More(); {
		var doc document
		if err := d.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Results {
			if r.Error != "" {
				t.Error(r.Error)
			}
			for _, series := range r.Series {
				got += len(series.Values)
			}
		}
	}
	if got != want.Rows {
		t.Errorf("%d rows, want %d: %.300s", got, want.Rows, body)
	}
}

func guideCollapse(t *testing.T, s *Server, c guideCase) {
	db := newDatabase(t, s, "guide")
	var lines strings.Builder
	for i := range 9 {
		fmt.Fprintf(&lines, "m,t=a f=%di\n", i)
	}
	mustWrite(t, s, db, lines.String())
	wantRows(t, c, query(t, s, db, "SELECT * FROM m"))
}

func guideChunks(t *testing.T, s *Server, c guideCase) {
	var in struct {
		Query string
		Size  int `json:"chunk_size"`
	}
	var want struct{ Chunks [][2]int }
	decode(t, c.Input, &in)
	decode(t, c.Expect, &want)
	db := newDatabase(t, s, "guide")
	mustWrite(t, s, db, manyLines(20_000))
	body := query(t, s, db, in.Query, "chunked", "true", "chunk_size", fmt.Sprint(in.Size))
	var got [][2]int
	for d := json.NewDecoder(strings.NewReader(body)); d.More(); {
		var doc document
		if err := d.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Results {
			if len(r.Series) != 1 {
				t.Fatalf("a chunk of %d series: %.200s", len(r.Series), body)
			}
			got = append(got, [2]int{r.StatementID, len(r.Series[0].Values)})
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want.Chunks) {
		t.Errorf("chunks %v, want %v", got, want.Chunks)
	}
}

func guideMissingMeasurement(t *testing.T, s *Server, c guideCase) {
	db := newDatabase(t, s, "guide")
	wantRows(t, c, query(t, s, db, "SELECT * FROM missing", "chunked", "true"))
}

func guideMissingDatabase(t *testing.T, s *Server, c guideCase) {
	var want struct{ Error string }
	decode(t, c.Expect, &want)
	var doc document
	decode(t, []byte(query(t, s, "fake_db", "SELECT * FROM m")), &doc)
	if len(doc.Results) != 1 {
		t.Fatalf("%d results", len(doc.Results))
	}
	if got := doc.Results[0].Error; got != want.Error {
		t.Errorf("error %q, want %q", got, want.Error)
	}
}

// guidePartial checks the partial mark of 1.6, which later versions leave out.
func guidePartial(t *testing.T, s *Server, c guideCase) {
	db := newDatabase(t, s, "guide")
	mustWrite(t, s, db, manyLines(20_000))
	body := query(t, s, db, "SELECT * FROM b")
	wantRows(t, c, body)
	var doc document
	decode(t, []byte(body), &doc)
	if len(doc.Results) != 1 || len(doc.Results[0].Series) != 1 {
		t.Fatalf("%d results, or not one series", len(doc.Results))
	}
	if got, want := doc.Results[0].Series[0].Partial, strings.HasPrefix(s.Version(), "1.6."); got != want {
		t.Errorf("partial %v on version %s, want %v", got, s.Version(), want)
	}
}

func guideOtherDatabase(t *testing.T, s *Server, c guideCase) {
	db := newDatabase(t, s, "guide")
	other := newDatabase(t, s, "temp_db")
	for i := range 5 {
		if a := write(t, s, other, fmt.Sprintf("test_measurement f=%di %d", i, i)); a.status != http.StatusNoContent {
			t.Fatal(a.body)
		}
	}
	wantRows(t, c, query(t, s, db, "SELECT * FROM temp_db..test_measurement"))
}
