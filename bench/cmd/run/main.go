// Command run measures pointwire and other libraries. All contenders of a case run in one
// process and take turns round by round.
//
//	go run -C bench ./cmd/run -suite encode
//
// It prints Markdown tables, or with -json one JSON object per line. First comes
// {"environment":…}, see measure.Environment; then an object with a "suite" for each
// contender and case, see measure.Result; last {"goal":…} for each goal that was measured,
// see measure.Outcome. With -progress it writes a JSON line to the standard error after
// each turn: {"suite":…,"case":…,"done":…,"of":…}. With -benchtext it also writes each round
// as go test -bench prints it, for benchstat.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/pointwire/pointwire/bench"
	"github.com/pointwire/pointwire/bench/numbers"
	"github.com/pointwire/pointwire/bench/transport"
	"github.com/pointwire/pointwire/internal/measure"
)

func main() {
	transport.ServeSink()
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if err != flag.ErrHelp {
			fmt.Fprintln(os.Stderr, "run:", err)
		}
		os.Exit(1)
	}
}

type options struct {
	suite, only, contender *regexp.Regexp
	size                   float64
	sized                  bool // -size was given, so it applies to a tour as well
	json, progress, list   bool
	matrix                 bool
	tour, drift, gate      bool
	again                  map[string]bool // if not nil, only these cases are run, by suite/case
	baseline, benchtext    string
	processes              int
	measure                measure.Options
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.SetOutput(stderr)
	suite := f.String("suite", "", "run the suites whose name matches this `regexp`")
	only := f.String("case", "", "run the cases whose name matches this `regexp`")
	contender := f.String("contender", "", "run the contenders whose name matches this `regexp`, and the base")
	f.Float64Var(&o.size, "size", 1, "share of the data to use")
	f.BoolVar(&o.json, "json", false, "print JSON lines instead of tables")
	f.BoolVar(&o.matrix, "matrix", false, "print one table per suite, with a row per case")
	f.BoolVar(&o.progress, "progress", false, "write progress as JSON lines to the standard error")
	f.BoolVar(&o.list, "list", false, "print the names of suites and cases, and run nothing")
	f.StringVar(&o.baseline, "baseline", "", "write allocations and ratios to this `file`")
	f.StringVar(&o.benchtext, "benchtext", "", "write each round to this `file` as well, as go test -bench prints it, for benchstat")
	f.BoolVar(&o.tour, "tour", false, "take a minute or less: -rounds 6 -turn 5ms, and less data where 100,000 values are left")
	f.BoolVar(&o.drift, "drift", false, "print how the ratios of our own contenders differ from those of baseline.json; implies -tour")
	f.BoolVar(&o.gate, "gate", false, "list the ratios of our own contenders that are below those of baseline.json in both of two runs; implies -tour")
	f.IntVar(&o.processes, "processes", 1, "share the rounds of the suite numbers among this `number` of processes, at most one a round")
	f.IntVar(&o.measure.Rounds, "rounds", 7, "number of turns of each contender")
	f.DurationVar(&o.measure.Turn, "turn", 50*time.Millisecond, "least duration of a turn")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.processes < 1 || o.measure.Rounds < 1 {
		return o, errors.New("-processes and -rounds must be at least 1")
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if o.tour = o.tour || o.drift || o.gate; o.tour {
		if !given["rounds"] {
			o.measure.Rounds = 6
		}
		if !given["turn"] {
			o.measure.Turn = 5 * time.Millisecond
		}
		o.sized = given["size"]
	}
	if (o.drift || o.gate) && (o.json || o.baseline != "" || o.benchtext != "") || o.drift && o.gate {
		return o, errors.New("-drift and -gate cannot be combined with each other, -json, -baseline or -benchtext")
	}
	if o.gate && o.processes > 1 {
		return o, errors.New("-gate cannot be combined with -processes")
	}
	if (o.drift || o.gate) && !given["contender"] {
		*contender = "^pointwire"
	}
	for _, x := range []struct {
		to   **regexp.Regexp
		text string
	}{{&o.suite, *suite}, {&o.only, *only}, {&o.contender, *contender}} {
		if *x.to, err = regexp.Compile(x.text); err != nil {
			return o, err
		}
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.list, o.drift, o.gate:
	case o.json:
		env := measure.Here()
		env.Rounds, env.Turn, env.Size = o.measure.Rounds, o.measure.Turn, o.size
		if env.Processes = o.processes; o.processes == 1 {
			env.Processes = 0
		}
		if env.Tour = o.tour; o.tour && !o.sized {
			env.Size = 0
		}
		if err := json.NewEncoder(stdout).Encode(map[string]any{"environment": env}); err != nil {
			return err
		}
	default:
		fmt.Fprintf(stdout, "%s, %s/%s, %d processors, %s; %d rounds in turn; medians, with the fastest and the slowest round in brackets.\n",
			measure.CPUModel(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), o.measure.Rounds)
	}
	all, err := runSuites(o, stdout, stderr)
	if err != nil {
		return err
	}
	if o.list {
		return nil
	}
	if o.drift || o.gate {
		base, err := bench.ReadBaseline("baseline.json")
		if err != nil {
			return fmt.Errorf("%w: run this command in the directory of the bench module", err)
		}
		if o.drift {
			return bench.WriteDrift(stdout, bench.Drift(base, all))
		}
		// The second run comes after all of the first, so that one disturbance of the
		// machine meets a case in one of them only.
		o.again = bench.Suspects(base, all)
		second, err := runSuites(o, stdout, stderr)
		if err != nil {
			return err
		}
		losses, compared := bench.Losses(base, all, second)
		return bench.WriteLosses(stdout, losses, compared)
	}
	if err := writeBenchText(o.benchtext, all); err != nil {
		return err
	}
	outcomes := measure.Judge(bench.Goals, all)
	if !o.json {
		measure.WriteGoals(stdout, outcomes)
	} else {
		for _, g := range outcomes {
			if err := json.NewEncoder(stdout).Encode(map[string]any{"goal": g}); err != nil {
				return err
			}
		}
	}
	if o.baseline != "" {
		return bench.WriteBaseline(o.baseline, all)
	}
	return nil
}

// runSuites runs the chosen suites, and prints what is printed for each.
func runSuites(o options, stdout, stderr io.Writer) (all []measure.Result, err error) {
	for _, s := range bench.Suites {
		if !o.suite.MatchString(s.Name) || o.gate && !bench.Gated(s.Name) {
			continue
		}
		suite := runSuite
		if n := min(o.processes, o.measure.Rounds); n > 1 && s.Name == numbers.Suite.Name && !o.list {
			suite = runProcesses
		}
		results, err := suite(s, o, stdout, stderr)
		if err != nil {
			return nil, err
		}
		if o.matrix && !o.json && !o.drift && !o.gate {
			measure.WriteMatrix(stdout, results)
		}
		all = append(all, results...)
	}
	return all, nil
}

// runSuite makes and runs one case after the other, so that only the data of one case is
// in memory.
func runSuite(s measure.Suite, o options, stdout, stderr io.Writer) ([]measure.Result, error) {
	var names []string // of the chosen cases, the only ones that progress counts
	for _, name := range s.Names {
		if o.only.MatchString(name) && (o.again == nil || o.again[s.Name+"/"+name]) {
			names = append(names, name)
		}
	}
	var all []measure.Result
	for k, name := range names {
		if o.list {
			fmt.Fprintf(stdout, "%s %s\n", s.Name, name)
			continue
		}
		size := o.size
		if o.tour && !o.sized {
			size = bench.TourSize(s.Name, name)
		}
		cases, err := s.Cases(size, func(n string) bool { return n == name })
		if err != nil {
			return nil, err
		}
		for i := range cases {
			results, err := runCase(&cases[i], o, k, len(names), stdout, stderr)
			if err != nil {
				return nil, err
			}
			all = append(all, results...)
		}
	}
	return all, nil
}

func runCase(c *measure.Case, o options, k, of int, stdout, stderr io.Writer) ([]measure.Result, error) {
	if c.Close != nil {
		defer c.Close()
	}
	ops := c.Ops[:0]
	for _, op := range c.Ops {
		if op.Contender == c.Base || o.contender.MatchString(op.Contender) {
			ops = append(ops, op)
		}
	}
	c.Ops = ops
	turns := o.measure.Turns(c)
	done := k * turns
	o.measure.Done = func(c *measure.Case, op *measure.Op) {
		done++
		if o.progress {
			json.NewEncoder(stderr).Encode(progress{c.Suite, c.Name, done, turns * of})
		}
	}
	results, err := measure.Run(c, o.measure)
	if err != nil {
		return nil, err
	}
	return results, show(results, o, stdout)
}

// show prints the results of a case.
func show(results []measure.Result, o options, stdout io.Writer) error {
	if !o.json {
		if !o.matrix && !o.drift && !o.gate {
			measure.WriteTable(stdout, results)
		}
		return nil
	}
	e := json.NewEncoder(stdout)
	for _, r := range results {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// writeBenchText writes the rounds to a file, if it has a name.
func writeBenchText(file string, all []measure.Result) error {
	if file == "" {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	env := measure.Here()
	env.Cores = runtime.GOMAXPROCS(0)
	return errors.Join(measure.WriteBenchText(f, env, all), f.Close())
}
