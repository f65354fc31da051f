package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// A command is what the first argument can name.
type command struct {
	name string
	run  func(ctx context.Context, c console, args []string) error
}

func commands() []command {
	return []command{
		{"roundtrip", roundTripOnly},
		{"compare", compareOnly},
		{"encode", func(ctx context.Context, c console, args []string) error {
			return compareOnly(ctx, c, append(args, "encode"))
		}},
		{"write", writeLoad},
		{"query", queryLoad},
		{"report", report},
		{"diff", diff},
		{"readme", readme},
	}
}

// A help is what -h prints.
type help struct {
	synopsis string
	about    string
	examples string // a command per line
}

// flags returns a set that fails with errors instead of printing.
func flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return f
}

// parse parses args, flags and others in any order, and returns the others.
// -h prints the help and is flag.ErrHelp.
func parse(c console, f *flag.FlagSet, h help, args []string) (rest []string, err error) {
	for {
		switch err := f.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			h.print(c.out, f)
			return nil, err
		case err != nil:
			return nil, usageError{err}
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
}

func (h help) print(out io.Writer, f *flag.FlagSet) {
	fmt.Fprintf(out, "usage: lpbench %s\n\n%s\n\nflags:\n", h.synopsis, strings.TrimSpace(h.about))
	f.SetOutput(out)
	f.PrintDefaults()
	f.SetOutput(io.Discard)
	fmt.Fprintln(out, "\nexamples:")
	for line := range strings.Lines(strings.TrimSpace(h.examples)) {
		fmt.Fprint(out, "  "+strings.TrimSpace(line)+"\n")
	}
}
