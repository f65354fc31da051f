// Command influxd runs InfluxDB 1.8.10 for a parent process. It prints the server's URL as
// its only line on standard output. It stops when its standard input closes, so it cannot
// outlive its parent.
//
//	influxd [-addr 127.0.0.1:0] [-dir DIR] [-until-signal]
//
// Without -dir the data is in a fresh directory, which is removed at the end. With
// -until-signal it does not read standard input: its parent stops it with SIGTERM.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/pointwire/pointwire/itest"
)

func main() {
	var cfg itest.Config
	flag.StringVar(&cfg.Addr, "addr", "127.0.0.1:0", "TCP `address` of the HTTP service")
	flag.StringVar(&cfg.Dir, "dir", "", "`directory` of the data, kept; a fresh one by default")
	untilSignal := flag.Bool("until-signal", false, "ignore standard input")
	flag.Parse()
	if err := run(cfg, *untilSignal); err != nil {
		fmt.Fprintln(os.Stderr, "influxd:", err)
		os.Exit(1)
	}
}

// run serves until standard input closes, unless that is ignored, or a signal arrives.
func run(cfg itest.Config, untilSignal bool) error {
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt, syscall.SIGTERM)

	s, err := itest.Start(cfg)
	if err != nil {
		return err
	}
	fmt.Println(s.URL())

	closed := make(chan struct{})
	if !untilSignal {
		go func() {
			defer close(closed)
			io.Copy(io.Discard, os.Stdin)
		}()
	}
	select {
	case <-closed:
	case <-end:
	}
	return s.Close()
}
