package pwjetstream_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	pwjetstream "github.com/pointwire/pointwire/adapters/jetstream"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
)

// startJetStream starts a server and connects to it. A program connects to one that runs.
func startJetStream() (js jetstream.JetStream, stop func()) {
	dir, err := os.MkdirTemp("", "jetstream")
	if err != nil {
		log.Fatal(err)
	}
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, MaxPayload: 8 << 20, NoSigs: true, NoLog: true})
	if err != nil {
		log.Fatal(err)
	}
	s.Start()
	s.ReadyForConnections(20 * time.Second)
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		log.Fatal(err)
	}
	if js, err = jetstream.New(nc); err != nil {
		log.Fatal(err)
	}
	return js, func() {
		nc.Close()
		s.Shutdown()
		s.WaitForShutdown()
		os.RemoveAll(dir)
	}
}

// A collector writes to a stream, and a forwarder writes what is in it to InfluxDB. They are
// two programs; this is both.
func Example() {
	js, stop := startJetStream()
	defer stop()
	influxdb := startStore()
	defer influxdb.Close()
	client, err := fastclient.New(fastclient.Options{Addr: influxdb.URL, Database: "mydb"})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, c := range []jetstream.StreamConfig{
		{Name: "points", Subjects: []string{"points"}, Retention: jetstream.WorkQueuePolicy}, // Replicas: 3 in a cluster
		{Name: "dead", Subjects: []string{"dead.points"}},
	} {
		if _, err := js.CreateStream(ctx, c); err != nil {
			log.Fatal(err)
		}
	}

	// The collector.
	sink, err := pwjetstream.NewSink(ctx, js, pwjetstream.SinkOptions{Subject: "points"})
	if err != nil {
		log.Fatal(err)
	}
	writer, err := batch.NewWriter(client, batch.Options{Sink: sink})
	if err != nil {
		log.Fatal(err)
	}
	if err := writer.Append(ctx, []byte("cpu,host=a load=1 1\ncpu,host=a load=2 2\n")); err != nil {
		log.Print(err)
	}
	fmt.Println(writer.Close(ctx), sink.Stats().Published.Lines, "lines in the stream,", influxdb.count(), "stored")

	// The forwarder.
	f, err := pwjetstream.NewForwarder(ctx, js, client, pwjetstream.ForwarderOptions{
		Stream: "points", Durable: "forwarders", DeadLetter: "dead.points",
		OnError: func(err error) { log.Print(err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	for f.Stats().Acked.Lines < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	fmt.Println(<-ended, influxdb.count(), "stored")
	// Output:
	// <nil> 2 lines in the stream, 0 stored
	// context canceled 2 stored
}

// A stream that may lose messages is refused, with the reason.
func ExampleOptionError() {
	js, stop := startJetStream()
	defer stop()
	ctx := context.Background()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "points", Subjects: []string{"points"}, MaxAge: time.Hour}); err != nil {
		log.Fatal(err)
	}
	_, err := pwjetstream.NewSink(ctx, js, pwjetstream.SinkOptions{Subject: "points"})
	var option *pwjetstream.OptionError
	fmt.Println(errors.As(err, &option))
	fmt.Println(err)
	// Output:
	// true
	// pwjetstream: SinkOptions.Subject is in stream points, which discards messages by their age (MaxAge)
}
