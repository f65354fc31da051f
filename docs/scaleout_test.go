package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
)

func Example_shard() {
	ctx := context.Background()
	try(func() error {
		// begin shard
		c, err := fastclient.New(fastclient.Options{
			Addr:     "http://influx1:8086",
			Addrs:    []string{"http://influx2:8086", "http://influx3:8086"},
			Balance:  fastclient.Shard,
			Database: "mydb",
		})
		if err != nil {
			return err
		}
		defer c.Close()
		w, err := batch.NewShardWriter(c, batch.Options{MaxMemory: 192 << 20})
		if err != nil {
			return err
		}
		server, err := c.Place([]byte("cpu,host=server01,region=eu")) // or with the tags in another order
		if err != nil {
			return err
		}
		fmt.Println(server)
		// append lines to w, and at the end:
		if err := w.Close(ctx); err != nil {
			return err
		}
		// end
		return nil
	})
	// Output: http://influx1:8086
}

func Example_canary() {
	ctx, c, s := serve(influxtest.Status(204), influxtest.JSON(`{"results":[{"statement_id":0}]}`+"\n"))
	defer s.Close()
	defer c.Close()
	try(func() error {
		// begin canary
		now := time.Now() // a collector writes one every minute
		line := fmt.Appendf(nil, "canary value=%di %d\n", now.Unix(), now.UnixNano())
		if err := c.Write(ctx, line); err != nil {
			return err
		}
		last, err := fastclient.QueryOne[int64](ctx, c, "SELECT last(value) FROM canary") // a reader checks it
		switch {
		case errors.Is(err, fastclient.ErrNoRows): // unless the first one was written seconds ago
			fmt.Println("nothing can be read: an empty response does not mean that there is no data")
		case err != nil:
			return err
		default:
			fmt.Println("reads are late by", now.Unix()-last, "s")
		}
		// end
		return nil
	})
	// Output: nothing can be read: an empty response does not mean that there is no data
}

func Example_cluster() {
	try(func() error {
		// begin cluster
		c, err := fastclient.New(fastclient.Options{
			Addr:     "http://sql1:8086",
			Addrs:    []string{"http://sql2:8086"},
			Balance:  fastclient.RoundRobin,
			Database: "mydb",
			Probe: func(ctx context.Context, c *fastclient.Client) error { // is this ts-sql up again?
				nodes, err := admin.Cluster(ctx, c)
				if err != nil {
					return err
				}
				alive, stores := 0, 0
				for _, n := range nodes {
					if n.Role == "data" {
						stores++
						if n.Status == "alive" {
							alive++
						}
					}
				}
				if alive <= stores/2 {
					return fmt.Errorf("%d of %d stores are alive", alive, stores)
				}
				return nil
			},
		})
		if err != nil {
			return err
		}
		defer c.Close()
		dir, err := os.MkdirTemp("", "collector") // or one that outlives the program
		if err != nil {
			return err
		}
		w, err := batch.NewWriter(c, batch.Options{
			Overflow: batch.Spill,
			Spool:    batch.SpoolOptions{Dir: filepath.Join(dir, "spool"), Options: spool.Options{MaxBytes: 1 << 30}},
		})
		if err != nil {
			return err
		}
		// append lines to w, and at the end:
		if err := w.Close(context.Background()); err != nil {
			return err
		}
		// end
		return os.RemoveAll(dir)
	})
	// Output:
}
