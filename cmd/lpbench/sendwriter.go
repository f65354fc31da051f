package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// longestLine is the longest line that send takes, and the size of a batch in bytes.
const longestLine = 1 << 20

// A place is where lines go. Empty names are those of the client.
type place struct{ database, rp string }

func (p place) String() string {
	if p.rp == "" {
		return p.database
	}
	return p.database + "." + p.rp
}

// errMissing ends a send to a database that does not exist.
var errMissing = errors.New("the server has no such database, retention policy or bucket; -create makes a database")

// errDown ends a send to a server that fails for longer than -retry.
var errDown = errors.New("the server took no lines for as long as -retry says")

// open makes the Writer of a place.
func (j *sendJob) open(ctx context.Context, to place) error {
	c := j.client
	if to.database != "" {
		c = c.WithDatabase(to.database) // which forgets the policy
	}
	if rp := cmp.Or(to.rp, j.o.server.RetentionPolicy); rp != "" {
		c = c.WithRetentionPolicy(rp)
	}
	o := batch.Options{
		BatchLines: j.o.batch, BatchBytes: longestLine, MaxDelay: j.o.flush, MaxInFlight: j.o.parallel, Ordered: j.o.parallel == 1,
		MaxMemory: max(64<<20, 4*j.o.parallel*longestLine), TrimCR: j.o.trimCR, DeadLetter: j.dead.letter(),
		OnMissing: func(ctx context.Context) error {
			err := error(errMissing)
			if j.o.create {
				err = c.CreateDatabase(ctx, c.Database())
			}
			if err != nil {
				j.stop(err)
			}
			return err
		},
	}
	if j.o.spool != "" {
		o.Overflow = batch.Spill
		o.Spool = batch.SpoolOptions{Dir: j.o.spool, Options: spool.Options{MaxBytes: j.o.spoolBytes}}
	}
	w, err := batch.NewWriter(c, o)
	if err != nil {
		return err
	}
	j.w, j.at = w, to
	if to != (place{}) {
		j.dead.setTarget(to.String())
	}
	if st := w.Stats(); !j.opened {
		j.opened, j.found = true, st.Recovered.Lines
	}
	ended, over := context.WithCancel(context.WithoutCancel(ctx))
	j.unwatch = over
	j.watcher.Go(func() { j.watch(ended, w) })
	return nil
}

// watchEvery is the time between two looks at a Writer.
const watchEvery = 100 * time.Millisecond

// watch shows how a Writer gets on, and stops the job if the server fails for too long.
func (j *sendJob) watch(ctx context.Context, w *batch.Writer) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var settled uint64
	good, said := time.Now(), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		st := w.Stats()
		j.show(&st)
		if !st.Down || st.Settled != settled {
			settled, good = st.Settled, time.Now()
			if said && !st.Down {
				said = false
				j.remark("the server is back")
			}
			continue
		}
		if !said {
			said = true
			j.remark(fmt.Sprintf("the server takes no lines and is tried again: %v", lastError(&st)))
		}
		if time.Since(good) >= j.o.retry && (j.o.spool == "" || j.atEnd.Load()) {
			j.stop(fmt.Errorf("%w: %w", errDown, lastError(&st)))
			return
		}
	}
}

func lastError(st *batch.Stats) error {
	if len(st.LastErrors) == 0 {
		return errors.New("no reason is known")
	}
	return st.LastErrors[0].Err
}

// settle ends the Writer, after everything was sent if ctx lasts so long, and enters its
// account.
func (j *sendJob) settle(ctx context.Context) {
	if j.w == nil {
		return
	}
	j.atEnd.Store(true)
	j.drain(ctx)
	last := context.WithoutCancel(ctx)
	last, cancel := context.WithTimeout(last, j.o.wait)
	err := j.w.Close(last)
	cancel()
	j.unwatch()
	j.watcher.Wait()
	j.atEnd.Store(false)
	if unsent, ok := errors.AsType[*batch.UnsentError](err); ok {
		for _, b := range unsent.Batches {
			j.dead.unsent(b.Data, b.Lines, b.Seq)
		}
	}
	j.serverSaid(err)
	st := j.w.Stats()
	j.w = nil
	unsent := st.ByReason[batch.ReasonUnsent].Lines
	j.stored += st.Acked.Lines
	j.lost.rejected += st.Rejected.Lines
	j.lost.uncertain += st.Uncertain.Lines
	j.lost.dropped += st.Dropped.Lines - unsent
	j.lost.unsent += unsent
	j.spooled = st.Spooled.Lines // those of earlier Writers are among them
	j.elsewhere = st.OtherTargets.Lines
	j.requests += st.Requests
	j.raw += st.RawBytes
	j.wire += st.WireBytes
}

// drain sends what there is, also from disk, until ctx ends. A Flush does not wait for the
// disk.
func (j *sendJob) drain(ctx context.Context) {
	for {
		j.serverSaid(j.w.Flush(ctx))
		st := j.w.Stats()
		if ctx.Err() != nil || st.Pending.Lines == 0 && st.Spooled.Lines <= st.OtherTargets.Lines {
			return
		}
		select {
		case <-time.After(watchEvery / 4):
		case <-ctx.Done():
		}
	}
}

// maxSaid bounds how much of what a server says is kept.
const maxSaid = 3

// serverSaid keeps the first refusals of the server.
func (j *sendJob) serverSaid(err error) {
	var list []error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	} else if err != nil {
		list = []error{err}
	}
	for _, err := range list {
		if bad, ok := errors.AsType[*batch.BatchError](err); ok && len(j.said) < maxSaid && !slices.Contains(j.said, bad.Error()) {
			j.said = append(j.said, bad.Error())
		}
	}
}

// runStatement runs a statement of a section "# DDL", if it creates something. It goes on
// after one that the server refuses: the lines then show whether it was needed.
func (j *sendJob) runStatement(ctx context.Context, line int64, text string) error {
	if !j.o.ddl {
		j.statements++
		return nil
	}
	if !creates(text) {
		return fmt.Errorf("line %d: only CREATE DATABASE and CREATE RETENTION POLICY are run", line)
	}
	r, err := j.client.Query(ctx, text)
	if err != nil {
		return fmt.Errorf("line %d: %w", line, err)
	}
	defer r.Close()
	for _, err := range r.Rows() {
		// influx_inspect writes the same CREATE DATABASE for each policy, which servers refuse.
		if _, ok := errors.AsType[*fastclient.QueryError](err); ok {
			j.refusedDDL++
			j.remark(fmt.Sprintf("%s:%d: %v", j.file, line, err))
		} else if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	return nil
}
