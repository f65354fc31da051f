package itest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/pointwire/pointwire/jsonscan"
)

// scan sends q, chunked with nanosecond times, and calls f for every row of the
// response. Any error in the response fails the test.
func scan(t *testing.T, s *Server, db, q string, f func(r *jsonscan.Row)) {
	t.Helper()
	resp, err := s.HTTPClient().PostForm(s.URL()+"/query",
		url.Values{"db": {db}, "q": {q}, "epoch": {"ns"}, "chunked": {"true"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("query: %s", resp.Status)
	}
	for row, err := range jsonscan.NewScanner(resp.Body).Rows() {
		if err != nil {
			t.Fatal(err)
		}
		f(row)
	}
}

// must returns v. An error fails the test.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// column returns the index of the named column of r.
func column(t *testing.T, r *jsonscan.Row, name string) int {
	t.Helper()
	for i, c := range r.Series().Columns {
		if c == name {
			return i
		}
	}
	t.Fatalf("no column %q in %q", name, r.Series().Columns)
	return -1
}
