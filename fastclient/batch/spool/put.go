package spool

import (
	"errors"
	"io/fs"
	"time"
)

// This file stores batches: it makes room, begins segments, and writes frames. Invariants:
// a batch counts only when its frame is written whole; only the last segment is written to,
// at the end of its last frame; a segment takes batches only after a durable manifest lists
// it.

// Put stores b after all others, and sets its Seq. The spool does not keep b. After a
// crash of the process the batch is still there; after one of the machine it is if Sync
// returned, or if Options.SyncInterval passed.
//
// If Put returns an error, the spool does not have the batch. The error is ErrFull,
// ErrMinFree, ErrTooLarge, ErrInvalidBatch, ErrClosed, or one of the disk. After an error of
// the disk the next Put tries again, with another segment if necessary.
func (s *Spool) Put(b *Batch) error { return s.put(b, false) }

// PutLeased is Put for a batch that the caller sends itself: it is leased at once, as if
// Next had returned it. After a restart it comes from Next, unless it was acked.
func (s *Spool) PutLeased(b *Batch) error { return s.put(b, true) }

func (s *Spool) put(b *Batch, leased bool) error {
	if err := b.check(); err != nil {
		return err
	}
	if b.SealedAt.IsZero() {
		b.SealedAt = time.Now()
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	if s.d == nil {
		return ErrClosed
	}
	err := s.store(b, leased)
	switch {
	case err == nil:
	case s.d.gone():
		if err = s.startOver(); err == nil {
			err = s.store(b, leased)
		}
	case s.reclaim(err):
		err = s.store(b, leased)
	}
	return err
}

// reclaim frees the active segment if the disk has no space for another batch and nobody
// wants those in it, and reports whether it did.
func (s *Spool) reclaim(err error) bool {
	var full *fileError
	if err != ErrMinFree && !errors.As(err, &full) {
		return false
	}
	s.mu.Lock()
	g := s.ackedActive()
	s.mu.Unlock()
	return g != nil && s.expend(g) == nil
}

// ackedActive returns the active segment if nobody wants a batch in it, or nil. mu is held.
func (s *Spool) ackedActive() *segment {
	if g := s.active; g != nil && g.frames > 0 && g.finished() {
		return g
	}
	return nil
}

// store writes b. The disk lock is held.
func (s *Spool) store(b *Batch, leased bool) error {
	size := int64(frameHeaderSize + len(b.Target) + len(b.Body))
	if err := s.makeRoom(size + segmentHeaderSize); err != nil {
		return err
	}
	g, err := s.writable(size)
	if err != nil {
		return err
	}
	seq := b.Seq
	b.Seq = s.nextSeq
	h := b.header(g.seed)
	s.buf = append(h.appendTo(s.buf[:0], g.seed), b.Target...)
	if err = s.writeFrame(g, b.Body); err == nil && g.f.gone() {
		err = ErrGone // nobody will find it
	}
	if err != nil {
		b.Seq = seq
		s.undo(g)
		return s.failed("write", segmentName(g.id), err)
	}
	s.stored(g, &h, leased)
	s.arm()
	return nil
}

// writeFrame writes a frame, whose header and target are in s.buf, to the end of g.
func (s *Spool) writeFrame(g *segment, body []byte) error {
	if len(body) <= s.copiedBody {
		s.buf, body = append(s.buf, body...), nil
	}
	_, err := g.f.WriteAt(s.buf, g.size)
	if err == nil && len(body) > 0 {
		_, err = g.f.WriteAt(body, g.size+int64(len(s.buf)))
	}
	return err
}

// stored counts a frame that was written.
func (s *Spool) stored(g *segment, h *frameHeader, leased bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := h.count()
	g.add(h)
	s.nextSeq++
	s.stats.DiskBytes += h.size()
	s.stats.Put.add(c)
	if !leased {
		s.stats.Waiting.add(c)
		s.wake()
		return
	}
	s.lease(g, g.frames-1)
}

// undo removes what a failed write left. If that fails too, the segment takes no more
// batches; the manifest will say where it ends.
func (s *Spool) undo(g *segment) {
	if g.f.Truncate(g.size) != nil {
		s.mu.Lock()
		g.sealed = true
		s.mu.Unlock()
	}
}

// writable returns the segment for a frame of that size.
func (s *Spool) writable(size int64) (*segment, error) {
	g := s.active
	if g != nil && !g.sealed && g.frames < maxFrames && (g.frames == 0 || g.size+size <= s.segmentBytes) {
		return g, nil
	}
	return s.begin()
}

// begin begins a segment. The last one takes no more batches.
func (s *Spool) begin() (*segment, error) {
	if s.d.gone() {
		return nil, s.failed("create segment in", ".", ErrGone)
	}
	old := s.active
	if old != nil {
		s.seal(old)
	}
	if s.pending == nil {
		if err := s.create(); err != nil {
			return nil, err
		}
	}
	g := s.pending
	if err := s.writeManifest(g); err != nil {
		// A manifest that lists g may be on the disk, so g stays, for the next try.
		return nil, err
	}
	s.pending = nil
	s.mu.Lock()
	if old != nil {
		s.loaded = append(s.loaded, old)
	}
	if n := len(s.indexes); n > 0 {
		g.index, s.indexes = s.indexes[n-1][:0], s.indexes[:n-1]
	}
	s.segments = append(s.segments, g)
	s.active = g
	s.stats.DiskBytes += g.size
	s.mu.Unlock()
	s.unload(maxLoaded)
	s.settle() // what fails is tried again later
	return g, nil
}

// create makes the file of the next segment. When it returns, its name is durable: that a
// manifest lists a segment without a file is damage, and must not come from a crash. Its
// header becomes durable with the first batch.
func (s *Spool) create() error {
	n := identity{id: s.nextID, base: s.nextSeq, salt: s.salt()}
	if !n.possible() {
		return errNumbers
	}
	name := segmentName(n.id)
	f, err := s.d.open(name, true)
	if err != nil {
		if errors.Is(err, fs.ErrExist) { // a file of this name is not ours
			s.nextID++
		}
		return s.failed("create", name, err)
	}
	if _, err = f.WriteAt(appendSegmentHeader(nil, n), 0); err == nil {
		err = s.d.syncDir(".")
	}
	if err != nil {
		err = errors.Join(err, f.Close(), s.d.remove(name))
		return s.failed("create", name, err)
	}
	s.nextID++
	s.pending = newSegment(n)
	s.pending.f = f
	return nil
}

// makeRoom makes sure that need more bytes may be written.
func (s *Spool) makeRoom(need int64) error {
	if s.o.MinFreeBytes > 0 {
		free, err := s.d.free()
		if err != nil {
			return s.failed("ask for free space in", ".", err)
		}
		if free-need < s.o.MinFreeBytes {
			return ErrMinFree
		}
	}
	if need > s.o.MaxBytes-segmentHeaderSize {
		return ErrTooLarge
	}
	for measured := false; !s.fits(need); {
		if g := s.expendable(); g != nil {
			if err := s.expend(g); err != nil {
				return err
			}
			continue
		}
		if measured {
			return ErrFull
		}
		// Somebody may have emptied the quarantine.
		if err := s.measureQuarantine(); err != nil {
			return err
		}
		measured = true
	}
	return nil
}

func (s *Spool) fits(need int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.DiskBytes+need <= s.o.MaxBytes
}

// expendable returns a segment that may make room: the active one if all of its batches
// are acked, or else, under DropOldest, the oldest without a leased batch.
func (s *Spool) expendable() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.ackedActive(); g != nil {
		return g
	}
	if s.o.WhenFull != DropOldest {
		return nil
	}
	for _, g := range s.segments {
		if g.frames > 0 && g.leased.Batches == 0 {
			return g
		}
	}
	return nil
}

// expend drops the batches of g and frees its space.
func (s *Spool) expend(g *segment) error {
	s.seal(g)
	s.mu.Lock()
	c := g.waiting()
	leased := g.leased.Batches > 0 // somebody leased a batch meanwhile
	if !leased {
		g.acked = g.total
		s.stats.Waiting.sub(c)
		s.stats.Dropped.add(c)
	}
	s.mu.Unlock()
	if leased {
		return nil
	}
	return s.settle()
}
