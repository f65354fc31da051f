// Relay accepts line protocol from any InfluxDB client, checks each line, and sends it on
// through one Writer per database. Clients get their response at once, the server gets few
// large requests, and the lines wait while the server is down.
//
//	go run ./examples/relay -url http://127.0.0.1:8086 -to telegraf -to app/week
//
// It serves /write and /api/v2/write, uncompressed or gzip, /ping and /health. Each -to names
// a database, with a retention policy after a slash. Clients of 1.x name it in db and rp,
// clients of 2.x in bucket; any other database is "not found". Memory is bounded: -memory
// for the lines of each database, and about three times -max-body for each of -bodies. A
// slow client occupies one of the bodies for a minute at most.
//
// 204 means that the Writer holds every line in memory and sends it until the server has
// stored or refused it. With -spool it means that the lines are on disk: neither a crash of
// the relay nor an outage of any length takes them, and the next relay goes on. With -wait
// it means that the server has stored every line. The
// response names lines that the relay refuses; the others are accepted. Lines that the
// server refuses later go to a file in the directory -dead, or with -wait into the response.
// Lines that a stopping relay cannot send within -drain go to that file, too. If no memory
// becomes free within -patience, the response is 503 with Retry-After. Some lines of that
// body may be sent all the same; a client that repeats the body stores them once if they
// have timestamps.
//
// The relay stamps lines without a timestamp, each with a time of its own, and sends
// nanoseconds. It refuses lines of more than 1 MiB, and lines that servers read in different
// ways. It checks the consistency of a request, but sends its own; it ignores org.
//
// Secrets are in the environment: RELAY_URL is the default of -url, with the relay's own
// credentials for the server. If RELAY_USER and RELAY_PASSWORD, or RELAY_TOKEN, are set,
// clients need them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := config{
		url: os.Getenv("RELAY_URL"), user: os.Getenv("RELAY_USER"),
		password: os.Getenv("RELAY_PASSWORD"), token: os.Getenv("RELAY_TOKEN"), log: log.Default(),
	}
	addr := flag.String("addr", "127.0.0.1:8087", "address to listen on")
	drain := flag.Duration("drain", 30*time.Second, "time for sending what is left when it stops")
	flag.StringVar(&c.url, "url", c.url, "server, as fastclient.Open takes it")
	flag.Func("to", "database or database/policy to accept lines for; may be repeated", func(name string) error {
		c.to = append(c.to, name)
		return nil
	})
	flag.BoolVar(&c.wait, "wait", false, "respond when the server has stored the lines")
	flag.StringVar(&c.spool, "spool", "", "directory for lines on disk; by default they are in memory only")
	flag.Int64Var(&c.spoolBytes, "spool-bytes", 4<<30, "largest size of the lines of one database on disk")
	flag.DurationVar(&c.patience, "patience", 10*time.Second, "how long a request waits for room, or for the server")
	flag.IntVar(&c.maxBody, "max-body", 25_000_000, "largest body in bytes, also when decompressed")
	flag.IntVar(&c.bodies, "bodies", 8, "bodies in memory at a time")
	flag.IntVar(&c.memory, "memory", 64<<20, "bytes for the lines of one database")
	flag.StringVar(&c.dead, "dead", "relay-dead", "directory for lines that were refused or not sent")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(ctx, c, *addr, *drain); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Then it finishes open requests and sends the lines that it
// holds, until drain is over or another interrupt comes.
func run(ctx context.Context, c config, addr string, drain time.Duration) error {
	r, err := newRelay(c)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return errors.Join(err, r.close(ctx))
	}
	srv := &http.Server{
		Handler: r.handler(), ErrorLog: c.log,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	c.log.Printf("listening on http://%s", l.Addr())
	select {
	case <-ctx.Done():
	case err = <-served:
	}
	r.closing.Store(true)
	last, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	last, stop := signal.NotifyContext(last, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return errors.Join(err, srv.Shutdown(last), r.close(last))
}
