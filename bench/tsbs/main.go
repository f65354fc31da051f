// Command tsbs runs TSBS, the Time Series Benchmark Suite, with its own InfluxDB target and
// with pointwire, against a real InfluxDB 1.8.10.
//
//	go run -C bench/tsbs . [flags]
//
// It builds TSBS's own programs, unchanged, and those of ./cmd, which are made of TSBS's
// packages and pointwire. tsbs_generate_data makes the data, which both sides load from the
// same file with the same batches and workers. tsbs_generate_queries makes the queries, which
// both sides run one after another. Contenders take turns, each in a new process, with a new
// database for each load; figures are the processor time of that process.
//
// After each load the server is asked how many points it has. What the queries returned is
// compared with what net/http and encoding/json read of the same responses. The points of
// the case "encode" are TSBS's own, in memory.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/pointwire/pointwire/internal/measure"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "tsbs:", err)
		}
		os.Exit(1)
	}
}

const suite = "tsbs"

// The contenders.
const (
	ownName      = "pointwire"
	sameName     = "pointwire-level6" // that of tsbs_load_influx
	recodeName   = "pointwire-recode"
	framesName   = "pointwire-frames"
	packedName   = "pointwire-msgpack"
	peerName     = "tsbs"
	tsbsVersion  = "github.com/timescale/tsbs"
	ownVersion   = "github.com/pointwire/pointwire"
	cpuOnly      = "cpu-only"
	devops       = "devops"
	influxFormat = "influx"
)

// goals are the goals of the design.
var goals = []measure.Goal{
	{Suite: suite, Case: "encode-cpu-only", Contender: ownName, Against: []string{peerName}, Factor: 3},
	{Suite: suite, Case: "encode-devops", Contender: ownName, Against: []string{peerName}, Factor: 3},
	{Suite: suite, Case: "load-cpu-only-gzip-1", Contender: ownName, Against: []string{peerName}, Factor: 5.5},
	{Suite: suite, Case: "load-cpu-only-gzip-8", Contender: ownName, Against: []string{peerName}, Factor: 5.5},
	{Suite: suite, Case: "load-cpu-only-plain-1", Contender: ownName, Against: []string{peerName}, Factor: 6},
	{Suite: suite, Case: "load-cpu-only-plain-8", Contender: ownName, Against: []string{peerName}, Factor: 6},
}

type options struct {
	suite, only *regexp.Regexp
	progress    bool
	rounds      int
	turn        time.Duration
	size        float64
	json        bool
	list        bool
	toolDir     string
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("tsbs", flag.ContinueOnError)
	f.SetOutput(stderr)
	suiteFlag := f.String("suite", "", "run nothing unless this `regexp` matches \"tsbs\"")
	only := f.String("case", "", "run the cases whose name matches this `regexp`")
	f.IntVar(&o.rounds, "rounds", 9, "number of turns of each contender")
	f.DurationVar(&o.turn, "turn", 50*time.Millisecond, "least duration of a turn")
	f.Float64Var(&o.size, "size", 1, "share of the data to use")
	f.BoolVar(&o.json, "json", false, "print JSON lines in place of tables")
	f.BoolVar(&o.progress, "progress", false, "write progress as JSON lines to the standard error")
	f.Bool("tour", false, "does nothing: the other suites take less data with it, and here there is -size")
	f.BoolVar(&o.list, "list", false, "print the names of the cases, and run nothing")
	f.StringVar(&o.toolDir, "tools", "", "`directory` for the programs, which are built again only if they changed; a temporary one by default")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 || o.rounds < 1 || !(o.size > 0 && o.size <= 1) {
		return o, errors.New("-rounds must be at least 1, -size above 0 and at most 1, and there are no other arguments")
	}
	if o.suite, err = regexp.Compile(*suiteFlag); err != nil {
		return o, err
	}
	o.only, err = regexp.Compile(*only)
	return o, err
}

func run(args []string, out, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	var chosen []caseMaker
	for _, m := range makers() {
		if o.suite.MatchString(suite) && o.only.MatchString(m.name) {
			chosen = append(chosen, m)
		}
	}
	if o.list {
		for _, m := range chosen {
			fmt.Fprintf(out, "%s %s\n", suite, m.name)
		}
		return nil
	}
	b, err := newBed(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if o.json {
		env := measure.Here()
		env.Rounds, env.Turn, env.Size = o.rounds, o.turn, o.size
		if err := json.NewEncoder(out).Encode(map[string]any{"environment": env}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "%s, %d rounds in turn; medians, with the fastest and the slowest round in brackets\n", measure.CPUModel(), o.rounds)
	}
	var all []measure.Result
	for i, m := range chosen {
		done := func(n, of int) {
			if o.progress {
				json.NewEncoder(stderr).Encode(map[string]any{"suite": suite, "case": m.name, "done": i*of + n, "of": len(chosen) * of})
			}
		}
		results, err := one(b, m, o, out, done)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		all = append(all, results...)
	}
	outcomes := measure.Judge(goals, all)
	if !o.json {
		measure.WriteGoals(out, outcomes)
	} else {
		for _, g := range outcomes {
			if err := json.NewEncoder(out).Encode(map[string]any{"goal": g}); err != nil {
				return err
			}
		}
	}
	var wrong []string
	for _, r := range all {
		if r.Wrong != "" {
			wrong = append(wrong, r.Case+"/"+r.Contender+": "+r.Wrong)
		}
	}
	if wrong != nil {
		return errors.New(strings.Join(wrong, "\n"))
	}
	return nil
}

// one makes, runs and prints a case.
func one(b *bed, m caseMaker, o options, out io.Writer, done func(n, of int)) ([]measure.Result, error) {
	c, err := m.make(b)
	if err != nil {
		return nil, err
	}
	if c.Close != nil {
		defer c.Close()
	}
	c.Suite, c.Name, c.Base, c.CPU = suite, m.name, peerName, true
	turns := 0
	options := measure.Options{Rounds: o.rounds, Turn: o.turn}
	options.Done = func(*measure.Case, *measure.Op) {
		turns++
		done(turns, options.Turns(&c))
	}
	results, err := measure.Run(&c, options)
	if err != nil {
		return nil, err
	}
	if !o.json {
		measure.WriteTable(out, results)
		return results, nil
	}
	for _, r := range results {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// A caseMaker makes a case.
type caseMaker struct {
	name string
	make func(b *bed) (measure.Case, error)
}

// makers returns all cases.
func makers() (list []caseMaker) {
	add := func(name string, make func(b *bed) (measure.Case, error)) {
		list = append(list, caseMaker{name, make})
	}
	for _, use := range []string{cpuOnly, devops} {
		add("encode-"+use, func(b *bed) (measure.Case, error) { return encodeCase(b, use) })
	}
	for _, use := range []string{cpuOnly, devops} {
		for _, zip := range []bool{true, false} {
			for _, workers := range []int{1, 8} {
				form := "plain"
				if zip {
					form = "gzip"
				}
				add(fmt.Sprintf("load-%s-%s-%d", use, form, workers), func(b *bed) (measure.Case, error) {
					return loadCase(b, use, zip, workers)
				})
			}
		}
	}
	for _, q := range queryTypes {
		add("query-"+q.name, func(b *bed) (measure.Case, error) { return queryCase(b, q.name, q.n) })
	}
	return list
}
