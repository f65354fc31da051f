package itest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pointwire/pointwire/internal/line/dialect"
)

// influxResponse is the part of a response that everythingIn reads.
type influxResponse struct {
	Results []struct {
		Error  string
		Series []struct {
			Name    string
			Tags    map[string]string
			Columns []string
			Values  [][]any
		}
	}
}

func ask(t *testing.T, s *Server, db, q string) (a influxResponse) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(query(t, s, db, q, "epoch", "ns")))
	d.UseNumber()
	if err := d.Decode(&a); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Results {
		if r.Error != "" {
			t.Fatalf("%s: %s", q, r.Error)
		}
	}
	return a
}

// everythingIn returns all points of a database, and whether it has a series that a query
// for everything does not return.
func everythingIn(t *testing.T, s *Server, db string) (points []dialect.Point, lost bool) {
	t.Helper()
	types := map[[2]string]string{}
	for _, series := range ask(t, s, db, "SHOW FIELD KEYS").Results[0].Series {
		for _, v := range series.Values {
			types[[2]string{series.Name, v[0].(string)}] = v[1].(string)
		}
	}
	series := 0
	for _, r := range ask(t, s, db, "SHOW SERIES").Results[0].Series {
		series += len(r.Values)
	}
	for _, r := range ask(t, s, db, "SELECT * FROM /(?s).*/ GROUP BY *").Results[0].Series {
		series--
		for _, row := range r.Values {
			p := dialect.Point{Measurement: r.Name}
			for k, v := range r.Tags {
				if v != "" { // else another series has this tag
					p.Tags = append(p.Tags, [2]string{k, v})
				}
			}
			for i, v := range row {
				if i == 0 {
					p.Time, _ = strconv.ParseInt(v.(json.Number).String(), 10, 64)
					// A point with the current time had no timestamp.
					if p.Stamped = p.Time < 1e18; !p.Stamped {
						p.Time = 0
					}
					continue
				}
				if v == nil {
					continue
				}
				if n, ok := v.(json.Number); ok {
					var err error
					switch types[[2]string{r.Name, r.Columns[i]}] {
					case "integer":
						v, err = n.Int64()
					case "unsigned":
						v, err = strconv.ParseUint(n.String(), 10, 64)
					default:
						v, err = n.Float64()
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				p.Fields = append(p.Fields, dialect.Field{Key: r.Columns[i], Value: v})
			}
			points = append(points, p)
		}
	}
	return points, series > 0
}

// TestDialectRows writes the body of each row of the table of dialects to real servers, and
// compares what they store with the cells.
func TestDialectRows(t *testing.T) {
	eachServer(t, Config{}, func(t *testing.T, s *Server) {
		reader := dialect.InfluxDB18
		switch {
		case strings.HasPrefix(s.Version(), "1.6."):
			reader = dialect.InfluxDB16
		case strings.HasPrefix(s.Version(), "v2."):
			reader = dialect.InfluxDB2
		case !strings.HasPrefix(s.Version(), "1.8."):
			t.Skip("the table has no column for ", s.Version())
		}
		for _, r := range dialect.Rows {
			db := newDatabase(t, s, "dialect")
			a := write(t, s, db, r.Body)
			points, lost := everythingIn(t, s, db)
			got := dialect.Reading(points, a.status != http.StatusNoContent, lost)
			want, differs := r.Reads[reader]
			if !differs {
				want = r.Own
			} else if want == r.Own {
				t.Errorf("%s: the cell repeats the default of its row", r.Name)
			}
			// Responses are UTF-8, whatever the server has stored.
			if want = strings.ReplaceAll(want, `\xff`, "\ufffd"); got != want {
				t.Errorf("%s: %q is\n%s\nwant\n%s\nthe response was %d %.500s", r.Name, r.Body, got, want, a.status, a.body)
			}
		}
	})
}
