package batch

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestOldestFirstEnds: when nothing is on disk any more, new lines do not go there.
func TestOldestFirstEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 32 << 10}
		o.Spool.Order = OldestFirst
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 2000)
		time.Sleep(10 * time.Second)
		s.set(true)
		time.Sleep(time.Hour)
		put := w.Stats().Spool.Put.Batches
		for n := 2000; n < 2010; n++ {
			appendNumbered(t, w, n, n+1)
			time.Sleep(10 * time.Second)
		}
		if more := w.Stats().Spool.Put.Batches - put; put == 0 || more > 0 {
			t.Errorf("%d batches on disk during the outage, %d after it", put, more)
		}
		mustClose(t, w)
		all(t, s.stored(), 2010)
	})
}

// TestFullKeepsOrder: lines in memory do not pass those on disk when the disk is full.
func TestFullKeepsOrder(t *testing.T) {
	for _, policy := range []OverflowPolicy{Spill, WriteAhead} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			s := &stubServer{delay: time.Millisecond}
			o := Options{Overflow: policy, BatchBytes: 1 << 10, MaxMemory: 64 << 10, Ordered: true}
			o.Spool.MaxBytes = 1 << 20
			w := startWriter(t, spoolConfig(t, dir, o, s.Send))
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			n := 0
			for ctx.Err() == nil && w.Stats().SpoolErr == nil {
				var lines []byte
				for range 10 {
					lines = append(append(lines, numberedLine(n)...), '\n')
					n++
				}
				w.Append(ctx, lines)
			}
			n = int(w.Stats().Appended.Lines)
			s.set(true)
			time.Sleep(time.Hour)
			inOrder(t, s.stored())
			mustClose(t, w)
			all(t, s.stored(), n)
		})
	}
}
