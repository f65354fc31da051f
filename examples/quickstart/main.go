package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/lp"
)

type Load struct {
	Time  time.Time `lp:",timestamp"`
	Host  string    `lp:"host,tag"`
	Value float64   `lp:"value"`
}

func main() {
	ctx := context.Background()
	c, err := fastclient.Open("http://127.0.0.1:8086/?database=testdb")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	var e lp.Encoder // its zero value is ready
	e.Point("cpu_load_short")
	e.Tag("host", "server01")
	e.Float("value", 0.64)
	e.End(time.Now())

	if err := c.CreateDatabase(ctx, "testdb"); err != nil {
		log.Fatal(err)
	}
	if err := c.WriteEncoder(ctx, &e); err != nil {
		log.Fatal(err)
	}
	loads, err := fastclient.QueryInto(ctx, c, []Load(nil), "SELECT value, host FROM cpu_load_short")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loads)
}
