package fastclient_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// Two writes to two servers, of which the second fails.
func ExampleBalance() {
	for _, c := range []struct {
		name    string
		balance fastclient.Balance
	}{
		{"failover", fastclient.Failover},
		{"round robin", fastclient.RoundRobin},
		{"replicate", fastclient.Replicate},
	} {
		good, err := influxtest.Start()
		if err != nil {
			fmt.Println(err)
			return
		}
		bad, err := influxtest.Start(influxtest.Error(503, "timeout"))
		if err != nil {
			fmt.Println(err)
			return
		}
		client, err := fastclient.New(fastclient.Options{Addr: good.URL, Addrs: []string{bad.URL}, Balance: c.balance, Database: "mydb"})
		if err != nil {
			fmt.Println(err)
			return
		}
		failed := 0
		for range 2 {
			err := client.Write(context.Background(), []byte("m v=1 1\n"))
			var replicas *fastclient.ReplicaError
			if errors.As(err, &replicas) {
				failed += replicas.Failed
				fmt.Println(replicas.Errs[0], "|", replicas.Errs[1])
			}
		}
		fmt.Println(c.name+": asked", len(good.Requests()), "and", len(bad.Requests()), "times, not taken", failed)
		for i, e := range client.Stats().Endpoints {
			fmt.Println("  server", i, "is up:", e.Up)
		}
		client.Close()
		good.Close()
		bad.Close()
	}
	// Output:
	// failover: asked 2 and 0 times, not taken 0
	//   server 0 is up: true
	//   server 1 is up: true
	// round robin: asked 2 and 1 times, not taken 0
	//   server 0 is up: true
	//   server 1 is up: false
	// <nil> | fastclient: write: status 503: timeout
	// <nil> | fastclient: write: status 503: timeout
	// replicate: asked 2 and 2 times, not taken 2
	//   server 0 is up: true
	//   server 1 is up: false
}

// Of many servers each collector uses a few, always the same ones.
func ExampleSubset() {
	o := fastclient.Options{Addr: "http://influx0:8086", Balance: fastclient.Failover, Database: "mydb"}
	for i := 1; i < 100; i++ {
		o.Addrs = append(o.Addrs, fmt.Sprintf("http://influx%d:8086", i))
	}
	for _, id := range []string{"collector-1", "collector-2", "collector-1"} {
		o.Subset = fastclient.Subset{Size: 2, ID: id}
		client, err := fastclient.New(o)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(id, " uses")
		for _, e := range client.Stats().Endpoints {
			fmt.Print(" ", e.Addr)
		}
		fmt.Println()
		client.Close()
	}
	// Output:
	// collector-1 uses http://influx50:8086 http://influx43:8086
	// collector-2 uses http://influx12:8086 http://influx78:8086
	// collector-1 uses http://influx50:8086 http://influx43:8086
}

// When every server is down, a call waits for the outcome of a probe, and not for a server
// that asked for a pause.
func ExampleOptions_addrs() {
	down, err := influxtest.Start(influxtest.Status(503, "Retry-After", "60"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer down.Close()
	c, err := fastclient.New(fastclient.Options{Addr: down.URL, Addrs: []string{down.URL + "/replica"}, Database: "mydb"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for range 2 {
		err = c.Write(context.Background(), []byte("m v=1 1\n"))
		fmt.Println(err)
	}
	fmt.Println(fastclient.Retryable(err), fastclient.RetryDelay(err), len(down.Requests()))
	// Output:
	// fastclient: write: status 503: Service Unavailable
	// fastclient: write: wait any server: every server is down: status 503: Service Unavailable
	// true 1m0s 2
}

// A probe of your own can ask for what you need: here that a cluster can be read.
func ExampleOptions_probe() {
	first, err := influxtest.Start(influxtest.Error(503, "timeout"), influxtest.JSON(`{"results":[{"statement_id":0,"error":"no quorum"}]}`))
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
	probed := make(chan error, 1)
	c, err := fastclient.New(fastclient.Options{
		Addr: first.URL, Addrs: []string{second.URL}, Database: "mydb",
		Probe: func(ctx context.Context, c *fastclient.Client) error {
			err := c.Exec(ctx, "SELECT last(value) FROM canary")
			select {
			case probed <- err:
			default:
			}
			return err
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(c.Write(context.Background(), []byte("m v=1 1\n"))) // to the second server
	fmt.Println(<-probed)
	// Output:
	// <nil>
	// jsonscan: statement 0: no quorum
}
