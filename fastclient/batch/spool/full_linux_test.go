package spool

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestFullDisk fills a small file system, and frees it again while the spool is used: by
// acks, and by removing another file. No batch that was put is lost, and no call panics.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t)
	path := filepath.Join(dir, "spool")
	s := reopened(t, path, Options{})
	s.segmentBytes = 200_000
	b := Batch{Body: make([]byte, 3_000), Lines: 3}
	fill := func() (n int) {
		for {
			err := s.Put(&b)
			if err == nil {
				n++
				continue
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("put: %v", err)
			}
			return n
		}
	}
	total := fill()
	// Another file takes the last byte.
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for err == nil {
		_, err = filler.Write(make([]byte, 512))
	}
	if err := s.Put(&b); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("put to a full disk: %v", err)
	}
	// A restart of the process needs no space.
	s.Close()
	s = reopened(t, path, Options{})
	s.segmentBytes = 200_000
	if n := s.Stats().Waiting.Batches; n != uint64(total) {
		t.Fatalf("%d batches after a restart, want %d", n, total)
	}
	// Acks make room, though not a byte is free.
	var got Batch
	for range total / 2 {
		if ok, err := s.TryNext(&got, Oldest); !ok || err != nil {
			t.Fatalf("next: %v", err)
		}
		if err := s.Ack(got.Seq); err != nil {
			t.Fatalf("ack: %v", err)
		}
	}
	if n := fill(); n < total/4 {
		t.Errorf("%d batches fit after %d acks", n, total/2)
	} else {
		total += n
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	filler.Close()
	total += fill()
	if err := s.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	st := s.Stats()
	if st.Waiting.Batches+st.Acked.Batches != uint64(total) {
		t.Errorf("%d were put: %+v", total, st)
	}
	s.Close()
	s = reopened(t, path, Options{})
	if n := s.Stats().Waiting.Batches; n != st.Waiting.Batches {
		t.Errorf("%d batches after another restart, want %d", n, st.Waiting.Batches)
	}
	s.Close()
}

// TestFullDiskOfAckedBatches: batches that are acked do not keep others from a full disk, or
// from one with too little free space, though their segment may still grow.
func TestFullDiskOfAckedBatches(t *testing.T) {
	for _, free := range []int64{0, 100_000} {
		s := reopened(t, filepath.Join(smallDisk(t), "spool"), Options{MinFreeBytes: free})
		b := Batch{Body: make([]byte, 3_000), Lines: 3}
		var err error
		for err == nil {
			err = s.Put(&b)
		}
		if !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, ErrMinFree) {
			t.Fatal(err)
		}
		for {
			var got Batch
			ok, err := s.TryNext(&got, Oldest)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if err := s.Ack(got.Seq); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			if err := s.Put(&b); err != nil {
				t.Fatalf("free %d: put when all is acked: %v", free, err)
			}
		}
		if st := s.Stats(); st.Waiting.Batches != 100 {
			t.Errorf("%+v", st)
		}
		s.Close()
	}
}

// smallDisk mounts a disk of 2 MiB in memory and returns its directory.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m,mode=700"); err != nil {
		if os.Getenv("POINTWIRE_REQUIRE_MOUNT") != "" {
			t.Fatal("cannot mount: ", err)
		}
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
