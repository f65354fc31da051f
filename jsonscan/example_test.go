package jsonscan_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pointwire/pointwire/jsonscan"
)

const quality = `{"results":[{"statement_id":0,"series":[{"name":"h2o_quality",` +
	`"columns":["time","index","location","randtag"],"values":[` +
	`[1439856000000000000,41,"coyote_creek","1"],` +
	`[1439856000000000000,99,"santa_monica","2"],` +
	`[1439856360000000000,11,"coyote_creek","3"]]}]}]}` + "\n"

func ExampleScanner_Rows() {
	s := jsonscan.NewScanner(strings.NewReader(quality))
	for row, err := range s.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		t, _ := row.Int(0)
		index, _ := row.Int(1)
		location, _ := row.Bytes(2)
		fmt.Printf("%d %d %s\n", t, index, location)
	}
	// Output:
	// 1439856000000000000 41 coyote_creek
	// 1439856000000000000 99 santa_monica
	// 1439856360000000000 11 coyote_creek
}

// The names of the columns and the tags belong to the series of a row.
func ExampleRow_Series() {
	const body = `{"results":[{"statement_id":0,"series":[` +
		`{"name":"cpu","tags":{"host":"a"},"columns":["time","mean"],"values":[[0,1.5],[60,null]]},` +
		`{"name":"cpu","tags":{"host":"b"},"columns":["time","mean"],"values":[[0,2.5]]}]}]}`
	s := jsonscan.NewScanner(strings.NewReader(body))
	s.SetPrecision(jsonscan.Second)
	for row, err := range s.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		t, _ := row.Time(0)
		fmt.Print(row.Series().Name, " ", row.Series().Tag("host"), " ", t.Format("15:04:05"), " ")
		if i := row.Series().Column("mean"); row.IsNull(i) {
			fmt.Println("no value")
		} else {
			v, _ := row.Float(i)
			fmt.Println(v)
		}
	}
	// Output:
	// cpu a 00:00:00 1.5
	// cpu a 00:01:00 no value
	// cpu b 00:00:00 2.5
}

// If one statement fails, the rows of the others still arrive.
func ExampleStatementError() {
	const body = `{"results":[{"statement_id":0,"error":"database not found: x"},` +
		`{"statement_id":1,"series":[{"name":"m","columns":["time","v"],"values":[[1,2]]}]}]}`
	for row, err := range jsonscan.NewScanner(strings.NewReader(body)).Rows() {
		var failed *jsonscan.StatementError
		if errors.As(err, &failed) {
			fmt.Println("failed:", failed.Message)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("row of statement", row.Series().StatementID)
	}
	// Output:
	// failed: database not found: x
	// row of statement 1
}

// A chunked response has a document per chunk. Its rows are one sequence.
func ExampleScanner_Next() {
	const body = `{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],` +
		`"values":[[1,10],[2,20]],"partial":true}],"partial":true}]}` + "\n" +
		`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","v"],` +
		`"values":[[3,30]]}]}]}` + "\n"
	s := jsonscan.NewScanner(strings.NewReader(body))
	sum := int64(0)
	for s.Next() {
		v, err := s.Row().Int(1)
		if err != nil {
			fmt.Println(err)
			return
		}
		sum += v
	}
	fmt.Println(sum, s.Documents(), s.Err())
	// Output: 60 2 <nil>
}

func ExampleScanner_NextPart() {
	s := jsonscan.NewScanner(strings.NewReader(`{"results":[{"statement_id":0,"series":[{"columns":["user","admin"]}]},{"statement_id":1}]}`))
	for part := s.NextPart(); part != jsonscan.PartNone; part = s.NextPart() {
		switch part {
		case jsonscan.PartRow:
			fmt.Println("a row of", s.Row().Len(), "cells")
		case jsonscan.PartSeries:
			fmt.Println("no rows of", s.Row().Series().Columns)
		case jsonscan.PartResult:
			fmt.Println("end of statement", s.StatementID())
		}
	}
	fmt.Println(s.Err())
	// Output:
	// no rows of [user admin]
	// end of statement 0
	// end of statement 1
	// <nil>
}

func ExamplePart_String() {
	fmt.Println(jsonscan.PartRow, jsonscan.PartSeries, jsonscan.PartResult, jsonscan.PartNone)
	// Output: row series result none
}

func ExampleScanner_StatementID() {
	s := jsonscan.NewScanner(strings.NewReader(`{"results":[{"statement_id":3,"series":[{"columns":["v"],"values":[[1]]}]}]}`))
	s.Next()
	fmt.Println(s.StatementID(), s.Row().Series().StatementID)
	// Output: 3 3
}

// The response to a request with Accept: application/x-msgpack.
func ExampleScanner_messagePack() {
	body := "\x81\xa7results\x91\x82\xacstatement_id\x00\xa6series\x91\x83\xa4name\xa3cpu\xa7columns\x92\xa4time\xa4load" +
		"\xa6values\x92\x92\x01\xcb\x40\x08\x00\x00\x00\x00\x00\x00\x92\x02\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"
	s := jsonscan.NewScanner(strings.NewReader(body))
	s.MessagePack = true
	for row, err := range s.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		load, err := row.Float(1)
		fmt.Println(row.Kind(1), load, err, row)
	}
	// Output:
	// float 3 <nil> [1,3]
	// float +Inf <nil> [2,null]
}
