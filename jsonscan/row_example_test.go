package jsonscan_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
)

// A loop can print all cells without knowing their kinds.
func ExampleRow_Cells() {
	const body = `{"results":[{"series":[{"name":"m","columns":["time","a","b","c","d"],"values":[[1,2.5,"x",true,null]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, c := range row.Cells() {
			switch c.Kind() {
			case jsonscan.KindInt:
				fmt.Println(row.Series().Columns[i], int64(c.Bits()))
			case jsonscan.KindFloat:
				fmt.Println(row.Series().Columns[i], math.Float64frombits(c.Bits()))
			case jsonscan.KindBool:
				v, _ := c.Bool()
				fmt.Println(row.Series().Columns[i], v)
			case jsonscan.KindString:
				text, _ := row.AppendString(nil, i)
				fmt.Printf("%s %s\n", row.Series().Columns[i], text)
			default:
				fmt.Println(row.Series().Columns[i], c.Kind())
			}
		}
	}
	// Output:
	// time 1
	// a 2.5
	// b x
	// c true
	// d null
}

// Getters convert values if nothing is lost.
func ExampleRow_Uint() {
	const body = `{"results":[{"series":[{"name":"m","columns":["time","v","ok"],"values":[["2017-07-14T02:40:00.000000001Z",18446744073709551615,true]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		ns, _ := row.Timestamp(0)
		v, _ := row.Uint(1)
		ok, _ := row.Bool(2)
		_, err := row.Int(1)
		fmt.Println(ns, v, ok, row.Len(), row.Kind(1), row.Cell(2).Kind())
		fmt.Printf("%s %v\n", row.Raw(1), err)
	}
	// Output:
	// 1500000000000000001 18446744073709551615 true 3 uint bool
	// 18446744073709551615 jsonscan: read column 1 "v" as int64: value out of range
}

// A scanner can be reused for the next response.
func ExampleScanner_Reset() {
	s := jsonscan.NewScanner(nil)
	s.SetPrecision(jsonscan.Millisecond)
	for _, body := range []string{
		`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time"],"values":[[1],[2]]}]}]}`,
		`{"results":[{"statement_id":0,"messages":[{"level":"warning","text":"deprecated"}]},{"statement_id":1}]}`,
	} {
		s.Reset(strings.NewReader(body))
		rows := 0
		for s.Next() {
			rows++
		}
		fmt.Println(rows, s.Statements(), len(s.Messages()), s.Offset() == int64(len(body)), s.Precision(), s.Err())
	}
	// Output:
	// 2 1 0 true ms <nil>
	// 0 2 1 true ms <nil>
}

func ExampleRow_AppendJSON() {
	s := jsonscan.NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"cpu","columns":["time","load"],"values":[[1500000000,0.50]]}]}]}`))
	s.Next()
	fmt.Println(string(s.Row().AppendJSON(nil)))
	// Output: [1500000000,0.50]
}

func ExampleRow_Format() {
	s := jsonscan.NewScanner(strings.NewReader(`{"results":[{"series":[{"name":"cpu","tags":{"host":"a"},"columns":["time","load"],"values":[[1500000000,0.5]]}]}]}`))
	s.Next()
	fmt.Printf("%v\n%+v\n", s.Row(), s.Row())
	// Output:
	// [1500000000,0.5]
	// cpu{host="a"} ["time","load"] [1500000000,0.5]
}
