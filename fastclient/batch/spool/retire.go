package spool

import (
	"errors"
	"io/fs"
	"slices"
)

// This file frees segments of which no batch is wanted any more. A record in the header says
// so. Only when that is durable the file is truncated, and when no manifest lists it any
// more, it is removed. If no manifest says where the segment ends, it may be truncated before,
// since a reader takes as much of it as is there: then the operating system forgets what it
// has not written yet, and the sync costs next to nothing. None of this needs space, so a
// full disk can be emptied.

// settle raises the mark to the last acked batch in a row, and frees finished segments.
// What fails is tried again the next time. The disk lock is held.
func (s *Spool) settle() error {
	s.mu.Lock()
	upTo := s.ackedUpTo()
	s.mu.Unlock()
	err := s.mark.advance(upTo)
	if err != nil {
		err = s.failed("write", markName, err)
	}
	for k := 0; ; {
		g := s.finishedSegment(&k)
		if g == nil {
			return err
		}
		retire := s.retire
		if g.damaged {
			retire = s.setAside
		}
		if e := retire(g); e != nil {
			if err == nil {
				err = e
			}
			k++
		}
	}
}

// ackedUpTo returns the number of the last batch up to which none is wanted. mu is held.
func (s *Spool) ackedUpTo() uint64 {
	for _, g := range s.segments {
		if !g.finished() {
			return g.base + uint64(g.ackedPrefix()) - 1
		}
	}
	return s.nextSeq - 1
}

// finishedSegment returns the next finished segment from place k on, and sets k to its
// place.
func (s *Spool) finishedSegment(k *int) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; *k < len(s.segments); *k++ {
		if g := s.segments[*k]; g.sealed && g.finished() {
			return g
		}
	}
	return nil
}

// retire gives the space of g back.
func (s *Spool) retire(g *segment) error {
	name := segmentName(g.id)
	f := g.f
	if f == nil {
		var err error
		if f, err = s.d.open(name, false); errors.Is(err, fs.ErrNotExist) {
			s.forget(g) // somebody removed it
			return nil
		}
		if err != nil {
			return s.failed("open", name, err)
		}
	}
	var err error
	if !g.offered {
		g.cut = true // even if that fails
		err = f.Truncate(segmentHeaderSize)
	}
	if err == nil {
		_, err = f.WriteAt(appendRetired(nil, g.identity), retiredOffset)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil && g.offered {
		err = f.Truncate(segmentHeaderSize)
	}
	if err != nil {
		if g.f == nil {
			f.Close()
		}
		return s.failed("retire", name, err)
	}
	g.f = f
	s.forget(g)
	s.retired = append(s.retired, g.id)
	return nil
}

// setAside moves the file of g, which has a damaged batch, to quarantine.
func (s *Spool) setAside(g *segment) error {
	at := slices.Index(s.segments, g)
	s.withoutSegment(at)
	if err := s.writeManifest(nil); err != nil {
		s.mu.Lock()
		s.segments = slices.Insert(s.segments, at, g)
		s.mu.Unlock()
		return err
	}
	size := g.size
	s.forget(g)
	err := quarantineFile(s.d, segmentName(g.id), quarantineName(g.id, 0, reasonBody))
	if err != nil {
		// The next Open does it.
		return s.failed("quarantine", segmentName(g.id), err)
	}
	s.mu.Lock()
	s.quarantine += size
	s.stats.DiskBytes += size
	s.mu.Unlock()
	return nil
}

func (s *Spool) withoutSegment(at int) {
	s.mu.Lock()
	s.segments = slices.Delete(s.segments, at, at+1)
	s.mu.Unlock()
}

// forget removes g from the lists of s and closes its file.
func (s *Spool) forget(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := slices.Index(s.segments, g); at >= 0 {
		s.segments = slices.Delete(s.segments, at, at+1)
	}
	if at := slices.Index(s.suspects, g); at >= 0 {
		s.suspects = slices.Delete(s.suspects, at, at+1)
	}
	if at := slices.Index(s.loaded, g); at >= 0 {
		s.loaded = slices.Delete(s.loaded, at, at+1)
	}
	if s.active == g {
		s.active = nil
	}
	s.awaitsNoSync(g)
	s.stats.DiskBytes -= g.size
	s.closeSegment(g)
}

// closeSegment closes the file of g and keeps the memory of its index. Both locks are held.
func (s *Spool) closeSegment(g *segment) {
	if g.f != nil {
		g.f.Close() // nothing in it that is wanted awaits a sync
	}
	if g.index != nil && len(s.indexes) < maxLoaded {
		s.indexes = append(s.indexes, g.index[:0])
	}
	g.f, g.index = nil, nil
}
