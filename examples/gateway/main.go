// Gateway collects metrics of three shapes and writes them through one Writer: it polls a
// text endpoint of Prometheus, samples the counters of /proc, and listens for StatsD.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/lp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	g := gateway{out: os.Stdout}
	flag.StringVar(&g.url, "url", "http://127.0.0.1:8086?database=gateway", "server and database")
	flag.StringVar(&g.prometheus, "prometheus", "", "URL of a text endpoint of Prometheus; empty for none")
	flag.DurationVar(&g.every, "every", 10*time.Second, "time between polls")
	statsd := flag.String("statsd", "127.0.0.1:8125", "UDP address to listen for StatsD on")
	flag.Parse()
	socket, err := net.ListenPacket("udp", *statsd)
	if err == nil {
		err = g.run(ctx, socket)
	}
	if err != nil {
		log.Fatal("gateway: ", err)
	}
}

// A gateway has three sources and one Writer.
type gateway struct {
	url, prometheus string
	every           time.Duration
	out             io.Writer
	sampler         hostproc.Sampler
	statsd          aggregate
}

// run collects until ctx ends, sends what is left, and says what became of every point.
func (g *gateway) run(ctx context.Context, socket net.PacketConn) error {
	defer socket.Close()
	g.statsd.metrics = map[metric]*summary{}
	client, err := fastclient.Open(g.url)
	if err != nil {
		return err
	}
	defer client.Close()
	host, _ := os.Hostname()
	w, err := batch.NewWriter(client, batch.Options{
		DefaultTags: []lp.Tag{{Key: "host", Value: host}}, // of points without a tag host
		Overflow:    batch.DropOldest,
		OnMissing:   func(ctx context.Context) error { return client.CreateDatabase(ctx, client.Database()) },
	})
	if err != nil {
		return err
	}
	var listener sync.WaitGroup
	listener.Go(func() { g.statsd.listen(socket) })
	tick := time.NewTicker(g.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := g.poll(ctx, w); err != nil && ctx.Err() == nil {
			log.Print(err) // the next poll may succeed
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	socket.Close()
	listener.Wait()
	last, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err = errors.Join(g.statsd.write(last, w, time.Now()), w.Close(last))
	s := w.Stats()
	fmt.Fprintf(g.out, "%d points: %d stored, %d refused, %d dropped; %d lines of StatsD not understood\n",
		s.Appended.Lines, s.Acked.Lines, s.Rejected.Lines+s.Uncertain.Lines+s.RefusedInvalid+s.RefusedOverflow+s.RefusedOther, s.Dropped.Lines, g.statsd.malformed)
	return err
}

// poll writes what each source has. The counters of the host are structs, whose tags say
// what is what.
func (g *gateway) poll(ctx context.Context, w *batch.Writer) (err error) {
	if g.prometheus != "" {
		page, cancel := context.WithTimeout(ctx, g.every)
		defer cancel()
		err = scrape(page, g.prometheus, w)
	}
	var s hostproc.Sample
	return errors.Join(err, g.sampler.Read(&s, time.Now()), g.statsd.write(ctx, w, time.Now()), batch.WriteStructs(ctx, w, nil, s.CPUs),
		batch.WriteStructs(ctx, w, nil, s.Disks), batch.WriteStructs(ctx, w, nil, s.Networks))
}
