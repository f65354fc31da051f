package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/frame"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
	"github.com/pointwire/pointwire/lp"
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

func ExampleQueryInto_values() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"databases","columns":["name"],"values":[["mydb"],["telegraf"]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	names, err := fastclient.QueryInto[string](context.Background(), c, nil, `SHOW DATABASES`)
	fmt.Println(names, err)
	// Output: [mydb telegraf] <nil>
}

func ExampleStructOptions() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"Load","columns":["time","host","value","x"],"values":[[1,"a",0.5,7]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	loads, err := fastclient.QueryInto[Load](context.Background(), c, nil, `SELECT * FROM "Load"`, fastclient.StructOptions(jsonscan.AllowExtraColumns))
	fmt.Println(loads, err)
	// Output: [{1 a 0.5}] <nil>
}

func ExampleQueryOne() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"Load","columns":["time","mean"],"values":[[0,0.375]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	mean, err := fastclient.QueryOne[float64](context.Background(), c, `SELECT mean(value) FROM "Load"`)
	if errors.Is(err, fastclient.ErrNoRows) {
		fmt.Println("no points")
	}
	fmt.Println(mean, err)
	// Output: 0.375 <nil>
}

func ExampleClient_QueryFrames() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"Load",` +
		`"columns":["time","host","value"],"values":[[1,"a",0.5],[2,"b",null]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	frames, err := c.QueryFrames(context.Background(), `SELECT * FROM "Load"`)
	value := frames[0].Column("value")
	fmt.Println(frames[0].Time, value.Floats[0], value.IsNull(1), err)
	// Output: [1 2] 0.5 true <nil>
}

func ExampleResult_Frames() {
	c, s := exampleClient(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"Load",` +
		`"columns":["time","value"],"values":[[1,0.5],[2,0.25]]}]}]}` + "\n"))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), `SELECT value FROM "Load"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range r.Frames() {
		fmt.Println(f.Measurement, f.Column("value").Floats, err)
	}
	// Output: Load [0.5 0.25] <nil>
}

// Rows with a value that cannot be written are left out as the options say, and told.
func ExampleEncodeOptions() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	err := c.WriteFrame(context.Background(), &frame.Frame{
		Measurement: "prices",
		Time:        []int64{1, 2},
		Columns:     []frame.Column{frame.Floats("price", []float64{219.23, math.NaN()})},
	},
		fastclient.EncodeOptions(lp.Options{NotFinite: lp.NotFiniteDropPoint}),
		fastclient.EncodeCounts(func(reason lp.Reason, n uint64) { fmt.Println(n, "times:", reason) }))
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// 1 times: lp: not a finite number
	// prices price=219.23 1
	// <nil>
}

// The tag of the call is also the key of a field: the points are written and counted.
func ExampleEncodeCounts() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	err := c.WriteFrame(context.Background(), &frame.Frame{
		Measurement: "disk",
		Columns:     []frame.Column{frame.Floats("free", []float64{0.5})},
	},
		fastclient.DefaultTags(lp.Tag{Key: "free", Value: "yes"}),
		fastclient.EncodeCounts(func(reason lp.Reason, n uint64) { fmt.Println(n, "times:", reason) }))
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// 1 times: lp: field with the key of a tag
	// disk,free=yes free=0.5
	// <nil>
}

func ExampleClient_WriteFrame() {
	c, s := exampleClient()
	defer s.Close()
	defer c.Close()
	err := c.WriteFrame(context.Background(), &frame.Frame{
		Measurement: "prices",
		Time:        []int64{1, 2},
		Columns:     []frame.Column{frame.Tags("symbol", []string{"AAPL", "MSFT"}), frame.Floats("price", []float64{219.23, 107.6})},
	})
	fmt.Print(string(s.Last().Body), err)
	// Output:
	// prices,symbol=AAPL price=219.23 1
	// prices,symbol=MSFT price=107.6 2
	// <nil>
}
