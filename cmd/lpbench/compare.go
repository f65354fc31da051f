package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
)

// compareOptions are the flags of the comparison.
type compareOptions struct {
	count     int
	benchtime time.Duration
	size      float64
	processes int
	server    string // URL of the server of the suite whole, or ""
}

func (o *compareOptions) define(f *flag.FlagSet) {
	f.IntVar(&o.count, "count", 7, "`rounds` of the comparison: in each, every contender has one turn")
	f.DurationVar(&o.benchtime, "benchtime", 5*time.Millisecond, "least `time` of a contender's turn")
	f.Float64Var(&o.size, "size", 0, "`share` of the data that the comparison runs on; 0 is as much as leaves 100,000 values, case by case")
	f.IntVar(&o.processes, "processes", results.DefaultProcesses, "share the rounds of the suite numbers among this `number` of processes")
}

func (o *compareOptions) check() error {
	if o.count < 1 || o.benchtime <= 0 || o.size < 0 || o.size > 1 || o.processes < 1 {
		return usage("-count and -processes must be at least 1, -benchtime above 0, -size between 0 and 1")
	}
	return nil
}

var compareHelp = help{
	synopsis: "compare [flags] [SUITE|SUITE/CASE …]",
	about: `
Measures pointwire beside other libraries, in rounds: in each, every contender
of a case has one turn. Each one's output is checked first; who is wrong is shown
as wrong and not timed. Without arguments it measures everything but the suite
tsbs, which runs the Time Series Benchmark Suite and takes minutes to build; -list
prints the names.`,
	examples: `
go run ./cmd/lpbench compare
go run ./cmd/lpbench compare -list
go run ./cmd/lpbench compare -count 9 -benchtime 50ms encode query/trade
go run ./cmd/lpbench compare -json run.json -html report.html numbers
go run ./cmd/lpbench encode`,
}

// compareOnly is the comparison without the round trip.
func compareOnly(ctx context.Context, c console, args []string) error {
	var (
		o    compareOptions
		keep keepOptions
		list bool
	)
	f := flags("compare")
	o.define(f)
	keep.define(f)
	f.BoolVar(&list, "list", false, "print the names of suites and cases, run nothing")
	what, err := parse(c, f, compareHelp, args)
	if err != nil {
		return err
	}
	if err := errors.Join(o.check(), keep.check()); err != nil {
		return err
	}
	root, err := checkout(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lpbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := &results.Report{Environment: results.Here(time.Now())}
	if list {
		benches, err := buildBench(ctx, c, what, root, dir)
		for _, b := range benches {
			for _, n := range b.names {
				fmt.Fprintf(c.out, "%s/%s\n", n.suite, n.name)
			}
		}
		return err
	}
	fmt.Fprintf(c.out, "pointwire on %s\n", r.Environment.Machine())
	warnOfLoad(c)
	if err := compare(ctx, c, o, what, root, dir, r); err != nil {
		return err
	}
	return keep.keep(r)
}

// A caseName is the place of a case.
type caseName struct{ suite, name string }

// compare builds the bench module, measures the cases that what names, or all,
// shows them and adds them to r.
func compare(ctx context.Context, c console, o compareOptions, what []string, root, dir string, r *results.Report) error {
	benches, err := buildBench(ctx, c, what, root, dir)
	if err != nil {
		return err
	}
	var found results.Report
	for i := range benches {
		if err := benches[i].run(ctx, c, o, &found); err != nil {
			return err
		}
	}
	r.Environment.Merge(found.Environment)
	r.Environment.Set("processes", strconv.Itoa(o.processes))
	r.Results = append(r.Results, found.Results...)
	r.Goals = append(r.Goals, found.Goals...)
	fmt.Fprintf(c.out, "\nbeside other libraries: %d rounds in turn, medians; × is how many times as fast as the base, with its interval\n", o.count)
	if err := showCases(c, found.Cases()); err != nil {
		return err
	}
	return showGoals(c, &found)
}

// A bench is the command of a bench module, and the cases that are chosen of it.
type bench struct {
	file, dir string
	names     []caseName
	server    string // see compareOptions
}

// run measures the cases, one suite after the other.
func (b *bench) run(ctx context.Context, c console, o compareOptions, found *results.Report) error {
	bar := c.progress.Start("measuring", overall)
	defer bar.End()
	for i, suite := range suitesOf(b.names) {
		args := []string{"-json", "-progress", "-tour", "-rounds", strconv.Itoa(o.count), "-turn", o.benchtime.String(),
			"-suite", "^" + regexp.QuoteMeta(suite) + "$", "-case", pattern(b.names, suite)}
		if suite == "numbers" && min(o.processes, o.count) > 1 {
			args = append(args, "-processes", strconv.Itoa(o.processes))
		}
		if o.size > 0 {
			args = append(args, "-size", strconv.FormatFloat(o.size, 'g', -1, 64))
		}
		b.server = o.server
		share := func(done, of int) { bar.Set(shareOf(b.names, i, done, of)) }
		if err := b.runSuite(ctx, args, found, bar, share); err != nil {
			return err
		}
	}
	return nil
}

// tsbsSuite is the suite of the module bench/tsbs, which takes minutes to build. It is run
// only if it is named.
const tsbsSuite = "tsbs"

// buildBench builds the commands of the bench modules that what asks for into dir.
func buildBench(ctx context.Context, c console, what []string, root, dir string) (list []bench, err error) {
	var tsbs, others []string
	for _, w := range what {
		if suite, _, _ := strings.Cut(w, "/"); suite == tsbsSuite {
			tsbs = append(tsbs, w)
			continue
		}
		others = append(others, w)
	}
	add := func(nested, pkg string, what []string) error {
		b := bench{file: filepath.Join(dir, strings.ReplaceAll(nested, "/", "-")), dir: filepath.Join(root, nested)}
		if err := build(ctx, root, nested, pkg, b.file, c.progress); err != nil {
			return err
		}
		names, err := exec.CommandContext(ctx, b.file, "-list").Output()
		if err != nil {
			return fmt.Errorf("the comparison: %w", err)
		}
		b.names, err = choose(string(names), what)
		list = append(list, b)
		return err
	}
	if len(others) > 0 || len(tsbs) == 0 {
		err = add("bench", "./cmd/run", others)
	}
	if err == nil && len(tsbs) > 0 {
		err = add("bench/tsbs", ".", tsbs)
	}
	return list, err
}

// choose returns the cases in list, a suite and a case per line, that one of
// what names; without any, all.
func choose(list string, what []string) (names []caseName, err error) {
	used := make([]bool, len(what))
	for line := range strings.Lines(list) {
		suite, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		wanted := len(what) == 0
		for i, w := range what {
			if w == suite || w == suite+"/"+name {
				used[i], wanted = true, true
			}
		}
		if wanted {
			names = append(names, caseName{suite, name})
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, usage("there is no suite or case %q: compare -list prints what there is", what[i])
	}
	return names, nil
}

func suitesOf(names []caseName) (suites []string) {
	for _, n := range names {
		if !slices.Contains(suites, n.suite) {
			suites = append(suites, n.suite)
		}
	}
	return suites
}

// pattern matches the names of a suite's chosen cases.
func pattern(names []caseName, suite string) string {
	var list []string
	for _, n := range names {
		if n.suite == suite {
			list = append(list, regexp.QuoteMeta(n.name))
		}
	}
	return "^(" + strings.Join(list, "|") + ")$"
}

// overall is the number of parts of the bar over all suites.
const overall = 10_000

// shareOf returns how much of everything is done when done of so many turns of
// suite i are: a case is taken to last as long as any other.
func shareOf(names []caseName, i, done, of int) int {
	suites := suitesOf(names)
	before, own := 0, 0
	for _, n := range names {
		switch at := slices.Index(suites, n.suite); {
		case at < i:
			before++
		case at == i:
			own++
		}
	}
	share := float64(before)
	if of > 0 {
		share += float64(own) * min(1, float64(done)/float64(of))
	}
	return int(share / float64(len(names)) * overall)
}

// runSuite runs the command and adds what it prints to r.
func (b *bench) runSuite(ctx context.Context, args []string, r *results.Report, bar *term.Bar, share func(done, of int)) error {
	cmd := exec.CommandContext(ctx, b.file, args...)
	cmd.Dir = b.dir
	if b.server != "" {
		cmd.Env = append(os.Environ(), "POINTWIRE_SERVER="+b.server)
	}
	ownGroup(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	said := make(chan string, 1)
	go func() { said <- follow(stderr, bar, share) }()
	err = r.Read(stdout)
	if err != nil {
		io.Copy(io.Discard, stdout) // so that the child does not wait for a reader
	}
	text := <-said
	if err := errors.Join(err, cmd.Wait()); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the comparison: %w\n%s", err, text)
	}
	return nil
}

// follow shows the progress lines of the child and returns its other lines.
func follow(r io.Reader, bar *term.Bar, share func(done, of int)) (said string) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		var line struct {
			Suite, Case string
			Done, Of    int
		}
		if json.Unmarshal(s.Bytes(), &line) != nil || line.Suite == "" {
			said += s.Text() + "\n"
			continue
		}
		bar.Note(line.Suite + "/" + line.Case)
		share(line.Done, line.Of)
	}
	io.Copy(io.Discard, r) // a line too long ends the scanner, not the child
	return said
}
