package main

import (
	"context"
	"fmt"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
)

var reportHelp = help{
	synopsis: "report [flags] FILE",
	about:    `Shows what -json kept: as tables, and with -html as a page with charts.`,
	examples: `
go run ./cmd/lpbench report run.json
go run ./cmd/lpbench report -html report.html run.json`,
}

// report shows a file of -json.
func report(_ context.Context, c console, args []string) error {
	var keep keepOptions
	f := flags("report")
	f.StringVar(&keep.html, "html", "", "write a page with charts to this `file`")
	files, err := parse(c, f, reportHelp, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usage("report shows one file, not %d", len(files))
	}
	r, err := results.ReadFile(files[0])
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s, %s\n", r.Environment.Machine(), r.Environment.Get("date"))
	if err := showCases(c, r.Cases()); err != nil {
		return err
	}
	if err := showGoals(c, r); err != nil {
		return err
	}
	return keep.keep(r)
}
