package itest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// escapeMatrix is the expected outcome of a case of kind server_escape_matrix.
type escapeMatrix struct {
	OK, Changed, Rejected int
	Unreadable            int `json:"accepted_but_not_returned_by_select"`
}

// TestGuideEscapes writes short strings one by one, with as few escapes as possible, and
// counts which of them come back. Package lp decides by these counts what to escape and
// what to refuse.
func TestGuideEscapes(t *testing.T) {
	cases := guideCases(t, "server_escape_matrix")
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				var in struct {
					Alphabet, Position string
					Strings            int
					MaxLen             int `json:"max_len"`
				}
				var want struct {
					Keys        *escapeMatrix `json:"escape_only_comma_equals_space"`
					Measurement *escapeMatrix `json:"escape_only_comma_space"`
				}
				decode(t, c.Input, &in)
				decode(t, c.Expect, &want)
				expect := want.Keys
				if expect == nil {
					expect = want.Measurement
				}
				db := newDatabase(t, s, "guide_escapes")
				var got escapeMatrix
				for i, text := range shortStrings(in.Alphabet, in.MaxLen)[:in.Strings] {
					got.add(t, s, db, in.Position, text, i)
				}
				if got != *expect {
					t.Errorf("got %+v, want %+v", got, *expect)
				}
			})
		}
	})
}

// add writes one point with text at the position and counts the outcome.
func (m *escapeMatrix) add(t *testing.T, s *Server, db, position, text string, id int) {
	t.Helper()
	name := fmt.Sprintf("m%d", id)
	var line, column string
	from := quote(name)
	switch position {
	case "measurement":
		// Each text has a measurement of its own, the only difference between points.
		line = fmt.Sprintf("%s f=%di 1", minimal.Replace(text), id)
		from = quote(text)
		column = "f"
	case "tag value":
		line = fmt.Sprintf("%s,t=%s f=%di 1", name, keys.Replace(text), id)
	case "field key":
		line = fmt.Sprintf("%s %s=%di 1", name, keys.Replace(text), id)
		column = text
	default:
		t.Fatalf("position %q", position)
	}
	a := do(t, s, http.MethodPost, "/write", url.Values{"db": {db}}, line)
	if a.status != http.StatusNoContent {
		m.Rejected++
		return
	}
	var doc document
	decode(t, []byte(query(t, s, db, "SELECT * FROM "+from)), &doc)
	found := ""
	for _, series := range doc.Results[0].Series {
		for i, name := range series.Columns {
			switch v := fmt.Sprint(series.Values[0][i]); {
			case position == "tag value" && name == "t":
				found, column = v, text
			case position != "tag value" && name != "time" && v == fmt.Sprint(id):
				found = name
			}
		}
	}
	switch {
	case found == "":
		m.Unreadable++
	case found == column:
		m.OK++
	default:
		m.Changed++
	}
}

// minimal and keys apply the fewest escapes possible: minimal in a measurement, keys in
// keys and tag values.
var (
	minimal = strings.NewReplacer(",", `\,`, " ", `\ `)
	keys    = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)
)

// quote returns text as an identifier of InfluxQL.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// shortStrings returns all strings of 1 to n characters of the alphabet, ordered by length
// and then by the alphabet.
func shortStrings(alphabet string, n int) []string {
	var all []string
	last := []string{""}
	for range n {
		var next []string
		for _, s := range last {
			for _, c := range alphabet {
				next = append(next, s+string(c))
			}
		}
		all = append(all, next...)
		last = next
	}
	return all
}
