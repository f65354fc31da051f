package batch

import (
	"context"
	"path/filepath"
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
