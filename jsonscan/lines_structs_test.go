package jsonscan

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire"
)

const structLines = `{"host":"a","time":"2026-01-01T00:00:00","usage":0.5}` + "\n" +
	`{"time":"2026-01-01T00:00:01.000000001"}` + "\n" +
	`{"cores":8,"host":"b","time":"2026-01-01T00:00:02","usage":1.5}` + "\n"

func linesRows(body string) *Scanner { return linesScanner(strings.NewReader(body), 64<<10) }

// TestLinesStructs reads rows into structs whose columns come late or not at all.
func TestLinesStructs(t *testing.T) {
	type load struct {
		Time  time.Time `lp:",timestamp"`
		Host  string    `lp:"host,tag"`
		Usage *float64  `lp:"usage"`
		Cores *int64    `lp:"cores"`
		Note  *string   `lp:"note"`
	}
	got, err := AppendStructs([]load(nil), linesRows(structLines).Rows())
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if g := got[0]; !g.Time.Equal(at) || g.Host != "a" || *g.Usage != 0.5 || g.Cores != nil || g.Note != nil {
		t.Errorf("%+v", g)
	}
	if g := got[1]; !g.Time.Equal(at.Add(time.Second+1)) || g.Host != "" || g.Usage != nil || g.Cores != nil {
		t.Errorf("%+v", g)
	}
	if g := got[2]; g.Host != "b" || *g.Usage != 1.5 || *g.Cores != 8 {
		t.Errorf("%+v", g)
	}
	// In one struct again and again.
	n := 0
	for g, err := range StructsOf[load](linesRows(structLines).Rows()) {
		if err != nil || (g.Usage == nil) != (n == 1) || (g.Cores == nil) != (n < 2) {
			t.Errorf("row %d: %+v, %v", n, g, err)
		}
		n++
	}
}

// TestLinesStructNull holds that a column which no row has had yet is null: an error for a
// field that must have a value, which names it, in each row.
func TestLinesStructNull(t *testing.T) {
	type load struct {
		Time  int64   `lp:",timestamp"`
		Host  string  `lp:"host,tag"`
		Usage float64 `lp:"usage,omitempty"`
		Cores int64   `lp:"cores"`
	}
	rows, nulls := 0, 0
	for g, err := range StructsOf[load](linesRows(structLines).Rows()) {
		var cell *CellError
		switch {
		case err == nil:
			rows++
			if g != (load{1767225602000000000, "b", 1.5, 8}) {
				t.Errorf("%+v", g)
			}
		case errors.As(err, &cell) && errors.Is(err, ErrNull) && cell.Column == "cores" && cell.Index == -1 && cell.Want == "int64":
			nulls++
		default:
			t.Error(err)
		}
	}
	if rows != 1 || nulls != 2 {
		t.Errorf("%d rows, %d nulls", rows, nulls)
	}
	for _, option := range []StructOption{NullAsZero, AllowMissingColumns} {
		got, err := AppendStructs([]load(nil), linesRows(structLines).Rows(), option)
		if err != nil || len(got) != 3 || got[0].Cores != 0 || got[2].Cores != 8 {
			t.Errorf("option %d: %+v, %v", option, got, err)
		}
	}
	type fewer struct {
		Time int64  `lp:",timestamp"`
		Host string `lp:"host,tag"`
	}
	var bind *BindError
	if _, err := AppendStructs([]fewer(nil), linesRows(structLines).Rows()); !errors.As(err, &bind) || fmt.Sprint(bind.Extra) != "[usage]" {
		t.Errorf("%v", err)
	}
	if got, err := AppendStructs([]fewer(nil), linesRows(structLines).Rows(), AllowExtraColumns); err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestLinesStructKinds reads the kinds of values that only InfluxDB 3 sends.
func TestLinesStructKinds(t *testing.T) {
	type first struct {
		Name  pointwire.Measurement
		Max   uint64          `lp:"max"`
		First json.RawMessage `lp:"first"`
		List  string          `lp:"list"`
		Sum   json.Number     `lp:"sum"`
		When  time.Time       `lp:"when,string"`
	}
	body := `{"iox::measurement":"cpu","max":18446744073709551615,"first":{"value":1},"list":[1,"\u0041"],"sum":123456789012345678901234567890.12,"when":"2026-01-01T00:00:00.5"}` + "\n"
	got, err := AppendStructs([]first(nil), linesRows(body).Rows())
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	g := got[0]
	if g.Name != "cpu" || g.Max != 1<<64-1 || string(g.First) != `{"value":1}` || g.List != `[1,"\u0041"]` || g.Sum != "123456789012345678901234567890.12" || g.When.Nanosecond() != 5e8 {
		t.Errorf("%+v", g)
	}
}

// TestLinesValues reads the only column besides time, which the first rows may leave out.
func TestLinesValues(t *testing.T) {
	body := `{"time":"2026-01-01T00:00:00"}` + "\n" + `{"time":"2026-01-01T00:00:01","mean":1.5}` + "\n" + `{"time":"2026-01-01T00:00:02"}` + "\n"
	got, err := AppendValues([]*float64(nil), linesRows(body).Rows())
	if err != nil || len(got) != 3 || got[0] != nil || *got[1] != 1.5 || got[2] != nil {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := AppendValues([]*float64(nil), linesRows("{}\n{\"max\":2}\n").Rows()); err != nil || len(got) != 2 || got[0] != nil || *got[1] != 2 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := AppendValues([]float64(nil), linesRows(body).Rows(), NullAsZero); err != nil || fmt.Sprint(got) != "[0 1.5 0]" {
		t.Errorf("%v, %v", got, err)
	}
	var cell *CellError
	if got, err := AppendValues([]float64(nil), linesRows(body).Rows()); !errors.As(err, &cell) || !errors.Is(err, ErrNull) || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := AppendValues([]time.Time(nil), linesRows(`{"time":"2026-01-01T00:00:00"}`+"\n").Rows()); err != nil || got[0].Year() != 2026 {
		t.Errorf("%v, %v", got, err)
	}
	var bind *BindError
	if got, err := AppendValues([]float64(nil), linesRows(`{"a":1,"b":2}`+"\n").Rows()); !errors.As(err, &bind) {
		t.Errorf("%v, %v", got, err)
	}
}
