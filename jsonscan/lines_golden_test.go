package jsonscan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldenLines returns the jsonl responses that were made by the source of InfluxDB 3, see
// testdata/README.md.
func goldenLines(t testing.TB) []goldenResponse {
	t.Helper()
	files, err := filepath.Glob("testdata/*-by-source.jsonl")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	var all []goldenResponse
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, goldenResponse{Name: strings.TrimSuffix(filepath.Base(file), ".jsonl"), File: file, body: body})
	}
	return all
}

// TestLinesGolden reads the responses through every buffer and reader.
func TestLinesGolden(t *testing.T) {
	rows := 0
	for _, a := range goldenLines(t) {
		want, end := plainLines(a.body)
		if end != linesWhole {
			t.Errorf("%s is %s", a.File, end)
		}
		rows += strings.Count(want, "row")
		requireLines(t, a.body, sizes)
	}
	if rows < 20 {
		t.Errorf("only %d rows", rows)
	}
}
