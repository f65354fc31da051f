package main

import (
	"context"
	"errors"
	"fmt"
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
	c := lp.Must(fastclient.Open("http://127.0.0.1:8086/?database=testdb"))
	defer c.Close()

	var e lp.Encoder // its zero value is ready
	e.Point("cpu_load_short")
	e.Tag("host", "server01")
	e.Float("value", 0.64)
	e.End(time.Now())
	err := errors.Join(c.CreateDatabase(ctx, "testdb"), c.WriteEncoder(ctx, &e))

	loads, queryErr := fastclient.QueryInto(ctx, c, []Load(nil), "SELECT value, host FROM cpu_load_short")
	fmt.Println(loads, errors.Join(err, queryErr))
}
