package itest

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// chooseSpool gives one Writer of three a spool in an empty directory, and returns the name
// of the way of writing.
func (o *oracle) chooseSpool(rng *rand.Rand, opts *batch.Options) (name string) {
	if rng.IntN(3) > 0 {
		return "Writer"
	}
	dir := filepath.Join(o.s.Dir(), "spool")
	if err := os.RemoveAll(dir); err != nil {
		o.t.Fatal(err)
	}
	opts.Overflow, name = batch.Spill, "Writer with Spill"
	if rng.IntN(2) == 0 {
		opts.Overflow, name = batch.WriteAhead, "Writer with WriteAhead"
	}
	opts.Spool = batch.SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20}, Order: batch.ReplayOrder(rng.IntN(2))}
	return name
}

// replace closes w, which has a spool, before it has sent much, and has another Writer send
// the rest. It returns that Writer, what the first one said of its lines, and its errors
// about them.
func (o *oracle) replace(ctx context.Context, w *batch.Writer, c *fastclient.Client, opts batch.Options) (next *batch.Writer, before batch.Stats, lost error) {
	o.t.Helper()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	lost = o.lost(w.Close(ended))
	next, err := batch.NewWriter(c, opts)
	if err != nil {
		o.t.Fatal(err)
	}
	for st := next.Stats(); st.Spooled.Lines+st.Pending.Lines > 0; st = next.Stats() {
		if ctx.Err() != nil {
			o.t.Fatalf("lines of the Writer before are not sent: %+v", st)
		}
		time.Sleep(time.Millisecond)
	}
	return next, w.Stats(), lost
}

// lost returns the errors about lines that are lost, of those that Close returned. Lines
// may be on disk, but none may be returned.
func (o *oracle) lost(err error) (lost error) {
	switch err := err.(type) {
	case nil, *batch.SpooledError:
	case *batch.BatchError:
		return err
	case interface{ Unwrap() []error }:
		if unsent, ok := err.(*batch.UnsentError); ok {
			o.t.Errorf("close: %v", unsent)
		}
		for _, e := range err.Unwrap() {
			lost = errors.Join(lost, o.lost(e))
		}
	default:
		o.t.Errorf("close: %v", err)
	}
	return lost
}

// sum adds what two Writers said of their lines.
func sum(a, b batch.Stats) batch.Stats {
	add := func(a *batch.Count, b batch.Count) { a.Lines, a.Bytes = a.Lines+b.Lines, a.Bytes+b.Bytes }
	add(&a.Appended, b.Appended)
	add(&a.Acked, b.Acked)
	add(&a.Rejected, b.Rejected)
	add(&a.Uncertain, b.Uncertain)
	add(&a.Dropped, b.Dropped)
	a.Pending, a.Spooled = b.Pending, b.Spooled
	a.Requests += b.Requests
	return a
}
