package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/results"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/stat"
)

var diffHelp = help{
	synopsis: "diff [flags] OLD NEW",
	about: `
Compares two files of -json. The rounds of each contender go through the
Mann-Whitney U test, two-sided and exact up to 50 rounds. A contender is called
slower or faster if chance explains the difference with a probability below -alpha
and the difference is above -threshold. Allocations are compared without a test.

The metrics: ns is the wall time per unit; cpu is the processor time, where the
file has it per round; ratio is how many times as fast as the base of the case,
and differs less between machines than times do.

With -fail the exit status is 1 if anything is slower or allocates more.`,
	examples: `
go run ./cmd/lpbench compare -count 9 -json new.json encode
go run ./cmd/lpbench diff old.json new.json
go run ./cmd/lpbench diff -metric ratio -fail -only pointwire old.json new.json`,
}

type diffOptions struct {
	alpha, threshold float64
	metric, only     string
	fail, all        bool
}

// errSlower is the error of diff -fail.
var errSlower = errors.New("something is slower or allocates more")

// diff compares two files of -json.
func diff(_ context.Context, c console, args []string) error {
	var o diffOptions
	f := flags("diff")
	f.Float64Var(&o.alpha, "alpha", 0.05, "`probability` from which a difference counts as chance")
	f.Float64Var(&o.threshold, "threshold", 2, "`percent` up to which figures count as the same")
	f.StringVar(&o.metric, "metric", "ns", "compare this `metric`: ns, cpu or ratio")
	f.StringVar(&o.only, "only", "", "compare only contenders whose name begins with this `text`")
	f.BoolVar(&o.fail, "fail", false, "exit with 1 if anything is slower or allocates more")
	f.BoolVar(&o.all, "all", false, "show unchanged contenders too")
	files, err := parse(c, f, diffHelp, args)
	switch {
	case err != nil:
		return err
	case len(files) != 2:
		return usage("diff compares two files, not %d", len(files))
	case !slices.Contains([]string{"ns", "cpu", "ratio"}, o.metric):
		return usage("-metric must be ns, cpu or ratio, not %q", o.metric)
	case o.alpha <= 0 || o.alpha >= 1 || o.threshold < 0:
		return usage("-alpha must be between 0 and 1, -threshold at least 0")
	}
	before, err := results.ReadFile(files[0])
	if err != nil {
		return err
	}
	after, err := results.ReadFile(files[1])
	if err != nil {
		return err
	}
	if a, b := before.Environment.Machine(), after.Environment.Machine(); a != b {
		fmt.Fprintf(c.out, "different machines: %s\n                    %s\n\n", a, b)
	}
	changes := changesOf(before, after, o)
	if err := showChanges(c, changes, o); err != nil {
		return err
	}
	if o.fail && slices.ContainsFunc(changes, change.worse) {
		return errSlower
	}
	return nil
}

// A verdict says how a contender changed.
type verdict string

const (
	slower  verdict = "slower"
	faster  verdict = "faster"
	alike   verdict = "same"
	unclear verdict = "no test" // too few rounds to compare
	gone    verdict = "gone"
	added   verdict = "new"
	broke   verdict = "wrong now"
	mended  verdict = "right now"
)

// A change is a contender of a case, found in both files or in one.
type change struct {
	id                   string
	old, new             float64 // medians of the metric
	oldAllocs, newAllocs float64
	percent, p           float64
	oldRounds, newRounds int
	verdict              verdict
	allocatesMore        bool
}

// worse reports whether -fail fails because of k.
func (k change) worse() bool { return k.verdict == slower || k.verdict == broke || k.allocatesMore }

// changesOf compares all contenders in the order of the new file, followed by
// those that only the old file has.
func changesOf(before, after *results.Report, o diffOptions) (changes []change) {
	find := func(r *results.Report, id string) *results.Result {
		for i := range r.Results {
			if r.Results[i].ID() == id {
				return &r.Results[i]
			}
		}
		return nil
	}
	for i := range after.Results {
		b := &after.Results[i]
		if !strings.HasPrefix(b.Contender, o.only) {
			continue
		}
		if a := find(before, b.ID()); a == nil {
			changes = append(changes, change{id: b.ID(), new: b.Ns, newAllocs: b.Allocs, verdict: added})
		} else {
			changes = append(changes, compareResults(a, b, find(before, baseID(a)), find(after, baseID(b)), o))
		}
	}
	for i := range before.Results {
		if a := &before.Results[i]; strings.HasPrefix(a.Contender, o.only) && find(after, a.ID()) == nil {
			changes = append(changes, change{id: a.ID(), old: a.Ns, oldAllocs: a.Allocs, verdict: gone})
		}
	}
	return changes
}

func baseID(r *results.Result) string { return r.Suite + "/" + r.Case + "/" + r.Base }

// compareResults compares one contender. baseA and baseB are the bases of its case.
func compareResults(a, b, baseA, baseB *results.Result, o diffOptions) change {
	k := change{id: b.ID(), oldAllocs: a.Allocs, newAllocs: b.Allocs, p: 1, verdict: alike}
	switch {
	case a.Skipped != "" || b.Skipped != "":
		k.verdict = unclear
		return k
	case a.Wrong == "" && b.Wrong != "":
		k.verdict = broke
		return k
	case a.Wrong != "" && b.Wrong == "":
		k.verdict = mended
		return k
	case a.Wrong != "":
		return k
	}
	// The runtime's own allocations come to about a hundredth.
	k.allocatesMore = b.Allocs > a.Allocs*1.01+0.01
	old, new := metric(a, baseA, o.metric), metric(b, baseB, o.metric)
	k.oldRounds, k.newRounds = len(old), len(new)
	if len(old) == 0 || len(new) == 0 {
		k.verdict = unclear
		return k
	}
	k.old, _, _ = measure.Interval(old)
	k.new, _, _ = measure.Interval(new)
	if k.old > 0 {
		k.percent = (k.new/k.old - 1) * 100
	}
	_, k.p = stat.MannWhitney(old, new)
	// With too few rounds not even the clearest difference can be told from chance.
	least := make([]float64, len(old))
	most := make([]float64, len(new))
	for i := range most {
		most[i] = 1
	}
	_, best := stat.MannWhitney(least, most)
	if best >= o.alpha {
		k.verdict = unclear
		return k
	}
	up := k.percent > 0
	if o.metric == "ratio" {
		up = !up // a higher ratio is better
	}
	switch {
	case k.p >= o.alpha || max(k.percent, -k.percent) <= o.threshold:
	case up:
		k.verdict = slower
	default:
		k.verdict = faster
	}
	return k
}

// metric returns the figures of all rounds.
func metric(r, base *results.Result, name string) []float64 {
	switch name {
	case "cpu":
		return r.CPUSamples
	case "ratio":
		if base == nil || base == r {
			return nil
		}
		own, of := r.Samples, base.Samples
		if len(r.CPUSamples) > 0 && len(base.CPUSamples) > 0 {
			own, of = r.CPUSamples, base.CPUSamples
		}
		ratios := make([]float64, 0, len(own))
		for i := range min(len(own), len(of)) {
			if own[i] > 0 {
				ratios = append(ratios, of[i]/own[i])
			}
		}
		return ratios
	}
	return r.Samples
}

// showChanges prints a row per change and the number of each verdict.
func showChanges(c console, changes []change, o diffOptions) error {
	unit := o.metric
	if unit != "ratio" {
		unit += "/unit"
	}
	t := term.Table{Head: []string{"suite/case/contender", "old " + unit, "new " + unit, "change", "p", "rounds", "allocs", ""}, Colour: c.colour}
	count := map[verdict]int{}
	more := 0
	for _, k := range changes {
		count[k.verdict]++
		if k.allocatesMore {
			more++
		}
		if k.verdict == alike && !k.allocatesMore && !o.all {
			continue
		}
		style := term.Plain
		switch {
		case k.worse():
			style = term.Bad
		case k.verdict == faster || k.verdict == mended:
			style = term.Good
		}
		t.AddStyled(style, k.cells()...)
	}
	if len(changes) > count[alike]-more || o.all {
		if err := t.Write(c.out); err != nil {
			return err
		}
		fmt.Fprintln(c.out)
	}
	var said []string
	for _, v := range []verdict{slower, faster, alike, broke, mended, unclear, added, gone} {
		if n := count[v]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, v))
		}
	}
	if more > 0 {
		said = append(said, fmt.Sprintf("%d allocating more", more))
	}
	_, err := fmt.Fprintf(c.out, "%d compared: %s (changes need p < %g and more than %g %%)\n", len(changes), strings.Join(said, ", "), o.alpha, o.threshold)
	return err
}

func (k *change) cells() []string {
	allocs := term.Count(k.newAllocs)
	if old := term.Count(k.oldAllocs); old != allocs && k.verdict != added && k.verdict != gone {
		allocs = old + " → " + allocs
	}
	switch k.verdict {
	case added:
		return []string{k.id, "", term.Figure(k.new), "", "", "", allocs, string(k.verdict)}
	case gone:
		return []string{k.id, term.Figure(k.old), "", "", "", "", "", string(k.verdict)}
	case broke, mended:
		return []string{k.id, "", "", "", "", "", "", string(k.verdict)}
	}
	said := string(k.verdict)
	if k.allocatesMore {
		said += ", allocates more"
	}
	if k.oldRounds == 0 || k.newRounds == 0 {
		return []string{k.id, "", "", "", "", fmt.Sprintf("%d+%d", k.oldRounds, k.newRounds), allocs, said}
	}
	return []string{k.id, term.Figure(k.old), term.Figure(k.new), fmt.Sprintf("%+.1f %%", k.percent), fmt.Sprintf("%.3f", k.p),
		fmt.Sprintf("%d+%d", k.oldRounds, k.newRounds), allocs, said}
}
