package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/page"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/internal/measure"
)

// options are the flags of the main job and of its parts.
type options struct {
	trip    tripOptions
	compare compareOptions
	quick   bool
	keep    keepOptions
}

// checkQuick refuses what -quick cannot honour: it has no server, and the points
// are those that were recorded.
func (o *options) checkQuick(f *flag.FlagSet) (err error) {
	f.Visit(func(f *flag.Flag) {
		if o.quick && slices.Contains([]string{"url", "record", "trades", "counters"}, f.Name) {
			err = usage("-%s does not go with -quick, which replays recorded responses about %d trades", f.Name, recordedTrades)
		}
	})
	return err
}

// keepOptions say where results are kept.
type keepOptions struct{ json, html, text string }

func (k *keepOptions) define(f *flag.FlagSet) {
	f.StringVar(&k.json, "json", "", "write what was measured to this `file`, a JSON object per line; in a directory to results-KIND.json, by the kind of processor")
	k.shown(f)
}

// shown defines the flags of forms that can be made from the file of -json as well.
func (k *keepOptions) shown(f *flag.FlagSet) {
	f.StringVar(&k.html, "html", "", "write a page with charts to this `file`")
	f.StringVar(&k.text, "benchtext", "", "write each round to this `file` as go test -bench prints it, for benchstat")
}

// check makes sure that the files can be written, before a long run rather than
// after it. What is in them stays until keep.
func (k *keepOptions) check() error {
	if info, err := os.Stat(k.json); err == nil && info.IsDir() {
		k.json = filepath.Join(k.json, results.FileName(results.Here(time.Now()).Kind()))
	}
	for flag, name := range map[string]string{"json": k.json, "html": k.html, "benchtext": k.text} {
		if name == "" {
			continue
		}
		_, missing := os.Stat(name)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			return fmt.Errorf("-%s: %w", flag, err)
		}
		if err := f.Close(); err != nil {
			return fmt.Errorf("-%s: %w", flag, err)
		}
		if missing != nil {
			os.Remove(name) // a run that fails leaves no empty file
		}
	}
	return nil
}

// keep writes the files that were asked for.
func (k *keepOptions) keep(r *results.Report) error {
	if k.json != "" {
		if err := r.WriteFile(k.json); err != nil {
			return err
		}
	}
	return errors.Join(
		create(k.html, func(f io.Writer) error { return page.Write(f, r) }),
		create(k.text, func(f io.Writer) error { return measure.WriteBenchText(f, r.Environment.Measured(), r.Results) }),
	)
}

// create writes a file, if it has a name.
func create(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

var everythingHelp = help{
	synopsis: "[flags]\n       lpbench roundtrip|compare|encode|write|query|report|diff|readme|lint [flags] …",
	about: `
Proves and measures the whole way of points. It starts a real InfluxDB as a
child, writes this host's counters and 100,000 trades, reads them back, proves
each value identical, and prints what each part cost. Then it measures pointwire
beside other libraries, and shows each goal of the design beside its figure. It
ends with a line for each question that people ask of a client: points and rows
per second per core, bytes on the wire, memory, for pointwire and the official
clients. lpbench COMMAND -h explains a command.`,
	examples: `
go run ./cmd/lpbench
go run ./cmd/lpbench -quick
go run ./cmd/lpbench -json run.json -html report.html
go run ./cmd/lpbench -url http://user:password@influx.example:8086
go run ./cmd/lpbench compare -count 9 encode query/trade
go run ./cmd/lpbench write -url http://127.0.0.1:8086 -rate 100000 -duration 1m`,
}

// everything is the main job.
func everything(ctx context.Context, c console, args []string) error {
	var o options
	f := flags("lpbench")
	o.trip.define(f)
	o.compare.define(f)
	o.keep.define(f)
	f.BoolVar(&o.quick, "quick", false, "start no child: replay recorded responses, measure beside the standard library")
	rest, err := parse(c, f, everythingHelp, args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return noCommand(rest[0])
	}
	if err := o.checkQuick(f); err != nil {
		return err
	}
	if err := errors.Join(o.trip.check(), o.compare.check(), o.keep.check()); err != nil {
		return err
	}
	r := &results.Report{Environment: results.Here(time.Now())}
	r.Environment.Set("roundtrip_flags", given(f, "quick", "url", "trades", "counters"))
	fmt.Fprintf(c.out, "pointwire on %s\n\n", r.Environment.Machine())
	warnOfLoad(c)
	if o.quick {
		return quickly(ctx, c, o, r)
	}
	root, err := checkout(ctx)
	if err != nil && o.trip.url == "" {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Fprintf(c.out, "%v: this is -quick. Not measured are the round trip with a real server and, beside other\nlibraries, %s.\n\n", err, suites)
		return quickly(ctx, c, o, r)
	}
	dir, err := os.MkdirTemp("", "lpbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	child := o.trip.url == ""
	stop, err := serve(ctx, c, &o.trip, root, dir)
	if err != nil {
		return err
	}
	defer stop()
	if child {
		o.compare.server = o.trip.url
	}
	if err := live(ctx, c, o.trip, r); err != nil {
		return err
	}
	switch {
	case o.trip.record != "":
	case root == "":
		fmt.Fprintf(c.out, "\n%v: beside other libraries, %s are not measured\n", errNoCheckout, suites)
	default:
		if err := compare(ctx, c, o.compare, nil, root, dir, r); err != nil {
			return err
		}
		if err := showWhole(c, r); err != nil {
			return err
		}
	}
	return o.keep.keep(r)
}

// quickly is the main job without a child.
func quickly(ctx context.Context, c console, o options, r *results.Report) error {
	r.Environment.Set("roundtrip_flags", "-quick")
	if err := replay(ctx, c, r); err != nil {
		return err
	}
	if err := quick(ctx, c, o.compare, r); err != nil {
		return err
	}
	return o.keep.keep(r)
}

var roundTripHelp = help{
	synopsis: "roundtrip [flags]",
	about: `
Writes this host's counters and trades of the guide to a server, reads them
back, proves each value identical, and prints what each part cost this process.`,
	examples: `
go run ./cmd/lpbench roundtrip
go run ./cmd/lpbench roundtrip -quick
go run ./cmd/lpbench roundtrip -url http://127.0.0.1:8086 -trades 1000000`,
}

// roundTripOnly is the way there and back without the comparison.
func roundTripOnly(ctx context.Context, c console, args []string) error {
	var o options
	f := flags("roundtrip")
	o.trip.define(f)
	o.keep.define(f)
	f.BoolVar(&o.quick, "quick", false, "start no child: replay recorded responses")
	rest, err := parse(c, f, roundTripHelp, args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return usage("unexpected argument %q", rest[0])
	}
	if err := o.checkQuick(f); err != nil {
		return err
	}
	if err := errors.Join(o.trip.check(), o.keep.check()); err != nil {
		return err
	}
	r := &results.Report{Environment: results.Here(time.Now())}
	r.Environment.Set("roundtrip_flags", given(f, "quick", "url", "trades", "counters"))
	if o.quick {
		if err := replay(ctx, c, r); err != nil {
			return err
		}
		return o.keep.keep(r)
	}
	root := ""
	if o.trip.url == "" {
		if root, err = checkout(ctx); err != nil {
			return fmt.Errorf("%w: there is no server to start; name one with -url, or use -quick", err)
		}
	}
	dir, err := os.MkdirTemp("", "lpbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	stop, err := serve(ctx, c, &o.trip, root, dir)
	if err != nil {
		return err
	}
	defer stop()
	if err := live(ctx, c, o.trip, r); err != nil {
		return err
	}
	return o.keep.keep(r)
}
