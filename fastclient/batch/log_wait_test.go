package batch

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestCloseAnswersEvents: an append of OnEvent that waits for the log ends with Close, also if
// the goroutine of the spool ends before it sees the append.
func TestCloseAnswersEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		var w *Writer
		begun := make(chan struct{})
		o := Options{Overflow: WriteAhead, OnEvent: func(Event) {
			w.mu.Lock()
			unseen := w.disk.expect(w.ledger.appended.Lines+1, false)
			w.mu.Unlock()
			close(begun)
			w.awaitLog(context.Background(), unseen)
		}}
		w, err := newWriter(spoolConfig(t, dir, o, acker))
		if err != nil {
			t.Fatal(err)
		}
		w.startAll()
		w.mu.Lock()
		w.emit(Event{Kind: EventUp})
		w.mu.Unlock()
		<-begun
		begin := time.Now()
		mustClose(t, w)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}

// TestSyncBatchesAfterFailure: an append does not wait for ever when its lines were stored
// before the goroutine of the spool came to log them, after the disk had failed.
func TestSyncBatchesAfterFailure(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		o := Options{Overflow: WriteAhead, BatchLines: 1}
		o.Spool.SyncBatches = true
		w := startWriter(t, spoolConfig(t, dir, o, acker))
		w.mu.Lock()
		w.wrote(errReset)
		w.mu.Unlock()
		time.Sleep(time.Minute)
		w.mu.Lock() // the goroutine comes late
		w.ledger.accept(1, 1)
		w.ledger.ack(1, 1)
		stored := w.disk.expect(w.ledger.appended.Lines, true)
		w.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.awaitLog(ctx, stored); err != nil {
			t.Error(err)
		}
		mustClose(t, w)
	})
}

// TestSyncFailsEvents: while every sync fails, batches that the disk takes do not mean that it
// works. There is one event at the beginning, and one at the end.
func TestSyncFailsEvents(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		var kinds []EventKind
		o := Options{Overflow: WriteAhead, OnEvent: func(ev Event) { kinds = append(kinds, ev.Kind) }}
		o.Spool.SyncBatches = true
		w := startWriter(t, spoolConfig(t, dir, o, acker))
		for range 5 {
			w.mu.Lock()
			w.wrote(nil)
			w.synced(errReset)
			w.mu.Unlock()
			synctest.Wait()
			if w.Stats().SpoolErr == nil {
				t.Error("no error after a failed sync")
			}
		}
		for n := range 2 {
			if err := w.Append(context.Background(), []byte(numberedLine(n)+"\n")); (err == nil) != (n == 1) {
				t.Errorf("append %d: %v", n, err)
			}
			time.Sleep(time.Minute)
		}
		mustClose(t, w)
		if want := []EventKind{EventSpoolFailed, EventSpoolWorks}; !slices.Equal(kinds, want) {
			t.Errorf("events %v, want %v", kinds, want)
		}
		if err := w.Stats().SpoolErr; err != nil {
			t.Errorf("after a sync that succeeded: %v", err)
		}
	})
}
