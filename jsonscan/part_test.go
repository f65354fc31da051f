package jsonscan

import (
	"fmt"
	"strings"
	"testing"
)

// partTrace returns what NextPart finds, one line per part.
func partTrace(s *Scanner) string {
	var b strings.Builder
	for {
		switch p := s.NextPart(); p {
		case PartRow:
			fmt.Fprintf(&b, "row %s of %d %q\n", s.Row().Raw(0), s.StatementID(), s.Row().Series().Name)
		case PartSeries:
			fmt.Fprintf(&b, "series %q %v of %d, partial %v, %d cells\n", s.Row().Series().Name, s.Row().Series().Columns, s.StatementID(), s.Row().Series().Partial, s.Row().Len())
		case PartResult:
			fmt.Fprintf(&b, "result %d, statement %d\n", s.StatementID(), s.Statements())
		case PartNone:
			if s.Err() == nil {
				return b.String()
			}
			fmt.Fprintf(&b, "%v, statement %d\n", s.Err(), s.Statements())
			if !Recoverable(s.Err()) {
				return b.String()
			}
		}
	}
}

// TestParts reads what has no rows, in every form and through every buffer.
func TestParts(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"no series", `{"results":[{"statement_id":0},{"statement_id":7},{}]}`, "result 0, statement 1\nresult 7, statement 2\nresult 2, statement 3\n"},
		{"no values", `{"results":[{"statement_id":0,"series":[{"columns":["user","admin"]}]}]}`, "series \"\" [user admin] of 0, partial false, 0 cells\nresult 0, statement 1\n"},
		{"empty values", `{"results":[{"statement_id":4,"series":[{"name":"m","columns":["a"],"values":[]}]}]}`, "series \"m\" [a] of 4, partial false, 0 cells\nresult 4, statement 1\n"},
		{"null", `{"results":[{"series":[{"name":"m","columns":["a"],"values":null,"partial":true}]}]}`, "series \"m\" [a] of 0, partial true, 0 cells\nresult 0, statement 1\n"},
		{"between", `{"results":[{"statement_id":0,"series":[{"name":"a","columns":["v"],"values":[[1],[2]]},{"name":"b","columns":["v"],"values":[]},{"name":"c","columns":["v"]},{"name":"d","columns":["v"],"values":[[3]]}]},{"statement_id":1,"error":"x"},{"statement_id":2}]}`,
			"row 1 of 0 \"a\"\nrow 2 of 0 \"a\"\nseries \"b\" [v] of 0, partial false, 0 cells\nseries \"c\" [v] of 0, partial false, 0 cells\nrow 3 of 0 \"d\"\nresult 0, statement 1\njsonscan: statement 1: x, statement 2\nresult 2, statement 3\n"},
		{"no columns", `{"results":[{"series":[{"name":"a"},{"values":[[]],"columns":[]}]}]}`, "series \"a\" [] of 0, partial false, 0 cells\nrow  of 0 \"\"\nresult 0, statement 1\n"},
		{"cut", `{"results":[{"statement_id":0,"series":[{"name":"b","columns":["v"],"values":[]}`, "series \"b\" [v] of 0, partial false, 0 cells\njsonscan: read response at offset 80: unexpected EOF, statement 1\n"},
	} {
		pretty := strings.NewReplacer(":", " : ", ",", " , ", "{", "{ ").Replace(tt.body)
		for _, body := range []string{tt.body, pretty} {
			if tt.name == "cut" && body == pretty {
				continue
			}
			for _, size := range sizes {
				for name, reader := range readers {
					if got := partTrace(sized(reader(strings.NewReader(body)), size)); got != tt.want {
						t.Errorf("%s, buffer %d, %s:\n%swant\n%s", tt.name, size, name, got, tt.want)
					}
				}
			}
		}
		rows := 0
		for s := NewScanner(strings.NewReader(tt.body)); s.Next() || Recoverable(s.Err()); {
			if s.Err() == nil {
				rows++
			}
		}
		if want := strings.Count("\n"+tt.want, "\nrow "); rows != want {
			t.Errorf("%s: Next finds %d rows, want %d", tt.name, rows, want)
		}
	}
}

// TestStatementOfDocuments counts statements that are spread over documents.
func TestStatementOfDocuments(t *testing.T) {
	result := func(id, rest string) string { return `{"results":[{"statement_id":` + id + rest + `}]}` + "\n" }
	series := func(name string) string {
		return `,"series":[{"name":"` + name + `","columns":["k"],"values":[["x"]]}]`
	}
	const none = `{"results":[{"series":[{"columns":["k"],"values":[["x"]]}]}]}` + "\n"
	for _, tt := range []struct {
		name, body string
		want       int
	}{
		{"SHOW TAG KEYS; SHOW DATABASES", result("0", series("m")) + result("0", series("n")) + result("1", series("databases")), 2},
		{"marked", result("0", series("m")+`,"partial":true`) + result("0", series("n")) + result("1", ""), 2},
		{"not executed", result("0", "") + result("1", `,"error":"x"`) + result("1", `,"error":"not executed"`) + result("1", `,"error":"not executed"`), 4},
		{"fails late", result("0", series("m")) + result("0", `,"error":"x"`) + result("0", `,"error":"not executed"`), 2},
		{"without numbers", none + none, 2},
		{"a mark and another number", result("0", series("m")+`,"partial":true`) + result("1", series("m")), 2},
		{"one document", `{"results":[{"statement_id":0},{"statement_id":0}]}`, 2},
		{"two documents of several", `{"results":[{"statement_id":0},{"statement_id":1}]}` + `{"results":[{"statement_id":1},{"statement_id":1}]}`, 3},
		{"number after the rows", `{"results":[{"statement_id":0}]}{"results":[{"series":[{"columns":["k"],"values":[["x"]]}],"statement_id":0}]}`, 2},
		{"second thoughts", `{"results":[{"statement_id":0}]}{"results":[{"statement_id":0,"statement_id":1}]}`, 2},
	} {
		for _, size := range sizes {
			s := sized(strings.NewReader(tt.body), size)
			last, index := -1, 0
			for s.Next() || Recoverable(s.Err()) {
				if e, ok := s.Err().(*StatementError); ok {
					last = e.Index
				}
			}
			if index = s.Statements() - 1; s.Err() != nil || s.Statements() != tt.want || last >= 0 && last != index {
				t.Errorf("%s: %d statements, want %d, the last error is of %d, %v", tt.name, s.Statements(), tt.want, last, s.Err())
			}
		}
	}
	// A result without a number that continues another has the number of that.
	s := NewScanner(strings.NewReader(result("3", series("m")+`,"partial":true`) + none))
	for s.Next() {
		if id := s.Row().Series().StatementID; id != 3 {
			t.Errorf("statement_id %d", id)
		}
	}
	if s.Statements() != 1 || s.Err() != nil {
		t.Errorf("%d statements, %v", s.Statements(), s.Err())
	}
}
