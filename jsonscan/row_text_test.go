package jsonscan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// TestRowText prints rows as JSON, and on one line whatever they hold.
func TestRowText(t *testing.T) {
	s := NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"c\u001b[2Jpu","tags":{"host":"a\n","dc":""},"columns":["time","l\"d","s"],"values":[[1500000000000000001, -0 ,"\u0000\n\u0085é` + "\u0085" + `"],[2,1e+21,null],[3,true,""]]},{"columns":[],"values":[[]]}]}]}`))
	for _, want := range []struct{ json, plain, plus string }{
		{`[1500000000000000001,-0,"\u0000\n\u0085é` + "\u0085" + `"]`, `[1500000000000000001,-0,"\u0000\n\u0085é\u0085"]`, `c\x1b[2Jpu{host="a\n",dc=""} ["time","l\"d","s"] [1500000000000000001,-0,"\u0000\n\u0085é\u0085"]`},
		{`[2,1e+21,null]`, `[2,1e+21,null]`, `c\x1b[2Jpu{host="a\n",dc=""} ["time","l\"d","s"] [2,1e+21,null]`},
		{`[3,true,""]`, `[3,true,""]`, `c\x1b[2Jpu{host="a\n",dc=""} ["time","l\"d","s"] [3,true,""]`},
		{`[]`, `[]`, ` [] []`},
	} {
		if !s.Next() {
			t.Fatal(s.Err())
		}
		row := s.Row()
		if got := string(row.AppendJSON([]byte("x"))); got != "x"+want.json || !json.Valid([]byte(got[1:])) {
			t.Errorf("AppendJSON: %s, want %s", got, want.json)
		}
		for _, tt := range []struct{ format, want string }{{"%v", want.plain}, {"%s", want.plain}, {"%+v", want.plus}, {"%d", "%!d(*jsonscan.Row)"}} {
			if got := fmt.Sprintf(tt.format, row); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.format, got, tt.want)
			}
		}
	}
	var none *Row
	if got := fmt.Sprintf("%v %+v %v %+v", none, none, &Row{}, &Row{}); got != "null null []  [] []" {
		t.Errorf("no row: %q", got)
	}
}

// TestErrorRow holds that the row beside an error can be used like any other: a loop that
// ignores the error ends, and reads nothing.
func TestErrorRow(t *testing.T) {
	body := `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["v"],"values":[[1],["x"]]}]},{"statement_id":1,"error":"x"},{"statement_id":2,"series":[{"name":"m","columns":["v"],"values":[[2`
	failed := 0
	for row, err := range NewScanner(strings.NewReader(body)).Rows() {
		if row == nil {
			t.Fatalf("a nil row beside %v", err)
		}
		if err == nil {
			continue
		}
		failed++
		if row.Len() != 0 || len(row.Cells()) != 0 || row.Cell(0) != (Cell{}) || !row.IsNull(0) || row.Raw(0) != nil || string(row.AppendJSON(nil)) != "[]" {
			t.Errorf("%v: the row has cells", err)
		}
		if s := row.Series(); s.Name != "" || s.Column("v") != -1 || s.Tag("a") != "" || len(s.Columns) != 0 {
			t.Errorf("%v: the row has the series %+v", err, s)
		}
		_, e1 := row.Int(0)
		_, e2 := row.Float(-1)
		_, e3 := row.Bytes(0)
		_, e4 := row.Time(0)
		_, e5 := row.AppendString(nil, 0)
		for _, err := range []error{e1, e2, e3, e4, e5} {
			if !errors.Is(err, ErrColumn) {
				t.Errorf("a getter returns %v", err)
			}
		}
	}
	if failed != 2 {
		t.Errorf("%d errors", failed)
	}
	// What is read of it does not depend on the rows before it, or on other goroutines.
	done := make(chan int)
	for range 4 {
		go func() {
			n := 0
			for row := range NewScanner(io.LimitReader(strings.NewReader(body), 20)).Rows() {
				row.Series().Column("v")
				row.Time(0)
				n++
			}
			done <- n
		}()
	}
	for range 4 {
		select {
		case n := <-done:
			if n != 1 {
				t.Errorf("%d pairs", n)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no end")
		}
	}
}
