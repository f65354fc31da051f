package itest

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/lp"
)

// TestOracle compares what the client reports of every line with what the server stored.
//
// It writes random batches in every way of writing. They have good lines, lines whose field
// has another type than before, lines older than the retention policy keeps and lines that
// the server cannot parse, with names and values from the servers' own error texts. Then
// it reads which lines are stored: each acked line must be there, no rejected line may be,
// and an error must say so. Each line must have its time, whatever the precision, and no
// server may refuse points that the client encodes.
//
// POINTWIRE_ORACLE is the number of batches for each server, 2,000 by default and 60
// with -short; POINTWIRE_SEED repeats a run. Batch by batch the seed grows by one.
func TestOracle(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 60
	}
	if s := os.Getenv("POINTWIRE_ORACLE"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	seed := rand.Uint64()
	if s := os.Getenv("POINTWIRE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	for _, target := range oracleTargets {
		t.Run(target.name, func(t *testing.T) {
			t.Parallel()
			o := newOracle(t, target)
			start := time.Now()
			n := n / max(target.paths, 1)
			for i := range n {
				if o.batch(seed + uint64(i)); t.Failed() {
					t.Fatalf("batch failed: POINTWIRE_SEED=%d POINTWIRE_ORACLE=2", seed+uint64(i))
				}
			}
			o.report(n, seed, time.Since(start))
		})
	}
}

// An oracleTarget is a server and the way to write to it.
type oracleTarget struct {
	name  string
	start func(t *testing.T) *Server
	// database makes an empty database. Its retention policy keeps a year, in shards of
	// a week.
	database func(t *testing.T, s *Server, name string)
	client   func(t *testing.T, s *Server, o fastclient.Options) *fastclient.Client
	// paths is the number of targets on the same server. They share its batches.
	paths int
	// whole reports that the server stores nothing of a body with a line that it cannot
	// parse.
	whole bool
	// coarsest is the coarsest precision of the endpoint, if it is not Hour.
	coarsest lp.Precision
	// unsigned reports that unsigned values are stored as such.
	unsigned bool
}

var oracleTargets = []oracleTarget{
	{name: "1.8.10", start: func(t *testing.T) *Server { return startInProcess(t, inMemory(t)) }, database: yearlyDatabase, client: newClient},
	{name: "influxd", start: func(t *testing.T) *Server { return startInfluxd(t, inMemory(t)) }, database: yearlyDatabase, client: newClient},
}

// inMemory is the set-up of a server whose files are in memory, if the machine has a file
// system for that, since the server syncs its files at every write.
func inMemory(t *testing.T) Config {
	dir, err := os.MkdirTemp("/dev/shm", "itest-")
	if err != nil {
		return Config{}
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return Config{Dir: dir}
}

func yearlyDatabase(t *testing.T, s *Server, name string) {
	t.Helper()
	query(t, s, "", `DROP DATABASE "`+name+`"; CREATE DATABASE "`+name+`" WITH DURATION 365d SHARD DURATION 7d`)
}

// An oracle writes batches to one server.
type oracle struct {
	t      *testing.T
	target oracleTarget
	s      *Server
	client *fastclient.Client
	padded *fastclient.Client // gets responses with long headers
	spoil  *spoiler
	runs   int
	now    time.Time

	batches, large, lines       int
	by                          map[string]*shares
	kinds                       [numLineKinds]int
	acked, rejected, uncertains int
}

// shares counts lines of one way of writing.
type shares struct{ batches, lines, uncertain, requests int }

func newOracle(t *testing.T, target oracleTarget) *oracle {
	o := &oracle{t: t, target: target, s: target.start(t), by: map[string]*shares{}, now: time.Now()}
	o.spoil = &spoiler{next: &http.Transport{MaxIdleConnsPerHost: 8}}
	t.Cleanup(o.spoil.next.CloseIdleConnections)
	o.client = target.client(t, o.s, fastclient.Options{Database: "oracle", HTTPClient: &http.Client{Transport: o.spoil}})
	o.padded = target.client(t, o.s, fastclient.Options{Database: "oracle", Dial: o.padding()})
	return o
}

// perDatabase is the number of batches in one database.
const perDatabase = 100

// batch writes one batch and checks its outcome.
func (o *oracle) batch(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	if o.runs%perDatabase == 0 {
		o.target.database(o.t, o.s, "oracle")
	}
	o.runs++
	if rng.IntN(8) == 0 {
		o.encoded(rng)
		return
	}
	b := o.make(rng)
	o.batches++
	o.lines += len(b.lines)
	if len(b.lines) > 1000 {
		o.large++
	}
	ctx, cancel := context.WithTimeout(o.t.Context(), 2*time.Minute)
	defer cancel()
	if b.setPrecision(lp.Nanosecond); rng.IntN(2) == 0 {
		b.setPrecision(o.precision(rng))
	}
	if b.raw {
		o.write(ctx, b)
		return
	}
	switch rng.IntN(8) {
	case 0:
		o.write(ctx, b)
	case 1:
		o.writePoints(ctx, b)
	case 2:
		b.unstamp(rng)
		o.append(ctx, rng, b)
	default:
		o.append(ctx, rng, b)
	}
}

// stored returns the lines of b that the server has.
func (o *oracle) stored(ctx context.Context, b *oracleBatch) map[int]bool {
	o.t.Helper()
	ids := map[int]bool{}
	res, err := o.client.Query(ctx, `SELECT "id" FROM /.*/ WHERE "run" = '`+b.run+`'`)
	if err != nil {
		o.t.Fatal(err)
	}
	for row, err := range res.Rows() {
		if err != nil {
			o.t.Fatal(err)
		}
		id, err := row.Int(row.Series().Column("id"))
		if err != nil {
			o.t.Fatal(err)
		}
		if ids[int(id)] {
			o.t.Fatalf("line %d is stored twice: %q", id, b.lines[id])
		}
		if at, err := row.Timestamp(0); err != nil || b.times[id] != 0 && at != b.times[id] {
			o.t.Errorf("line %d is stored at %d, not at %d: %q, in %v, %v", id, at, b.times[id], b.lines[id], b.precision, err)
		}
		ids[int(id)] = true
	}
	return ids
}

// wait reads what is stored until all of want is there: 1.x responds as soon as one shard
// has refused lines, and then writes the other shards.
func (o *oracle) wait(ctx context.Context, b *oracleBatch, want map[int]bool) map[int]bool {
	o.t.Helper()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := o.stored(ctx, b)
		if contains(got, want) || time.Now().After(end) {
			return got
		}
	}
}

// searchRequests is the greatest number of requests in the search for one line of 5,000:
// two for each halving, and a few for lines that the first responses name.
const searchRequests = 30

func contains(set, want map[int]bool) bool {
	for id := range want {
		if !set[id] {
			return false
		}
	}
	return true
}

// write writes b unchanged in one request.
func (o *oracle) write(ctx context.Context, b *oracleBatch) {
	err := o.client.Write(ctx, b.body(), fastclient.WritePrecision(b.precision))
	o.share("Write", len(b.lines), 0, 1)
	o.direct(ctx, b, err)
}

// direct compares the error of a write of b with what is stored.
func (o *oracle) direct(ctx context.Context, b *oracleBatch, err error) {
	o.t.Helper()
	// Lines that the client cannot convert are not sent.
	sent := b.all()
	if points := (*fastclient.PointsError)(nil); errors.As(err, &points) {
		var refused int
		if sent, refused = b.readable(); refused != points.Bad {
			o.t.Errorf("%d of %d lines cannot be read, but %d were left out: %v", refused, len(b.lines), points.Bad, points)
		}
		err = points.Write
	}
	if err == nil {
		if got := o.wait(ctx, b, sent); !maps.Equal(got, sent) {
			o.t.Errorf("a write of %d lines, of which %d were sent, returned no error, but %d are stored", len(b.lines), len(sent), len(got))
		}
		return
	}
	got := o.stored(ctx, b)
	lost := len(sent) - len(got)
	var partial *fastclient.PartialWriteError
	var server *fastclient.ServerError
	switch {
	case errors.As(err, &partial):
		if lost < partial.Dropped || lost == 0 {
			o.t.Errorf("%d of %d lines are not stored, but the error is %.300v", lost, len(b.lines), err)
		}
	case !errors.As(err, &server):
		o.t.Errorf("%.300v", err)
	case strings.HasPrefix(server.Message, "unable to parse '") && len(got) > 0:
		o.t.Errorf("%d of %d lines are stored, and the error is %.300v", len(got), len(b.lines), err)
	case lost == 0:
		o.t.Errorf("all lines are stored, and the error is %.300v", err)
	}
	if server != nil && server.Foreign {
		o.t.Errorf("the response has no sign of a database: %.300v", err)
	}
}

// writePoints writes b as points.
func (o *oracle) writePoints(ctx context.Context, b *oracleBatch) {
	var points []fastclient.Lines
	for _, line := range b.lines {
		points = append(points, fastclient.Lines(line))
	}
	err := fastclient.WritePoints(ctx, o.client, points, fastclient.WritePrecision(b.precision))
	o.share("WritePoints", len(b.lines), 0, 1)
	o.direct(ctx, b, err)
}

// append writes b with a Writer or a SyncWriter.
func (o *oracle) append(ctx context.Context, rng *rand.Rand, b *oracleBatch) {
	log := &lossLog{lines: map[int]batch.Reason{}, texts: map[int]string{}}
	opts := batch.Options{
		Isolate: batch.Isolation(rng.IntN(3)), DeadLetter: log, Ordered: rng.IntN(4) == 0, NoStamp: b.unstamped,
		BatchLines: []int{0, 0, 0, 700}[rng.IntN(4)], IsolateRequests: []int{0, 0, 5}[rng.IntN(3)],
	}
	batchWriter := rng.IntN(3) == 0
	var w batch.LineWriter
	var err error
	name := "SyncWriter"
	c := o.client.WithPrecision(b.precision)
	if batchWriter {
		w, err = batch.NewSyncWriter(c, opts)
	} else {
		name = o.chooseSpool(rng, &opts)
		w, err = batch.NewWriter(c, opts)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	if rng.IntN(2) == 0 {
		err = w.Append(ctx, b.body())
	} else {
		var points []lp.Appender
		for _, line := range b.lines {
			points = append(points, fastclient.Lines(line))
		}
		err = w.AppendPoints(ctx, points...)
	}
	if err != nil {
		o.t.Errorf("append: %v", err)
		return
	}
	var before batch.Stats
	var lost error
	if opts.Overflow >= batch.Spill && !b.unstamped && rng.IntN(2) == 0 {
		w, before, lost = o.replace(ctx, w.(*batch.Writer), c, opts)
		name += " twice"
	}
	flushed := errors.Join(lost, w.Flush(ctx))
	stats := sum(before, w.Stats())
	if err := w.Close(ctx); err != nil {
		o.t.Errorf("close: %v", err)
	}
	name += [...]string{", IsolateAuto", ", IsolateAll", ", IsolateNone"}[opts.Isolate]
	if opts.IsolateRequests > 0 {
		name += " of 5"
	}
	if b.unstamped {
		name += ", unstamped"
	}
	o.share(name, len(b.lines), int(stats.Uncertain.Lines), int(stats.Requests))

	acked, rejected, uncertain := b.all(), map[int]bool{}, map[int]bool{}
	for id, loss := range log.lines {
		delete(acked, id)
		switch {
		case loss == batch.ReasonUncertain:
			uncertain[id] = true
		case loss.Rejected():
			rejected[id] = true
			if loss == batch.ReasonRetention && b.kinds[id] != lineBeyond {
				o.t.Errorf("line %d is not too old: %q, in %v", id, b.lines[id], b.precision)
			}
		default:
			o.t.Errorf("line %d is lost by %v", id, loss)
		}
	}
	for _, text := range log.bad {
		o.t.Error(text)
	}
	o.acked += len(acked)
	o.rejected += len(rejected)
	o.uncertains += len(uncertain)
	want := [...]uint64{uint64(len(b.lines)), uint64(len(acked)), uint64(len(rejected)), uint64(len(uncertain)), 0, 0}
	got := [...]uint64{stats.Appended.Lines, stats.Acked.Lines, stats.Rejected.Lines, stats.Uncertain.Lines, stats.Dropped.Lines, stats.Pending.Lines}
	if got != want {
		o.t.Errorf("appended, acked, rejected, uncertain, dropped, pending: %v, by the dead letter %v", got, want)
	}
	if (flushed == nil) != (len(log.lines) == 0) {
		o.t.Errorf("%d lines are lost, but Flush returned %v", len(log.lines), flushed)
	}
	if n := flushLines(flushed); n != len(log.lines) {
		o.t.Errorf("%d lines are lost, but Flush reports %d", len(log.lines), n)
	}
	there := o.wait(ctx, b, acked)
	errs := 0
	for _, id := range slices.Sorted(maps.Keys(acked)) {
		if errs < 5 && !there[id] {
			errs++
			o.t.Errorf("line %d is acked but not stored: %q", id, b.lines[id])
		}
	}
	for _, id := range slices.Sorted(maps.Keys(rejected)) {
		if errs < 5 && there[id] {
			errs++
			o.t.Errorf("line %d is rejected (%v, %.300q) but stored: %q", id, log.lines[id], log.texts[id], b.lines[id])
		}
	}
	if b.bad() == 0 && len(log.lines) > 0 {
		o.t.Errorf("no line is bad, but %d are lost", len(log.lines))
	}
	missing := 0
	for id := range uncertain {
		if !there[id] {
			missing++
		}
	}
	if missing < log.least {
		o.t.Errorf("%d of %d uncertain lines are not stored, but at least %d are reported as not stored", missing, len(uncertain), log.least)
	}
	bound := opts.IsolateRequests
	if bound == 0 {
		bound = 256
	}
	switch {
	case b.unstamped:
		for id := range uncertain {
			if opts.Isolate == batch.IsolateAll && b.stamped(id) {
				o.t.Errorf("IsolateAll leaves line %d uncertain: %q", id, b.lines[id])
			}
		}
	case opts.Isolate == batch.IsolateAll && len(uncertain) > 0:
		o.t.Errorf("IsolateAll leaves %d lines uncertain", len(uncertain))
	case opts.Isolate == batch.IsolateAuto && len(uncertain) > 0 && b.seeded && b.bad() <= bound/searchRequests:
		o.t.Errorf("%d lines are uncertain because of %d bad ones of %d, after %d requests", len(uncertain), b.bad(), len(b.lines), stats.Requests)
	case opts.Isolate == batch.IsolateAuto && len(uncertain) > 0 && int(stats.Requests) < bound:
		o.t.Errorf("%d lines are uncertain after %d requests", len(uncertain), stats.Requests)
	case opts.Isolate == batch.IsolateNone && len(uncertain) > 0 && missing == 0 && len(b.lines) == len(uncertain):
		o.t.Errorf("%d lines are uncertain, but all are stored", len(uncertain))
	}
}

func (o *oracle) share(name string, lines, uncertain, requests int) {
	s := o.by[name]
	if s == nil {
		s = new(shares)
		o.by[name] = s
	}
	s.add(&shares{1, lines, uncertain, requests})
}

// report prints what was written, and checks the share of uncertain lines.
func (o *oracle) report(n int, seed uint64, took time.Duration) {
	o.t.Logf("%s (%s): %d batches of POINTWIRE_SEED=%d, %d above 1,000 lines, %d lines in %v: %d good, %d of another type, %d too old, %d+%d unparsable; of Writers %d acked, %d rejected, %d uncertain",
		o.target.name, o.s.Version(), n, seed, o.large, o.lines, took.Round(time.Millisecond), o.kinds[lineGood], o.kinds[lineConflict], o.kinds[lineBeyond],
		o.kinds[lineUnparsed], o.kinds[lineUnsigned], o.acked, o.rejected, o.uncertains)
	for _, name := range slices.Sorted(maps.Keys(o.by)) {
		s := o.by[name]
		share := float64(s.uncertain) / float64(s.lines)
		o.t.Logf("%-36s %5d batches %8d lines %7d requests, uncertain %.2f%%", name, s.batches, s.lines, s.requests, 100*share)
	}
	o.boundUncertain()
	if n >= 1000 && o.large < n/20 {
		o.t.Errorf("%d of %d batches hold more than 1,000 lines", o.large, n)
	}
}

// uncertainClasses bound the share of uncertain lines by the way of writing: first the end
// of the way's name, then the bounds for some batches and for many, since the share in a
// few hundred batches depends on the worst of them. A line without a timestamp is uncertain
// if a line of its request is refused; without a search, so is every line of the request.
var uncertainClasses = []uncertainClass{
	{"unstamped", 0.8, 0.8}, {"IsolateNone", 0.8, 0.8}, {"IsolateNone of 5", 0.8, 0.8},
	{"IsolateAuto", 0.1, 0.05}, {"IsolateAuto of 5", 0.5, 0.5}, {"long headers", 1, 1}, {"", 0, 0},
}

type uncertainClass struct {
	suffix      string
	bound, many float64
}

// boundUncertain fails if too many lines of a class are uncertain. A class with few
// batches says nothing, unless the bound is 0.
func (o *oracle) boundUncertain() {
	classes := make([]shares, len(uncertainClasses))
	for name, s := range o.by {
		i := slices.IndexFunc(uncertainClasses, func(c uncertainClass) bool { return strings.HasSuffix(name, c.suffix) })
		classes[i].add(s)
	}
	for i, c := range uncertainClasses {
		s := &classes[i]
		if s.batches >= 500 {
			c.bound = c.many
		}
		if share := float64(s.uncertain) / float64(max(s.lines, 1)); share > c.bound && (s.batches >= 100 || c.bound == 0) {
			o.t.Errorf("%.1f%% of the lines of %q are uncertain, more than %.0f%%", 100*share, c.suffix, 100*c.bound)
		}
	}
}

func (s *shares) add(t *shares) {
	s.batches += t.batches
	s.lines += t.lines
	s.uncertain += t.uncertain
	s.requests += t.requests
}
