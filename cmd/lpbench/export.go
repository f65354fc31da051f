package main

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/admin"
	"github.com/pointwire/pointwire/frame"
)

var exportHelp = help{
	synopsis: "export [flags] QUERY | -all",
	about: `
Writes the response to a query to the standard output or a file: as line protocol, as
CSV, or as Arrow IPC. Responses of any size need constant memory. With -all it asks for
every measurement, each by a query of its own.

Line protocol is without loss but for texts that are not UTF-8, and for numbers of a
field that has several types, which the server sends as floats. A query of such a field
leaves out texts and bools, and a query of several measurements gives a column one type
for all of them, and leaves out what has another: where that may happen, the exit status
is 1; -all does neither. The server is asked for the keys of the database, so columns are
written as tags or fields, and fields in their types. "SELECT * FROM cpu GROUP BY *" also
tells a tag from a field of the same name. Columns that are no keys, such as mean, are
fields of the type that the response has. A file for influx -import needs -header, and
line feeds in texts are beyond influx: send reads both.

CSV has a table for each measurement, with an empty line between them. Null and the
empty text are both empty cells. Arrow is for queries of one measurement, and needs a
checkout of the repository and Go: a program is built there, which runs the query.

A file is complete or it is not there. The exit status is 0 if all rows are written, 1
if some cannot be, because line protocol has no form for them, and 2 if it failed.`,
	examples: `
go run ./cmd/lpbench export -db mydb -o cpu.lp.gz 'SELECT * FROM cpu GROUP BY *'
go run ./cmd/lpbench export -db mydb -format csv -epoch ms 'SELECT mean(load) FROM cpu WHERE time > now() - 1d GROUP BY time(1m), host'
go run ./cmd/lpbench export -db mydb -format arrow -o cpu.arrow 'SELECT * FROM cpu'
go run ./cmd/lpbench export -db old -all | go run ./cmd/lpbench send -db new -create`,
}

// exportOptions are the flags of export.
type exportOptions struct {
	serverFlags
	format, file, epoch string
	header              string
	chunk               int
	stream, always, all bool
	query               string

	unit   fastclient.Precision
	server fastclient.Options
}

func (o *exportOptions) define(f *flag.FlagSet) {
	o.serverFlags.define(f)
	f.StringVar(&o.database, "db", "", "the `database`")
	f.StringVar(&o.rp, "rp", "", "the retention `policy`, if the query names none")
	f.StringVar(&o.format, "format", "lp", "`lp`, csv or arrow")
	f.StringVar(&o.file, "o", "", "write to this `file` in place of the standard output; names that end in .gz and .zst say how it is compressed")
	f.StringVar(&o.epoch, "epoch", "", "`unit` of the times: ns, u, ms, s, m or h; by default RFC 3339 in CSV, and ns otherwise")
	f.StringVar(&o.header, "header", "", "begin with the comments that influx -import needs for this `database`")
	f.IntVar(&o.chunk, "chunk", 10_000, "`rows` of each part of the response")
	f.BoolVar(&o.all, "all", false, "export all measurements of the retention policy, in place of a query")
	f.BoolVar(&o.stream, "stream", false, "write Arrow IPC as a stream and not as a file")
	f.BoolVar(&o.always, "progress", false, "show progress where the standard error is no terminal too")
}

func (o *exportOptions) check(rest []string) (err error) {
	switch {
	case o.all && len(rest) > 0:
		return usage("-all is in place of a query")
	case !o.all && len(rest) != 1:
		return usage("export needs one query, or -all")
	case o.all && o.format == "arrow":
		return usage("-all is not for -format arrow, which has one measurement")
	case !slices.Contains([]string{"lp", "csv", "arrow"}, o.format):
		return usage("-format must be lp, csv or arrow, not %q", o.format)
	case o.chunk < 1:
		return usage("-chunk must be at least 1")
	case o.header != "" && (o.format != "lp" || strings.ContainsAny(o.header, "\r\n:")):
		return usage("-header is for -format lp, and influx takes no colon or line feed in it")
	case o.stream && o.format != "arrow":
		return usage("-stream is for -format arrow")
	}
	if !o.all {
		o.query = rest[0]
	}
	if word := changes(o.query); word != "" {
		return usage("export only reads: it runs no %s", word)
	}
	if o.epoch != "" {
		var ok bool
		if o.unit, ok = precisionNamed(o.epoch); !ok {
			return usage("-epoch must be ns, u, ms, s, m or h, not %q", o.epoch)
		}
	}
	o.server, err = o.options(o.url)
	o.server.ResponseFormat = fastclient.FormatAuto
	return err
}

// export writes the response to a query.
func export(ctx context.Context, c console, args []string) (err error) {
	var o exportOptions
	f := flags("export")
	o.define(f)
	rest, err := parse(c, f, exportHelp, args)
	if err != nil {
		return err
	}
	if err := o.check(rest); err != nil {
		return failure(err)
	}
	client, err := fastclient.New(o.server)
	if err != nil {
		return usageError{err}
	}
	defer client.Close()
	out, err := createOutput(o.file, c.out)
	if err != nil {
		return failure(err)
	}
	e := exporter{o: &o, client: client, out: &byteCounter{w: out}, errors: c.progress.Writer()}
	if !c.progress.Terminal() && !o.always {
		c.progress = term.Lines(io.Discard)
	}
	e.progress = c.progress
	err = e.all(ctx)
	if closed := out.finish(err == nil); err == nil {
		err = closed
	}
	if err != nil {
		return failure(err)
	}
	fmt.Fprintf(e.errors, "%s, %s MB\n", counted(e.rows, "row", "rows"), term.Figure(float64(e.out.n)/1e6))
	if e.refused > 0 {
		return fmt.Errorf("%s not written, the first: %w", counted(e.refused, "row", "rows"), e.first)
	}
	return e.several
}

// An exporter writes one response.
type exporter struct {
	o        *exportOptions
	client   *fastclient.Client
	out      *byteCounter
	errors   io.Writer
	progress *term.Progress

	rows    int64 // written
	refused int64 // rows that line protocol has no form for
	first   error // why
	several error // what the server left out, because it has another type
}

// A frameWriter writes the frames of a response in one format.
type frameWriter interface {
	frame(f *frame.Frame) error
	end() error
}

func (e *exporter) all(ctx context.Context) error {
	bar := e.progress.Start("exporting", 0)
	defer bar.End()
	var k keys
	if e.o.format != "csv" || e.o.all {
		var err error
		if k, err = askKeys(ctx, e.client); err != nil {
			return err
		}
	}
	if !e.o.all {
		e.several = k.losses(e.o.query)
	}
	if e.o.format == "arrow" {
		return e.arrow(ctx, k, bar)
	}
	var w frameWriter = &csvWriter{e: e}
	if e.o.format == "lp" {
		w = newLineWriter(e, k)
	}
	queries := []string{e.o.query}
	if e.o.all {
		queries = k.queries()
		e.namePolicies(ctx)
	}
	for _, q := range queries {
		if err := e.query(ctx, q, w, bar); err != nil {
			return err
		}
	}
	return w.end()
}

// namePolicies says which retention policies -all leaves out: lines do not name theirs.
func (e *exporter) namePolicies(ctx context.Context) {
	list, err := admin.ShowRetentionPolicies(ctx, e.client, "")
	for _, p := range list {
		if p.Name != e.o.rp && !(e.o.rp == "" && p.Default) {
			fmt.Fprintf(e.errors, "not exported: retention policy %s, for which there is -rp\n", strconv.Quote(p.Name))
		}
	}
	if err != nil {
		fmt.Fprintf(e.errors, "SHOW RETENTION POLICIES, of which one is exported: %v\n", err)
	}
}

// query writes the response to one query.
func (e *exporter) query(ctx context.Context, query string, w frameWriter, bar *term.Bar) error {
	result, err := e.client.Query(ctx, query, fastclient.Chunked(e.o.chunk), fastclient.Epoch(e.o.unit))
	if err != nil {
		return err
	}
	defer result.Close()
	frames := result.FrameReader()
	frames.Merge = true
	for f, err := range frames.Frames() {
		if err != nil {
			return err // a part of the response is not the response
		}
		if err := w.frame(f); err != nil {
			return err
		}
		bar.Add(f.Len())
		bar.Note(term.Figure(float64(e.out.n)/1e6) + " MB, rows")
	}
	return nil
}

// A byteCounter counts what is written.
type byteCounter struct {
	w io.Writer
	n int64
}

func (b *byteCounter) Write(p []byte) (int, error) {
	n, err := b.w.Write(p)
	b.n += int64(n)
	return n, err
}

// An output is a file that gets its name when it is complete, or the standard output.
type output struct {
	io.Writer
	name string
	f    *os.File
	zip  io.WriteCloser
}

func createOutput(name string, stdout io.Writer) (*output, error) {
	if name == "" {
		return &output{Writer: stdout}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".part-*")
	if err != nil {
		return nil, err
	}
	o := &output{Writer: f, name: name, f: f}
	switch filepath.Ext(name) {
	case ".gz":
		o.zip = gzip.NewWriter(f)
	case ".zst":
		if o.zip, err = zstd.NewWriter(f, zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, errors.Join(err, o.finish(false))
		}
	}
	if o.zip != nil {
		o.Writer = o.zip
	}
	return o, nil
}

// finish gives the file its name, or removes it.
func (o *output) finish(complete bool) error {
	if o.f == nil {
		return nil
	}
	var err error
	if o.zip != nil {
		err = o.zip.Close()
	}
	if complete && err == nil {
		err = errors.Join(o.f.Chmod(0o644), o.f.Sync())
	}
	if err = errors.Join(err, o.f.Close()); complete && err == nil {
		return os.Rename(o.f.Name(), o.name)
	}
	return errors.Join(err, os.Remove(o.f.Name()))
}
