package fastclient_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// jsonLines responds as InfluxDB 3 does to a query in SQL.
func jsonLines(body string) influxtest.Reply {
	return influxtest.Body(200, body, "Content-Type", "application/jsonl")
}

func ExampleClient_QuerySQL() {
	c, s := exampleClient(jsonLines(`{"host":"a","time":"2026-01-01T00:00:00","load":0.5}` + "\n" + `{"host":"b","time":"2026-01-01T00:00:01"}` + "\n"))
	defer s.Close()
	defer c.Close()
	r, err := c.QuerySQL(context.Background(), "SELECT host, time, load FROM cpu WHERE host <> $host", fastclient.Param("host", "it's c"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range r.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		host, _ := row.String(0)
		at, _ := row.Time(1)
		fmt.Println(host, at, string(row.Raw(2))) // a null is left out, and is null here
	}
	fmt.Println(string(s.Last().Body))
	// Output:
	// a 2026-01-01 00:00:00 +0000 UTC 0.5
	// b 2026-01-01 00:00:01 +0000 UTC null
	// {"db":"mydb","q":"SELECT host, time, load FROM cpu WHERE host \u003c\u003e $host","format":"jsonl","params":{"host":"it's c"}}
}

// The measurement is the name of the series.
func ExampleClient_QueryInfluxQL3() {
	c, s := exampleClient(jsonLines(`{"iox::measurement":"cpu","time":"2026-01-01T00:00:00","load":0.5}` + "\n"))
	defer s.Close()
	defer c.Close()
	r, err := c.QueryInfluxQL3(context.Background(), "SELECT load FROM cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range r.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(row.Series().Name, row.Series().Columns, string(row.AppendJSON(nil)))
	}
	// Output: cpu [time load] ["2026-01-01T00:00:00",0.5]
}

// With the option SQL every form of a query reads what InfluxDB 3 sends.
func ExampleSQL() {
	c, s := exampleClient(jsonLines(`{"host":"a","time":"2026-01-01T00:00:00","load":0.5}` + "\n" + `{"time":"2026-01-01T00:00:01"}` + "\n"))
	defer s.Close()
	defer c.Close()
	type Load struct {
		Time time.Time `lp:",timestamp"`
		Host string    `lp:"host,tag"`
		Load *float64  `lp:"load"`
	}
	loads, err := fastclient.QueryInto(context.Background(), c, []Load(nil), "SELECT * FROM cpu", fastclient.SQL())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(loads), loads[0].Host, *loads[0].Load, loads[1].Load)

	frames, err := c.QueryFrames(context.Background(), "SELECT * FROM cpu", fastclient.SQL())
	if err != nil {
		fmt.Println(err)
		return
	}
	load := frames[0].Column("load")
	fmt.Println(load.Floats[0], load.IsNull(1))
	// Output:
	// 2 a 0.5 <nil>
	// 0.5 true
}

func ExampleInfluxQL3() {
	c, s := exampleClient(jsonLines(`{"iox::measurement":"cpu","time":"2026-01-01T00:00:00","mean":0.5}` + "\n"))
	defer s.Close()
	defer c.Close()
	mean, err := fastclient.QueryOne[float64](context.Background(), c, "SELECT mean(load) FROM cpu", fastclient.InfluxQL3())
	fmt.Println(mean, err)
	// Output: 0.5 <nil>
}
