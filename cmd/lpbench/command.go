package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
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
		{"lint", lint},
		{"send", send},
		{"export", export},
		{"spool", spoolCommand},
		{"replay", replaySpool},
	}
}

// noCommand is the error of an argument that names no command.
func noCommand(name string) error {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return usage("no such command %q; there are %s", name, strings.Join(names, ", "))
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

// given returns the flags of f among names that were given, in the form in which
// they are typed. The value of -url, which may hold a password, is left out.
func given(f *flag.FlagSet, names ...string) string {
	var words []string
	f.Visit(func(f *flag.Flag) {
		value := f.Value.String()
		b, ok := f.Value.(interface{ IsBoolFlag() bool })
		switch {
		case !slices.Contains(names, f.Name):
		case f.Name == "url":
			words = append(words, "-url URL")
		case ok && b.IsBoolFlag() && value == "false":
			words = append(words, "-"+f.Name+"=false")
		case ok && b.IsBoolFlag():
			words = append(words, "-"+f.Name)
		case value == "" || strings.ContainsFunc(value, func(r rune) bool {
			return !strings.ContainsRune("+-./:=@_%,", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}):
			words = append(words, "-"+f.Name+" '"+strings.ReplaceAll(value, "'", `'\''`)+"'")
		default:
			words = append(words, "-"+f.Name+" "+value)
		}
	})
	return strings.Join(words, " ")
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
