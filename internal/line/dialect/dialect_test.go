package dialect

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line"
)

func TestRows(t *testing.T) {
	names := map[string]bool{}
	used := map[line.Rule]bool{}
	for _, r := range Rows {
		points, rules := Read(r.Body)
		if got := Reading(points, len(rules) > 0, false); got != r.Own {
			t.Errorf("%s: %q is read as %s, want %s", r.Name, r.Body, got, r.Own)
		}
		rules = append(rules, 0)
		if rules[0] != r.Rule {
			t.Errorf("%s: refused because of %v, want %v", r.Name, rules[0], r.Rule)
		}
		if names[r.Name] {
			t.Errorf("%s: twice", r.Name)
		}
		names[r.Name] = true
		used[r.Rule] = true
	}
	for rule := line.NoMeasurement; rule < line.TooLong; rule++ {
		if !used[rule] {
			t.Errorf("no row breaks the rule %v", rule)
		}
	}
}

var update = flag.Bool("update", false, "write the table into the documentation of package line")

// TestDocument holds the documentation of package line to the table.
func TestDocument(t *testing.T) {
	const path, from, to = "../doc.go", "// # Dialects\n", "// [dialect.Rows]: "
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), from)
	intro, table, ok2 := strings.Cut(rest, "\n//\n// Where readers differ:\n")
	_, tail, ok3 := strings.Cut(table, to)
	if !ok || !ok2 || !ok3 {
		t.Fatal("the documentation has no place for the table")
	}
	var b strings.Builder
	for l := range strings.Lines(Render()) {
		b.WriteString(strings.TrimRight("// "+l, " \n"))
		b.WriteByte('\n')
	}
	made := head + from + intro + "\n//\n" + strings.ReplaceAll(b.String(), "// \t", "//\t") + "//\n" + to + tail
	if made == string(text) {
		return
	}
	if !*update {
		t.Fatal("the table in doc.go is not that of Rows: go test ./internal/line/dialect -update")
	}
	if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
		t.Fatal(err)
	}
}
