package main

import (
	"context"
	"errors"
	"flag"
	"math"
	"os"
	"slices"
	"time"

	"github.com/pointwire/pointwire/fastclient"
)

var sendHelp = help{
	synopsis: "send [flags] [FILE|-]…",
	about: `
Sends line protocol from files or the standard input to a server. Files may be plain
or compressed with gzip or zstd; their first bytes say which. Without a file, or for
the file -, it reads the standard input, until that ends. Input of any size needs
constant memory.

Each line is checked first, by the rules of lint, and a line with a fault is refused.
The others go through the batching Writer, which sends them until the server has
stored or refused them. Lines wait at most -flush, so the input may be a pipe that
never ends. With -spool, lines that the server does not take go to that directory,
and from there to the server, in this run or a later one. With -dead, lines that are
refused, or that could not be sent, go to that file, as comments and line protocol.

Files of influx -import and influx_inspect export are understood: their comments
"# CONTEXT-DATABASE:" and "# CONTEXT-RETENTION-POLICY:" say where the lines after them
go, unless -db and -rp do. -ddl runs the statements of their section "# DDL".

The account at the end adds up: lines read = stored + refused + dead + left. An
interrupt or SIGTERM ends the reading, sends what was read within -wait, and prints
the account. The exit status is 0 if all lines are stored, 1 if some were refused, and
2 if lines are left, the input was not read to its end, or the arguments make no sense.`,
	examples: `
go run ./cmd/lpbench send -url http://127.0.0.1:8086 -db mydb points.lp backup.lp.gz
zstdcat points.lp.zst | go run ./cmd/lpbench send -url http://host:8086 -db mydb -precision s -dead refused.lp
go run ./cmd/lpbench send -url https://host:8086 -org o -bucket b -token env:INFLUX_TOKEN -spool /var/spool/lp
influx_inspect export -compress -out all.gz && go run ./cmd/lpbench send -url http://new:8086 -ddl all.gz`,
}

// sendOptions are the flags of send.
type sendOptions struct {
	serverFlags
	bucket, precision   string
	gzip, trimCR        bool
	batch, parallel     int
	rate                float64
	flush, retry, wait  time.Duration
	spool, dead         string
	spoolBytes          int64
	create, ddl, always bool
	most                int

	unit   fastclient.Precision
	server fastclient.Options
}

func (o *sendOptions) define(f *flag.FlagSet) {
	o.serverFlags.define(f)
	f.StringVar(&o.database, "db", "", "write to this `database`, whatever the input says")
	f.StringVar(&o.rp, "rp", "", "write to this retention `policy`, whatever the input says")
	f.StringVar(&o.bucket, "bucket", "", "write to this `bucket` of InfluxDB 2")
	f.StringVar(&o.precision, "precision", "", "`unit` of the timestamps: ns, u, ms, s, m or h; by default that of -url, or ns")
	f.BoolVar(&o.gzip, "gzip", true, "compress requests")
	f.BoolVar(&o.trimCR, "trim-cr", false, "treat a carriage return before a line feed as part of the line end")
	f.IntVar(&o.batch, "batch", 5000, "`lines` per request at most")
	f.IntVar(&o.parallel, "parallel", 2, "`number` of requests at once; with 1, batches are stored in the order of the input")
	f.Float64Var(&o.rate, "rate", 0, "`lines` per second at most; 0 is as fast as the server responds")
	f.DurationVar(&o.flush, "flush", time.Second, "how `long` a line waits for others at most")
	f.DurationVar(&o.retry, "retry", time.Minute, "how `long` to try again while the server fails; with -spool, only at the end of the input")
	f.DurationVar(&o.wait, "wait", 10*time.Second, "how `long` to send after an interrupt")
	f.StringVar(&o.spool, "spool", "", "keep lines that the server does not take in this `directory`")
	f.Int64Var(&o.spoolBytes, "spool-bytes", 1<<30, "`bytes` of disk that -spool may use; when they are used up, reading waits")
	f.StringVar(&o.dead, "dead", "", "append lines that are refused or not sent to this `file`")
	f.BoolVar(&o.create, "create", false, "create the database if the server says that it is missing")
	f.BoolVar(&o.ddl, "ddl", false, "run the CREATE statements of sections # DDL")
	f.BoolVar(&o.always, "progress", false, "show progress where the standard error is no terminal too")
	f.IntVar(&o.most, "max", 10, "maximum `number` of faults to print; all are counted")
}

// check checks the flags, reads the secrets that they name, and sets unit and server.
func (o *sendOptions) check(files []string) (err error) {
	switch i := slices.Index(files, "-"); {
	case i >= 0 && slices.Contains(files[i+1:], "-"):
		return usage("the standard input can be read only once")
	case !(o.rate >= 0) || math.IsInf(o.rate, 0):
		return usage("-rate must be at least 0")
	case o.flush <= 0 || o.retry < 0 || o.wait < 0:
		return usage("-flush must be above 0, -retry and -wait at least 0")
	case o.batch < 1 || o.batch > 1_000_000:
		return usage("-batch must be between 1 and 1,000,000")
	case o.parallel < 1 || o.parallel > 64:
		return usage("-parallel must be between 1 and 64")
	case o.most < 0:
		return usage("-max must be at least 0")
	case o.bucket != "" && (o.database != "" || o.rp != ""):
		return usage("-bucket is for InfluxDB 2, -db and -rp are for InfluxDB 1: give one of them")
	case o.spool != "" && o.spoolBytes < 16<<20:
		return usage("-spool-bytes must be at least 16 MiB, %d", 16<<20)
	}
	if err := o.setServer(); err != nil {
		return err
	}
	if o.spool != "" && o.dead != "" && !slices.Contains([]string{"ns", "ms", "s"}, o.unit.String()) {
		// Lines that come back from disk are in the precision of requests.
		return usage("-spool and -dead together need -precision ns, ms or s")
	}
	if o.dead != "" {
		return o.deadIsNoInput(files)
	}
	return nil
}

// deadIsNoInput refuses to read the file that grows with what is read.
func (o *sendOptions) deadIsNoInput(files []string) error {
	dead, err := os.Stat(o.dead)
	if err != nil {
		return nil // a new one
	}
	for _, file := range files {
		if in, err := os.Stat(file); err == nil && os.SameFile(in, dead) {
			return usage("%s cannot be read and be -dead at once", printable(file))
		}
	}
	return nil
}

// setServer sets the options of the client.
func (o *sendOptions) setServer() (err error) {
	u := o.url
	if o.gzip {
		if u, err = withGzip(u); err != nil {
			return usageError{err}
		}
	}
	if o.server, err = o.options(u); err != nil {
		return err
	}
	s := &o.server
	if o.bucket != "" {
		s.API, s.Bucket = fastclient.V2, o.bucket
	}
	if o.precision != "" {
		var ok bool
		if s.Precision, ok = precisionNamed(o.precision); !ok {
			return usage("-precision must be ns, u, ms, s, m or h, not %q", o.precision)
		}
	}
	o.unit = s.Precision
	return nil
}

// send sends line protocol to a server.
func send(ctx context.Context, c console, args []string) (err error) {
	var o sendOptions
	f := flags("send")
	o.define(f)
	files, err := parse(c, f, sendHelp, args)
	if err != nil {
		return err
	}
	if err := o.check(files); err != nil {
		return failure(err)
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	client, err := fastclient.New(o.server)
	if err != nil {
		return usageError{err}
	}
	defer client.Close()
	dead, err := openDeadLines(o.dead)
	if err != nil {
		return failure(err)
	}
	defer func() { err = failure2(err, dead.close()) }()
	return newSendJob(&o, c, client, dead).run(ctx, files)
}

// A failed error ends send with the exit status 2: the input was not sent.
type failed struct{ error }

func (e failed) Unwrap() error { return e.error }

// failure makes err one with the exit status 2, and leaves nil as it is.
func failure(err error) error {
	if err == nil {
		return nil
	}
	return failed{err}
}

// failure2 adds a failure to err.
func failure2(err, add error) error {
	if add == nil {
		return err
	}
	return failed{errors.Join(err, add)}
}
