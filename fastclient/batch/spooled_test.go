package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// TestSpooledErrorEnds: lines that the disk has dropped are not on disk, also when others
// were there at that time.
func TestSpooledErrorEnds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 64 << 10}
		o.Spool.MaxBytes, o.Spool.WhenFull = 1<<20, spool.DropOldest
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 100_000)
		s.set(true)
		time.Sleep(time.Hour)
		var be *BatchError
		var se *SpooledError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || errors.As(err, &se) {
			t.Errorf("Flush: %v", err)
		}
		mustClose(t, w)
	})
}

// TestSpooledErrorOwn: the SpooledError of Flush counts the lines of this Writer, and not those
// that it found, as that of Close does.
func TestSpooledErrorOwn(t *testing.T) {
	var large []byte
	for n := range 40 {
		large = append(large, numberedLine(n)+"\n"...)
	}
	dir := filled(t,
		spool.Batch{Body: large, Lines: 40}, // stored
		spool.Batch{Body: []byte(numberedLine(40) + "\n"), Lines: 1},
	)
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		o := Options{Overflow: Spill, BatchBytes: 1 << 10}
		o.Spool.ReplayRate = 70
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		time.Sleep(time.Second)
		s.set(false)
		appendNumbered(t, w, 41, 42)
		time.Sleep(time.Minute)
		var se *SpooledError
		if err := w.Flush(context.Background()); !errors.As(err, &se) || se.Lines != 1 {
			t.Errorf("Flush: %v", err)
		}
		if err := w.Close(context.Background()); !errors.As(err, &se) || se.Lines != 2 {
			t.Errorf("Close: %v", err)
		}
		if st := w.Stats(); st.Spooled.Lines != 2 {
			t.Errorf("%+v", st)
		}
	})
}

// TestCloseRecovered: Close also names the lines that it found on disk and leaves there, and
// those of another place are not among them.
func TestCloseRecovered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		down := new(stubServer).Send
		closed := func(w *Writer, want uint64) {
			t.Helper()
			var se *SpooledError
			if err := w.Close(context.Background()); want > 0 && (!errors.As(err, &se) || se.Lines != want) || want == 0 && err != nil {
				t.Errorf("Close: %v, want %d lines", err, want)
			}
		}
		config := func(path string) config {
			c := spoolConfig(t, dir, Options{Overflow: Spill}, down)
			c.path = path
			return c
		}
		w := startWriter(t, config("/write?db=a"))
		appendNumbered(t, w, 0, 3)
		closed(w, 3)
		w = startWriter(t, config("/write?db=a"))
		if err := w.Flush(context.Background()); err != nil {
			t.Errorf("Flush: %v", err)
		}
		appendNumbered(t, w, 3, 5)
		closed(w, 5)
		w = startWriter(t, config("/write?db=b"))
		time.Sleep(time.Minute)
		if st := w.Stats(); st.OtherTargets.Lines != 5 {
			t.Errorf("%+v", st)
		}
		closed(w, 0)
	})
}

// TestCloseRemoved: Close writes lines again that were in a directory which was removed.
func TestCloseRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: WriteAhead}, new(stubServer).Send))
		appendNumbered(t, w, 0, 100)
		time.Sleep(2 * time.Second)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		appendNumbered(t, w, 100, 101)
		var se *SpooledError
		if err := w.Close(context.Background()); !errors.As(err, &se) || se.Lines != 101 {
			t.Errorf("Close: %v", err)
		}
		audit(t, &w.engine)
		all(t, onDiskNow(t, dir), 101)
	})
}

// TestCloseDiskBack: Close does not wait for a server that is down once the disk, which had
// failed, works again.
func TestCloseDiskBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 64 << 10}
		w := startWriter(t, spoolConfig(t, dir, o, new(stubServer).Send))
		if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; w.Stats().SpoolErr == nil; n++ { // memory runs low
			appendNumbered(t, w, n, n+1)
			synctest.Wait()
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		begin := time.Now()
		var se *SpooledError
		if err := w.Close(ctx); !errors.As(err, &se) || se.Lines != uint64(n) {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}

// TestFlushSpooled: Flush waits for no line that is on disk, whether it was brought back or
// not, and no error about such a line is lost.
func TestFlushSpooled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		var refuse atomic.Bool
		send := func(_ context.Context, _ *seam.Body, r *seam.Response) {
			if r.Err = errReset; refuse.Load() {
				r.Err, r.Status, r.Message = nil, 400, "unable to parse 'm': missing fields"
			}
		}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill, Isolate: IsolateNone}, send))
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		for n := range 3 {
			appendNumbered(t, w, n, n+1)
			begin := time.Now()
			var se *SpooledError
			if err := w.Flush(ctx); !errors.As(err, &se) || se.Lines != uint64(n+1) {
				t.Errorf("Flush %d: %v", n, err)
			}
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("Flush %d took %v", n, took)
			}
		}
		refuse.Store(true)
		time.Sleep(time.Hour)
		var be *BatchError
		if err := w.Flush(context.Background()); !errors.As(err, &be) || w.Stats().Rejected.Lines != 3 {
			t.Errorf("Flush after a refusal: %v, %+v", err, w.Stats())
		}
		mustClose(t, w)
	})
}
