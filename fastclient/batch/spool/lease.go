package spool

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// This file gives batches out and takes the answers. A lease is a batch that somebody has:
// it ends by Ack or Return. The index of a segment is loaded when a batch of it is wanted,
// and at most maxLoaded segments stay loaded.

// maxLoaded bounds the segments that are loaded and not in use at the moment.
const maxLoaded = 4

// A lease is a batch that Next or PutLeased gave out.
type lease struct {
	g *segment // nil: the directory with the batch was removed
	i int      // its place in g
	entry
}

// Next waits for a batch and leases it: no other call returns it until it is given back by
// [Spool.Return]. It fills b, whose Target and Body are memory of b: they are valid until b
// is passed to Next or TryNext again, which reuses it.
//
// The error is that of ctx, ErrClosed, ErrDamaged, ErrGone, or one of the disk. After ErrDamaged
// and ErrGone the next call goes on with another batch. After an error of the disk the batch
// waits, and others come first.
func (s *Spool) Next(ctx context.Context, b *Batch, order Order) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if ok, err := s.TryNext(b, order); ok || err != nil {
			return err
		}
		select {
		case <-s.ready:
		case <-s.stop:
		case <-ctx.Done():
		}
	}
}

// TryNext is Next without waiting. It reports false if no batch is waiting.
func (s *Spool) TryNext(b *Batch, order Order) (bool, error) {
	l, f, err := s.takeNext(order)
	g := l.g
	if g == nil || err != nil {
		return false, err
	}
	seq := g.base + uint64(l.i)
	err = l.read(f, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	g.pins--
	defer s.wakeNext()
	now, leased := s.leases[seq]
	switch {
	case err == nil:
		return true, nil
	case s.closed:
		return false, ErrClosed
	case !leased: // somebody guessed its number and acked it
		return false, ErrNotLeased
	case now.g == nil: // the directory was removed meanwhile
		s.loseLease(seq)
		return false, s.failed("read", segmentName(g.id), ErrGone)
	case err == ErrDamaged:
		s.damaged(seq)
		return false, s.failed("read batch", segmentName(g.id), err)
	}
	s.giveBack(seq)
	g.from, g.resting = l.i+1, true
	return false, s.failed("read", segmentName(g.id), err)
}

// takeNext leases the next batch in order, which is in f. Its segment is pinned. It returns no
// segment if no batch is waiting.
func (s *Spool) takeNext(order Order) (l lease, f file, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.closed || s.nextSeq == 0 {
			return l, nil, ErrClosed
		}
		g := s.nextSegment(order)
		if g == nil {
			return l, nil, nil
		}
		if g.index == nil {
			s.mu.Unlock()
			err := s.load(g)
			s.mu.Lock()
			if err != nil {
				g.resting = true
				s.wakeNext()
				return l, nil, err
			}
			continue
		}
		l = s.lease(g, g.pick(order))
		s.stats.Waiting.sub(l.count())
		g.pins++
		return l, g.f, nil
	}
}

// lease enters a lease of batch i of g. mu is held.
func (s *Spool) lease(g *segment, i int) lease {
	e, seq := g.index[i], g.base+uint64(i)
	if old, ok := s.leases[seq]; ok && old.g == nil {
		s.loseLease(seq) // another batch of this number, in a directory that was removed
	}
	g.lease(i, e.count())
	s.stats.Leased.add(e.count())
	l := lease{g, i, e}
	s.leases[seq] = l
	return l
}

// nextSegment returns the segment with the batch that is next in order. mu is held.
func (s *Spool) nextSegment(order Order) *segment {
	if s.stats.Waiting.Batches == 0 {
		return nil
	}
	for _, resting := range []bool{false, true} {
		for k := range s.segments {
			g := s.segments[k]
			if order == Newest {
				g = s.segments[len(s.segments)-1-k]
			}
			if g.waiting().Batches > 0 && (!g.resting || resting) {
				g.resting = false
				return g
			}
		}
	}
	return nil
}

// load opens the file of g and reads its index.
func (s *Spool) load(g *segment) error {
	s.disk.Lock()
	defer s.disk.Unlock()
	s.mu.Lock()
	needless := s.closed || g.index != nil || g.waiting().Batches == 0
	var index []entry
	if n := len(s.indexes); !needless && n > 0 {
		index, s.indexes = s.indexes[n-1][:0], s.indexes[:n-1]
	}
	s.mu.Unlock()
	if needless {
		return nil
	}
	name := segmentName(g.id)
	f, err := s.d.open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		s.lose(g)
		return s.failed("open", name, ErrGone)
	}
	if err != nil {
		return s.failed("open", name, err)
	}
	if cap(index) < g.frames {
		index = make([]entry, 0, g.frames)
	}
	r := scanner{f: f, at: segmentHeaderSize, end: g.size, seed: g.seed, seq: g.base, buf: make([]byte, min(g.size, 16<<10))}
	for range g.frames {
		at := r.at
		h, what := r.next(false)
		if what != foundFrame {
			break
		}
		index = append(index, h.entry(at))
	}
	if r.err != nil {
		f.Close()
		return s.failed("read", name, r.err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(index) < g.frames {
		// A header is damaged since Open read it, so the rest cannot be found.
		index = s.cutShort(g, index)
		err = s.failed("read index of", name, ErrDamaged)
	}
	g.f, g.index = f, index
	s.loaded = append(s.loaded, g)
	s.unloadLocked(maxLoaded, g)
	return err
}

// read reads the batch from f into b. No lock is held; the segment is pinned.
func (l *lease) read(f file, b *Batch) error {
	g, n := l.g, int(l.size)
	frame := b.frame
	if cap(frame) < n {
		frame = make([]byte, n)
	}
	frame = frame[:n]
	if got, err := f.ReadAt(frame, int64(l.offset)); got < n {
		b.frame = frame
		if errors.Is(err, os.ErrClosed) {
			return ErrClosed
		}
		return err
	}
	h, ok := parseFrameHeader(frame, g.seed, g.base+uint64(l.i))
	if !ok || h.entry(int64(l.offset)) != l.entry || checksum(g.seed, frame[frameHeaderSize:]) != h.check {
		b.frame = frame
		return ErrDamaged
	}
	b.set(&h, frame)
	return nil
}

// Ack ends the lease of batch seq: it is not wanted any more. It may come again after a
// restart only if an older batch of its segment was not acked, or if the machine crashed
// within Options.SyncInterval. After an error of the disk the batch is acked nevertheless,
// but may come again after a restart. Without a lease the error is ErrNotLeased.
func (s *Spool) Ack(seq uint64) error {
	s.mu.Lock()
	l, ok := s.leases[seq]
	if !ok || s.closed {
		defer s.mu.Unlock()
		return s.noLease()
	}
	delete(s.leases, seq)
	s.stats.Leased.sub(l.count())
	s.stats.Acked.add(l.count())
	settle := false
	if g := l.g; g != nil {
		g.ack(l.i, l.count())
		upTo := s.ackedUpTo()
		settle = upTo > s.wanted || g.sealed && g.finished()
		s.wanted = max(s.wanted, upTo)
	}
	s.mu.Unlock()
	if !settle {
		return nil
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.d == nil {
		return nil // Close did it
	}
	s.arm()
	return s.settle()
}

// Return ends the lease of batch seq: it waits again. The error is ErrNotLeased, ErrClosed,
// or ErrGone if the directory was removed meanwhile; then only the caller has the batch.
func (s *Spool) Return(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.leases[seq]
	if !ok || s.closed {
		return s.noLease()
	}
	if l.g == nil {
		s.loseLease(seq)
		return ErrGone
	}
	s.giveBack(seq)
	s.wake()
	return nil
}

func (s *Spool) noLease() error {
	if s.closed || s.nextSeq == 0 {
		return ErrClosed
	}
	return ErrNotLeased
}

// giveBack makes a leased batch wait again. mu is held.
func (s *Spool) giveBack(seq uint64) {
	l := s.leases[seq]
	delete(s.leases, seq)
	s.stats.Leased.sub(l.count())
	s.stats.Waiting.add(l.count())
	l.g.giveBack(l.i, l.count(), l.sealed)
}

// wakeNext passes on the token that a call of Next took, if more batches wait.
func (s *Spool) wakeNext() {
	if s.stats.Waiting.Batches > 0 {
		s.wake()
	}
}

// wake lets a call of Next look again.
func (s *Spool) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// unload closes segments that are not in use, until at most n are loaded. The disk lock is
// held.
func (s *Spool) unload(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unloadLocked(n, nil)
}

// unloadLocked is unload under mu. It leaves the segment except alone.
func (s *Spool) unloadLocked(n int, except *segment) {
	for k := 0; k < len(s.loaded) && len(s.loaded) > n; {
		g := s.loaded[k]
		if g.pins > 0 || g == except {
			k++
			continue
		}
		g.oldest = g.oldestWaiting()
		s.closeSegment(g)
		s.loaded = append(s.loaded[:k], s.loaded[k+1:]...)
	}
}
