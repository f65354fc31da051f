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

// When every server is down, one call at a time asks the one whose turn is first, and
// the others fail at once.
func ExampleOptions_addrs() {
	busy := influxtest.Status(503, "Retry-After", "60")
	down, err := influxtest.Start(busy, busy, influxtest.Silent())
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
	fmt.Println(c.Write(context.Background(), []byte("m v=1 1\n")))

	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan error)
	go func() { asked <- c.Write(ctx, []byte("m v=1 1\n")) }()
	<-down.Stalled()
	err = c.Write(context.Background(), []byte("m v=1 1\n"))
	fmt.Println(err, fastclient.Retryable(err))
	cancel()
	fmt.Println(errors.Is(<-asked, context.Canceled))
	// Output:
	// fastclient: write: status 503: Service Unavailable
	// fastclient: write: wait any server: every server is down true
	// true
}
