package fastclient_test

import (
	"fmt"
	"log"

	"github.com/pointwire/pointwire/fastclient"
)

func ExampleClient_Place() {
	c, err := fastclient.New(fastclient.Options{
		Addr: "http://influx1:8086", Addrs: []string{"http://influx2:8086"}, Database: "mydb", Balance: fastclient.Shard,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Place([]byte("cpu,host=server01,region=eu")))
	fmt.Println(c.Place([]byte("cpu,region=eu,host=server01 load=0.64"))) // the same series
	fmt.Println(c.Place([]byte("cpu,host=server02,region=eu")))
	fmt.Println(c.Place([]byte("cpu,host=")))
	// Output:
	// http://influx1:8086 <nil>
	// http://influx1:8086 <nil>
	// http://influx2:8086 <nil>
	//  lp: line 1, column 9: missing tag value in "cpu,host="
}
