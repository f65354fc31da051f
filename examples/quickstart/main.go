// Command quickstart writes one point to a server on this host and reads it back.
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
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	c, err := fastclient.Open("http://127.0.0.1:8086/?database=testdb")
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.CreateDatabase(ctx, "testdb"); err != nil {
		return err
	}

	var e lp.Encoder // the zero value is ready
	e.Point("cpu_load_short")
	e.Tag("host", "server01")
	e.Float("value", 0.64)
	if err := e.End(time.Now()); err != nil {
		return err // names the part of the point that is wrong
	}
	if err := c.WriteEncoder(ctx, &e); err != nil {
		return err
	}

	loads, err := fastclient.QueryInto(ctx, c, []Load(nil), "SELECT value, host FROM cpu_load_short")
	if err != nil {
		return err
	}
	for _, l := range loads {
		fmt.Println(l.Time, l.Host, l.Value)
	}
	return nil
}
