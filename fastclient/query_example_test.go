package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
	"github.com/pointwire/pointwire/jsonscan"
)

const cpuResponse = `{"results":[{"statement_id":0,"series":[{"name":"cpu","tags":{"host":"a"},"columns":["time","load"],"values":[[1,0.5],[2,0.25]]}]},` +
	`{"statement_id":1,"error":"database not found: x"}]}` + "\n"

func ExampleClient_Query() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), `SELECT load FROM cpu GROUP BY host; SELECT * FROM x..cpu`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for row, err := range r.Rows() {
		var failed *fastclient.QueryError
		if errors.As(err, &failed) {
			fmt.Println("statement", failed.StatementID, "failed:", failed.Message)
			continue // with the other statements
		} else if err != nil {
			fmt.Println(err)
			return
		}
		load, _ := row.Float(1)
		fmt.Println(row.Series().Name, row.Series().Tag("host"), load)
	}
	fmt.Println(len(r.Messages()), r.Scanner().Statements())
	// Output:
	// cpu a 0.5
	// cpu a 0.25
	// statement 1 failed: database not found: x
	// 0 2
}

func ExampleParam() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), `SELECT mean(load) FROM cpu WHERE host = $host AND time > $since GROUP BY time($every)`,
		fastclient.Param("host", "it's a"), fastclient.Param("since", time.Unix(1_500_000_000, 0)), fastclient.Param("every", time.Second))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Close()
	fmt.Println(s.Last().Form.Get("params"))
	// Output: {"host":"it's a","since":"2017-07-14T02:40:00Z","every":{"duration":"1000000000ns"}}
}

// Names and regular expressions are bound as what they are, so none of them needs quotes.
func ExampleParamIdent() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), `SELECT $field FROM $measurement WHERE host =~ $hosts`,
		fastclient.ParamIdent("field", "load"), fastclient.ParamIdent("measurement", `my "cpu"`), fastclient.ParamRegex("hosts", "^(a|b)/"))
	if err != nil {
		fmt.Println(err)
		return
	}
	r.Close()
	fmt.Println(s.Last().Form.Get("params"))
	// Output: {"field":{"identifier":"load"},"measurement":{"identifier":"my \"cpu\""},"hosts":{"regex":"^(a|b)/"}}
}

func ExampleChunked() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	for _, options := range [][]fastclient.QueryOption{
		nil,
		{fastclient.Chunked(15_000), fastclient.Epoch(fastclient.Millisecond)},
		{fastclient.Unchunked(), fastclient.RFC3339(), fastclient.Database("archive")},
		{fastclient.MaxBytes(1 << 20), fastclient.MaxRowBytes(64 << 10), fastclient.Whole()},
	} {
		r, err := c.Query(ctx, "SELECT 1", options...)
		if err != nil {
			fmt.Println(err)
			return
		}
		r.Close()
		fmt.Println(s.Last().Form.Encode())
	}
	// Output:
	// chunked=true&db=mydb&epoch=ns&q=SELECT+1
	// chunk_size=15000&chunked=true&db=mydb&epoch=ms&q=SELECT+1
	// db=archive&q=SELECT+1
	// chunked=true&db=mydb&epoch=ns&q=SELECT+1
}

func ExampleClient_QueryRaw() {
	s, err := influxtest.Start(influxtest.Gzip(cpuResponse))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	c, err := fastclient.New(fastclient.Options{
		Addr: s.URL, Database: "mydb", UseGET: true,
		Compression: fastclient.Compression{Responses: fastclient.ResponsesPipelined},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	body, err := c.QueryRaw(context.Background(), "SELECT load FROM cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	fmt.Println(s.Last().Method, s.Last().Header.Get("Accept-Encoding"), string(text) == cpuResponse, err)
	// Output: GET gzip true <nil>
}

func ExampleResult_FrameReader() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), "SELECT load FROM cpu GROUP BY host")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	frames := r.FrameReader()
	frames.Merge = true // tags as columns, however many series there are
	for frames.Next() {
		f := frames.Frame()
		fmt.Printf("%s %v\n", f.Column("host").Text(0), f.Column("load").Floats)
	}
	// Output: a [0.5 0.25]
}

func ExampleResult_JSON() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), "SELECT load FROM cpu GROUP BY host")
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := r.JSON()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.GetFloat64("results", "0", "series", "0", "values", "0", "1"))
	// Output: 0.5
}

func ExampleResult_Statements() {
	c, s := exampleClient(influxtest.JSON(cpuResponse))
	defer s.Close()
	defer c.Close()
	r, err := c.Query(context.Background(), "SELECT load FROM cpu GROUP BY host; SELECT * FROM x..cpu")
	if err != nil {
		fmt.Println(err)
		return
	}
	for v, err := range r.Statements() {
		fmt.Println(v.GetInt("statement_id"), len(v.GetArray("series")), string(v.GetStringBytes("error")), err)
	}
	// Output:
	// 0 1  <nil>
	// 1 0 database not found: x <nil>
}

func ExampleSeriesJSON() {
	series := &jsonscan.Series{Name: "cpu", Tags: []jsonscan.Tag{{Key: "host", Value: "a"}}, Columns: []string{"time", "load"}}
	fmt.Printf("%s\n", fastclient.SeriesJSON(series).MarshalTo(nil))
	// Output: {"name":"cpu","tags":{"host":"a"},"columns":["time","load"]}
}
