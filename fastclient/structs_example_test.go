package fastclient_test

import (
	"context"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

type Load struct {
	Time  int64   `lp:",timestamp"`
	Host  string  `lp:"host,tag"`
	Value float64 `lp:"value"`
}

func ExampleWriteStructs() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	err := fastclient.WriteStructs(context.Background(), c, nil, []Load{{1, "a", 0.5}, {2, "b", 0.25}})
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// Load,host=a value=0.5 1
	// Load,host=b value=0.25 2
	// <nil>
}

func ExampleQueryInto() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"Load",` +
		`"columns":["time","host","value"],"values":[[1,"a",0.5],[2,"b",0.25]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	loads, err := fastclient.QueryInto(context.Background(), c, []Load(nil), `SELECT * FROM "Load"`)
	fmt.Println(loads, err)
	// Output: [{1 a 0.5} {2 b 0.25}] <nil>
}
