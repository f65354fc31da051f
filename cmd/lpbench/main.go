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
// other libraries.
//
//	-url URL    use this server, in the form that fastclient.Open takes, with
//	            a database of its own that is dropped at the end
//	-quick      start no child: an in-process server replays recorded answers
//	-roundtrip  leave out the comparison with other libraries
//	-trades N   so many trades instead of 100,000
//	-json FILE  write the results of the comparison as JSON lines
//
// The exit status is 1 if a value came back changed or anything failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, newProgress(os.Stderr), colour(os.Stdout))
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "lpbench:", err)
		os.Exit(1)
	}
}

type options struct {
	url, json, record string
	quick, onlyTrip   bool
	trades, points    int
	database          string
	count             int
	benchtime         time.Duration
	bold              bool
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("lpbench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.url, "url", "", "use the server at this `URL` instead of a child")
	f.BoolVar(&o.quick, "quick", false, "start no child: replay recorded answers")
	f.BoolVar(&o.onlyTrip, "roundtrip", false, "leave out the comparison with other libraries")
	f.IntVar(&o.trades, "trades", 100_000, "`number` of trades to write")
	f.IntVar(&o.points, "counters", 20_000, "least `number` of points of this host's counters")
	f.IntVar(&o.count, "count", 5, "`rounds` of the comparison")
	f.DurationVar(&o.benchtime, "benchtime", 5*time.Millisecond, "least `time` of a contender's turn")
	f.StringVar(&o.json, "json", "", "write the comparison to this `file`, a JSON object per line")
	f.StringVar(&o.record, "record", "", "keep the answers for -quick in this `directory`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", f.Arg(0))
	case o.trades < 1 || o.points < 0 || o.count < 1:
		err = errors.New("-trades and -count must be at least 1, -counters at least 0")
	case o.quick && (o.url != "" || o.record != ""):
		err = errors.New("-quick needs no server: it goes with neither -url nor -record")
	}
	return o, err
}

func run(ctx context.Context, args []string, out io.Writer, p *progress, bold bool) error {
	o, err := parse(args, p.w)
	if err != nil {
		return err
	}
	o.bold = bold
	fmt.Fprintf(out, "pointwire on %s/%s, %d processors, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if o.quick {
		return replay(ctx, o, out, p)
	}
	root, err := checkout(ctx)
	if err != nil && o.url == "" {
		fmt.Fprintf(out, "%v: no server and no other library was run; this is -quick.\n\n", err)
		return replay(ctx, o, out, p)
	}
	dir, err := os.MkdirTemp("", "lpbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := live(ctx, o, root, dir, out, p); err != nil {
		return err
	}
	if o.onlyTrip || root == "" {
		return nil
	}
	return compare(ctx, o, root, dir, out, p)
}

// live makes the round trip with a real server.
func live(ctx context.Context, o options, root, dir string, out io.Writer, p *progress) (err error) {
	url := o.url
	if url == "" {
		file := filepath.Join(dir, "influxd")
		if err := build(ctx, root, "itest", "./cmd/influxd", file, p); err != nil {
			return err
		}
		s, err := startServer(ctx, file)
		if err != nil {
			return err
		}
		defer s.stop()
		url = s.url
	}
	c, err := open(url)
	if err != nil {
		return err
	}
	defer c.Close()
	pong, err := c.Ping(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "server: InfluxDB %s\n\n", pong.Version)
	// A name of its own: an existing server's data is not touched.
	database := fmt.Sprintf("lpbench_%d_%d", os.Getpid(), time.Now().UnixNano())
	if err := c.CreateDatabase(ctx, database); err != nil {
		return err
	}
	defer func() {
		// Also after an interrupt.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, c.DropDatabase(ctx, database))
	}()
	points := o.points
	if o.record != "" {
		points = 0 // the counters differ from run to run
	}
	kinds, err := gather(points, o.trades, p)
	if err != nil {
		return err
	}
	view := c.WithDatabase(database)
	legs, err := roundTrip(ctx, view, kinds, out, p)
	if err != nil {
		return err
	}
	if o.record != "" {
		return record(ctx, view, kinds, o.record)
	}
	return report(out, kinds, legs, o.bold)
}

// open returns a client for url that packs what it writes.
func open(rawURL string) (*fastclient.Client, error) {
	u, err := withGzip(rawURL)
	if err != nil {
		return nil, err
	}
	return fastclient.Open(u)
}
