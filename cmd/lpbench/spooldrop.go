package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
)

// dropSpool removes the batches that the flags choose.
func dropSpool(ctx context.Context, j *spoolJob) error {
	d := dropper{walk: walk{s: j.s}, target: j.target}
	if j.older > 0 {
		d.before = time.Now().Add(-j.older)
	}
	if err := d.look(ctx); err != nil {
		return err
	}
	switch {
	case d.chosen.batches == 0:
		fmt.Fprintln(j.out, "no batches to drop")
		return nil
	case !j.yes:
		return fmt.Errorf("nothing was dropped: add -yes to drop %v", &d.chosen)
	}
	if err := d.drop(ctx); err != nil {
		return fmt.Errorf("%v dropped, then: %w", &d.dropped, err)
	}
	fmt.Fprintf(j.out, "%v dropped, %v kept\n", &d.dropped, &d.kept)
	return nil
}

// A dropper removes batches.
type dropper struct {
	walk   walk
	target string    // of the batches to drop, empty for any
	before time.Time // when they were sealed, zero for any time

	chosen, kept holding
	lastChosen   uint64
	firstKept    uint64
	last         uint64
	dropped      holding
}

func (d *dropper) chooses(b *spool.Batch) bool {
	return (d.target == "" || d.target == targetName(string(b.Target))) && (d.before.IsZero() || b.SealedAt.Before(d.before))
}

// look counts, and gives all leases back.
func (d *dropper) look(ctx context.Context) error {
	var leased []uint64
	for {
		ok, err := d.walk.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		b := &d.walk.b
		leased = append(leased, b.Seq)
		d.last = b.Seq
		if d.chooses(b) {
			d.chosen.add(b)
			d.lastChosen = b.Seq
			continue
		}
		d.kept.add(b)
		if d.firstKept == 0 {
			d.firstKept = b.Seq
		}
	}
	for _, seq := range leased {
		if err := d.walk.s.Return(seq); err != nil {
			return err
		}
	}
	return nil
}

// drop acks the chosen batches. A batch that is acked comes again after a restart if an
// older one of its segment is not; so if there is an older one, those that are kept move
// to new segments, all of them, in order.
func (d *dropper) drop(ctx context.Context) (err error) {
	moves := d.firstKept > 0 && d.firstKept < d.lastChosen
	m := mover{s: d.walk.s}
	defer func() { err = errors.Join(err, m.flush(context.WithoutCancel(ctx))) }()
	for {
		ok, err := d.walk.next(ctx)
		if !ok || err != nil {
			return err
		}
		b := &d.walk.b
		switch {
		case b.Seq > d.last: // the first that was moved
			return nil
		case d.chooses(b):
			if err := d.walk.s.Ack(b.Seq); err != nil {
				return err
			}
			d.dropped.add(b)
		case moves:
			if err := m.move(ctx, b); err != nil {
				return err
			}
		}
	}
}

// A mover stores leased batches again, after all others, and acks the old ones when the new
// ones are durable. A batch may be there twice after a crash, but never be lost.
type mover struct {
	s     *spool.Spool
	old   []uint64
	bytes int
	moved int64
}

// movedBytes is the size of the bodies after which old batches are acked, which gives their
// space back.
const movedBytes = 16 << 20

func (m *mover) move(ctx context.Context, b *spool.Batch) error {
	again := spool.Batch{Target: b.Target, Body: b.Body, Encoding: b.Encoding, Lines: b.Lines, Bytes: b.Bytes, SealedAt: b.SealedAt}
	if err := m.s.Put(&again); err != nil {
		return fmt.Errorf("storing batch %d again, which stays where it is: %w", b.Seq, err)
	}
	m.moved++
	m.old = append(m.old, b.Seq)
	if m.bytes += len(b.Body); m.bytes >= movedBytes {
		return m.flush(ctx)
	}
	return nil
}

// flush acks the old batches.
func (m *mover) flush(ctx context.Context) error {
	if len(m.old) == 0 {
		return nil
	}
	if err := m.s.Sync(ctx); err != nil {
		return err
	}
	for _, seq := range m.old {
		if err := m.s.Ack(seq); err != nil {
			return err
		}
	}
	m.old, m.bytes = m.old[:0], 0
	return nil
}
