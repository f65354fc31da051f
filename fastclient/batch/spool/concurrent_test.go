package spool

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A gatedDisk lets syncs of segments wait.
type gatedDisk struct {
	disk
	syncs atomic.Int64
	gate  chan struct{} // a sync takes one
}

type gatedFile struct {
	file
	d *gatedDisk
}

func (d *gatedDisk) open(name string, create bool) (file, error) {
	f, err := d.disk.open(name, create)
	if _, ok := segmentID(name); ok && err == nil {
		f = gatedFile{f, d}
	}
	return f, err
}

func (f gatedFile) Sync() error {
	f.d.syncs.Add(1)
	<-f.d.gate
	return f.file.Sync()
}

func gated(t *testing.T, o Options) (*Spool, *gatedDisk) {
	o.MaxBytes = 1 << 30
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, d := newSpool("spool", o), &gatedDisk{disk: newMemDisk(), gate: make(chan struct{}, 100)}
	if err := s.open(d); err != nil {
		t.Fatal(err)
	}
	return s, d
}

// TestGroupCommit: those who wait while a sync runs share the next one.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := gated(t, Options{SyncInterval: -1})
		var waiting sync.WaitGroup
		syncOne := func(n int) {
			put(t, s, n, n)
			waiting.Go(func() {
				if err := s.Sync(t.Context()); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		for n := range 10 {
			syncOne(n + 1)
		}
		if n := d.syncs.Load(); n != 1 {
			t.Errorf("%d syncs have begun, want 1", n)
		}
		// Nobody waits for the disk but those who asked for it.
		if st := s.Stats(); st.Waiting.Batches != 10 {
			t.Errorf("%+v", st)
		}
		if n, _ := number(t, s, Oldest); n != 1 {
			t.Errorf("next is %d", n)
		}
		if err := s.Ack(1); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Sync(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("sync of a disk that hangs: %v", err)
		}
		for range 50 {
			d.gate <- struct{}{}
		}
		waiting.Wait()
		if n := d.syncs.Load(); n != 2 {
			t.Errorf("%d syncs, want 2", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestSyncInterval: batches and acks are synced so long after the first of them.
func TestSyncInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := gated(t, Options{})
		close(d.gate)
		put(t, s, 1, 3)
		time.Sleep(900 * time.Millisecond)
		put(t, s, 4, 4)
		if n := d.syncs.Load(); n != 0 {
			t.Errorf("%d syncs too early", n)
		}
		time.Sleep(200 * time.Millisecond)
		s.mu.Lock()
		if n := d.syncs.Load(); n != 1 || s.active.synced != 4 {
			t.Errorf("%d syncs, %d batches are durable", n, s.active.synced)
		}
		s.mu.Unlock()
		number(t, s, Oldest)
		if err := s.Ack(1); err != nil {
			t.Error(err)
		}
		time.Sleep(1100 * time.Millisecond)
		s.disk.Lock()
		if s.mark.durable != 1 {
			t.Errorf("the mark is %d, durable %d", s.mark.seq, s.mark.durable)
		}
		s.disk.Unlock()
		time.Sleep(time.Hour)
		if n := d.syncs.Load(); n != 1 {
			t.Errorf("%d syncs of an idle spool", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestConcurrent: many goroutines put, sync, lease, ack and return; each batch is acked
// once. Goroutines and descriptors are as before.
func TestConcurrent(t *testing.T) {
	opened(t, Options{}).Close() // the runtime opens descriptors of its own with the first
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	s := opened(t, Options{SyncInterval: time.Millisecond})
	s.segmentBytes = 20_000
	const putters, each = 4, 500
	var seen [putters*each + 1]atomic.Bool
	var acked atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var work sync.WaitGroup
	for k := range putters {
		work.Go(func() {
			for n := k*each + 1; n <= (k+1)*each; n++ {
				b := numbered(n)
				if n%50 == 0 {
					if err := s.PutLeased(b); err != nil || s.Return(b.Seq) != nil {
						t.Error(err)
					}
				} else if err := s.Put(b); err != nil {
					t.Error(err)
				}
				if n%20 == 0 {
					if err := s.Sync(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for k := range 3 {
		work.Go(func() {
			var b Batch
			for {
				if err := s.Next(ctx, &b, Order(k%2)); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				if rand.IntN(10) == 0 {
					if err := s.Return(b.Seq); err != nil {
						t.Error(err)
					}
					continue
				}
				if seen[b.Seq].Swap(true) {
					t.Errorf("batch %d twice", b.Seq)
				}
				if err := s.Ack(b.Seq); err != nil {
					t.Error(err)
				}
				if acked.Add(1) == putters*each {
					cancel()
				}
			}
		})
	}
	work.Go(func() {
		for ctx.Err() == nil {
			(&world{t: seeded{t, 0}}).adds(s)
			runtime.Gosched()
		}
	})
	work.Wait()
	if st := s.Stats(); st.Acked.Batches != putters*each || st.Waiting.Batches+st.Leased.Batches > 0 || st.Segments > 1 {
		t.Errorf("%+v", st)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for range 100 { // a goroutine that has ended may still be counted
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if n := openDescriptors(t); n > descriptors {
		t.Errorf("%d descriptors, %d before", n, descriptors)
	}
}

// openDescriptors returns how many files the process has open, as far as the system tells.
func openDescriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// TestFailedOpen: an Open that fails leaves no descriptor open, and no lock.
func TestFailedOpen(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 1)
	s.Close()
	before := openDescriptors(t)
	path := filepath.Join(s.path, segmentName(1))
	os.Rename(path, path+".old")
	os.Mkdir(path, 0o700)
	for range 3 {
		if _, err := Open(s.path, Options{MaxBytes: 1 << 30}); !errors.Is(err, ErrNotSpool) {
			t.Errorf("%v", err)
		}
	}
	if n := openDescriptors(t); n > before {
		t.Errorf("%d descriptors, %d before", n, before)
	}
	os.Remove(path)
	os.Rename(path+".old", path)
	if got := rest(t, reopened(t, s.path, Options{}), Oldest); len(got) != 1 {
		t.Error(got)
	}
}
