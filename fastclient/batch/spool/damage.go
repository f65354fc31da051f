package spool

// This file counts batches that are lost while the spool is open: because a checksum is
// wrong, or because somebody removed a file or the directory.

// damaged ends the lease of a batch that cannot be read. mu is held.
func (s *Spool) damaged(seq uint64) {
	l := s.leases[seq]
	delete(s.leases, seq)
	s.stats.Leased.sub(l.count())
	s.stats.Damaged.add(l.count())
	l.g.ack(l.i, l.count())
	l.g.damaged = true
}

// cutShort counts the waiting batches of g that are not in index, since no header leads to
// them. mu is held. It returns an index with room for those that are leased.
func (s *Spool) cutShort(g *segment, index []entry) []entry {
	lost := g.waiting()
	for i := range index {
		if !g.done.has(i) && !g.out.has(i) {
			lost.sub(index[i].count())
		}
	}
	for i := len(index); i < g.frames; i++ {
		if !g.done.has(i) && !g.out.has(i) {
			g.done.set(i, g.room())
		}
	}
	g.acked.add(lost)
	g.damaged = true
	s.stats.Waiting.sub(lost)
	s.stats.Damaged.add(lost)
	index = append(index, make([]entry, g.frames-len(index))...)
	for _, l := range s.leases {
		if l.g == g {
			index[l.i] = l.entry
		}
	}
	return index
}

// lose counts the waiting batches of g, whose file was removed.
func (s *Spool) lose(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lost := g.waiting()
	g.acked.add(lost)
	s.stats.Waiting.sub(lost)
	s.stats.Gone.add(lost)
}

// loseLease ends a lease of a batch whose directory was removed. mu is held.
func (s *Spool) loseLease(seq uint64) {
	c := s.leases[seq].count()
	delete(s.leases, seq)
	s.stats.Leased.sub(c)
	s.stats.Gone.add(c)
}

// startOver opens the directory again after it was removed, or makes it. Batches that
// waited in the old one are lost; those that are leased are with their senders. The disk
// lock is held.
func (s *Spool) startOver() error {
	d, err := openDisk(s.path, s.o.WithoutLock)
	if err != nil {
		return err
	}
	r := recoverer{d: d, path: s.path, salt: s.salt}
	if err := r.run(); err != nil {
		r.closeFiles()
		d.close()
		return err
	}
	s.mu.Lock()
	for _, g := range s.segments {
		lost := g.waiting()
		s.stats.Waiting.sub(lost)
		s.stats.Gone.add(lost)
		s.closeSegment(g)
	}
	for seq, l := range s.leases {
		s.leases[seq] = lease{entry: l.entry}
	}
	s.suspects = nil
	s.mu.Unlock()
	if s.pending != nil {
		s.pending.f.Close()
	}
	s.mark.f.Close()
	s.d.close()
	s.take(&r)
	return nil
}
