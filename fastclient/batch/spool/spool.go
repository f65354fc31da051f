package spool

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"sync"

	"github.com/pointwire/pointwire/internal/nocopy"
)

// This file declares the Spool, and opens and closes it.
//
// Two locks guard it. The disk lock is held while files are made, written and removed. mu
// is never held during an operation of the disk, so Stats, and the choice of the next batch,
// do not wait for one. A goroutine that takes both takes the disk lock first. Neither is held
// while the goroutine of commit.go syncs or while Next reads a batch.

// A Spool keeps batches in a directory until they are acked. It is safe for concurrent use,
// and must not be copied. Its zero value is closed.
type Spool struct {
	_            nocopy.Field
	path         string
	o            Options
	salt         func() uint64
	segmentBytes int64 // size at which a segment is complete
	copiedBody   int   // size up to which a body is copied
	maxUnsynced  int

	disk    sync.Mutex
	d       disk // nil: closed
	mark    mark
	nextID  uint64   // of the next segment
	pending *segment // made, but in no manifest yet
	retired []uint64 // segments whose files may be removed once no manifest lists them
	buf     []byte   // for the header and target of a frame, and a small body

	mu         sync.Mutex
	closed     bool
	segments   []*segment // in the order of their batches; changed under both locks
	active     *segment   // the last one, if it may take batches; nil at first
	nextSeq    uint64     // changed under both locks; 0: not opened
	leases     map[uint64]lease
	loaded     []*segment // those with an index, except active
	unsynced   []*segment // those that take no more batches and wait for a sync
	indexes    [][]entry  // to use again
	stats      Stats      // the counters in it, and the error of the last sync of a segment
	markError  error      // of the last sync of the mark
	quarantine int64      // bytes in quarantine
	recovery   Recovery
	wanted     uint64 // the mark that was asked for

	commits
	ready chan struct{} // one token: there may be a batch to lease
	stop  chan struct{} // closed by Close
	ended sync.Once
	err   error // of Close
}

// Open opens the spool in the directory at path, or makes one there; the parent directory
// must exist. Only the owner may read the directory and its files: other permissions are
// removed. Open reads every batch and checks it; see [Spool.Recovery] for what it found.
//
// The error is ErrLocked, ErrNoLock, ErrNotSpool, ErrVersion, an error of the disk, or one
// that names a field of o. Damage is not an error.
func Open(path string, o Options) (*Spool, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errors.New("spool: no path")
	}
	path = filepath.Clean(path)
	d, err := openDisk(path, o.WithoutLock)
	if err != nil {
		return nil, err
	}
	s := newSpool(path, o)
	if err := s.open(d); err != nil {
		d.close()
		return nil, err
	}
	return s, nil
}

func newSpool(path string, o Options) *Spool {
	s := &Spool{
		path: path, o: o, salt: rand.Uint64, segmentBytes: o.segmentBytes(), copiedBody: copiedBody,
		leases: map[uint64]lease{}, ready: make(chan struct{}, 1), stop: make(chan struct{}), commits: newCommits(),
	}
	if o.SyncInterval > 0 { // or else nothing would sync them
		s.maxUnsynced = maxUnsynced
	}
	return s
}

// open reads what is on d.
func (s *Spool) open(d disk) error {
	if s.o.MinFreeBytes > 0 {
		if _, err := d.free(); err != nil {
			return s.failed("ask for free space in", ".", err)
		}
	}
	r := recoverer{d: d, path: s.path, salt: s.salt}
	if err := r.run(); err != nil {
		r.closeFiles()
		return err
	}
	s.disk.Lock()
	defer s.disk.Unlock()
	s.take(&r)
	s.settle() // what fails is tried again later
	return nil
}

// take makes what r found the contents of s. The disk lock is held.
func (s *Spool) take(r *recoverer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d, s.mark, s.nextID, s.retired, s.pending = r.d, r.mark, r.manifest.nextID, r.retired, nil
	s.segments, s.active, s.loaded, s.unsynced = r.segments, nil, nil, nil
	s.nextSeq = max(s.nextSeq, r.nextSeq)
	s.quarantine = r.quarantined
	s.stats.DiskBytes = r.quarantined
	for _, g := range s.segments {
		s.stats.DiskBytes += g.size
		c := g.waiting()
		s.stats.Recovered.add(c)
		s.stats.Waiting.add(c)
	}
	r.report.Waiting = s.stats.Waiting
	s.recovery = r.report
	s.wake()
}

// failed returns the error of an operation on a file of the spool.
func (s *Spool) failed(op, name string, err error) error {
	return fileFailed(op, filepath.Join(s.path, name), err)
}

// Close syncs the batches and acks, and gives the directory up. Batches that are leased
// come again after the next Open. The other methods return ErrClosed from then on, except
// for Stats and Recovery. Close may be called again and returns the same error.
func (s *Spool) Close() error {
	s.ended.Do(func() { s.err = s.close() })
	return s.err
}

func (s *Spool) close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	if s.stop == nil { // not opened
		return nil
	}
	close(s.stop)
	s.halt()
	s.disk.Lock()
	defer s.disk.Unlock()
	err := s.finish()
	s.mu.Lock()
	loaded := s.loaded
	if s.active != nil {
		loaded = append(loaded, s.active)
	}
	s.loaded, s.active = nil, nil
	s.mu.Unlock()
	for _, g := range loaded {
		err = errors.Join(err, g.f.Close())
	}
	if s.pending != nil {
		err = errors.Join(err, s.pending.f.Close())
	}
	err = errors.Join(err, s.mark.f.Close(), s.d.close())
	s.d = nil
	if err != nil {
		err = &fileError{&fs.PathError{Op: "close", Path: s.path, Err: err}}
	}
	return err
}

// finish makes everything durable, and lists the last segment as complete, so that the next
// Open knows where it must end.
func (s *Spool) finish() error {
	if s.active != nil {
		s.seal(s.active)
	}
	s.syncSealed(0)
	err := s.settle()
	s.mu.Lock()
	unlisted := len(s.retired) > 0
	for _, g := range s.segments {
		unlisted = unlisted || !g.listed
	}
	err = errors.Join(err, s.undurable())
	s.mu.Unlock()
	s.tell()
	if unlisted {
		err = errors.Join(err, s.writeManifest(nil))
	}
	if e := s.writeAcked(); e != nil {
		err = errors.Join(err, s.failed("write", markName, e))
	}
	return errors.Join(err, s.syncMarkLocked())
}

// writeAcked writes the record, or removes it if it would be empty. The disk lock is held.
func (s *Spool) writeAcked() error {
	s.mu.Lock()
	var list []ackedSegment
	for _, g := range s.segments {
		beyond := g.acked.Batches > 0 && g.base+uint64(g.ackedPrefix())-1 > s.mark.seq || g.acked.Batches > uint64(g.ackedPrefix())
		if beyond && !g.damaged && len(list) < maxAcked {
			list = append(list, ackedSegment{g.id, g.salt, g.done})
		}
	}
	s.mu.Unlock()
	f := s.mark.f
	size, err := f.size()
	if err != nil || len(list) == 0 && size <= ackedOffset {
		return err
	}
	if err := f.Truncate(ackedOffset); err != nil || len(list) == 0 {
		return err
	}
	_, err = f.WriteAt(appendAcked(nil, list), ackedOffset)
	return err
}
