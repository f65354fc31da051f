package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

var spoolHelp = help{
	synopsis: "spool [list|verify|extract|drop] DIR [flags]",
	about: `
Shows what a spool holds: the batches that a Writer keeps on disk until a server has
stored them.

list, the default, counts the batches by target and says what recovery found. verify
reads every batch, decompresses it, counts its lines and checks each one as lint does.
extract writes the lines to the standard output or to a new file, with a comment
where the target changes; the batches stay. drop removes batches for good.

Each opens the spool: it takes the lock, so the program that uses the spool must not
run, and it recovers, as that program would: batches that a crash cut short are
removed, and damaged ones go to quarantine. Apart from that, list, verify and extract
change nothing. Run it as the owner of the directory.

drop keeps the order of the other batches. If one of them is older than a batch that
it removes, it stores all of them again, with new numbers.

The exit status is 1 if anything failed, if verify found a fault, or if there are
files in quarantine.`,
	examples: `
go run ./cmd/lpbench spool /var/lib/collector/spool
go run ./cmd/lpbench spool verify /var/lib/collector/spool
go run ./cmd/lpbench spool extract -target '/write?db=metrics' -o metrics.lp /var/lib/collector/spool
go run ./cmd/lpbench spool drop -older 720h -yes /var/lib/collector/spool`,
}

// spoolOptions are the flags of spool.
type spoolOptions struct {
	target string
	file   string
	most   int
	older  time.Duration
	yes    bool
}

func (o *spoolOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.target, "target", "", "extract, drop: only batches of this `target`, in the form that list shows")
	f.StringVar(&o.file, "o", "", "extract: write to this new `file`, which only its owner may read")
	f.IntVar(&o.most, "max", 100, "verify: maximum `number` of faults to print; all are counted")
	f.DurationVar(&o.older, "older", 0, "drop: only batches sealed longer ago than this `duration`")
	f.BoolVar(&o.yes, "yes", false, "drop: remove the batches; without it drop says how many it would remove")
}

// A spoolAction is something to do with an open spool.
type spoolAction struct {
	name  string
	flags []string // those that it has
	run   func(ctx context.Context, j *spoolJob) error
}

func spoolActions() []spoolAction {
	return []spoolAction{
		{"list", nil, listSpool},
		{"verify", []string{"max"}, verifySpool},
		{"extract", []string{"target", "o"}, extractSpool},
		{"drop", []string{"target", "older", "yes"}, dropSpool},
	}
}

// A spoolJob is an open spool and what was asked about it.
type spoolJob struct {
	spoolOptions
	console
	dir string
	s   *spool.Spool
}

// spoolCommand does something with a spool.
func spoolCommand(ctx context.Context, c console, args []string) (err error) {
	j := spoolJob{console: c}
	f := flags("spool")
	j.define(f)
	rest, err := parse(c, f, spoolHelp, args)
	if err != nil {
		return err
	}
	action := spoolActions()[0]
	if len(rest) > 1 {
		i := slices.IndexFunc(spoolActions(), func(a spoolAction) bool { return a.name == rest[0] })
		if i < 0 {
			return usage("spool can list, verify, extract and drop, not %q", rest[0])
		}
		action, rest = spoolActions()[i], rest[1:]
	}
	if len(rest) != 1 {
		return usage("spool needs one directory")
	}
	if err := j.check(f, action); err != nil {
		return err
	}
	j.dir = rest[0]
	if j.s, err = openSpool(j.dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.s.Close()) }()
	return action.run(ctx, &j)
}

// check refuses flags that the action does not have.
func (o *spoolOptions) check(f *flag.FlagSet, a spoolAction) (err error) {
	f.Visit(func(f *flag.Flag) {
		if !slices.Contains(a.flags, f.Name) {
			err = usage("spool %s has no -%s", a.name, f.Name)
		}
	})
	if err == nil && (o.most < 0 || o.older < 0) {
		err = usage("-max and -older must be at least 0")
	}
	return err
}

// openSpool opens the spool in a directory. It makes none.
func openSpool(dir string) (*spool.Spool, error) {
	shown := printable(dir)
	switch st, err := os.Lstat(dir); {
	case err != nil:
		return nil, err
	case !st.IsDir():
		return nil, fmt.Errorf("%s is not a directory", shown)
	}
	if !hasSpool(dir) {
		return nil, fmt.Errorf("%s holds no spool: it has neither a manifest nor a segment", shown)
	}
	// Only the program that uses the spool bounds its size. Close syncs acks.
	s, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 62, SyncInterval: -1})
	switch {
	case errors.Is(err, spool.ErrLocked):
		return nil, fmt.Errorf("%s is in use: stop the program that has the spool open: %w", shown, err)
	case errors.Is(err, spool.ErrVersion):
		return nil, fmt.Errorf("%s is of another version of pointwire, and was not changed: %w", shown, err)
	case errors.Is(err, spool.ErrNotSpool):
		return nil, fmt.Errorf("%s holds other files, or a link where a spool has a file: %w", shown, err)
	}
	return s, err
}

// hasSpool reports whether a directory has a file that every spool has from the beginning,
// or a segment of one that lost it.
func hasSpool(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "manifest")); err == nil {
		return true
	}
	names, err := fs.Glob(os.DirFS(dir), "*.seg")
	return err == nil && len(names) > 0
}

// A holding counts batches of one target.
type holding struct {
	batches, lines, bytes, compressed int64
	oldest, newest                    time.Time
}

func (h *holding) add(b *spool.Batch) {
	if h.batches == 0 || b.SealedAt.Before(h.oldest) {
		h.oldest = b.SealedAt
	}
	if h.batches == 0 || b.SealedAt.After(h.newest) {
		h.newest = b.SealedAt
	}
	h.batches++
	h.lines += int64(b.Lines)
	h.bytes += int64(b.Bytes)
	h.compressed += int64(len(b.Body))
}

func (h *holding) cells(name string) []string {
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
	return []string{name, term.Number(h.batches), term.Number(h.lines), term.Number(h.bytes), term.Number(h.compressed), at(h.oldest), at(h.newest)}
}

// String says how much it is.
func (h *holding) String() string {
	return fmt.Sprintf("%s with %s", counted(h.batches, "batch", "batches"), counted(h.lines, "line", "lines"))
}

// counted returns a number and the word for what it counts.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return term.Number(n) + " " + many
}

// listSpool counts the batches by target.
func listSpool(ctx context.Context, j *spoolJob) error {
	w := walk{s: j.s}
	all, by, err := inventory(ctx, &w)
	if err != nil {
		return err
	}
	st := j.s.Stats()
	fmt.Fprintf(j.out, "%s: %v in %s, %s bytes on disk\n", printable(j.dir), all,
		counted(int64(st.Segments), "segment", "segments"), term.Number(st.DiskBytes))
	bad := j.condition(w.damaged)
	if all.batches == 0 {
		return bad
	}
	fmt.Fprintln(j.out)
	t := term.Table{Head: []string{"target", "batches", "lines", "bytes", "compressed", "oldest", "newest"}, Colour: j.colour}
	for _, target := range slices.Sorted(maps.Keys(by)) {
		t.Add(by[target].cells(targetName(target))...)
	}
	if len(by) > 1 {
		t.Add(all.cells("all")...)
	}
	return errors.Join(t.Write(j.out), bad)
}

// inventory counts all batches, and those of each target.
func inventory(ctx context.Context, w *walk) (all *holding, by map[string]*holding, err error) {
	all, by = new(holding), map[string]*holding{}
	for {
		ok, err := w.next(ctx)
		if !ok || err != nil {
			return all, by, err
		}
		h := by[string(w.b.Target)]
		if h == nil {
			h = new(holding)
			by[string(w.b.Target)] = h
		}
		h.add(&w.b)
		all.add(&w.b)
	}
}

// targetName returns the text by which a target is shown.
func targetName(target string) string {
	if target == "" {
		return `""`
	}
	return printable(target)
}

// errDamage is the end of a look at a spool in which something is damaged.
var errDamage = errors.New("the spool is damaged")

// condition prints what recovery found. The error is errDamage if batches may be lost.
func (j *spoolJob) condition(damaged int64) error {
	r := j.s.Recovery()
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	if r.TornBytes > 0 {
		say("cut off at the end: %s bytes, with %s; a crash came before they were durable", term.Number(r.TornBytes), spoolCount(r.Torn))
	}
	notes := len(said)
	if r.QuarantinedFiles > 0 {
		say("damaged and put into quarantine now: %s bytes, with %s that could be counted", term.Number(r.QuarantinedBytes), spoolCount(r.Quarantined))
	}
	if r.MissingFiles > 0 || r.Missing.Batches > 0 {
		say("missing: %s, with %s", counted(int64(r.MissingFiles), "segment", "segments"), spoolCount(r.Missing))
	}
	if r.ManifestLost {
		say("the manifest was damaged or missing, and was made again from the segments")
	}
	if r.MarkLost {
		say("the mark was damaged or missing: batches that were acked may be here again")
	}
	if damaged > 0 {
		say("damaged since the spool was opened: %s", counted(damaged, "batch", "batches"))
	}
	files, size := quarantine(j.dir)
	if files > 0 {
		say("in quarantine: %s with %s bytes, until you remove them", counted(files, "file", "files"), term.Number(size))
	}
	if len(said) == 0 {
		say("recovery found no damage")
		notes++
	}
	fmt.Fprintln(j.out, strings.Join(said, "\n"))
	if len(said) > notes {
		return errDamage
	}
	return nil
}

func spoolCount(c spool.Count) string {
	return (&holding{batches: int64(c.Batches), lines: int64(c.Lines)}).String()
}

// quarantine counts the files in the quarantine of a spool, and their bytes.
func quarantine(dir string) (files, size int64) {
	list, err := os.ReadDir(filepath.Join(dir, "quarantine"))
	if err != nil {
		return 0, 0
	}
	for _, f := range list {
		if st, err := f.Info(); err == nil && st.Mode().IsRegular() {
			files++
			size += st.Size()
		}
	}
	return files, size
}
