//go:build !race

package spool

import (
	"context"
	"math"
	"path/filepath"
	"runtime"
	"testing"
)

// TestAllocations: in steady state neither a batch nor a sync costs an allocation, whether
// a batch goes through the disk or stays with its sender.
func TestAllocations(t *testing.T) {
	body := make([]byte, 20_000)
	for i := range body {
		body[i] = byte(i)
	}
	ctx := context.Background()
	for name, batch := range map[string]func(s *Spool, in, out *Batch) error{
		"next": func(s *Spool, in, out *Batch) error {
			if err := s.Put(in); err != nil {
				return err
			}
			if err := s.Next(ctx, out, Oldest); err != nil {
				return err
			}
			return s.Ack(out.Seq)
		},
		"newest": func(s *Spool, in, out *Batch) error {
			if err := s.Put(in); err != nil {
				return err
			}
			if _, err := s.TryNext(out, Newest); err != nil {
				return err
			}
			return s.Ack(out.Seq)
		},
		"leased": func(s *Spool, in, _ *Batch) error {
			if err := s.PutLeased(in); err != nil {
				return err
			}
			return s.Ack(in.Seq)
		},
		"sync": func(s *Spool, in, _ *Batch) error {
			if err := s.PutLeased(in); err != nil {
				return err
			}
			if err := s.Sync(ctx); err != nil {
				return err
			}
			return s.Ack(in.Seq)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, Options{})
			in, out := &Batch{Target: []byte("db=d"), Body: body, Lines: 100}, &Batch{}
			one := func() {
				if err := batch(s, in, out); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				one()
			}
			// Segments of 16 MiB: a new one and its manifest cost less than one allocation
			// per batch, which AllocsPerRun rounds down.
			if got := testing.AllocsPerRun(500, one); got != 0 {
				t.Errorf("%v allocations per batch", got)
			}
		})
	}
}

// TestRecoveryMemory: recovery takes as much memory for a large spool as for a small one.
func TestRecoveryMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 80 MB")
	}
	dir := t.TempDir()
	memory := func(mb int) uint64 {
		s := reopened(t, filepath.Join(dir, "spool"), Options{})
		b := Batch{Body: make([]byte, 50_000), Lines: 1}
		for s.Stats().DiskBytes < int64(mb)<<20 {
			if err := s.Put(&b); err != nil {
				t.Fatal(err)
			}
		}
		s.Close()
		least := uint64(math.MaxUint64)
		for range 5 { // what else the program allocates meanwhile is in the figures
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s = reopened(t, s.path, Options{})
			runtime.ReadMemStats(&after)
			s.Close()
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		return least
	}
	small, large := memory(20), memory(80)
	// A segment of 16 MiB takes a few hundred bytes, and some garbage while it is read.
	if large > small+4*4096 || large > 500_000 {
		t.Errorf("%d bytes for 20 MB, %d for 80 MB", small, large)
	}
}
