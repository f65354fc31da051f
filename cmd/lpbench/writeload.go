package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/load"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/stat"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

var writeHelp = help{
	synopsis: "write -url URL [flags]",
	about: `
Writes trades of the guide to a server through the batching Writer, and says how
many it took per second and how long until they were stored. Each worker encodes
a batch, appends it and waits for the server's verdict; then the points are
counted on the server. With -rate, a request has at most a tenth of a second's
points unless -batch says otherwise, and latency counts from the moment at which a
batch was to be sent, whether or not the one before had its response: a server
that hangs is not spared the batches that had to wait.

The points go into a database of their own, dropped at the end. The exit status
is 1 if a point was refused or lost, or the server counts other than it said.`,
	examples: `
go run ./cmd/lpbench write -url http://127.0.0.1:8086
go run ./cmd/lpbench write -url http://127.0.0.1:8086 -rate 200000 -workers 4 -duration 1m
go run ./cmd/lpbench write -url unix:///run/influxdb.sock -batch 1000 -json write.json`,
}

// errCount is the end of a load whose points are not all there.
var errCount = errors.New("the server does not hold what it acknowledged")

// A writer makes batches of points that are all different.
type writer struct {
	to     []*batch.Writer // of each worker, so that none waits for another's batch
	schema *lp.Schema[workload.Trade]
	trades []workload.Trade
	batch  int
	first  int64 // timestamp of point 0
	next   atomic.Int64
	lines  [][]byte // buffer of each worker
}

// writeLoad writes to a server for a while.
func writeLoad(ctx context.Context, c console, args []string) (err error) {
	var o loadOptions
	f := flags("write")
	o.define(f, "`points`")
	batch := f.Int("batch", batchLines, "`points` per request")
	rest, err := parse(c, f, writeHelp, args)
	if err != nil {
		return err
	}
	if err := o.check(f, rest); err != nil {
		return err
	}
	if *batch < 1 || *batch > 1_000_000 {
		return usage("-batch must be between 1 and 1,000,000")
	}
	if o.rate > 0 {
		chosen := false
		f.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "batch" })
		if !chosen {
			*batch = max(1, min(*batch, int(o.rate/10))) // ten requests a second
		}
		if o.rate*o.duration.Seconds() < float64(*batch) {
			return usage("-rate and -duration make less than a request of %d points: lower -batch", *batch)
		}
	}
	t, err := o.prepare(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.end(c, t)) }()
	w, err := newWriter(t, *batch, o.workers)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s: %d workers, %s points a request, %s%s\n\n", t.server, o.workers, term.Number(int64(*batch)), compression(o.url), paced(o.rate, "points"))
	tick, end := o.follow(c, "writing", "points", *batch)
	var out load.Outcome
	spent, err := measure.Once(func() error {
		out = load.Run(ctx, load.Options{Workers: o.workers, Rate: o.rate / float64(*batch), Duration: o.duration, Grace: grace, Tick: tick}, w.write)
		// Also after an interrupt: what was taken is sent.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		return w.close(ctx)
	})
	end()
	return errors.Join(err, w.report(ctx, c, &o, t, &out, spent))
}

func paced(rate float64, unit string) string {
	if rate == 0 {
		return ", as fast as it responds"
	}
	return fmt.Sprintf(", %s %s/s", term.Figure(rate), unit)
}

func newWriter(t *target, size, workers int) (*writer, error) {
	schema, err := lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: t.measurement})
	if err != nil {
		return nil, err
	}
	w := &writer{schema: schema, trades: workload.Trades(max(100_000, size), 1), batch: size, first: time.Now().UnixNano(), lines: make([][]byte, workers)}
	const longest = 256 // bytes of a trade's line, and more
	for range workers {
		to, err := batch.NewWriter(t.Client, batch.Options{
			BatchLines: size, BatchBytes: max(1<<20, size*longest), MaxInFlight: 1,
			MaxMemory: max(16<<20, 4*max(1<<20, size*longest)),
			Isolate:   batch.IsolateNone, // a request is measured, not a search
		})
		if err != nil {
			return nil, errors.Join(err, w.close(context.Background()))
		}
		w.to = append(w.to, to)
	}
	return w, nil
}

// close closes the Writers, all at once.
func (w *writer) close(ctx context.Context) error {
	errs := make([]error, len(w.to))
	var all sync.WaitGroup
	for i, to := range w.to {
		all.Go(func() { errs[i] = to.Close(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// A tally is what the Writers of all workers came to.
type tally struct {
	appended, acked, rejected, dropped     uint64 // lines
	uncertain                              uint64 // too
	requests, retried, rawBytes, wireBytes uint64
}

func (w *writer) tally() (t tally) {
	for _, to := range w.to {
		s := to.Stats()
		t.appended += s.Appended.Lines
		t.acked += s.Acked.Lines
		t.rejected += s.Rejected.Lines
		t.uncertain += s.Uncertain.Lines
		t.dropped += s.Dropped.Lines
		t.requests += s.Requests
		t.retried += s.Retried
		t.rawBytes += s.RawBytes
		t.wireBytes += s.WireBytes
	}
	return t
}

// write is one operation: a batch and its verdict. The points are the trades
// over and over, each a nanosecond after the one before.
func (w *writer) write(ctx context.Context, worker int) (err error) {
	from := w.next.Add(int64(w.batch)) - int64(w.batch)
	lines := w.lines[worker][:0]
	for i := from; i < from+int64(w.batch); i++ {
		trade := w.trades[i%int64(len(w.trades))]
		trade.Timestamp = w.first + i
		if lines, err = w.schema.Append(lines, &trade); err != nil {
			return err
		}
	}
	w.lines[worker] = lines
	if err := w.to[worker].Append(ctx, lines); err != nil {
		return err
	}
	return w.to[worker].Flush(ctx)
}

// report counts on the server and prints what the load came to.
func (w *writer) report(ctx context.Context, c console, o *loadOptions, t *target, out *load.Outcome, spent measure.Cost) error {
	s := w.tally()
	seconds := out.Took.Seconds()
	table := term.Table{Head: []string{"points", "", "per second"}, Colour: c.colour}
	table.Add("appended", term.Number(int64(s.appended)), term.Number(int64(float64(s.appended)/seconds)))
	table.Add("acknowledged", term.Number(int64(s.acked)), term.Number(int64(float64(s.acked)/seconds)))
	table.Add("rejected", term.Number(int64(s.rejected)))
	if s.uncertain > 0 {
		table.Add("uncertain", term.Number(int64(s.uncertain)))
	}
	table.Add("dropped", term.Number(int64(s.dropped)))
	if err := table.Write(c.out); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\n%s requests, %s of them again; %s MB of lines, %s MB on the wire, %s MB/s of lines\n",
		term.Number(int64(s.requests)), term.Number(int64(s.retried)), term.Figure(float64(s.rawBytes)/1e6), term.Figure(float64(s.wireBytes)/1e6), term.Figure(float64(s.rawBytes)/1e6/seconds))
	points := max(1, float64(s.acked))
	fmt.Fprintf(c.out, "%s ns CPU and %s allocations per point in this process\n\n", term.Figure(float64(spent.CPU)/points), term.Count(float64(spent.Allocs)/points))
	if err := loadTable(c, []string{"schedule to stored", "start to stored"}, []*stat.Histogram{&out.Response, &out.Service}); err != nil {
		return err
	}
	failed := o.remarks(c, out, "batches")
	held, err := t.count(ctx, int64(s.acked))
	if err != nil {
		return errors.Join(failed, fmt.Errorf("counting on the server: %w", err))
	}
	same := held == int64(s.acked)
	verdict := "as acknowledged"
	if !same {
		verdict = "NOT as acknowledged"
	}
	fmt.Fprintf(c.out, "\ncounted on the server: %s points, %s\n", term.Number(held), verdict)
	r := &results.Report{Environment: results.Here(time.Now()), Results: []results.Result{{
		Suite: "load", Case: "write", Contender: "pointwire-writer", Version: "this tree", Unit: "point", Rounds: 1,
		Ns: float64(out.Took) / points, CPU: float64(spent.CPU) / points, MBps: float64(s.rawBytes) / 1e6 / seconds,
		BytesPer: float64(spent.Bytes) / points, Allocs: float64(spent.Allocs) / points, Latency: latency(&out.Response),
	}}}
	r.Environment.Set("server", t.server)
	r.Environment.Set("load_flags", o.flags)
	err = errors.Join(failed, o.keep.keep(r))
	if !same {
		err = errors.Join(err, errCount)
	}
	return err
}
