package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/load"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/influxql"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/stat"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

var queryHelp = help{
	synopsis: "query -url URL [flags]",
	about: `
Queries a server again and again, reads every row, and says how many it gave per
second and how long that took. Without -q it first writes trades of the guide,
counts them on the server, and expects as many rows in each response. With -rate,
latency counts from the moment at which a query was to be sent, whether or not
the one before had its response.

To measure how responses are decoded, without a server: lpbench compare query.`,
	examples: `
go run ./cmd/lpbench query -url http://127.0.0.1:8086
go run ./cmd/lpbench query -url http://127.0.0.1:8086 -rate 20 -workers 4 -duration 1m
go run ./cmd/lpbench query -url http://127.0.0.1:8086 -database telegraf -q 'SELECT mean(usage_user) FROM cpu WHERE time > now() - 1h GROUP BY host'`,
}

// errRows is the end of a load whose responses do not hold what was stored.
var errRows = errors.New("responses do not hold as many rows as the server counts")

// A reader asks the same over and over.
type reader struct {
	c       *fastclient.Client
	q       string
	options []fastclient.QueryOption

	mu          sync.Mutex
	first       stat.Histogram // until the first row
	rows, bytes int64
	least, most int64 // rows of a response
}

// queryLoad queries a server for a while.
func queryLoad(ctx context.Context, c console, args []string) (err error) {
	var o loadOptions
	f := flags("query")
	o.define(f, "`queries`")
	q := f.String("q", "", "the `query`, in place of all of its own points; needs -database")
	points := f.Int("points", 10_000, "`number` of points to write first, and to read with each query")
	chunk := f.Int("chunk", 10_000, "`rows` of a chunk of the response; 0 is a response in one piece")
	rest, err := parse(c, f, queryHelp, args)
	if err != nil {
		return err
	}
	if err := o.check(f, rest); err != nil {
		return err
	}
	switch {
	case *q != "" && o.database == "":
		return usage("-q needs the -database to query")
	case *points < 1 || *chunk < 0:
		return usage("-points must be at least 1, -chunk at least 0")
	}
	t, err := o.prepare(ctx, c)
	if err != nil {
		return err
	}
	if *q != "" {
		t.drop = func() error { return nil } // nothing of its own
		o.keepData = false
	}
	defer func() { err = errors.Join(err, o.end(c, t)) }()
	r := &reader{c: t.Client, q: *q, least: math.MaxInt64, options: []fastclient.QueryOption{fastclient.Epoch(fastclient.Nanosecond), fastclient.Unchunked()}}
	if *chunk > 0 {
		r.options[1] = fastclient.Chunked(*chunk)
	}
	want := int64(-1)
	if r.q == "" {
		if want, err = fillTarget(ctx, c, t, *points); err != nil {
			return err
		}
		r.q = "SELECT * FROM " + string(influxql.AppendIdent(nil, t.measurement))
	}
	fmt.Fprintf(c.out, "%s: %d workers, responses not compressed%s\n%s\n\n", t.server, o.workers, paced(o.rate, "queries"), r.q)
	tick, end := o.follow(c, "querying", "queries", 1)
	var out load.Outcome
	spent, _ := measure.Once(func() error {
		out = load.Run(ctx, load.Options{Workers: o.workers, Rate: o.rate, Duration: o.duration, Grace: grace, Tick: tick}, r.read)
		return nil
	})
	end()
	return r.report(c, &o, t, &out, spent, want)
}

// fillTarget writes points and returns how many of them the server counts.
func fillTarget(ctx context.Context, c console, t *target, points int) (int64, error) {
	schema, err := lp.NewSchema[workload.Trade](lp.SchemaOptions{Measurement: t.measurement})
	if err != nil {
		return 0, err
	}
	trades := workload.Trades(points, 1)
	bar := c.progress.Start("writing points to read", points)
	defer bar.End()
	for i := 0; i < len(trades); i += batchLines {
		part := trades[i:min(i+batchLines, len(trades))]
		if err := fastclient.WriteStructs(ctx, t.Client, schema, part); err != nil {
			return 0, err
		}
		bar.Add(len(part))
	}
	n, err := t.count(ctx, int64(points))
	if err == nil && n != int64(points) {
		err = fmt.Errorf("%w: %d written, %d counted", errCount, points, n)
	}
	return n, err
}

// read is one operation: a query and all rows of its response.
func (r *reader) read(ctx context.Context, _ int) error {
	began := time.Now()
	response, err := r.c.Query(ctx, r.q, r.options...)
	if err != nil {
		return err
	}
	defer response.Close()
	var first time.Duration
	var rows int64
	for row, err := range response.Rows() {
		if err != nil {
			return err
		}
		if rows == 0 {
			first = time.Since(began)
		}
		for i := range row.Len() {
			_ = row.Cell(i)
		}
		rows++
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if rows > 0 {
		r.first.Add(first)
	}
	r.rows += rows
	r.bytes += response.Scanner().Offset()
	r.least, r.most = min(r.least, rows), max(r.most, rows)
	return nil
}

// report prints what the load came to. want is how many rows a response should
// have, -1 if nobody knows.
func (r *reader) report(c console, o *loadOptions, t *target, out *load.Outcome, spent measure.Cost, want int64) error {
	seconds := out.Took.Seconds()
	table := term.Table{Head: []string{"", "", "per second"}, Colour: c.colour}
	table.Add("queries", term.Number(int64(out.Done)), term.Figure(float64(out.Done)/seconds))
	table.Add("rows", term.Number(r.rows), term.Number(int64(float64(r.rows)/seconds)))
	table.Add("MB", term.Figure(float64(r.bytes)/1e6), term.Figure(float64(r.bytes)/1e6/seconds))
	if err := table.Write(c.out); err != nil {
		return err
	}
	rows := max(1, float64(r.rows))
	per, unit := rows, "row"
	if r.rows == 0 {
		per, unit = max(1, float64(out.Done)), "query"
	}
	fmt.Fprintf(c.out, "\n%s ns CPU and %s allocations per %s in this process\n\n", term.Figure(float64(spent.CPU)/per), term.Count(float64(spent.Allocs)/per), unit)
	kinds := []string{"schedule to last row", "start to last row", "start to first row"}
	if err := loadTable(c, kinds, []*stat.Histogram{&out.Response, &out.Service, &r.first}); err != nil {
		return err
	}
	err := o.remarks(c, out, "queries")
	switch {
	case out.Done == 0:
	case want < 0 && r.least == r.most:
		fmt.Fprintf(c.out, "\neach response had %s rows\n", term.Number(r.most))
	case want < 0:
		fmt.Fprintf(c.out, "\nresponses had %s to %s rows\n", term.Number(r.least), term.Number(r.most))
	case r.least != want || r.most != want:
		fmt.Fprintf(c.out, "\nresponses had %s to %s rows, the server counts %s\n", term.Number(r.least), term.Number(r.most), term.Number(want))
		err = errors.Join(err, errRows)
	default:
		fmt.Fprintf(c.out, "\neach response had %s rows, as the server counts\n", term.Number(want))
	}
	report := &results.Report{Environment: results.Here(time.Now()), Results: []results.Result{{
		Suite: "load", Case: "query", Contender: "pointwire", Version: "this tree", Unit: "row", Rounds: 1,
		Ns: float64(out.Took) / rows, CPU: float64(spent.CPU) / rows, MBps: float64(r.bytes) / 1e6 / seconds,
		BytesPer: float64(spent.Bytes) / rows, Allocs: float64(spent.Allocs) / rows, Latency: latency(&out.Response),
	}}}
	report.Environment.Set("server", t.server)
	report.Environment.Set("load_flags", o.flags)
	return errors.Join(err, o.keep.keep(report))
}
