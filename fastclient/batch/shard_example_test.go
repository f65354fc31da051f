package batch_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

func ExampleShardWriter() {
	first, a := exampleClient()
	second, b := exampleClient()
	defer a.Close()
	defer b.Close()
	first.Close()
	second.Close()
	c, err := fastclient.New(fastclient.Options{Addr: a.URL, Addrs: []string{b.URL}, Database: "mydb", Balance: fastclient.Shard})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	w, err := batch.NewShardWriter(c, batch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	fmt.Println(w.Append(ctx, []byte("cpu,host=a,zone=x load=1 1\n")))
	fmt.Println(w.Encode(ctx, func(e *lp.Encoder) {
		e.Point("cpu")
		e.Tag("zone", "x")
		e.Tag("host", "a")
		e.Float("load", 0.5)
		e.EndTimestamp(2)
	}))
	fmt.Println(w.AppendPoints(ctx, fastclient.Lines("cpu,host=a,zone=x load=2 3")))
	fmt.Println(w.Flush(ctx), w.Stats().Acked.Lines)
	addr := w.Place([]byte("cpu,zone=x,host=a")) // all lines of a series are there
	var servers []batch.ServerStats = w.ServerStats()
	for _, s := range servers {
		if s.Addr == addr {
			fmt.Println(s.Stats.Acked.Lines)
		}
	}
	fmt.Println(errors.Is(w.Sync(ctx), batch.ErrNoSpool))
	fmt.Println(w.Close(ctx))
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// <nil> 3
	// 3
	// true
	// <nil>
}
