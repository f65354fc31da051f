package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/load"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/stat"
)

// loadOptions are the flags that both loads have.
type loadOptions struct {
	url, database string
	rate          float64
	workers       int
	duration      time.Duration
	keepData      bool
	keep          keepOptions
	flags         string // those that were given, for the report
}

func (o *loadOptions) define(f *flag.FlagSet, per string) {
	f.StringVar(&o.url, "url", "", "the server's `URL`, in the form that fastclient.Open takes; required")
	f.StringVar(&o.database, "database", "", "use this existing `database` and a measurement of its own in it, instead of a database of its own")
	f.Float64Var(&o.rate, "rate", 0, per+" per second, of all workers together; 0 is as fast as the server responds")
	f.IntVar(&o.workers, "workers", 2, "`number` of requests at once")
	f.DurationVar(&o.duration, "duration", 10*time.Second, "how `long`; an interrupt ends it sooner, in good order")
	f.BoolVar(&o.keepData, "keep", false, "leave the points where they are at the end")
	f.StringVar(&o.keep.json, "json", "", "write what was measured to this `file`")
}

func (o *loadOptions) check(f *flag.FlagSet, rest []string) error {
	o.flags = given(f, "url", "database", "rate", "workers", "duration", "keep", "batch", "q", "points", "chunk")
	switch {
	case len(rest) > 0:
		return usage("unexpected argument %q", rest[0])
	case o.url == "":
		return usage("-url is required: the server to load")
	case o.rate < 0 || o.workers < 1 || o.duration <= 0:
		return usage("-rate must be at least 0, -workers at least 1, -duration above 0")
	}
	return o.keep.check()
}

// grace is how long requests under way may still take after an interrupt.
const grace = 10 * time.Second

// A target is a server under load, with a place of its own for points.
type target struct {
	*fastclient.Client
	server      string
	measurement string
	drop        func() error
}

// prepare opens the server and makes the place.
func (o *loadOptions) prepare(ctx context.Context, con console) (t *target, err error) {
	c, err := open(o.url)
	if err != nil {
		return nil, err
	}
	warnOfLoad(con)
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	pong, err := c.Ping(ctx)
	if err != nil {
		return nil, err
	}
	t = &target{server: "InfluxDB " + pong.Version, measurement: "Trade"}
	if o.database != "" {
		t.Client = c.WithDatabase(o.database)
		t.measurement = fmt.Sprintf("lpbench_%d", time.Now().UnixNano())
		t.drop = func() error {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			return admin.DropMeasurement(ctx, t.Client, t.measurement)
		}
	} else if t.Client, t.drop, err = ownDatabase(ctx, c); err != nil {
		return nil, err
	}
	t.Client = t.WithPrecision(fastclient.Nanosecond)
	return t, nil
}

// end removes the points, or says where they are, and closes the client.
func (o *loadOptions) end(c console, t *target) error {
	if o.keepData {
		fmt.Fprintf(c.out, "\nkept: measurement %s in database %s\n", t.measurement, t.Database())
		return t.Close()
	}
	return errors.Join(t.drop(), t.Close())
}

// countPause is the time between two counts.
var countPause = 250 * time.Millisecond

// count returns how many points the server holds. A server may take a while
// until it shows what it has stored: it is asked until it shows as many as it
// should, 20 times.
func (t *target) count(ctx context.Context, want int64) (n int64, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	q := append([]byte(`SELECT count("size") FROM `), influxql.AppendIdent(nil, t.measurement)...)
	again := time.NewTicker(countPause)
	defer again.Stop()
	for range 20 {
		if n, err = t.countOnce(ctx, string(q)); err != nil || n >= want {
			return n, err
		}
		<-again.C
	}
	return n, nil
}

func (t *target) countOnce(ctx context.Context, q string) (n int64, err error) {
	r, err := t.Query(ctx, q)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for row, err := range r.Rows() {
		if err != nil {
			return 0, err
		}
		if n, err = row.Int(1); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// loadTable prints the latencies of a load.
func loadTable(c console, kinds []string, histograms []*stat.Histogram) error {
	t := term.Table{Head: []string{"latency", "count", "mean", "p50", "p90", "p99", "p99.9", "max"}, Colour: c.colour}
	for i, h := range histograms {
		t.Add(kinds[i], term.Number(int64(h.Count())), term.Duration(h.Mean()), term.Duration(h.Quantile(0.5)), term.Duration(h.Quantile(0.9)),
			term.Duration(h.Quantile(0.99)), term.Duration(h.Quantile(0.999)), term.Duration(h.Max()))
	}
	return t.Write(c.out)
}

func latency(h *stat.Histogram) *measure.Latency {
	return &measure.Latency{P50: int64(h.Quantile(0.5)), P90: int64(h.Quantile(0.9)), P99: int64(h.Quantile(0.99)),
		P999: int64(h.Quantile(0.999)), Max: int64(h.Max())}
}

// follow shows a load while it runs: unit is what an operation has so many of.
func (o *loadOptions) follow(c console, what, unit string, per int) (tick func(load.Outcome), end func()) {
	bar := c.progress.Start(what, int(o.duration/time.Millisecond))
	return func(out load.Outcome) {
		done := float64(out.Done) * float64(per)
		bar.Note(fmt.Sprintf("%s %s/s, p99 %s", term.Number(int64(done/out.Took.Seconds())), unit, term.Duration(out.Response.Quantile(0.99))))
		bar.Set(int(out.Took / time.Millisecond))
	}, bar.End
}

// remarks says what the figures do not: failures, and a rate that was not
// reached.
func (o *loadOptions) remarks(c console, out *load.Outcome, unit string) error {
	if out.Unsent > 0 {
		fmt.Fprintf(c.out, "\nthe rate was not reached: %s %s were due and had not begun at the end; their wait is in the latencies\n", term.Number(int64(out.Unsent)), unit)
	}
	if out.Failed > 0 {
		return fmt.Errorf("%d of %d %s failed, the first with: %w", out.Failed, out.Failed+out.Done, unit, out.Err)
	}
	return nil
}
