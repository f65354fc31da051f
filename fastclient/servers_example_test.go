package fastclient_test

import (
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
)

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
