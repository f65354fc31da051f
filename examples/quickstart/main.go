// Command quickstart writes one point and reads it back: the example of the
// README.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/lp"
)

func main() {
	ctx := context.Background()
	c, err := fastclient.Open("http://127.0.0.1:8086/?database=testdb")
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	if err := c.CreateDatabase(ctx, "testdb"); err != nil {
		log.Fatal(err)
	}
	var e lp.Encoder // its zero value is ready
	e.Point("cpu_load_short")
	e.Tag("host", "server01")
	e.Float("value", 0.64)
	e.End(time.Now())
	if err := c.WriteEncoder(ctx, &e); err != nil {
		log.Fatal(err)
	}
	r, err := c.Query(ctx, "SELECT value, host FROM cpu_load_short")
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range r.Rows() {
		if err != nil {
			log.Fatal(err)
		}
		t, _ := row.Time(0)
		value, _ := row.Float(1)
		fmt.Println(t, value)
	}
}
