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
