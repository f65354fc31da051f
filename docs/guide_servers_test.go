package docs

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func Example_hedge() {
	try(func() error {
		// begin hedge
		c, err := fastclient.New(fastclient.Options{
			Addr:     "http://sql1:8086", // front ends of one cluster
			Addrs:    []string{"http://sql2:8086"},
			Balance:  fastclient.RoundRobin,
			Database: "mydb",
			Hedge:    fastclient.Hedge{After: 3, Share: 0.05}, // three times the usual; one request of twenty at most
		})
		if err != nil {
			return err
		}
		defer c.Close()
		// end
		fmt.Println(c.Stats().Hedged)
		return nil
	})
	// Output: 0
}

func Example_endpoints() {
	try(func() error {
		// begin endpoints
		c, err := fastclient.New(fastclient.Options{Addr: "http://influx1:8086", Database: "mydb"})
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetEndpoints("http://influx2:8086", "http://influx3:8086"); err != nil { // all that there are now
			return err
		}
		for _, e := range c.Stats().Endpoints {
			fmt.Println(e.Addr, "writes:", e.WritesUp, "queries:", e.QueriesUp)
		}
		// end
		return nil
	})
	// Output:
	// http://influx2:8086 writes: true queries: true
	// http://influx3:8086 writes: true queries: true
}

func Example_each() {
	ctx, _, a := serve(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["time","count"],"values":[[0,40]]}]}]}`))
	defer a.Close()
	_, _, b := serve(influxtest.JSON(`{"results":[{"statement_id":0,"series":[{"name":"cpu","columns":["time","count"],"values":[[0,2]]}]}]}`))
	defer b.Close()
	try(func() error {
		c, err := fastclient.New(fastclient.Options{Addr: a.URL, Addrs: []string{b.URL}, Database: "mydb"})
		if err != nil {
			return err
		}
		defer c.Close()
		// begin each
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		var points int64
		for server, err := range c.Each(ctx, "SELECT count(value) FROM cpu") {
			if err != nil {
				fmt.Println("without", server.Addr, err) // the sum lacks its points
				continue
			}
			for row, err := range server.Rows() {
				if err != nil {
					return err
				}
				n, err := row.Int(1)
				if err != nil {
					return err
				}
				points += n
			}
		}
		fmt.Println(points)
		// end
		return nil
	})
	// Output: 42
}

func Example_sink() {
	ctx, c, s := serve(influxtest.Status(204))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin sink
		queue := make(chan *batch.Sealed, 16)
		w, err := batch.NewWriter(c, batch.Options{ // in a collector
			Sink: batch.SinkFunc(func(ctx context.Context, b *batch.Sealed) error {
				kept := *b
				kept.Body = bytes.Clone(b.Body) // b is valid until this returns
				select {
				case queue <- &kept:
					return nil // the lines are acked
				case <-ctx.Done():
					return ctx.Err()
				}
			}),
		})
		if err != nil {
			return err
		}
		if err := w.Append(ctx, []byte("cpu,host=a load=0.64 1434055562000000000")); err != nil {
			return err
		}
		if err := w.Close(ctx); err != nil {
			return err
		}

		sent, err := batch.Send(ctx, c, <-queue) // in a forwarder
		if err != nil {
			return err // the batch goes back to the queue
		}
		for _, lost := range sent.Lost {
			fmt.Println("not stored:", lost.Lines, lost.Reason, lost.Message)
		}
		fmt.Println("stored:", sent.Acked.Lines)
		// end
		return nil
	})
	// Output: stored: 1
}
