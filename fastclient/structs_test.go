package fastclient

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/lp"
)

type load struct {
	Time time.Time `lp:",timestamp"`
	Host string    `lp:"host,tag"`
	Load float64   `lp:"load"`
}

func TestWriteStructs(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Precision: Millisecond})
	values := []load{{time.UnixMilli(5), "a", 0.5}, {time.UnixMilli(6), "b", 0.25}}
	named := lp.Must(lp.NewSchema[load](lp.SchemaOptions{Measurement: "cpu", Options: lp.Options{Precision: lp.Second}}))
	for _, tt := range []struct {
		name            string
		schema          *lp.Schema[load]
		opts            []PointOption
		body, precision string
	}{
		{"client's precision", nil, nil, "load,host=a load=0.5 5\nload,host=b load=0.25 6\n", "ms"},
		{"option's precision", nil, []PointOption{WritePrecision(Microsecond)}, "load,host=a load=0.5 5000\nload,host=b load=0.25 6000\n", "u"},
		{"schema's precision", named, nil, "cpu,host=a load=0.5 0\ncpu,host=b load=0.25 0\n", "s"},
		{"option before schema", named, []PointOption{WritePrecision(Nanosecond)}, "cpu,host=a load=0.5 5000000\ncpu,host=b load=0.25 6000000\n", ""},
		{"extra tags", nil, []PointOption{ExtraTags(lp.Tag{Key: "dc", Value: "x"}, lp.Tag{Key: "host", Value: "z"})}, "load,host=a,dc=x load=0.5 5\nload,host=b,dc=x load=0.25 6\n", "ms"},
		{"database", nil, []PointOption{Database("e")}, "load,host=a load=0.5 5\nload,host=b load=0.25 6\n", "ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := WriteStructs(t.Context(), c, tt.schema, values, tt.opts...); err != nil {
				t.Fatal(err)
			}
			r := s.Last()
			if string(r.Body) != tt.body || r.Query.Get("precision") != tt.precision {
				t.Errorf("precision %q, body\n%s", r.Query.Get("precision"), r.Body)
			}
			if want := map[bool]string{true: "e", false: "d"}[tt.name == "database"]; r.Query.Get("db") != want {
				t.Errorf("database %q", r.Query.Get("db"))
			}
		})
	}
}

// TestWriteStructsBad writes 100,000 structs of which some cannot be written:
// the others arrive, in bodies of a bounded size.
func TestWriteStructsBad(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Gzip: Gzip{Off: true}})
	values := make([]load, 100_000)
	for i := range values {
		values[i] = load{time.Unix(int64(i), 0), "a", 0.5}
	}
	for _, i := range []int{700, 701, 99_999} {
		values[i].Load = math.NaN()
	}
	err := WriteStructs(t.Context(), c, nil, values)
	var bad *PointsError
	if !errors.As(err, &bad) || bad.Bad != 3 || bad.Index != 700 || bad.Write != nil || !errors.Is(err, lp.ErrNotFinite) {
		t.Fatalf("error %v", err)
	}
	lines := 0
	for _, r := range s.Requests() {
		if len(r.Body) > pieceBytes+structBlock*64 {
			t.Errorf("a body of %d bytes", len(r.Body))
		}
		lines += strings.Count(string(r.Body), "\n")
	}
	if lines != len(values)-3 {
		t.Errorf("%d lines", lines)
	}
}

func TestWriteStructsNoSchema(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{})
	type none struct {
		A chan int `lp:"a"`
	}
	var bad *lp.SchemaError
	if err := WriteStructs(t.Context(), c, nil, []none{{}}); !errors.As(err, &bad) || s.Last() != nil {
		t.Errorf("error %v", err)
	}
	if err := WriteStructs[load](t.Context(), c, nil, nil); err != nil || s.Last() != nil {
		t.Errorf("nothing to write: %v, request %v", err, s.Last())
	}
}

func TestQueryInto(t *testing.T) {
	const answer = `{"results":[{"statement_id":0,"series":[{"name":"load","columns":["time","host","load"],"values":[[5,"a",0.5],[6,"b",1]]}]},` +
		`{"statement_id":1,"error":"database not found: x"}]}` + "\n"
	s := influxtest.New(t, influxtest.JSON(answer))
	c := client(t, s, Options{})
	got, err := QueryInto(t.Context(), c, []load{{Host: "first"}}, "SELECT * FROM load; SELECT * FROM x..load", Epoch(Nanosecond))
	var failed *QueryError
	if !errors.As(err, &failed) || failed.StatementID != 1 {
		t.Errorf("error %v", err)
	}
	if len(got) != 3 || got[0].Host != "first" || got[2] != (load{time.Unix(0, 6).UTC(), "b", 1}) {
		t.Errorf("got %+v", got)
	}
	s2 := influxtest.New(t, influxtest.Error(401, "authorization failed"))
	if got, err := QueryInto(t.Context(), client(t, s2, Options{}), got, "SELECT 1"); len(got) != 3 || !errors.Is(err, ErrUnauthorized) {
		t.Errorf("%d structs, %v", len(got), err)
	}
}
