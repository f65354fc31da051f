package fastclient_test

import (
	"context"
	"fmt"

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
