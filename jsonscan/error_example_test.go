package jsonscan_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
)

// A getter says why it refuses a cell. The row and the stream are not affected.
func ExampleCellError() {
	const body = `{"results":[{"series":[{"name":"m","columns":["time","load","total","note"],` +
		`"values":[["yesterday",2.5,18446744073709551615,null]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		read := func(_ any, err error) error { return err }
		for _, c := range []struct{ reason, err error }{
			{jsonscan.ErrTime, read(row.Time(0))},
			{jsonscan.ErrInexact, read(row.Int(1))},
			{jsonscan.ErrRange, read(row.Int(2))},
			{jsonscan.ErrNull, read(row.Float(3))},
			{jsonscan.ErrKind, read(row.Bool(1))},
			{jsonscan.ErrColumn, read(row.Int(4))},
		} {
			var cell *jsonscan.CellError
			if errors.As(c.err, &cell) {
				fmt.Printf("%v: column %d %q, %s as %s: %v\n", errors.Is(c.err, c.reason), cell.Index, cell.Column, cell.Kind, cell.Want, cell.Unwrap())
			}
		}
	}
	// Output:
	// true: column 0 "time", string as time: not an RFC 3339 time
	// true: column 1 "load", float as int64: value would lose digits
	// true: column 2 "total", uint as int64: value out of range
	// true: column 3 "note", null as float64: cell is null
	// true: column 1 "load", float as bool: cell holds another kind of value
	// true: column 4 "", null as int64: no such column
}

// Some errors end a response. Reading can continue after others.
func ExampleScanner_Err() {
	const rows = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],"values":[[1,10]`
	for _, body := range []string{
		rows + `]}]}]}`,
		rows,                 // the connection broke
		rows + `,[2;20]]}]}`, // not JSON
		rows + `,["` + strings.Repeat("x", 1000) + `",20]]}]}]}`,
		rows + `]}]}]}` + "\n" + `{"error":"timeout"}` + "\n",
	} {
		s := jsonscan.NewScanner(strings.NewReader(body))
		s.MaxRowBytes = 100
		n := 0
		for s.Next() {
			n++
		}
		var (
			read   *jsonscan.ReadError
			syntax *jsonscan.SyntaxError
			size   *jsonscan.RowSizeError
			server *jsonscan.ResponseError
		)
		switch err := s.Err(); {
		case err == nil:
			fmt.Println(n, "row, complete")
		case errors.As(err, &read):
			fmt.Println(n, "row, then the response broke off at byte", read.Offset, "with", read.Unwrap())
		case errors.As(err, &syntax):
			fmt.Println(n, "row, then a syntax error at byte", syntax.Offset)
		case errors.As(err, &size):
			fmt.Println(n, "row, then one of more than", size.Limit, "bytes at byte", size.Offset)
		case errors.As(err, &server):
			fmt.Println(n, "row, then the server said", server.Message, "and reading can continue:", jsonscan.Recoverable(err))
		}
		if err := s.Err(); err != nil {
			fmt.Println("  ", err)
		}
	}
	// Output:
	// 1 row, complete
	// 1 row, then the response broke off at byte 91 with unexpected EOF
	//    jsonscan: read response at offset 91: unexpected EOF
	// 1 row, then a syntax error at byte 94
	//    jsonscan: parse response at offset 94: expected ',' or ']'
	// 1 row, then one of more than 100 bytes at byte 92
	//    jsonscan: read row at offset 92: longer than 100 bytes
	// 1 row, then the server said timeout and reading can continue: true
	//    jsonscan: server: timeout
}

// The columns of a series must be the fields of the struct, unless an option says
// otherwise.
func ExampleBindError() {
	const body = `{"results":[{"series":[{"name":"cpu","columns":["time","load","cores"],"values":[[1,0.5,8],[2,0.25,8]]}]}]}`
	type sample struct {
		Time int64   `lp:",timestamp"`
		Load float64 `lp:"load"`
		Temp float64 `lp:"temp"`
	}
	for _, err := range jsonscan.StructsOf[sample](jsonscan.NewScanner(strings.NewReader(body)).Rows()) {
		var bind *jsonscan.BindError
		if errors.As(err, &bind) {
			fmt.Println(bind.Series.Name, "also has", bind.Extra, "and lacks", bind.Missing)
			fmt.Println(err)
		}
	}
	// Output:
	// cpu also has [cores] and lacks [temp]
	// jsonscan: read series "cpu" as jsonscan_test.sample: no field for cores; no column for temp
}

// Each option relaxes one rule.
func ExampleStructOption() {
	type sample struct {
		Time int64   `lp:",timestamp"`
		Load float64 `lp:"load"`
	}
	for _, c := range []struct {
		option  jsonscan.StructOption
		columns string
		values  string
	}{
		{jsonscan.AllowExtraColumns, `"time","load","cores"`, `1,0.5,8`},
		{jsonscan.AllowMissingColumns, `"time"`, `1`},
		{jsonscan.NullAsZero, `"time","load"`, `1,null`},
	} {
		body := `{"results":[{"series":[{"name":"cpu","columns":[` + c.columns + `],"values":[[` + c.values + `]]}]}]}`
		_, err := jsonscan.AppendStructs([]sample(nil), jsonscan.NewScanner(strings.NewReader(body)).Rows())
		fmt.Println(err)
		samples, err := jsonscan.AppendStructs([]sample(nil), jsonscan.NewScanner(strings.NewReader(body)).Rows(), c.option)
		fmt.Println(samples, err)
	}
	// Output:
	// jsonscan: read series "cpu" as jsonscan_test.sample: no field for cores
	// [{1 0.5}] <nil>
	// jsonscan: read series "cpu" as jsonscan_test.sample: no column for load
	// [{1 0}] <nil>
	// jsonscan: read column 1 "load" as float64: cell is null
	// [{1 0}] <nil>
}

// The error of a type that cannot be read names everything that is wrong with it.
func ExampleStructError() {
	type sample struct {
		Time  int64     `lp:",timestamp"`
		Loads []float64 `lp:"loads"`
		Up    bool      `lp:"up,required"`
	}
	_, err := jsonscan.AppendStructs([]sample(nil), jsonscan.NewScanner(strings.NewReader(quality)).Rows())
	var bad *jsonscan.StructError
	if errors.As(err, &bad) {
		for _, p := range bad.Problems {
			fmt.Println(p)
		}
	}
	fmt.Println(bad)
	// Output:
	// field Loads: type []float64 has no place in line protocol
	// field Up: unknown option "required"
	// jsonscan: read into type jsonscan_test.sample: field Loads: type []float64 has no place in line protocol; field Up: unknown option "required"
}

// Another service than InfluxDB may have sent the response.
func ExampleErrNoResults() {
	s := jsonscan.NewScanner(strings.NewReader(`{"status":"ok"}`))
	for range s.Rows() {
		fmt.Println(errors.Is(s.Err(), jsonscan.ErrNoResults), s.Err())
	}
	// Output: true jsonscan: parse response at offset 0: document has neither results nor an error
}
