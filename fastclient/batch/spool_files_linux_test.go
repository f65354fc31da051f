package batch

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// descriptors returns the number of open files of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}

// TestSpoolClosesItsFiles: goroutines and open files are back to the start after Close, also
// when nothing could be sent, and when NewWriter failed.
func TestSpoolClosesItsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	for i := range 5 {
		s := new(stubServer)
		s.set(i == 4)
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: WriteAhead, BatchBytes: 1 << 10, MaxMemory: 32 << 10}, s.Send))
		appendNumbered(t, w, i*1000, (i+1)*1000)
		if _, err := newWriter(spoolConfig(t, dir, Options{Overflow: Spill}, s.Send)); err == nil {
			t.Error("two Writers of one directory")
		}
		if i == 4 {
			for w.Stats().Acked.Lines < 5000 {
				time.Sleep(time.Millisecond)
			}
		}
		w.Close(context.Background())
	}
	waitForGoroutines(t, goroutines)
	if n := descriptors(t); n > files {
		t.Errorf("%d files are open, %d were", n, files)
	}
}
