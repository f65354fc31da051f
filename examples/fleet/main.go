// Command fleet runs a fleet on one machine: 8 collectors, a cluster of three JetStream
// servers, 2 forwarders, and 2 InfluxDB 1.8.10 servers that divide the series. Each is a
// process of its own. Any of them may be killed: it is started again.
//
//	go run -C examples/fleet . -duration 10s -chaos
//
//	collector ─┐                                   ┌─ forwarder ─▶ InfluxDB 0
//	collector ─┼─▶ points.0, points.1 on 3 servers ┤            ╳
//	collector ─┘                                   └─ forwarder ─▶ InfluxDB 1
//
// At the end it waits until the stream is empty, reads every line back, and prints how many
// lines the collectors were promised and how many are stored. A line is promised when its
// append has returned: it is on the disk of the collector then, see batch.WriteAhead.
//
// With -url the lines go to servers that exist, in a database that is made if it does not exist.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Settings are what all processes know. The first one gives them to the others in their
// environment.
type Settings struct {
	Dir        string   // where everything is kept
	Nodes      []string // addresses of the JetStream servers for clients
	Routes     []string // and for each other
	Servers    []string // URLs of the InfluxDB servers, the shards
	Collectors int
	Forwarders int
	Rate       int // lines/s of a collector
}

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(runRole(role))
	}
	o := Options{Out: os.Stdout}
	flag.DurationVar(&o.Duration, "duration", time.Minute, "how long the collectors write")
	flag.BoolVar(&o.Chaos, "chaos", false, "kill a process at random every second")
	flag.Uint64Var(&o.Seed, "seed", uint64(time.Now().UnixNano()), "of the choices of -chaos")
	flag.IntVar(&o.Collectors, "collectors", 8, "number of collectors")
	flag.IntVar(&o.Forwarders, "forwarders", 2, "number of forwarders")
	flag.IntVar(&o.Rate, "rate", 2000, "lines/s of each collector")
	flag.StringVar(&o.Dir, "dir", "", "`directory` for everything, which must not exist; by default one that is removed at the end")
	urls := flag.String("url", "", "`URLs` of InfluxDB servers that exist, separated by commas; by default two are started")
	flag.Parse()
	if *urls != "" {
		o.Servers = strings.Split(*urls, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := Run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}
