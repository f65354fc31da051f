package jsonscan_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/pointwire/pointwire/jsonscan"
)

const trades = `{"results":[{"statement_id":0,"series":[{"name":"Trade","tags":{"instrument":"AAPL"},` +
	`"columns":["time","price","size"],"values":[[1540184368785116000,219.23,100],[1540184368785117000,219,null]]}]},` +
	`{"statement_id":1,"error":"database not found: x"}]}` + "\n"

type Trade struct {
	Time       time.Time `lp:",timestamp"`
	Instrument string    `lp:"instrument,tag"`
	Price      float64   `lp:"price"`
	Size       *int64    `lp:"size"` // nil for null
}

// StructsOf reads rows as structs, one at a time.
func ExampleStructsOf() {
	s := jsonscan.NewScanner(strings.NewReader(trades))
	for t, err := range jsonscan.StructsOf[Trade](s.Rows()) {
		if jsonscan.Recoverable(err) {
			fmt.Println(err)
			continue
		} else if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(t.Time.UnixNano(), t.Instrument, t.Price, t.Size != nil)
	}
	// Output:
	// 1540184368785116000 AAPL 219.23 true
	// 1540184368785117000 AAPL 219 false
	// jsonscan: statement 1: database not found: x
}

// AppendStructs returns the rows of all statements that did not fail.
func ExampleAppendStructs() {
	type price struct {
		Instrument string  `lp:"instrument,tag"`
		Price      float64 `lp:"price"`
	}
	s := jsonscan.NewScanner(strings.NewReader(trades))
	prices, err := jsonscan.AppendStructs([]price(nil), s.Rows(), jsonscan.AllowExtraColumns)
	fmt.Println(prices, err)
	// Output: [{AAPL 219.23} {AAPL 219}] jsonscan: statement 1: database not found: x
}

func ExampleAppendValues() {
	body := `{"results":[{"series":[{"name":"cpu","columns":["time","mean"],"values":[[0,0.5],[60,null],[120,0.25]]}]}]}`
	means, err := jsonscan.AppendValues[*float64](nil, jsonscan.NewScanner(strings.NewReader(body)).Rows())
	fmt.Println(*means[0], means[1] == nil, *means[2], err)
	// Output: 0.5 true 0.25 <nil>
}
