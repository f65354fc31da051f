package spool

import (
	"context"
	"slices"
	"time"
)

// This file makes batches durable. One goroutine syncs: a sync serves everyone who waits
// when it begins. It starts with the first need and ends with Close. Nobody waits for it
// under a lock.
//
// Batches that are acked before anything synced them need no sync, and with a server that
// answers that is nearly all of them. So a segment that takes no more batches is not synced
// at once: it may soon be free. At most maxUnsynced of them wait for the next sync.
//
// A failed sync is never repeated: the operating system may have dropped the data and
// would report success. The segment takes no more batches, and Sync fails as long as one of
// these batches is not acked.

// maxUnsynced bounds the segments that take no more batches and are not synced.
const maxUnsynced = 2

// commits are the state of the goroutine. mu of the Spool guards it.
type commits struct {
	running bool
	armed   bool // the timer runs
	timer   *time.Timer
	kick    chan struct{} // one token: somebody waits
	quit    chan struct{} // closed to end the goroutine
	done    chan struct{} // closed when it has ended

	waiters, served []chan error
	free            []chan error
	suspects        []*segment // with a failed sync
}

func newCommits() commits {
	return commits{kick: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
}

// Sync returns when every batch that was put before is durable: it survives a crash of the
// machine. Calls at the same time share a sync. The error is that of ctx, ErrClosed, or one
// of the disk. After an error of the disk, Sync fails until the batches that may not be
// durable are acked; the spool has them as long as the machine runs.
func (s *Spool) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed || s.nextSeq == 0 {
		s.mu.Unlock()
		return ErrClosed
	}
	if s.unsyncedSegment() == nil {
		defer s.mu.Unlock()
		return s.undurable()
	}
	var w chan error
	if n := len(s.free); n > 0 {
		w, s.free = s.free[n-1], s.free[:n-1]
	} else {
		w = make(chan error, 1)
	}
	s.waiters = append(s.waiters, w)
	s.start()
	s.mu.Unlock()
	select {
	case s.kick <- struct{}{}:
	default:
	}
	select {
	case err := <-w:
		s.mu.Lock()
		s.free = append(s.free, w)
		s.mu.Unlock()
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// arm makes sure that what was written is synced within the interval. mu is not held.
func (s *Spool) arm() {
	if s.o.SyncInterval < 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.armed || s.closed {
		return
	}
	s.armed = true
	s.start()
	s.timer.Reset(s.o.SyncInterval)
}

// start starts the goroutine unless it runs or has ended. mu is held.
func (s *Spool) start() {
	if s.running || s.closed {
		return
	}
	s.running = true
	s.timer = time.NewTimer(time.Hour)
	s.timer.Stop()
	go s.commitLoop()
}

func (s *Spool) commitLoop() {
	defer close(s.done)
	defer s.timer.Stop()
	for {
		select {
		case <-s.quit:
			return
		case <-s.kick:
			s.commit()
		case <-s.timer.C:
			s.mu.Lock()
			s.armed = false
			s.mu.Unlock()
			s.commit()
			s.syncMark()
		}
	}
}

// halt ends the goroutine and waits for it. closed is set.
func (s *Spool) halt() {
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	close(s.quit)
	if running {
		<-s.done
	}
}

// commit syncs what is not durable and tells those who wait.
func (s *Spool) commit() {
	s.mu.Lock()
	waiters := s.waiters
	s.waiters, s.served = s.served[:0], waiters
	end := s.nextSeq // what is put from now on is not waited for
	for {
		g := s.unsyncedSegment()
		if g == nil || g.base+uint64(g.synced) >= end {
			break
		}
		g.pins++
		f, frames := g.f, g.frames
		s.mu.Unlock()
		err := syncFile(f)
		s.mu.Lock()
		g.pins--
		s.synced(g, frames, err)
	}
	s.answer(waiters)
	s.mu.Unlock()
}

// unsyncedSegment returns the oldest segment with a batch that is wanted and not durable, or
// nil. mu is held.
func (s *Spool) unsyncedSegment() *segment {
	for _, g := range s.unsynced {
		if g.wantsSync() {
			return g
		}
	}
	if g := s.active; g != nil && g.wantsSync() {
		return g
	}
	return nil
}

// answer tells those who wait whether everything is durable. mu is held.
func (s *Spool) answer(waiters []chan error) {
	if len(waiters) == 0 {
		return
	}
	err := s.undurable()
	for _, w := range waiters {
		w <- err
	}
	clear(waiters)
}

// tell answers those who still wait when the goroutine has ended.
func (s *Spool) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer(s.waiters)
	s.waiters = nil
}

// syncFile syncs a segment. A file without a name is not durable, though its sync succeeds.
func syncFile(f file) error {
	err := f.Sync()
	if err == nil && f.gone() {
		err = ErrGone
	}
	return err
}

// synced notes a sync of the first frames of g. mu is held.
func (s *Spool) synced(g *segment, frames int, err error) {
	if err != nil && g.f == nil && g.finished() {
		return // its file was closed meanwhile, because nobody wants it
	}
	s.stats.Syncs++
	if err == nil {
		s.stats.LastSyncError = nil
		g.synced = max(g.synced, frames)
	} else {
		s.stats.LastSyncError = s.failed("sync", segmentName(g.id), err)
		s.stats.SyncErrors++
		g.sealed = true
		if g.failed == nil {
			g.failed = s.stats.LastSyncError
			s.suspects = append(s.suspects, g)
		}
	}
	if g.synced == g.frames || g.failed != nil {
		s.awaitsNoSync(g)
	}
}

// awaitsNoSync removes g from the segments that wait for a sync. mu is held.
func (s *Spool) awaitsNoSync(g *segment) {
	if at := slices.Index(s.unsynced, g); at >= 0 {
		s.unsynced = slices.Delete(s.unsynced, at, at+1)
		g.pins--
	}
}

// undurable returns why a batch that is wanted may never be durable, or nil. mu is held.
func (s *Spool) undurable() error {
	s.suspects = slices.DeleteFunc(s.suspects, func(g *segment) bool {
		return !g.wanted(g.synced)
	})
	if len(s.suspects) == 0 {
		return nil
	}
	return s.suspects[0].failed
}

// seal makes g take no more batches. If it has some that are wanted and not durable, it waits
// for the next sync, and the oldest segment that waits is synced if these are too many. The
// disk lock is held.
func (s *Spool) seal(g *segment) {
	s.mu.Lock()
	g.sealed = true
	if g.wantsSync() && !slices.Contains(s.unsynced, g) {
		s.unsynced = append(s.unsynced, g)
		g.pins++ // it stays open
	}
	s.mu.Unlock()
	s.syncSealed(s.maxUnsynced)
}

// syncSealed syncs segments that take no more batches, until at most n wait for it. The disk
// lock is held.
func (s *Spool) syncSealed(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unsynced) > n {
		g := s.unsynced[0]
		if !g.wantsSync() {
			s.awaitsNoSync(g)
			continue
		}
		f, frames := g.f, g.frames
		s.mu.Unlock()
		err := syncFile(f)
		s.mu.Lock()
		s.synced(g, frames, err)
	}
}

// syncMark makes the acks durable.
func (s *Spool) syncMark() {
	s.disk.Lock()
	if s.d == nil {
		s.disk.Unlock()
		return
	}
	s.settle() // tries again what failed before
	ok, err := s.mark.beginSync()
	f := s.mark.f
	s.disk.Unlock()
	if ok {
		err = f.Sync()
		s.disk.Lock()
		if s.mark.f == f {
			err = s.mark.endSync(err)
		}
		s.disk.Unlock()
	}
	s.noteMark(err)
}

// syncMarkLocked is syncMark under the disk lock, when the goroutine has ended.
func (s *Spool) syncMarkLocked() error {
	ok, err := s.mark.beginSync()
	if ok {
		err = s.mark.endSync(s.mark.f.Sync())
	}
	s.noteMark(err)
	return s.failed("sync", markName, err)
}

// noteMark notes a sync of the mark, or that it needs none.
func (s *Spool) noteMark(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.markError = s.failed("sync", markName, err)
	if err != nil {
		s.stats.SyncErrors++
	}
}
