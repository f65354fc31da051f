package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/lp"
)

var lintHelp = help{
	synopsis: "lint [flags] FILE…",
	about: `
Checks files of line protocol, plain or compressed with gzip. It lists the lines
that InfluxDB 1.x refuses or misreads, each with its place and the rule it breaks,
and counts the contents of each file. The file - is the standard input. Files of
any size need constant memory. The exit status is 1 if a line has a fault.`,
	examples: `
go run ./cmd/lpbench lint points.lp
go run ./cmd/lpbench lint -precision s -trim-cr -max 10 export.txt backup.lp.gz
zcat backup.lp.gz | go run ./cmd/lpbench lint -`,
}

// lintOptions are the flags of lint.
type lintOptions struct {
	precision string
	trimCR    bool
	most      int
}

func (o *lintOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.precision, "precision", "ns", "`unit` of the timestamps, which decides their range: ns, u, ms, s, m or h")
	f.BoolVar(&o.trimCR, "trim-cr", false, "treat a carriage return before a line feed as part of the line end")
	f.IntVar(&o.most, "max", 100, "maximum `number` of faults to print; all are counted")
}

// decoder checks o and returns the options of the decoder.
func (o *lintOptions) decoder() (lp.DecoderOptions, error) {
	if o.most < 0 {
		return lp.DecoderOptions{}, usage("-max must be at least 0")
	}
	if p, ok := precisionNamed(o.precision); ok {
		return lp.DecoderOptions{Precision: p, TrimCR: o.trimCR}, nil
	}
	return lp.DecoderOptions{}, usage("-precision must be ns, u, ms, s, m or h, not %q", o.precision)
}

// precisionNamed returns the precision of that name: ns, u, ms, s, m or h.
func precisionNamed(name string) (lp.Precision, bool) {
	for p := lp.Nanosecond; p.Valid(); p++ {
		if name == p.String() {
			return p, true
		}
	}
	return 0, false
}

// lint lists the faults in files of line protocol.
func lint(ctx context.Context, c console, args []string) error {
	var o lintOptions
	f := flags("lint")
	o.define(f)
	files, err := parse(c, f, lintHelp, args)
	if err != nil {
		return err
	}
	options, err := o.decoder()
	if err != nil {
		return err
	}
	switch i := slices.Index(files, "-"); {
	case len(files) == 0:
		return usage("lint needs files; - is the standard input")
	case i >= 0 && slices.Contains(files[i+1:], "-"):
		return usage("the standard input can be read only once")
	}
	l := linter{out: bufio.NewWriter(c.out), left: o.most}
	l.d.SetOptions(options)
	table := term.Table{Head: []string{"file", "lines", "points", "faults", "bytes"}, Colour: c.colour}
	var all contents
	var failed error
	for _, file := range files {
		t, err := l.file(ctx, c.in, file)
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), l.out.Flush())
		}
		failed = errors.Join(failed, err)
		if err == nil || t.bytes > 0 {
			all.add(t)
			table.Add(t.cells(printable(file))...)
		}
	}
	if len(files) > 1 {
		table.Add(all.cells("all")...)
	}
	if hidden := all.faults - int64(o.most-l.left); hidden > 0 {
		fmt.Fprintf(l.out, "%s more faults are not shown; -max sets how many are\n", term.Number(hidden))
	}
	if err := errors.Join(l.out.Flush(), table.Write(c.out)); err != nil {
		return err
	}
	if all.faults > 0 {
		failed = errors.Join(failed, fmt.Errorf("%s of %s points have a fault", term.Number(all.faults), term.Number(all.points+all.faults)))
	}
	return failed
}

// contents counts what a file holds.
type contents struct{ lines, points, faults, bytes int64 }

func (t *contents) add(u contents) {
	t.lines += u.lines
	t.points += u.points
	t.faults += u.faults
	t.bytes += u.bytes
}

func (t *contents) cells(name string) []string {
	return []string{name, term.Number(t.lines), term.Number(t.points), term.Number(t.faults), term.Number(t.bytes)}
}

// A linter checks files one after another.
type linter struct {
	d    lp.Decoder
	out  *bufio.Writer
	left int // faults that may still be printed
}

// file checks a file. Up to an error, the counts are right.
func (l *linter) file(ctx context.Context, stdin io.Reader, name string) (contents, error) {
	shown := printable(name)
	in := stdin
	if name == "-" {
		var end func()
		in, end = pump(ctx, stdin)
		defer end()
		shown = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return contents{}, err
		}
		defer f.Close()
		in = f
	}
	counted := &counter{ctx: ctx, r: decompressed(in)}
	l.d.ResetReader(counted)
	var t contents
	for {
		_, err := l.d.Next()
		var bad *lp.SyntaxError
		switch {
		case err == nil:
			t.points++
			continue
		case errors.As(err, &bad):
			t.faults++
			if l.left > 0 {
				l.left--
				fmt.Fprintf(l.out, "%s:%d: offset %d: %v: %s\n", shown, bad.Line, bad.Offset, bad.Rule, strconv.QuoteToASCII(bad.Excerpt))
			}
			continue
		case err == io.EOF:
			err = nil
		default:
			err = fmt.Errorf("%s: %w", shown, err)
		}
		t.lines, t.bytes = counted.lines(), counted.bytes
		return t, err
	}
}

// pump reads r in another goroutine, so that an interrupt does not wait for input.
// After end, that goroutine ends when it has read the next byte.
func pump(ctx context.Context, r io.Reader) (piped io.Reader, end func()) {
	from, to := io.Pipe()
	go func() {
		_, err := io.Copy(to, r)
		to.CloseWithError(err)
	}()
	stop := context.AfterFunc(ctx, func() { from.CloseWithError(ctx.Err()) })
	return from, func() {
		stop()
		from.Close()
	}
}

// decompressed returns a reader of r that decompresses it if it begins like gzip.
func decompressed(r io.Reader) io.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	if magic, err := b.Peek(3); err != nil || !bytes.Equal(magic, []byte{0x1f, 0x8b, 8}) {
		return b // the first read returns the error again
	}
	return inflate.NewReader(b)
}

// A counter counts what is read through it, and fails after the end of ctx.
type counter struct {
	ctx   context.Context
	r     io.Reader
	bytes int64
	feeds int64
	open  bool // the last line has no line feed yet
}

func (c *counter) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if n > 0 {
		c.bytes += int64(n)
		c.feeds += int64(bytes.Count(p[:n], []byte{'\n'}))
		c.open = p[n-1] != '\n'
	}
	return n, err
}

// lines returns the number of lines, the last of which may lack its line feed.
func (c *counter) lines() int64 {
	if c.open {
		return c.feeds + 1
	}
	return c.feeds
}

// printable quotes a name that holds control characters, which a terminal would
// obey.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
