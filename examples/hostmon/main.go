// Hostmon collects the counters of this host from /proc and writes them to InfluxDB. Read it
// first if you write a collector: a loop samples and appends, and a Writer does the rest.
//
//	go run ./examples/hostmon -url 'http://127.0.0.1:8086?database=hostmon'
//
// On a terminal it shows a status line. While the server is down, points go to a directory,
// -spool, and from there to the server when it is back, or when hostmon runs again. An
// interrupt stops it: it then sends what it has collected, within -patience and until
// another interrupt, and leaves the rest in the directory. Points that the server refuses
// go to the file given by -keep, as line protocol. The last line of the output says what
// became of every point.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/hostproc"
	"github.com/pointwire/pointwire/lp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m := monitor{out: os.Stdout, live: isTerminal(os.Stdout)}
	flag.StringVar(&m.url, "url", "http://127.0.0.1:8086?database=hostmon", "server and database")
	flag.DurationVar(&m.every, "every", time.Second, "time between samples")
	flag.DurationVar(&m.patience, "patience", 30*time.Second, "time for sending what is left when it stops")
	flag.StringVar(&m.spool, "spool", "hostmon-spool", "directory for points while the server is down; empty for none")
	flag.StringVar(&m.keep, "keep", "hostmon-unsent.lp", "file for points that were refused, or that neither server nor disk took")
	flag.StringVar(&m.sampler.Root, "proc", "/proc", "directory to read the counters from")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := m.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hostmon:", err)
		os.Exit(1)
	}
}

// A monitor samples until it is told to stop.
type monitor struct {
	url      string
	every    time.Duration
	patience time.Duration
	spool    string
	keep     string
	out      io.Writer
	live     bool // show the status line
	sampler  hostproc.Sampler
	sample   hostproc.Sample
	samples  int
}

// run samples until ctx ends and then sends or keeps what is left. It returns an error if
// points were lost or are in the file.
func (m *monitor) run(ctx context.Context) error {
	if m.every <= 0 {
		return errors.New("-every must be positive")
	}
	client, err := fastclient.Open(m.url)
	if err != nil {
		return err
	}
	defer client.Close()
	kept := &keeper{path: m.keep}
	defer kept.close()
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	o := batch.Options{
		// Every point has the name of this host.
		DefaultTags: []lp.Tag{{Key: "host", Value: host}},
		// Without a disk it is better to lose the oldest points than to stop.
		Overflow:   batch.DropOldest,
		DeadLetter: kept,
		OnMissing:  func(ctx context.Context) error { return client.CreateDatabase(ctx, client.Database()) },
	}
	if m.spool != "" {
		// An outage goes to disk. When that is full, the oldest points make room.
		o.Overflow = batch.Spill
		o.Spool = batch.SpoolOptions{Dir: m.spool, Options: spool.Options{MaxBytes: 256 << 20, WhenFull: spool.DropOldest}}
	}
	w, err := batch.NewWriter(client, o)
	if err != nil {
		return err
	}
	collectErr := m.collect(ctx, w)

	// ctx has ended, so sending what is left has a limit of its own.
	last, cancel := context.WithTimeout(context.Background(), m.patience)
	defer cancel()
	last, stop := signal.NotifyContext(last, os.Interrupt, syscall.SIGTERM)
	defer stop()
	closeErr := w.Close(last)
	if m.live {
		fmt.Fprintln(m.out)
	}
	var unsent *batch.UnsentError
	if errors.As(closeErr, &unsent) {
		for _, b := range unsent.Batches {
			kept.Put(&batch.LostLines{
				Data: b.Data, Lines: b.Lines, NotStored: b.Lines, Reason: batch.ReasonUnsent, Seq: b.Seq, Time: time.Now(),
			})
		}
	}
	var spooled *batch.SpooledError
	if errors.As(closeErr, &spooled) && unsent == nil && kept.lines == 0 && !errors.As(closeErr, new(*batch.BatchError)) {
		closeErr = nil // the next run sends them
	}
	s := w.Stats()
	fmt.Fprintf(m.out, "%d samples, %d points: %d stored, %d refused, %d dropped, %d pending",
		m.samples, s.Appended.Lines, s.Acked.Lines, s.Rejected.Lines, s.Dropped.Lines, s.Pending.Lines)
	if s.Recovered.Lines+s.Spooled.Lines > 0 {
		fmt.Fprintf(m.out, ", %d on disk of these and %d from before", s.Spooled.Lines, s.Recovered.Lines)
	}
	if s.Uncertain.Lines > 0 {
		fmt.Fprintf(m.out, ", %d stored or refused", s.Uncertain.Lines)
	}
	if kept.lines > 0 {
		fmt.Fprintf(m.out, "; %d lines are in %s", kept.lines, m.keep)
	}
	fmt.Fprintln(m.out)
	return errors.Join(collectErr, closeErr, kept.err)
}

// collect samples and appends until ctx ends.
func (m *monitor) collect(ctx context.Context, w *batch.Writer) error {
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	for {
		if err := m.sampler.Read(&m.sample, time.Now()); err != nil {
			return err
		}
		m.samples++
		if err := w.Encode(ctx, func(e *lp.Encoder) { encode(e, &m.sample) }); err != nil {
			fmt.Fprintln(os.Stderr, "hostmon:", err)
		}
		if m.live {
			fmt.Fprint(m.out, status(m.samples, m.sample.Points(), w.Stats()))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// status returns the status line.
func status(samples, points int, s batch.Stats) string {
	line := fmt.Sprintf("%d samples of %d points: %d stored, %d pending, %d refused, %d dropped",
		samples, points, s.Acked.Lines, s.Pending.Lines, s.Rejected.Lines+s.Uncertain.Lines, s.Dropped.Lines)
	if s.Down {
		line += fmt.Sprintf("; the server is down, next attempt in %v",
			max(0, time.Until(s.RetryAt)).Round(100*time.Millisecond))
	}
	return "\r" + line + "\x1b[K" // and clears the rest of the line
}

func isTerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}
