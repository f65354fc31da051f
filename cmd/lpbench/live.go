package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/fastclient"
)

// tripOptions are the flags of the round trip.
type tripOptions struct {
	url, record    string
	trades, points int
}

func (o *tripOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.url, "url", "", "use the server at this `URL` instead of a child, in the form that fastclient.Open takes, with a database of its own that is dropped at the end")
	f.IntVar(&o.trades, "trades", 100_000, "`number` of trades to write")
	f.IntVar(&o.points, "counters", 20_000, "least `number` of points of this host's counters")
	f.StringVar(&o.record, "record", "", "keep the responses for -quick in this `directory`")
}

func (o *tripOptions) check() error {
	if o.trades < 1 || o.points < 0 {
		return usage("-trades must be at least 1, -counters at least 0")
	}
	return nil
}

// serve starts a server and puts its URL into o, if there is none. stop ends that server.
func serve(ctx context.Context, c console, o *tripOptions, root, dir string) (stop func(), err error) {
	if o.url != "" {
		return func() {}, nil
	}
	file := filepath.Join(dir, "influxd")
	if err := build(ctx, root, "itest", "./cmd/influxd", file, c.progress); err != nil {
		return nil, err
	}
	s, err := startServer(ctx, file)
	if err != nil {
		return nil, err
	}
	o.url = s.url
	return func() { s.stop() }, nil
}

// live makes the round trip with the server at o.url.
func live(ctx context.Context, c console, o tripOptions, r *results.Report) (err error) {
	url := o.url
	client, err := open(url)
	if err != nil {
		return err
	}
	defer client.Close()
	pong, err := client.Ping(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "server: InfluxDB %s, requests %s\n\n", pong.Version, compression(url))
	r.Environment.Set("server", "InfluxDB "+pong.Version)
	view, drop, err := ownDatabase(ctx, client)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	points := o.points
	if o.record != "" {
		points = 0 // the counters differ from run to run
	}
	kinds, err := gather(points, o.trades, c.progress)
	if err != nil {
		return err
	}
	legs, err := roundTrip(ctx, view, kinds, c.out, c.progress)
	if err != nil {
		return err
	}
	if o.record != "" {
		return record(ctx, view, kinds, o.record)
	}
	return showTrip(c, kinds, legs, "InfluxDB "+pong.Version, r)
}

// ownDatabase makes a database with a name of its own: an existing server's
// data is not touched. drop removes it, also after the end of ctx.
func ownDatabase(ctx context.Context, c *fastclient.Client) (view *fastclient.Client, drop func() error, err error) {
	name := fmt.Sprintf("lpbench_%d_%d", os.Getpid(), time.Now().UnixNano())
	if err := c.CreateDatabase(ctx, name); err != nil {
		return nil, nil, err
	}
	return c.WithDatabase(name), func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return c.DropDatabase(ctx, name)
	}, nil
}

// compression says how requests to url are compressed, see withGzip.
func compression(rawURL string) string {
	if o, err := fastclient.ParseURL(rawURL); err == nil && o.Compression.Off {
		return "not compressed"
	}
	return "compressed with gzip"
}

// open returns a client for url that compresses what it writes, unless url says otherwise.
func open(rawURL string) (*fastclient.Client, error) {
	u, err := withGzip(rawURL)
	if err != nil {
		return nil, err
	}
	return fastclient.Open(u)
}
