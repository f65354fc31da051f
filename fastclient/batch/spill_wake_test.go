package batch

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestSpillAfterRequest: lines that are under way when they come to be looked at go to disk
// when their request has failed.
func TestSpillAfterRequest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{delay: time.Second}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		appendNumbered(t, w, 0, 10)
		time.Sleep(8 * time.Second)
		if st := w.Stats(); st.Spool.Put.Lines != 10 {
			t.Errorf("%d lines went to disk: %+v", st.Spool.Put.Lines, st)
		}
		s.set(true)
		time.Sleep(time.Minute)
		mustClose(t, w)
		all(t, s.stored(), 10)
	})
}

// TestSpillOpen: the open batch goes to disk when no request may be sent.
func TestSpillOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := newScript(func(ctx context.Context, b *seam.Body, r *seam.Response) {
			r.Status, r.RetryAfter = 503, 10*time.Minute
		}, acker)
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		for i := range uint64(3) {
			appendNumbered(t, w, int(i), int(i)+1)
			time.Sleep(10 * time.Second)
			if st := w.Stats(); st.Spool.Put.Lines != i+1 {
				t.Errorf("%d lines went to disk: %+v", st.Spool.Put.Lines, st)
			}
		}
		time.Sleep(time.Hour)
		mustClose(t, w)
	})
}

// TestSpillBefore: under OldestFirst, a batch that is to be sent before those on disk does
// not stay in memory alone.
func TestSpillBefore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{delay: time.Second}
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 64 << 10}
		o.Spool.Order = OldestFirst
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 5000)
		time.Sleep(time.Hour)
		all(t, onDiskNow(t, dir), 5000)
		if put := w.Stats().Spool.Put.Lines; put != 5000 {
			t.Errorf("%d lines went to disk", put)
		}
		audit(t, &w.engine)
		s.set(true)
		time.Sleep(time.Hour)
		mustClose(t, w)
		all(t, s.stored(), 5000)
	})
}

// TestSpillWhileClosing: lines that wait in a Writer that is being closed do not stay in
// memory alone.
func TestSpillWhileClosing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true, delay: 20 * time.Second}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill, BatchBytes: 1 << 10, MaxInFlight: 1}, s.Send))
		appendNumbered(t, w, 0, 500)
		closed := make(chan struct{})
		go func() {
			mustClose(t, w)
			close(closed)
		}()
		time.Sleep(6 * time.Second)
		all(t, onDiskNow(t, dir), 500)
		<-closed
		all(t, s.stored(), 500)
	})
}
