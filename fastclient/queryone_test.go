package fastclient

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

func TestQueryOne(t *testing.T) {
	rows := func(rows string) string {
		return `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[` + rows + `]}]}]}` + "\n"
	}
	const failed = `{"results":[{"statement_id":0,"error":"database not found: x"}]}` + "\n"
	var query *QueryError
	var cell *jsonscan.CellError
	for _, tt := range []struct {
		name, response string
		want           float64
		errs           []error // that it is
		as             any     // or a pointer to what it is as
	}{
		{"one", rows(`[1,0.5]`), 0.5, nil, nil},
		{"none", `{"results":[{"statement_id":0}]}` + "\n", 0, []error{ErrNoRows}, nil},
		{"no values", rows(``), 0, []error{ErrNoRows}, nil},
		{"two", rows(`[1,0.5],[2,1]`), 0, []error{ErrTooManyRows}, nil},
		{"two, of which one is wrong", rows(`[1,0.5],[2,"x"]`), 0, []error{ErrTooManyRows}, nil},
		{"a wrong one", rows(`[1,"x"]`), 0, nil, &cell},
		{"a failure", failed, 0, nil, &query},
		{"one and a failure", strings.TrimSuffix(rows(`[1,0.5]`), "]}\n") + `,{"statement_id":1,"error":"x"}]}`, 0, nil, &query},
		{"a failure and two", `{"results":[{"statement_id":0,"error":"x"},` + strings.TrimPrefix(rows(`[1,0.5],[2,1]`), `{"results":[`), 0, []error{ErrTooManyRows}, &query},
		{"cut", rows(`[1,0.5]`)[:90], 0, []error{io.ErrUnexpectedEOF}, nil},
	} {
		c := client(t, influxtest.New(t, influxtest.JSON(tt.response)), Options{})
		got, err := QueryOne[float64](t.Context(), c, "SELECT v FROM m")
		ok := got == tt.want && (err == nil) == (tt.errs == nil && tt.as == nil) && (tt.as == nil || errors.As(err, tt.as))
		for _, want := range tt.errs {
			ok = ok && errors.Is(err, want)
		}
		if !ok {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	// A struct, a pointer and an option.
	c := client(t, influxtest.New(t, influxtest.JSON(rows(`[5,null]`)), influxtest.JSON(rows(`[5,null]`)), influxtest.JSON(rows(`[5,1]`))), Options{})
	if p, err := QueryOne[*float64](t.Context(), c, "q"); p != nil || err != nil {
		t.Errorf("null: %v, %v", p, err)
	}
	if v, err := QueryOne[float64](t.Context(), c, "q", StructOptions(jsonscan.NullAsZero)); v != 0 || err != nil {
		t.Errorf("null as zero: %v, %v", v, err)
	}
	type point struct {
		Time time.Time `lp:",timestamp"`
		V    int       `lp:"v"`
	}
	if v, err := QueryOne[point](t.Context(), c, "q"); v != (point{time.Unix(0, 5).UTC(), 1}) || err != nil {
		t.Errorf("a struct: %v, %v", v, err)
	}
}

// TestStructOptions holds that the options arrive, and that a query which would ignore them
// is not sent.
func TestStructOptions(t *testing.T) {
	type point struct {
		V int `lp:"v"`
		W int `lp:"w"`
	}
	const response = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v","x"],"values":[[0,null,1]]}]}]}` + "\n"
	s := influxtest.New(t, influxtest.JSON(response), influxtest.JSON(response), influxtest.JSON(response))
	c := client(t, s, Options{})
	var bind *jsonscan.BindError
	if _, err := QueryInto[point](t.Context(), c, nil, "q"); !errors.As(err, &bind) {
		t.Errorf("without options: %v", err)
	}
	if _, err := QueryInto[point](t.Context(), c, nil, "q", StructOptions(jsonscan.AllowExtraColumns)); !errors.As(err, &bind) || fmt.Sprint(bind.Missing) != "[w]" {
		t.Errorf("with one: %v", err)
	}
	all := StructOptions(jsonscan.AllowExtraColumns, jsonscan.AllowMissingColumns)
	got, err := QueryInto(t.Context(), c, []point{{1, 2}}, "q", all, StructOptions(jsonscan.NullAsZero))
	if err != nil || fmt.Sprint(got) != "[{1 2} {0 0}]" {
		t.Errorf("with all: %v, %v", got, err)
	}
	sent := len(s.Requests())
	var option *OptionError
	if _, err := c.Query(t.Context(), "q", all); !errors.As(err, &option) {
		t.Errorf("Query: %v", err)
	}
	if _, err := c.QueryFrames(t.Context(), "q", all); !errors.As(err, &option) {
		t.Errorf("QueryFrames: %v", err)
	}
	if err := c.Exec(t.Context(), "q", all); !errors.As(err, &option) || len(s.Requests()) != sent {
		t.Errorf("Exec: %v", err)
	}
}
