package fastclient

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/frame"
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
	named := must(lp.NewSchema[load](lp.SchemaOptions{Measurement: "cpu", Options: lp.Options{Precision: lp.Second}}))
	for _, tt := range []struct {
		name            string
		schema          *lp.Schema[load]
		opts            []PointOption
		body, precision string
	}{
		{"client's precision", nil, nil, "load,host=a load=0.5 5\nload,host=b load=0.25 6\n", "ms"},
		{"option's precision", nil, []PointOption{WritePrecision(Microsecond)}, "load,host=a load=0.5 5000000\nload,host=b load=0.25 6000000\n", ""},
		{"schema's precision", named, nil, "cpu,host=a load=0.5 0\ncpu,host=b load=0.25 0\n", "s"},
		{"option before schema", named, []PointOption{WritePrecision(Nanosecond)}, "cpu,host=a load=0.5 5000000\ncpu,host=b load=0.25 6000000\n", ""},
		{"extra tags", nil, []PointOption{DefaultTags(lp.Tag{Key: "dc", Value: "x"}, lp.Tag{Key: "host", Value: "z"})}, "load,host=a,dc=x load=0.5 5\nload,host=b,dc=x load=0.25 6\n", "ms"},
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
			want := "d"
			if tt.name == "database" {
				want = "e"
			}
			if r.Query.Get("db") != want {
				t.Errorf("database %q", r.Query.Get("db"))
			}
		})
	}
}

// A measurement of the call is that of points without one of their own, and of no
// others. It is no option for lines, which are there already.
func TestDefaultMeasurement(t *testing.T) {
	type own struct {
		Name lp.Measurement
		Host string  `lp:"z,tag"`
		A    string  `lp:"a,tag"`
		Load float64 `lp:"load"`
	}
	s := influxtest.New(t)
	c := client(t, s, Options{})
	long := strings.Repeat("long ", 30)
	escaped := strings.ReplaceAll(long, " ", `\ `)
	check := func(form, want string, err error) {
		t.Helper()
		if got := string(s.Last().Body); err != nil || got != want {
			t.Errorf("%s: %v, body\n%s", form, err, got)
		}
	}
	ctx, named := t.Context(), DefaultMeasurement(long)
	loads := []load{{time.Unix(0, 5), "a", 0.5}}
	check("type", escaped+",host=a load=0.5 5\n", WriteStructs(ctx, c, nil, loads, named))
	check("type, without", "load,host=a load=0.5 5\n", WriteStructs(ctx, c, nil, loads))
	schema := must(lp.NewSchema[load](lp.SchemaOptions{Measurement: "cpu"}))
	check("schema", escaped+",host=a load=0.5 5\n", WriteStructs(ctx, c, schema, loads, named))
	check("schema, without", "cpu,host=a load=0.5 5\n", WriteStructs(ctx, c, schema, loads))
	owns := []own{{"mine", "h", "1", 1}, {"", "h", "1", 2}}
	check("struct", "mine,z=h,a=1 load=1\n"+escaped+",z=h,a=1 load=2\n", WriteStructs(ctx, c, nil, owns, named))
	sorted := must(lp.NewSchema[own](lp.SchemaOptions{})).With(lp.Options{TagOrder: lp.TagsSorted})
	check("sorted", "mine,a=1,z=h load=1\n"+escaped+",a=1,z=h load=2\n", WriteStructs(ctx, c, sorted, owns, named))

	var p lp.Point
	p.SetInt("f", 1)
	f := &frame.Frame{Columns: []frame.Column{frame.Ints("f", []int64{2})}}
	mine := &frame.Frame{Measurement: "mine", Precision: lp.Second, Time: []int64{3}, Columns: f.Columns}
	check("points", escaped+" f=1i\n"+escaped+" f=2i\nmine f=2i 3000000000\nl f=1\n",
		WritePoints(ctx, c, []lp.Appender{&p, f, mine, Lines("l f=1")}, named))
	check("frame", escaped+" f=2i\n", c.WriteFrame(ctx, f, named))
	check("frame with one", "mine f=2i 3\n", c.WriteFrame(ctx, mine, named))
	if p.Measurement() != "" || f.Measurement != "" {
		t.Error("the caller's point or frame has a measurement now")
	}

	before := len(s.Requests())
	for _, name := range []string{"", "a\nb"} {
		var bad *lp.PointError
		if err := WriteStructs(ctx, c, nil, loads, DefaultMeasurement(name)); !errors.As(err, &bad) || bad.Part != lp.PartMeasurement || len(s.Requests()) != before {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, ok := named.(WriteOption); ok {
		t.Error("DefaultMeasurement compiles as an option of Write")
	}
}

// TestWriteStructsBad writes 100,000 structs of which some cannot be written:
// the others arrive, in bodies of a bounded size.
func TestWriteStructsBad(t *testing.T) {
	s := influxtest.New(t)
	c := client(t, s, Options{Compression: Compression{Off: true}})
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
	const response = `{"results":[{"statement_id":0,"series":[{"name":"load","columns":["time","host","load"],"values":[[5,"a",0.5],[6,"b",1]]}]},` +
		`{"statement_id":1,"error":"database not found: x"}]}` + "\n"
	s := influxtest.New(t, influxtest.JSON(response))
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

// must returns v; an error is a fault of the test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
