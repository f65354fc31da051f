package docs

import (
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func Example_influxdb2() {
	const response = `{"results":[{"statement_id":0,"series":[{"name":"temperature","columns":["time","mean"],"values":[[1257894000000000000,21.5]]}]}]}` + "\n"
	ctx, _, s := serve(influxtest.Status(204), influxtest.JSON(response))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin influxdb2
		c, err := fastclient.New(fastclient.Options{
			Addr:     addr,
			API:      fastclient.V2, // write to /api/v2/write
			Org:      "home",
			Token:    fastclient.NewSecret("secret"),
			Database: "sensors", // the bucket, which queries name as a database
		})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.Write(ctx, []byte("temperature,room=attic value=21.5 1257894000000000000\n")); err != nil {
			return err
		}
		type mean struct {
			Time time.Time `lp:",timestamp"`
			Mean float64   `lp:"mean"`
		}
		means, err := fastclient.QueryInto(ctx, c, []mean(nil), `SELECT mean(value) FROM temperature
			WHERE time >= '2009-11-10T23:00:00Z' AND time < '2009-11-11T00:00:00Z' GROUP BY time(1h)`)
		if err != nil {
			return err
		}
		for _, m := range means {
			fmt.Println(m.Time, m.Mean)
		}
		// end
		return nil
	})
	for _, r := range s.Requests() {
		fmt.Println(r.Path)
	}
	// Output:
	// 2009-11-10 23:00:00 +0000 UTC 21.5
	// /api/v2/write
	// /query
}

func Example_influxdb2policy() {
	ctx, _, s := serve(influxtest.Status(204))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin influxdb2policy
		c, err := fastclient.New(fastclient.Options{Addr: addr, API: fastclient.V2, Org: "home", Token: fastclient.NewSecret("secret")})
		if err != nil {
			return err
		}
		defer c.Close()
		weekly := c.WithDatabase("metrics").WithRetentionPolicy("week") // the bucket metrics/week
		if err := weekly.Write(ctx, []byte("cpu,host=a load=0.5 1257894000000000000\n")); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Println(s.Last().Query.Get("bucket"))
	// Output: metrics/week
}

func Example_influxdb3() {
	ctx, _, s := serve(influxtest.Status(204))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin influxdb3
		c, err := fastclient.New(fastclient.Options{
			Addr:       addr,
			API:        fastclient.V3, // write to /api/v3/write_lp
			Database:   "sensors",
			Token:      fastclient.NewSecret("secret"),
			BearerAuth: true,
		})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.Write(ctx, []byte("temperature,room=attic value=21.5 1257894000000000000\n")); err != nil {
			return err
		}
		// end
		return nil
	})
	fmt.Println(s.Last().Path, s.Last().Query.Get("precision"))
	// Output: /api/v3/write_lp nanosecond
}

func Example_influxdb3sql() {
	ctx, _, s := serve(influxtest.Body(200, `{"room":"attic","time":"2009-11-10T23:00:00","value":21.5}`+"\n"+
		`{"room":"attic","time":"2009-11-10T23:01:00"}`+"\n", "Content-Type", "application/jsonl"))
	defer s.Close()
	addr := s.URL
	try(func() error {
		// begin influxdb3sql
		c, err := fastclient.New(fastclient.Options{Addr: addr, Database: "sensors", Token: fastclient.NewSecret("secret")})
		if err != nil {
			return err
		}
		defer c.Close()
		r, err := c.QuerySQL(ctx, "SELECT time, room, value FROM temperature WHERE room = $room ORDER BY time",
			fastclient.Param("room", "attic"))
		if err != nil {
			return err
		}
		for row, err := range r.Rows() {
			if err != nil {
				return err
			}
			columns := row.Series() // what is known of the columns by now
			at, err := row.Time(columns.Column("time"))
			if err != nil {
				return err
			}
			if value := columns.Column("value"); !row.IsNull(value) { // -1, a column that is not known yet, is null
				v, err := row.Float(value)
				if err != nil {
					return err
				}
				fmt.Println(at, v)
			}
		}
		// end
		return nil
	})
	fmt.Println(s.Last().Path)
	// Output:
	// 2009-11-10 23:00:00 +0000 UTC 21.5
	// /api/v3/query_sql
}

func Example_influxdb3structs() {
	ctx, c, s := serve(influxtest.Body(200, `{"room":"attic","time":"2009-11-10T23:00:00","value":21.5}`+"\n"+
		`{"room":"attic","time":"2009-11-10T23:01:00"}`+"\n", "Content-Type", "application/jsonl"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin influxdb3structs
		type Temperature struct {
			Time  time.Time `lp:",timestamp"`
			Room  string    `lp:"room,tag"`
			Value *float64  `lp:"value"` // nil where it is null
		}
		list, err := fastclient.QueryInto(ctx, c, []Temperature(nil), "SELECT * FROM temperature", fastclient.SQL())
		if err != nil {
			return err
		}
		for _, t := range list {
			fmt.Println(t.Time, t.Room, t.Value != nil)
		}
		frames, err := c.QueryFrames(ctx, "SELECT * FROM temperature", fastclient.InfluxQL3()) // or SQL
		if err != nil {
			return err
		}
		for _, f := range frames {
			fmt.Println(f.Measurement, f.Len(), "rows")
		}
		// end
		return nil
	})
	// Output:
	// 2009-11-10 23:00:00 +0000 UTC attic true
	// 2009-11-10 23:01:00 +0000 UTC attic false
	//  2 rows
}
