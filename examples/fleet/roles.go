package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/itest"
)

// This file has the processes that keep nothing of their own: JetStream servers, InfluxDB
// servers, and forwarders.

// database is where all lines go.
const database = "fleet"

// runNode is one server of the JetStream cluster.
func runNode(ctx context.Context, s *Settings, i int) error {
	host, port, err := splitAddr(s.Nodes[i])
	if err != nil {
		return err
	}
	_, route, err := splitAddr(s.Routes[i])
	if err != nil {
		return err
	}
	o := &server.Options{
		ServerName: fmt.Sprint("node", i), Host: host, Port: port, JetStream: true, StoreDir: filepath.Join(s.Dir, fmt.Sprint("node", i)),
		Cluster: server.ClusterOpts{Name: "fleet", Host: host, Port: route}, MaxPayload: 8 << 20, NoSigs: true,
		Routes: server.RoutesFromStr("nats://" + strings.Join(s.Routes, ",nats://")),
	}
	n, err := server.NewServer(o)
	if err != nil {
		return err
	}
	n.ConfigureLogger()
	n.Start()
	<-ctx.Done()
	n.Shutdown()
	n.WaitForShutdown()
	return nil
}

func splitAddr(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// runInfluxDB is one InfluxDB 1.8.10.
func runInfluxDB(ctx context.Context, s *Settings, i int) error {
	u, err := url.Parse(s.Servers[i])
	if err != nil {
		return err
	}
	d, err := itest.Start(itest.Config{Addr: u.Host, Dir: filepath.Join(s.Dir, fmt.Sprint("influxdb", i))})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return d.Close()
}

// connect returns JetStream on all nodes, as soon as one of them is there.
func connect(s *Settings) (jetstream.JetStream, func(), error) {
	nc, err := nats.Connect(strings.Join(s.Nodes, ","), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
		nats.ReconnectWait(100*time.Millisecond), nats.Timeout(2*time.Second))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(nc)
	return js, nc.Close, err
}

// again calls f until it succeeds or ctx ends.
func again[T any](ctx context.Context, f func(ctx context.Context) (T, error)) (T, error) {
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		v, err := f(try)
		cancel()
		if err == nil {
			return v, nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return v, errors.Join(ctx.Err(), err)
		}
	}
}

// subject is where the lines of a shard are published.
func subject(shard int) string { return fmt.Sprint("points.", shard) }

// clientOf returns a client of a server.
func clientOf(url string) (*fastclient.Client, error) {
	return fastclient.New(fastclient.Options{Addr: url, Database: database, Compression: fastclient.Compression{Always: true}})
}

// runForwarder forwards every shard to its server.
func runForwarder(ctx context.Context, s *Settings, _ int) error {
	js, closeAll, err := connect(s)
	if err != nil {
		return err
	}
	defer closeAll()
	ended := make(chan error, len(s.Servers))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for shard, url := range s.Servers {
		go func() {
			err := forwardShard(ctx, js, shard, url)
			cancel() // one that fails ends the process
			ended <- err
		}()
	}
	var errs []error
	for range s.Servers {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func forwardShard(ctx context.Context, js jetstream.JetStream, shard int, url string) error {
	c, err := clientOf(url)
	if err != nil {
		return err
	}
	defer c.Close()
	f, err := again(ctx, func(ctx context.Context) (*pwjetstream.Forwarder, error) {
		return pwjetstream.NewForwarder(ctx, js, c, pwjetstream.ForwarderOptions{
			Stream: "points", Durable: fmt.Sprint("shard", shard), FilterSubject: subject(shard), DeadLetter: "dead.points",
			AckWait: 3 * time.Second, TryFor: 2 * time.Second, OnError: func(err error) { log.Print(err) },
		})
	})
	if err != nil {
		return err
	}
	err = f.Run(ctx)
	log.Printf("shard %d: %+v", shard, f.Stats())
	return err
}
