// Command telegraf compares package fastclient/batch/spool with the disk buffer of
// telegraf, its buffer strategy "disk_write_through".
//
//	go run -C bench/telegraf . [flags]
//
// Both keep batches of 5,000 trades until they are written: a batch is added, taken out
// again for sending, and accepted. When it was added it is durable, with both: telegraf
// syncs after each metric, the spool after each batch. Telegraf's metrics are made before
// the time is taken, and what it would still have to do, lines and their compression, is
// left out. Ours includes both: "pointwire" begins with structs.
//
// The directories are temporary ones; set TMPDIR to choose a disk.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "telegraf:", err)
		}
		os.Exit(1)
	}
}

// The names of the suite, and the contenders that goals compare.
const (
	suite    = "spool-telegraf"
	diskUnit = "bytes on disk per point"
	ownName  = "pointwire"
	peerName = "telegraf"
)

// goals are the goals of the design. A goal has no ratio of sizes, so report compares them.
var goals = []measure.Goal{{Suite: suite, Case: "trade", Contender: ownName, Against: []string{peerName}, Factor: 20}}

const lessDisk = 3

func run(args []string, out io.Writer) error {
	f := flag.NewFlagSet("telegraf", flag.ContinueOnError)
	points := f.Int("points", 5000, "`points` per batch")
	rounds := f.Int("rounds", 9, "number of turns of each contender")
	turn := f.Duration("turn", 50*time.Millisecond, "least duration of a turn")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *points < 1 || *rounds < 1 || f.NArg() > 0 {
		return errors.New("-points and -rounds must be at least 1, and there are no other arguments")
	}
	c, err := newCase(*points)
	if err != nil {
		return err
	}
	defer c.Close()
	results, err := measure.Run(&c, measure.Options{Rounds: *rounds, Turn: *turn})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %d rounds in turn, batches of %d points\n\n", measure.CPUModel(), *rounds, *points)
	measure.WriteTable(out, results)
	fmt.Fprintln(out)
	measure.WriteGoals(out, measure.Judge(goals, results))
	return report(out, results)
}

// report prints the sizes, and fails if a contender was wrong.
func report(out io.Writer, results []measure.Result) (err error) {
	size := map[string]float64{}
	for _, r := range results {
		if r.Wrong != "" {
			err = errors.Join(err, fmt.Errorf("%s: %s", r.Contender, r.Wrong))
		}
		if r.Extra != nil {
			size[r.Contender] = *r.Extra
		}
	}
	if err == nil {
		ratio := size[peerName] / size[ownName]
		met := "met"
		if ratio < lessDisk {
			met = "not met"
		}
		_, err = fmt.Fprintf(out, "\n%s: %.4g against %.4g, %.3g times less; goal %d, %s\n", diskUnit, size[ownName], size[peerName], ratio, lessDisk, met)
	}
	return err
}

// A Contender keeps points on disk.
type Contender interface {
	// Add stores a batch of the workload; it is durable then.
	Add(n int) error
	// Take takes out the oldest batch that is not accepted.
	Take() error
	// Check compares what Take took with batch n.
	Check(n int) error
	// Accept forgets the batch that was taken.
	Accept() error
	Close() error
}

// A maker makes a Contender in a directory.
type maker func(dir string) (Contender, error)

// kept is the number of batches that are on disk when the size is measured.
const kept = 3

func newCase(points int) (measure.Case, error) {
	batches := make([][]workload.Trade, kept)
	trades := workload.Trades(kept*points, 1)
	for i := range batches {
		batches[i] = trades[i*points : (i+1)*points]
	}
	dir, err := os.MkdirTemp("", "bench-telegraf")
	if err != nil {
		return measure.Case{}, err
	}
	c := measure.Case{Suite: suite, Name: "trade", Unit: "point", Units: points, Base: peerName, CPU: true, ExtraUnit: diskUnit}
	var open []Contender
	c.Close = func() {
		for _, k := range open {
			k.Close()
		}
		os.RemoveAll(dir)
	}
	for _, e := range []struct {
		name, module string
		make         maker
	}{
		{ownName, "github.com/pointwire/pointwire", func(dir string) (Contender, error) { return newOwn(dir, batches, false) }},
		{ownName + "-bodies", "github.com/pointwire/pointwire", func(dir string) (Contender, error) { return newOwn(dir, batches, true) }},
		{peerName, "github.com/influxdata/telegraf", func(dir string) (Contender, error) { return newPeer(dir, batches) }},
	} {
		k, err := e.make(dir + "/" + e.name)
		if err != nil {
			c.Close()
			return c, err
		}
		open = append(open, k)
		op := newOp(k, func() (float64, error) { return onDisk(dir+"/size-"+e.name, e.make, points) })
		op.Contender, op.Version = e.name, measure.Version(e.module)
		c.Ops = append(c.Ops, op)
	}
	return c, nil
}

func newOp(k Contender, size func() (float64, error)) measure.Op {
	next := 0
	return measure.Op{
		Check: func() error { return check(k) },
		Run: func() error {
			next++
			return errors.Join(k.Add(next%kept), k.Take(), k.Accept())
		},
		Extra: size,
	}
}

// check stores all batches before it takes one, so that each must hold all points.
func check(k Contender) error {
	for n := range kept {
		if err := k.Add(n); err != nil {
			return err
		}
	}
	for n := range kept {
		if err := errors.Join(k.Take(), k.Check(n), k.Accept()); err != nil {
			return err
		}
	}
	return nil
}

// onDisk returns the bytes on disk per point when nothing is accepted.
func onDisk(dir string, make maker, points int) (float64, error) {
	k, err := make(dir)
	if err != nil {
		return 0, err
	}
	for n := range kept {
		if err := k.Add(n); err != nil {
			return 0, err
		}
	}
	if err := k.Close(); err != nil {
		return 0, err
	}
	size, err := directorySize(dir)
	return float64(size) / float64(kept*points), err
}
