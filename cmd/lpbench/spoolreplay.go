package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

var replayHelp = help{
	synopsis: "replay DIR -url URL [flags]",
	about: `
Sends what a spool holds to a server, the oldest batch first, and removes each batch
when the server has stored it. The lines go where the program that wrote them would
have sent them: each batch has a target, the path and parameters of its write. User,
password and token are those of -url; -db and the like replace parts of the targets.

It stops at the first batch that the server does not store whole, and leaves that one
and those after it. With -dead, lines that the server refuses, or may have refused, go
to that file, as comments and line protocol, and the rest goes on. Batches whose
target is of an unknown form, and those that cannot be read, stay in the spool. A
batch that was sent in part is sent whole the next time: lines with timestamps are
then stored once all the same. Lines without one get the time of the server.

It takes the lock of the spool, so the program that uses the spool must not run. Run
it as the owner of the directory. An interrupt ends it in good order.

The exit status is 0 only if nothing is left in the spool, nothing was refused, and
nothing is in quarantine.`,
	examples: `
go run ./cmd/lpbench replay /var/lib/collector/spool -url http://user:password@host:8086
go run ./cmd/lpbench replay /var/lib/collector/spool -url http://host:8086 -rate 50000 -dead refused.lp
go run ./cmd/lpbench replay /var/lib/collector/spool -url 'https://host:8086?token=secret' -bucket restored`,
}

// replayOptions are the flags of replay.
type replayOptions struct {
	url, dead    string
	database, rp string
	bucket, org  string
	rate         float64
	retry        time.Duration
	server       fastclient.Options // of url

}

func (o *replayOptions) define(f *flag.FlagSet) {
	f.StringVar(&o.url, "url", "", "the server's `URL`, in the form that fastclient.Open takes, without a database or a precision; required")
	f.StringVar(&o.database, "db", "", "write to this `database` instead of that of each batch, except to buckets")
	f.StringVar(&o.rp, "rp", "", "write to this retention `policy` instead of that of each batch, except to buckets")
	f.StringVar(&o.bucket, "bucket", "", "write to this `bucket` instead of that of each batch, except to databases")
	f.StringVar(&o.org, "org", "", "name this `organization` instead of that of each batch, with buckets")
	f.StringVar(&o.dead, "dead", "", "append lines that the server refuses to this `file`, and go on")
	f.Float64Var(&o.rate, "rate", 0, "`lines` per second at most; 0 is as fast as the server responds")
	f.DurationVar(&o.retry, "retry", time.Minute, "how `long` to try again while the server fails")
}

func (o *replayOptions) check(rest []string) (err error) {
	switch {
	case len(rest) != 1:
		return usage("replay needs one directory")
	case o.url == "":
		return usage("-url is required: the server to send to")
	case !(o.rate >= 0) || math.IsInf(o.rate, 0) || o.retry < 0:
		return usage("-rate and -retry must be at least 0")
	}
	u, err := withGzip(o.url)
	if err != nil {
		return usageError{err}
	}
	if o.server, err = fastclient.ParseURL(u); err != nil {
		return usageError{err}
	}
	parsed, err := url.Parse(o.url)
	if err != nil {
		return usage("-url is not a URL") // the text may hold a password
	}
	for _, key := range []string{"database", "db", "rp", "bucket", "precision", "api", "consistency"} {
		if parsed.Query().Has(key) {
			return usage("-url has the parameter %s, which each batch has itself; see -db and -bucket", key)
		}
	}
	return nil
}

// override replaces parts of a target.
func (o *replayOptions) override(t *spoolTarget) {
	set := func(p *string, v string) {
		if v != "" {
			*p = v
		}
	}
	if t.api == fastclient.V2 {
		set(&t.bucket, o.bucket)
		set(&t.org, o.org)
		return
	}
	set(&t.database, o.database)
	set(&t.rp, o.rp)
}

// replaySpool sends what a spool holds to a server.
func replaySpool(ctx context.Context, c console, args []string) (err error) {
	var o replayOptions
	f := flags("replay")
	o.define(f)
	rest, err := parse(c, f, replayHelp, args)
	if err != nil {
		return err
	}
	if err := o.check(rest); err != nil {
		return err
	}
	s, err := openSpool(rest[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r := replayer{o: &o, job: spoolJob{console: c, dir: rest[0], s: s}, walk: walk{s: s}, clients: map[string]*fastclient.Client{}}
	defer r.closeClients()
	if o.dead != "" {
		d, err := batch.OpenDeadLetterFile(o.dead, 0)
		if err != nil {
			return err
		}
		r.dead = &deadLines{file: d}
		defer func() { err = errors.Join(err, d.Close()) }()
	}
	bad := r.job.condition(0)
	failed := r.all(ctx)
	return errors.Join(failed, r.report(), bad)
}

// deadLines are the lines that a server refused, with the target that they were for.
type deadLines struct {
	file   *batch.DeadLetterFile
	target string
	seq    uint64
	err    error // of the last Put that failed
}

// Put implements [batch.DeadLetter]. A record of the file has no place for the target.
func (d *deadLines) Put(l *batch.LostLines) error {
	one := *l
	one.Seq = d.seq
	one.Message = d.target
	if l.Message != "" {
		one.Message += ": " + l.Message
	}
	err := d.file.Put(&one)
	if err != nil {
		d.err = err
	}
	return err
}

// A replayer sends batches one after another. All lines of a batch that is not acked count
// as left, even if the server has stored some.
type replayer struct {
	o       *replayOptions
	job     spoolJob
	walk    walk
	text    decompressor
	dead    *deadLines // nil without -dead
	clients map[string]*fastclient.Client

	began                       time.Time
	sent                        holding // acked
	stored, rejected, uncertain uint64  // lines of sent
	skipped                     []uint64
	whySkipped                  error // the first reason
	ackedAfter                  bool  // a batch was acked after one was skipped
}

// all sends the batches in turn. It returns why it stopped before the end.
func (r *replayer) all(ctx context.Context) error {
	st := r.job.s.Stats()
	bar := r.job.progress.Start("replaying", int(st.Waiting.Batches))
	r.began = time.Now()
	defer bar.End()
	var failed error
	for failed == nil {
		ok, err := r.walk.next(ctx)
		if err != nil {
			failed = err
		}
		if !ok {
			break
		}
		failed = r.one(ctx, &r.walk.b)
		bar.Add(1)
		bar.Note(fmt.Sprintf("%s lines, %s lines/s, %s lines left", term.Number(r.sent.lines),
			term.Number(r.perSecond()), term.Number(int64(st.Waiting.Lines)-r.sent.lines)))
	}
	return errors.Join(failed, r.keepSkipped(context.WithoutCancel(ctx)))
}

func (r *replayer) perSecond() int64 {
	return int64(float64(r.sent.lines) / max(1e-3, time.Since(r.began).Seconds()))
}

// one sends a batch, or skips it. The error ends the replay.
func (r *replayer) one(ctx context.Context, b *spool.Batch) error {
	client, err := r.client(b)
	if err != nil {
		r.skip(b, err)
		return nil
	}
	lines, err := r.text.lines(b)
	if err != nil {
		r.skip(b, fmt.Errorf("it cannot be decompressed: %w", err))
		return nil
	}
	if err := r.pace(ctx); err != nil {
		return errors.Join(err, r.job.s.Return(b.Seq))
	}
	return r.send(ctx, client, b, lines)
}

// skip leaves a batch in the spool and goes on.
func (r *replayer) skip(b *spool.Batch, err error) {
	err = fmt.Errorf("batch %d for %s is left: %w", b.Seq, targetName(string(b.Target)), err)
	if r.whySkipped == nil {
		r.whySkipped = err
	}
	r.skipped = append(r.skipped, b.Seq)
}

// maxClients bounds the connections to a server of a spool with very many targets.
const maxClients = 64

// client returns a client for the target of b, or says why there is none.
func (r *replayer) client(b *spool.Batch) (*fastclient.Client, error) {
	if c := r.clients[string(b.Target)]; c != nil {
		return c, nil
	}
	t, err := parseTarget(b.Target)
	if err != nil {
		return nil, err
	}
	r.o.override(&t)
	c, err := fastclient.New(t.options(r.o.server))
	if err != nil {
		return nil, err
	}
	if len(r.clients) == maxClients {
		r.closeClients()
	}
	r.clients[string(b.Target)] = c
	return c, nil
}

func (r *replayer) closeClients() {
	for _, c := range r.clients {
		c.Close()
	}
	clear(r.clients)
}

// pace waits until the lines that were sent are no more than -rate allows.
func (r *replayer) pace(ctx context.Context) error {
	if r.o.rate == 0 {
		return nil
	}
	t := time.NewTimer(time.Until(r.began.Add(due(r.sent.lines, r.o.rate))))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// due returns how long so many lines take at a rate.
func due(lines int64, rate float64) time.Duration {
	seconds := float64(lines) / rate
	return time.Duration(min(seconds, math.MaxInt64/2e9) * 1e9)
}
