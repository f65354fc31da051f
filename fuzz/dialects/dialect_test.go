package dialects

import (
	"testing"

	"github.com/pointwire/pointwire/internal/line/dialect"
)

// TestRows compares the cells of the table with the parsers that they describe.
func TestRows(t *testing.T) {
	for _, r := range dialect.Rows {
		own, rules := dialect.Read(r.Body)
		numbers := make([]dialect.Point, len(own))
		for i, p := range own {
			numbers[i] = p.Numbers()
		}
		for _, reader := range []struct {
			of   dialect.Reader
			read func(body string) (points []dialect.Point, refused, lost bool)
			same []dialect.Point
		}{
			{dialect.LineProtocol, reference, own},
			{dialect.VictoriaMetrics, victoria, numbers},
		} {
			got := dialect.Reading(reader.read(r.Body))
			want, differs := r.Reads[reader.of]
			same := dialect.Reading(reader.same, len(rules) > 0, false)
			switch {
			case differs && want == same:
				t.Errorf("%s: the cell of %v says what it says of all", r.Name, reader.of)
			case !differs && got != same:
				t.Errorf("%s: %v reads %q as\n%s\nwant, as we do,\n%s", r.Name, reader.of, r.Body, got, same)
			case differs && got != want:
				t.Errorf("%s: %v reads %q as\n%s\nwant\n%s", r.Name, reader.of, r.Body, got, want)
			}
		}
	}
}
