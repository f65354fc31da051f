package influxql_test

import (
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient/influxql"
)

func ExampleAppendIdent() {
	q := influxql.AppendIdent([]byte("SELECT load FROM "), `my "cpu"`)
	fmt.Printf("%s\n", q)
	// Output: SELECT load FROM "my \"cpu\""
}

func ExampleAppendText() {
	q := influxql.AppendText([]byte("SELECT load FROM cpu WHERE host = "), "it's")
	fmt.Printf("%s\n", q)
	// Output: SELECT load FROM cpu WHERE host = 'it\'s'
}

func ExampleAppendTime() {
	since := time.Date(2018, 7, 1, 0, 0, 0, 5, time.UTC)
	fmt.Printf("%s\n", influxql.AppendTime([]byte("SELECT load FROM cpu WHERE time > "), since))
	// Output: SELECT load FROM cpu WHERE time > '2018-07-01T00:00:00.000000005Z'
}

func ExampleQuotable() {
	fmt.Println(influxql.Quotable("a\nb"), influxql.Quotable("a\rb"), influxql.Quotable("\xff"))
	// Output: true false false
}
