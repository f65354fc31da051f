package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/pointwire/pointwire/cmd/lpbench/internal/term"
	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// writer returns a writer that sends so many bytes of lines as one request, as far as
// servers accept it, and not before Flush.
func (r *replayer) writer(c *fastclient.Client, b *spool.Batch, bytes int) (*batch.SyncWriter, error) {
	const least, most = 64 << 10, 10_000_000 // 3 Core accepts no larger requests
	o := batch.Options{
		BatchLines: math.MaxInt32, BatchBytes: min(max(bytes+1, least), most),
		RetryFor: max(r.o.retry, time.Nanosecond),
		NoStamp:  true, // the time of the replay would be as false, and the bytes others
	}
	if r.dead != nil {
		r.dead.target, r.dead.seq, r.dead.err = targetName(string(b.Target)), b.Seq, nil
		o.DeadLetter = r.dead
	}
	return batch.NewSyncWriter(c, o)
}

// send sends the lines of a batch and acks it if the server stored them, or if those that
// it refused are in the dead letter file. The error ends the replay, and the batch waits
// again.
func (r *replayer) send(ctx context.Context, c *fastclient.Client, b *spool.Batch, lines []byte) error {
	w, err := r.writer(c, b, len(lines))
	if err != nil {
		r.skip(b, err)
		return nil
	}
	err = w.Append(ctx, lines)
	st := w.Stats()
	if st.RefusedInvalid > 0 || err == nil && st.Appended.Lines != uint64(b.Lines) {
		if err == nil {
			err = fmt.Errorf("it has %s, but its header says %s", counted(int64(st.Appended.Lines), "line", "lines"), term.Number(int64(b.Lines)))
		}
		r.skip(b, err)
		return nil
	}
	if err == nil {
		err = w.Flush(ctx)
		st = w.Stats()
	}
	if why := r.unsettled(&st, err); why != nil {
		return errors.Join(fmt.Errorf("batch %d for %s: %w", b.Seq, targetName(string(b.Target)), why), r.job.s.Return(b.Seq))
	}
	r.settle(b, &st)
	return r.job.s.Ack(b.Seq)
}

// unsettled says why a batch must be sent again, if it must.
func (r *replayer) unsettled(st *batch.Stats, err error) error {
	lost := st.Rejected.Lines + st.Uncertain.Lines + st.Dropped.Lines
	switch {
	case st.Pending.Lines > 0 || err != nil && lost == 0:
		return err
	case lost == 0:
		return nil
	case r.dead == nil:
		return fmt.Errorf("the server refused lines, and there is no -dead file for them: %w", err)
	case r.dead.err != nil:
		return fmt.Errorf("the server refused lines: %w", r.dead.err)
	}
	return r.dead.file.Sync()
}

// settle counts a batch that is about to be acked.
func (r *replayer) settle(b *spool.Batch, st *batch.Stats) {
	r.sent.add(b)
	r.stored += st.Acked.Lines
	r.rejected += st.Rejected.Lines + st.Dropped.Lines
	r.uncertain += st.Uncertain.Lines
	r.ackedAfter = r.ackedAfter || len(r.skipped) > 0
}

// keepSkipped gives the skipped batches back. If one that came later was acked, they move
// to a segment of their own: otherwise the later one would come again with them.
func (r *replayer) keepSkipped(ctx context.Context) error {
	for _, seq := range r.skipped {
		if err := r.job.s.Return(seq); err != nil {
			return err
		}
	}
	if !r.ackedAfter {
		return nil
	}
	m := mover{s: r.job.s}
	for range r.skipped { // none is older than they are
		ok, err := r.walk.next(ctx)
		if !ok || err != nil {
			return errors.Join(err, m.flush(ctx))
		}
		if err := m.move(ctx, &r.walk.b); err != nil {
			return errors.Join(err, m.flush(ctx))
		}
	}
	return m.flush(ctx)
}

// errAccount is the end of a replay that lost count.
var errAccount = errors.New("the batches that were found are not those that were sent and those that are left")

// report prints the accounting, and says what is left and what was refused.
func (r *replayer) report() error {
	found, st := r.job.s.Recovery().Waiting, r.job.s.Stats()
	left := spool.Count{Batches: st.Waiting.Batches + st.Leased.Batches, Lines: st.Waiting.Lines + st.Leased.Lines}
	t := term.Table{Head: []string{"", "batches", "lines"}, Colour: r.job.colour}
	row := func(name string, batches, lines uint64) {
		t.Add(name, term.Number(int64(batches)), term.Number(int64(lines)))
	}
	row("found", found.Batches, found.Lines)
	row("sent", uint64(r.sent.batches), uint64(r.sent.lines))
	t.Add("  stored", "", term.Number(int64(r.stored)))
	t.Add("  rejected", "", term.Number(int64(r.rejected)))
	t.Add("  uncertain", "", term.Number(int64(r.uncertain)))
	if st.Damaged.Batches > 0 {
		row("damaged", st.Damaged.Batches, st.Damaged.Lines)
	}
	row("left", left.Batches, left.Lines)
	fmt.Fprintln(r.job.out)
	err := t.Write(r.job.out)
	fmt.Fprintf(r.job.out, "\n%s lines/s\n", term.Number(r.perSecond()))
	if found.Batches != uint64(r.sent.batches)+st.Damaged.Batches+left.Batches ||
		found.Lines != uint64(r.sent.lines)+st.Damaged.Lines+left.Lines ||
		uint64(r.sent.lines) != r.stored+r.rejected+r.uncertain {
		err = errors.Join(err, errAccount)
	}
	if n := len(r.skipped); n > 0 {
		err = errors.Join(err, fmt.Errorf("%s could not be sent, the first: %w", counted(int64(n), "batch", "batches"), r.whySkipped))
	}
	if st.Damaged.Batches > 0 {
		err = errors.Join(err, errDamage)
	}
	if left.Batches > 0 {
		err = errors.Join(err, fmt.Errorf("%v left in the spool", &holding{batches: int64(left.Batches), lines: int64(left.Lines)}))
	}
	if refused := r.rejected + r.uncertain; refused > 0 {
		err = errors.Join(err, fmt.Errorf("%s refused or uncertain, kept in %s", counted(int64(refused), "line", "lines"), printable(r.o.dead)))
	}
	return err
}
