package spool

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// benchBody is as large as a compressed batch of 5,000 points.
var benchBody = make([]byte, 100_000)

// BenchmarkPut stores a batch and acks it, without and with a sync for each.
func BenchmarkPut(b *testing.B) {
	for _, c := range []struct {
		name string
		sync bool
	}{{"none", false}, {"each", true}} {
		b.Run("case=sync-"+c.name, func(b *testing.B) {
			s := opened(b, Options{})
			in := &Batch{Target: []byte("db=d"), Body: benchBody, Lines: 5000}
			ctx := context.Background()
			b.SetBytes(int64(len(benchBody)))
			b.ReportAllocs()
			for b.Loop() {
				if err := s.PutLeased(in); err != nil {
					b.Fatal(err)
				}
				if c.sync {
					if err := s.Sync(ctx); err != nil {
						b.Fatal(err)
					}
				}
				if err := s.Ack(in.Seq); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	// What the disk does without a spool.
	b.Run("case=bare-write-and-sync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "bare"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		b.SetBytes(int64(len(benchBody)))
		at := int64(0)
		for b.Loop() {
			if _, err := f.WriteAt(benchBody, at); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			if at += int64(len(benchBody)); at > maxSegmentBytes { // a spool begins a file, too
				at = 0
				if err := f.Truncate(0); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// BenchmarkNext leases a batch that is in the memory of the operating system, and returns
// it.
func BenchmarkNext(b *testing.B) {
	s := opened(b, Options{})
	for range 100 {
		if err := s.Put(&Batch{Body: benchBody, Lines: 5000}); err != nil {
			b.Fatal(err)
		}
	}
	var out Batch
	b.SetBytes(int64(len(benchBody)))
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := s.TryNext(&out, Oldest); !ok || s.Return(out.Seq) != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecovery opens a spool of 1 GB that is in the memory of the operating system.
func BenchmarkRecovery(b *testing.B) {
	s := opened(b, Options{MaxBytes: 2 << 30})
	for range 10_000 {
		if err := s.Put(&Batch{Body: benchBody, Lines: 5000}); err != nil {
			b.Fatal(err)
		}
	}
	size := s.Stats().DiskBytes
	s.Close()
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(s.path, Options{MaxBytes: 2 << 30})
		if err != nil || s.Stats().Waiting.Batches != 10_000 {
			b.Fatal(err)
		}
		s.Close()
	}
}
