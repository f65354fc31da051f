package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// onMemory opens a spool on a disk in memory, whose operations fail as fail says.
func onMemory(t testing.TB) (*Spool, *memDisk) {
	t.Helper()
	d := newMemDisk()
	s := newSpool("spool", Options{MaxBytes: 1 << 30, SyncInterval: -1})
	if err := s.open(d); err != nil {
		t.Fatal(err)
	}
	return s, d
}

// failing makes operations of that kind fail on names that contain part.
func failing(d *memDisk, op, part string, err error) {
	d.fail = func(o, name string) error {
		if o == op && strings.Contains(name, part) {
			return err
		}
		return nil
	}
}

// TestPutFails: a batch whose Put failed is not there, the error says which file it is
// about, and the next Put goes on.
func TestPutFails(t *testing.T) {
	for _, c := range []struct {
		op, part string
		err      error
	}{
		{"write", ".seg", syscall.EIO}, {"write", ".seg", errShort}, {"create", ".seg", syscall.EACCES},
		{"create", manifestTempName, syscall.ENOSPC}, {"rename", manifestName, syscall.EIO}, {"syncDir", ".", syscall.EIO},
	} {
		for _, before := range []int{0, 3} {
			s, d := onMemory(t)
			s.segmentBytes = 250
			put(t, s, 1, before)
			failing(d, c.op, c.part, c.err)
			failed := 0
			for n := range 6 {
				b := numbered(100 + n)
				err := s.Put(b)
				if err == nil {
					before++
					continue
				}
				failed++
				var path *fs.PathError
				if !errors.Is(err, c.err) || !errors.As(err, &path) || !strings.HasPrefix(path.Path, "spool/") || b.Seq != 0 {
					t.Errorf("%s of %s: %v, batch %d", c.op, c.part, err, b.Seq)
				}
			}
			d.fail = nil
			if g := s.active; g != nil && len(d.names[segmentName(g.id)].data) != int(g.size) {
				t.Errorf("%s of %s: a part of a batch is left", c.op, c.part)
			}
			if failed == 0 {
				t.Errorf("%s of %s: no Put fails", c.op, c.part)
			}
			put(t, s, 7, 9)
			s.commit()
			if got := rest(t, s, Oldest); len(got) != before+3 || !slices.Equal(got[before:], []int{7, 8, 9}) {
				t.Errorf("%s of %s: %v", c.op, c.part, got)
			}
			d.crashStates(newWorld(seeded{t, 1}, 1).rng, 3, false, func(d *memDisk) {
				again := newSpool("spool", s.o)
				if err := again.open(d); err != nil || again.Stats().Waiting.Batches != uint64(before+3) {
					t.Errorf("%s of %s: after a crash: %+v, %v", c.op, c.part, again.Stats(), err)
				}
			})
			if n := len(d.names); n > 12 {
				t.Errorf("%s of %s: %d files", c.op, c.part, n)
			}
		}
	}
}

// TestSyncFails: after a failed sync, Sync fails until the batches that may not be durable
// are acked, though a later sync would succeed. Other batches are durable meanwhile.
func TestSyncFails(t *testing.T) {
	s, d := onMemory(t)
	put(t, s, 1, 2)
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, 3, 4)
	failing(d, "sync", ".seg", syscall.EIO)
	for range 2 {
		if err := s.Sync(t.Context()); !errors.Is(err, syscall.EIO) {
			t.Errorf("sync: %v", err)
		}
	}
	d.fail = nil
	put(t, s, 5, 5)
	if err := s.Sync(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("sync of another segment: %v", err)
	}
	if st := s.Stats(); st.SyncErrors != 1 || st.LastSyncError != nil {
		t.Errorf("%+v", st)
	}
	rest(t, s, Oldest)
	for _, seq := range []uint64{3, 4} {
		if err := s.Sync(t.Context()); err == nil {
			t.Error("durable too early")
		}
		if err := s.Ack(seq); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(t.Context()); err != nil {
		t.Errorf("all others are durable: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestSyncFailsThenCrash: a restart of the process syncs the segment again, so what Sync
// says then is true.
func TestSyncFailsThenCrash(t *testing.T) {
	s, d := onMemory(t)
	put(t, s, 1, 2)
	failing(d, "sync", ".seg", syscall.EIO)
	if err := s.Sync(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("sync: %v", err)
	}
	d.fail = nil
	put(t, s, 3, 3) // in another segment, and a manifest that lists both
	for _, closed := range []bool{false, true} {
		if closed {
			s.Close()
		}
		s = newSpool("spool", s.o)
		if err := s.open(d); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(t.Context()); err != nil {
			t.Error(err)
		}
		none := func(*inode, int, change) (change, bool) { return change{}, false }
		after := newSpool("spool", s.o)
		if err := after.open(d.crashed(func(int) bool { return false }, none)); err != nil || after.Stats().Waiting.Batches != 3 {
			t.Errorf("after a crash: %+v, %v", after.Stats(), err)
		}
	}
}

// TestAckFails: a batch is acked whatever the disk does, and what fails is done later.
func TestAckFails(t *testing.T) {
	for _, part := range []string{markName, ".seg"} {
		s, d := onMemory(t)
		s.segmentBytes = 200
		put(t, s, 1, 9)
		rest(t, s, Oldest)
		failing(d, "write", part, syscall.EIO)
		failed := 0
		for seq := range uint64(8) {
			if err := s.Ack(seq + 1); err != nil {
				failed++
				var path *fs.PathError
				if !errors.Is(err, syscall.EIO) || !errors.As(err, &path) || !strings.HasPrefix(path.Path, "spool/") {
					t.Error(err)
				}
			}
		}
		if st := s.Stats(); failed == 0 || st.Acked.Batches != 8 || st.Leased.Batches != 1 {
			t.Errorf("%s: %d errors, %+v", part, failed, st)
		}
		d.fail = nil
		if err := s.Ack(9); err != nil {
			t.Error(err)
		}
		if st := s.Stats(); st.Segments > 1 || s.mark.written != 9 {
			t.Errorf("%s: %+v, mark %d", part, st, s.mark.written)
		}
	}
}

// TestMarkSyncFails: the error of the mark is in the stats once, however often it comes,
// until a sync of the mark succeeds. One of a segment comes before it.
func TestMarkSyncFails(t *testing.T) {
	s, d := onMemory(t)
	put(t, s, 1, 2)
	rest(t, s, Oldest)
	if err := s.Ack(1); err != nil {
		t.Fatal(err)
	}
	failing(d, "sync", "", syscall.EIO)
	for range 3 {
		s.syncMark()
	}
	if st := s.Stats(); st.SyncErrors != 3 || st.LastSyncError == nil || st.LastSyncError.Error() != "spool: sync spool/"+markName+": input/output error" {
		t.Errorf("%d errors, the last one %v", st.SyncErrors, st.LastSyncError)
	}
	if err := s.Sync(t.Context()); err == nil || s.Stats().LastSyncError != err {
		t.Errorf("sync: %v, in the stats: %v", err, s.Stats().LastSyncError)
	}
	d.fail = nil
	s.syncMark()
	if st := s.Stats(); st.LastSyncError == nil || strings.Contains(st.LastSyncError.Error(), markName) {
		t.Errorf("the mark is synced, a segment is not: %v", st.LastSyncError)
	}
	put(t, s, 3, 3)
	s.commit()
	if st := s.Stats(); st.LastSyncError != nil {
		t.Errorf("everything is synced: %v", st.LastSyncError)
	}
}

// TestReadFails: a batch that the disk fails to read waits, and others come first.
func TestReadFails(t *testing.T) {
	s, d := onMemory(t)
	s.segmentBytes = 250
	put(t, s, 1, 8)
	failing(d, "read", segmentName(1), syscall.EIO)
	var b Batch
	if ok, err := s.TryNext(&b, Oldest); ok || !errors.Is(err, syscall.EIO) {
		t.Fatalf("%v, %v", ok, err)
	}
	d.fail = nil
	first, _ := number(t, s, Oldest)
	if first == 1 {
		t.Error("the batch that cannot be read comes first again")
	}
	got := append(rest(t, s, Oldest), first)
	slices.Sort(got)
	if !slices.Equal(got, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		t.Errorf("%v", got)
	}
}

// TestDamagedLater: a batch that is damaged while the spool is open is set aside with an
// error, and its file goes to quarantine.
func TestDamagedLater(t *testing.T) {
	for name, at := range map[string]int64{"body": 45, "header": 5} {
		s := opened(t, Options{})
		put(t, s, 1, 5)
		s.Close()
		s = reopened(t, s.path, Options{})
		g := s.segments[0]
		path := filepath.Join(s.path, segmentName(g.id))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		size := (int64(len(text)) - segmentHeaderSize) / 5
		text[segmentHeaderSize+2*size+at] ^= 1
		os.WriteFile(path, text, 0o600)
		var got []int
		var failed int
		for range 6 {
			var b Batch
			ok, err := s.TryNext(&b, Oldest)
			if err != nil {
				failed++
				if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if ok {
				got = append(got, int(b.Seq))
			}
		}
		want, lost := []int{1, 2, 4, 5}, uint64(1)
		if name == "header" { // nothing leads to the batches after it
			want, lost = []int{1, 2}, 3
		}
		if st := s.Stats(); !slices.Equal(got, want) || failed != 1 || st.Damaged.Lines != lost {
			t.Errorf("%s: %v, %d errors, %+v", name, got, failed, st)
		}
		for _, n := range got {
			if err := s.Ack(uint64(n)); err != nil {
				t.Error(err)
			}
		}
		kept, _ := filepath.Glob(filepath.Join(s.path, quarantineDir, "*.seg"))
		if len(kept) != 1 {
			t.Errorf("%s: in quarantine: %v", name, kept)
		}
		s.Close()
		s = reopened(t, s.path, Options{})
		if r := s.Recovery(); r.Waiting.Batches > 0 || r.QuarantinedFiles > 0 || s.Stats().DiskBytes != int64(len(text)) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestQuarantineMakesRoom: the quarantine counts towards MaxBytes until somebody empties it.
func TestQuarantineMakesRoom(t *testing.T) {
	s := opened(t, Options{MaxBytes: 1 << 20})
	dir := filepath.Join(s.path, quarantineDir)
	os.Mkdir(dir, 0o700)
	os.WriteFile(filepath.Join(dir, "x.seg"), make([]byte, 1<<20), 0o600)
	s.Close()
	s = reopened(t, s.path, Options{MaxBytes: 1 << 20})
	if err := s.Put(numbered(1)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	os.Remove(filepath.Join(dir, "x.seg"))
	put(t, s, 1, 1)
}

// TestDirectoryRemoved: Sync does not promise batches in a directory that was removed. The
// next Put makes another, and what was lost is counted.
func TestDirectoryRemoved(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"directory": os.RemoveAll,
		"contents": func(dir string) error {
			list, err := filepath.Glob(filepath.Join(dir, "*"))
			for _, f := range list {
				err = errors.Join(err, os.RemoveAll(f))
			}
			return err
		},
	} {
		s := opened(t, Options{})
		put(t, s, 1, 5)
		_, first := number(t, s, Oldest)
		_, second := number(t, s, Oldest)
		if err := remove(s.path); err != nil {
			t.Skip(err) // open files cannot be removed on this system
		}
		if err := s.Sync(t.Context()); !errors.Is(err, ErrGone) {
			t.Errorf("%s: sync: %v", name, err)
		}
		put(t, s, 6, 8)
		if err := s.Sync(t.Context()); err != nil {
			t.Errorf("%s: sync in the new directory: %v", name, err)
		}
		if err := s.Ack(first); err != nil {
			t.Errorf("%s: ack: %v", name, err)
		}
		if err := s.Return(second); !errors.Is(err, ErrGone) {
			t.Errorf("%s: return: %v", name, err)
		}
		st := s.Stats()
		if st.Put.Batches != 8 || st.Gone.Batches != 4 || st.Waiting.Batches != 3 || st.Acked.Batches != 1 || st.Leased.Batches != 0 {
			t.Errorf("%s: %+v", name, st)
		}
		s.Close()
		s = reopened(t, s.path, Options{})
		if got := rest(t, s, Oldest); !slices.Equal(got, []int{6, 7, 8}) {
			t.Errorf("%s: after a restart: %v", name, got)
		}
	}
}

// TestDirectoryAway: while the directory cannot be made again, Put fails, and goes on when
// it can.
func TestDirectoryAway(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 2)
	parent := filepath.Dir(s.path)
	if err := os.RemoveAll(parent); err != nil {
		t.Skip(err)
	}
	if err := s.Sync(t.Context()); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	for range 2 {
		if err := s.Put(numbered(3)); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if err := os.Mkdir(parent, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, s, 4, 4)
	if st := s.Stats(); st.Gone.Batches != 2 || st.Waiting.Batches != 1 {
		t.Errorf("%+v", st)
	}
}

// TestSegmentRemoved: the batches of a segment that somebody removed are counted as gone.
func TestSegmentRemoved(t *testing.T) {
	s := opened(t, Options{})
	s.segmentBytes = 250
	put(t, s, 1, 6)
	s.Close()
	s = reopened(t, s.path, Options{})
	n := s.segments[0].frames
	os.Remove(filepath.Join(s.path, segmentName(s.segments[0].id)))
	var b Batch
	if ok, err := s.TryNext(&b, Oldest); ok || !errors.Is(err, ErrGone) {
		t.Errorf("%v, %v", ok, err)
	}
	if got := rest(t, s, Oldest); len(got) != 6-n || s.Stats().Gone.Batches != uint64(n) {
		t.Errorf("%v, %+v", got, s.Stats())
	}
	for seq := uint64(n + 1); seq <= 6; seq++ {
		if err := s.Ack(seq); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if r := reopened(t, s.path, Options{}).Recovery(); r != (Recovery{}) {
		t.Errorf("%+v", r)
	}
}
