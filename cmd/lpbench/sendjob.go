package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// A sendJob reads lines, checks them, and passes them to a Writer. Its goroutine is the only
// one that reads and appends; a watcher looks at the Writer meanwhile.
//
// A decoder reads from a tape. Good lines that follow each other are a range of the tape,
// which is appended as it is: before the next read, so that no line waits for input, and
// before anything that is not a good line.
type sendJob struct {
	o      *sendOptions
	c      console
	client *fastclient.Client
	dead   *deadFile
	bar    *term.Bar
	errors io.Writer               // for remarks where the bar is on no terminal
	stop   context.CancelCauseFunc // ends the job

	d    lp.Decoder
	tape tape
	from int64 // the range of good lines: offsets in the input, and their number
	to   int64
	n    int

	file        string // being read, for texts
	linesBefore int64  // in its section "# DDL"

	w       *batch.Writer // nil until there are lines for it
	at      place         // of w
	want    place         // where the next lines go
	unwatch context.CancelFunc
	watcher sync.WaitGroup
	says    sync.Mutex  // held while errors is written to
	atEnd   atomic.Bool // the input has ended: the job waits for the server alone
	opened  bool

	began           time.Time
	bytesIn         atomic.Int64 // of the files as they are
	read            atomic.Int64 // lines, good and bad
	faults, shown   int
	found           uint64 // lines that were in the spool before
	stored, spooled uint64
	elsewhere       uint64 // of the spooled lines, those that go to another place
	lost            lost
	requests, raw   uint64
	wire            uint64
	statements      int      // that were not run
	refusedDDL      int      // statements that the server refused
	said            []string // the first refusals of the server
	feeds           int64    // line feeds of this file
}

func newSendJob(o *sendOptions, c console, client *fastclient.Client, dead *deadFile) *sendJob {
	j := &sendJob{o: o, c: c, client: client, dead: dead}
	if !c.progress.Terminal() && !o.always {
		j.errors = c.progress.Writer()
		j.c.progress = term.Lines(io.Discard)
	}
	j.d.SetOptions(lp.DecoderOptions{Precision: o.unit, TrimCR: o.trimCR, MaxLine: longestLine - 64})
	return j
}

// run sends the files and prints the account.
func (j *sendJob) run(ctx context.Context, files []string) error {
	ctx, j.stop = context.WithCancelCause(ctx)
	defer j.stop(nil)
	j.began = time.Now()
	j.bar = j.c.progress.Start("sending", int(totalBytes(files)/progressUnit))
	var failed error
	for _, file := range files {
		if err := j.one(ctx, file); err != nil {
			failed = err
			break
		}
	}
	if j.w == nil && failed == nil && j.o.spool != "" {
		failed = j.open(ctx, j.want) // for what an earlier run left there
	}
	j.settle(ctx)
	if failed == nil && ctx.Err() != nil {
		failed = context.Cause(ctx)
	}
	j.bar.End()
	return j.report(failed)
}

// progressUnit is the bytes of a part of the bar.
const progressUnit = 1 << 10

// totalBytes returns the size of the files, or 0 if some have none.
func totalBytes(files []string) (n int64) {
	for _, file := range files {
		st, err := os.Stat(file)
		if err != nil || !st.Mode().IsRegular() {
			return 0
		}
		n += st.Size()
	}
	return n
}

// one reads a file to its end.
func (j *sendJob) one(ctx context.Context, file string) error {
	in, err := openInput(ctx, j.c.in, file, func(n int) { j.bytesIn.Add(int64(n)) })
	if err != nil {
		return err
	}
	defer in.close()
	j.file, j.want = in.shown, place{}
	err = j.lines(ctx, in)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("%s was read up to line %d: %w", in.shown, j.linesBefore+j.feeds+1, err)
}

// lines reads the lines of an input.
func (j *sendJob) lines(ctx context.Context, in *input) (err error) {
	j.feeds = 0
	j.linesBefore, err = in.ddl(j.comment, func(line int64, text string) error { return j.runStatement(ctx, line, text) })
	if err != nil {
		return err
	}
	j.from, j.to, j.n = 0, 0, 0
	j.tape = tape{
		r: in, longest: longestLine, trimCR: j.o.trimCR, buf: j.tape.buf[:0],
		before:  func() error { return j.append(ctx) },
		comment: j.comment,
		count:   func(_, feeds int) { j.feeds += int64(feeds) },
	}
	j.d.ResetReader(&j.tape)
	defer j.d.Reset(nil)
	most := j.mostAtOnce()
	for {
		p, err := j.d.Next()
		var bad *lp.SyntaxError
		switch {
		case err == nil:
			err = j.good(ctx, p, most)
		case errors.As(err, &bad):
			err = j.bad(ctx, bad)
		case err == io.EOF:
			err = j.append(ctx)
			j.tape.comments(j.d.InputOffset())
			return err
		default:
			return errors.Join(err, j.append(ctx))
		}
		if err != nil {
			return err
		}
	}
}

// mostAtOnce returns how many lines are appended at once: few if -rate says so.
func (j *sendJob) mostAtOnce() int {
	most := j.o.batch
	if j.o.rate > 0 {
		most = max(1, min(most, int(j.o.rate/10)))
	}
	return most
}

// good adds a line to the range.
func (j *sendJob) good(ctx context.Context, p *lp.PointView, most int) error {
	if at := p.Offset(); at > j.to && bytes.Contains(j.tape.at(j.to, at), contextWord) {
		if err := j.append(ctx); err != nil {
			return err
		}
		j.tape.comments(at)
		j.from = at
	}
	// A line without a timestamp may be refused because its series has no time left. It is
	// appended alone, so that it is known which.
	_, stamped := p.Timestamp()
	alone := !stamped
	if alone && j.n > 0 {
		if err := j.append(ctx); err != nil {
			return err
		}
	}
	if j.n == 0 {
		j.from = p.Offset()
	}
	j.to = j.d.InputOffset()
	j.n++
	j.read.Add(1)
	if alone || j.n >= most {
		return j.append(ctx)
	}
	return nil
}

// bad refuses a line.
func (j *sendJob) bad(ctx context.Context, e *lp.SyntaxError) error {
	if err := j.append(ctx); err != nil {
		return err
	}
	begin, end := e.Offset-int64(e.Column), j.d.InputOffset()
	j.tape.comments(begin)
	text := j.tape.at(begin, end)
	j.refuse(text, j.linesBefore+e.Line, e.Rule, e.Excerpt)
	if len(text) > 0 && text[len(text)-1] != '\n' && e.Rule == lp.RuleTooLong {
		j.tape.cut(end)
	} else {
		j.tape.skip(end)
	}
	j.from, j.to = end, end
	return nil
}

// refuse counts, shows and keeps a line that is not sent.
func (j *sendJob) refuse(text []byte, line int64, why error, excerpt string) {
	j.read.Add(1)
	j.lost.invalid++
	if j.faults++; j.faults <= j.o.most {
		j.shown++
		j.remark(fmt.Sprintf("%s:%d: %v: %s", j.file, line, why, strconv.QuoteToASCII(excerpt)))
	}
	j.dead.invalid(text, fmt.Sprintf("%s:%d: %v", j.file, line, why))
}

// append passes the range on. It waits while -rate or the Writer's memory says so.
func (j *sendJob) append(ctx context.Context) error {
	if j.n == 0 {
		return nil
	}
	lines, n := j.tape.at(j.from, j.to), j.n
	j.n = 0
	err := j.ready(ctx)
	if err == nil {
		err = j.w.Append(ctx, lines)
	}
	var refused *batch.AppendError
	switch {
	case err == nil:
	case errors.As(err, &refused) && errors.Is(err, batch.ErrNoTimeLeft) && n == 1:
		j.read.Add(-1) // refuse counts it
		j.refuse(lines, j.linesBefore+j.feeds, batch.ErrNoTimeLeft, string(lines[:min(len(lines), 64)]))
		err = nil
	case errors.As(err, &refused):
		j.leave(lines, refused.Accepted, refused.Refused)
	default:
		j.leave(lines, 0, n)
	}
	j.tape.skip(j.to)
	return err
}

// leave counts and keeps lines that the Writer did not accept: the last n of a range.
func (j *sendJob) leave(lines []byte, accepted, n int) {
	if n == 0 {
		return
	}
	j.lost.unsent += uint64(n)
	var d lp.Decoder
	d.SetOptions(lp.DecoderOptions{Precision: j.o.unit, TrimCR: j.o.trimCR})
	d.Reset(lines)
	for range accepted {
		d.Next()
	}
	j.dead.unsent(lines[d.InputOffset():], n, 0)
}

// ready opens the Writer of the range's place and waits until -rate allows the range. When
// ctx ends it waits no longer: what was read is sent.
func (j *sendJob) ready(ctx context.Context) error {
	if j.w != nil && j.at != j.want {
		j.settle(ctx)
	}
	if j.w == nil {
		if err := j.open(ctx, j.want); err != nil {
			return err
		}
	}
	if j.o.rate == 0 {
		return nil
	}
	t := time.NewTimer(time.Until(j.began.Add(due(j.read.Load(), j.o.rate))))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	return nil
}

// The comments of files for influx -import that say where the lines after them go.
const (
	databaseComment = "# CONTEXT-DATABASE:"
	rpComment       = "# CONTEXT-RETENTION-POLICY:"
)

var contextWord = []byte("# CONTEXT-")

// comment obeys a comment, unless the flags say where lines go.
func (j *sendJob) comment(text []byte) {
	if j.o.bucket != "" {
		return
	}
	s := string(bytes.TrimSpace(text))
	if name, ok := strings.CutPrefix(s, databaseComment); ok && j.o.database == "" {
		j.want.database = strings.TrimSpace(name) // the policy stays, as for influx -import
	}
	if name, ok := strings.CutPrefix(s, rpComment); ok && j.o.rp == "" {
		j.want.rp = strings.TrimSpace(name)
	}
}

// creates reports whether a statement makes a database or a retention policy, and is one.
func creates(text string) bool {
	words := strings.Fields(strings.ToUpper(text))
	if len(words) < 3 || words[0] != "CREATE" || strings.Contains(strings.TrimSuffix(text, ";"), ";") {
		return false
	}
	return words[1] == "DATABASE" || words[1] == "RETENTION" && words[2] == "POLICY"
}
