package batch

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestWriteAheadEnded: an append whose context has ended does not say that its lines are
// logged.
func TestWriteAheadEnded(t *testing.T) {
	w := startWriter(t, spoolConfig(t, filepath.Join(t.TempDir(), "spool"), Options{Overflow: WriteAhead}, acker))
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	err := w.Append(ended, []byte("m v=1i 1\n"))
	if e, ok := errors.AsType[*AppendError](err); !ok || e.Accepted != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	mustClose(t, w)
	if n := w.Stats().Acked.Lines; n != 1 {
		t.Errorf("%d lines acked", n)
	}
}

// TestWriteAheadClosed: an append that has its lines in memory when Close begins, and asks
// for the log when Close has ended, gets an answer.
func TestWriteAheadClosed(t *testing.T) {
	w := startWriter(t, spoolConfig(t, filepath.Join(t.TempDir(), "spool"), Options{Overflow: WriteAhead}, acker))
	if _, err := w.engine.put(t.Context(), []byte("m v=1i 1\n"), 1); err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
	w.mu.Lock()
	wait := w.disk.expect(1, false)
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.awaitLog(ctx, wait); err != nil {
		t.Errorf("the line is stored, but %v", err)
	}
}

// TestSyncClosed: a Sync that finds the spool closed, because Close has come meanwhile, waits
// for what Close says.
func TestSyncClosed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, acker))
		if err := w.disk.s.Close(); err != nil {
			t.Fatal(err)
		}
		synced := make(chan error, 1)
		go func() { synced <- w.Sync(context.Background()) }()
		synctest.Wait()
		mustClose(t, w)
		if err := <-synced; err != nil {
			t.Errorf("sync: %v", err)
		}
	})
}
