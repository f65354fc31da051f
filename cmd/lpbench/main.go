// Command lpbench proves and measures the whole way of points: from structs to
// a server and back.
//
//	go run ./cmd/lpbench [flags]
//
// It builds and starts a real InfluxDB 1.8.10 as a child, gathers this host's
// counters and 100,000 trades, writes them gzip'ed in batches of 5,000 lines,
// reads them back, and compares each value: floats by their bits, integers,
// strings, timestamps. It prints what each part cost this process: the server
// is another one. Then it builds the bench module and shows pointwire beside
// other libraries, and each goal of the design beside what was measured. The last
// lines answer what people ask of a client, for pointwire and the official ones.
//
// Parts of it, and what else there is, are commands:
//
//	lpbench roundtrip           the way there and back alone
//	lpbench compare [what…]     the comparison alone, or some suites or cases
//	lpbench encode              compare encode
//	lpbench write -url URL      write to a server for a while: rate and latency
//	lpbench query -url URL      query a server for a while: rate and latency
//	lpbench report FILE         show what -json kept, as tables or as a page
//	lpbench diff OLD NEW        say what differs between two files of -json
//	lpbench readme FILE…        fill the tables of Markdown files from -json
//	lpbench lint FILE…          say what is wrong with files of line protocol
//	lpbench send [FILE|-]…      send line protocol from files or a pipe to a server
//	lpbench export QUERY        write the response to a query as lines, CSV or Arrow IPC
//	lpbench spool DIR           show, check, extract or drop what a spool holds
//	lpbench replay DIR -url URL send what a spool holds to a server
//
// Each explains itself with -h. The exit status is 0 if all is well, 1 if a
// value came back changed, a total differs, diff -fail found something slower,
// lint or spool found a fault, replay left or lost lines, or anything failed, and 2 if
// the arguments make no sense. Those of send and export are 1 only if lines were refused, and 2 if
// they failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who interrupts a second time does not want to wait
	c := console{in: os.Stdin, out: os.Stdout, progress: term.NewProgress(os.Stderr), colour: term.Colour(os.Stdout)}
	err := run(ctx, c, os.Args[1:])
	stop()
	os.Exit(status(err, os.Stderr))
}

// A console is where a command speaks.
type console struct {
	in       io.Reader
	out      io.Writer
	progress *term.Progress
	colour   bool
}

// A usageError is about the arguments.
type usageError struct{ error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// status says what went wrong and returns the exit status.
func status(err error, stderr io.Writer) int {
	var u usageError
	var f failed
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &u):
		fmt.Fprintf(stderr, "lpbench: %v; -h says what there is\n", err)
		return 2
	}
	fmt.Fprintln(stderr, "lpbench:", err)
	if errors.As(err, &f) {
		return 2
	}
	return 1
}

// run runs the command that the first argument names, or the main job.
func run(ctx context.Context, c console, args []string) error {
	if len(args) > 0 {
		for _, cmd := range commands() {
			if cmd.name == args[0] {
				return cmd.run(ctx, c, args[1:])
			}
		}
		if !strings.HasPrefix(args[0], "-") {
			return noCommand(args[0])
		}
	}
	return everything(ctx, c, args)
}
