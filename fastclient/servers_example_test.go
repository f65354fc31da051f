package fastclient_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// The second of two front ends of a cluster stands in for the first, which hangs.
func ExampleHedge() {
	first, err := influxtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	second, err := influxtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer second.Close()
	c, err := fastclient.New(fastclient.Options{
		Addr: first.URL, Addrs: []string{second.URL}, Database: "mydb",
		Hedge: fastclient.Hedge{After: 3, Share: 0.1}, // of ten writes, at most one is sent twice
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	write := func(timestamp int) error {
		return c.Write(context.Background(), fmt.Appendf(nil, "m v=1 %d\n", timestamp))
	}
	for i := range 10 { // from which the client learns how long a write takes
		if err := write(i); err != nil {
			fmt.Println(err)
		}
	}
	first.Play(influxtest.Silent())
	fmt.Println(write(10))
	stats := c.Stats()
	fmt.Println(stats.Hedged, "hedged,", stats.HedgeWon, "won")
	// Output:
	// <nil>
	// 1 hedged, 1 won
}

// A client follows the servers that a directory service names.
func ExampleClient_SetEndpoints() {
	c, err := fastclient.New(fastclient.Options{Addr: "http://influx1:8086", Database: "mydb"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	show := func(err error) {
		fmt.Println(c, err)
	}
	show(c.SetEndpoints("http://influx2:8086", "http://influx1:8086"))
	show(c.AddEndpoint("http://influx3:8086"))
	show(c.RemoveEndpoint("http://influx2:8086"))
	show(c.RemoveEndpoint("http://influx2:8086"))
	// Output:
	// fastclient.Client{http://influx2:8086 http://influx1:8086 database=mydb} <nil>
	// fastclient.Client{http://influx2:8086 http://influx1:8086 http://influx3:8086 database=mydb} <nil>
	// fastclient.Client{http://influx1:8086 http://influx3:8086 database=mydb} <nil>
	// fastclient.Client{http://influx1:8086 http://influx3:8086 database=mydb} fastclient: Addrs does not hold the server
}

// The sum of what three servers have, of which one does not respond.
func ExampleClient_Each() {
	var addrs []string
	for _, reply := range []influxtest.Reply{
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","sum"],"values":[[0,40]]}]}]}`),
		influxtest.Error(503, "shutting down"),
		influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"m","columns":["time","sum"],"values":[[0,2]]}]}]}`),
	} {
		s, err := influxtest.Start(reply)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer s.Close()
		addrs = append(addrs, s.URL)
	}
	c, err := fastclient.New(fastclient.Options{Addr: addrs[0], Addrs: addrs[1:], Database: "mydb"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sumOf := func(r fastclient.ServerResult) (sum float64, err error) {
		for row, err := range r.Rows() {
			if err != nil {
				return 0, err
			}
			v, err := row.Float(1)
			if err != nil {
				return 0, err
			}
			sum += v
		}
		return sum, nil
	}
	total := 0.0
	var missing error
	for r, err := range c.Each(ctx, "SELECT sum(v) FROM m") {
		if err != nil {
			missing = errors.Join(missing, err)
			continue
		}
		sum, err := sumOf(r)
		total, missing = total+sum, errors.Join(missing, err)
	}
	fmt.Println(total, missing)
	// Output: 42 fastclient: query: status 503: shutting down
}
