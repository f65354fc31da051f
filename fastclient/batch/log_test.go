package batch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
	"github.com/pointwire/pointwire/lp"
)

// onDiskNow returns the lines that a Writer would find in dir if this process were killed
// now.
func onDiskNow(t *testing.T, dir string) (lines []string) {
	t.Helper()
	killed := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	s, err := spool.Open(killed, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b spool.Batch
	for {
		ok, err := s.TryNext(&b, spool.Oldest)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return lines
		}
		body := decompressed(&seam.Body{Data: b.Body, Encoding: b.Encoding.String()})
		lines = append(lines, strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")...)
	}
}

// TestWriteAhead: when an append returns, its lines are on disk, and a server gets no line
// that is not.
func TestWriteAhead(t *testing.T) {
	for _, sync := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			s := &stubServer{up: true}
			o := Options{Overflow: WriteAhead}
			o.Spool.SyncBatches = sync
			w := startWriter(t, spoolConfig(t, dir, o, s.Send))
			n := 0
			for _, size := range []int{1, 1, 7, 600, 1, 3000, 1, 5000, 2} {
				var lines []byte
				for range size {
					lines = append(append(lines, numberedLine(n)...), '\n')
					n++
				}
				if err := w.Append(context.Background(), lines); err != nil {
					t.Fatal(err)
				}
				// What is stored already may not be on disk any more.
				all(t, append(onDiskNow(t, dir), s.stored()...), n)
				if st := w.Stats(); sync && (st.Spool.Syncs == 0 || st.Spool.SyncErrors > 0) {
					t.Errorf("not synced: %+v", st.Spool)
				}
			}
			audit(t, &w.engine)
			mustClose(t, w)
			all(t, s.stored(), n)
			if st := w.Stats(); st.Spool.Leased.Batches+st.Spool.Waiting.Batches > 0 || st.Spooled != (Count{}) {
				t.Errorf("left on disk: %+v", st.Spool)
			}
		})
	}
}

// TestWriteAheadSmallAppends: lines that are appended one by one are one request.
func TestWriteAheadSmallAppends(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: WriteAhead}, s.Send))
		appendNumbered(t, w, 0, 100)
		if n := len(s.stored()); n > 0 {
			t.Errorf("%d lines are sent at once", n)
		}
		time.Sleep(2 * time.Second)
		if st := w.Stats(); st.Requests != 1 || st.Spool.Put.Batches != 100 || st.Acked.Lines != 100 {
			t.Errorf("%+v", st)
		}
		mustClose(t, w)
	})
}

// TestWriteAheadCompressesOnce: a batch that is logged whole is sent as it is on disk.
func TestWriteAheadCompressesOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		c := spoolConfig(t, dir, Options{Overflow: WriteAhead, BatchBytes: 1 << 20}, s.Send)
		z := &countingCompressor{Compressor: compress.Gzip(1)}
		c.compressor = z
		w := startWriter(t, c)
		var lines []byte
		for n := range 20_000 {
			lines = append(append(lines, numberedLine(n)...), '\n')
		}
		if err := w.Append(context.Background(), lines); err != nil {
			t.Fatal(err)
		}
		mustClose(t, w)
		all(t, s.stored(), 20_000)
		if st := w.Stats(); z.n != int(st.Requests) || st.Requests != 4 || st.Spool.Put.Batches != 4 {
			t.Errorf("%d compressions, %+v", z.n, st)
		}
	})
}

// TestWriteAheadStructs: structs of one call wait for the disk once, so they are not divided
// into more batches than without a spool.
func TestWriteAheadStructs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: WriteAhead, BatchBytes: 1 << 20}, s.Send))
		values := make([]load, 20*stagedStructs)
		for i := range values {
			values[i] = load{time.Unix(0, int64(i)), strings.Repeat("a", 200), 0.5}
		}
		if err := WriteStructs(context.Background(), w, nil, values); err != nil {
			t.Fatal(err)
		}
		if st := w.Stats(); st.Spool.Put.Lines != uint64(len(values)) || st.Spool.Put.Batches != 2 {
			t.Errorf("on disk: %+v", st.Spool.Put)
		}
		mustClose(t, w)
		if st := w.Stats(); st.Requests != 2 || st.Acked.Lines != uint64(len(values)) {
			t.Errorf("%+v", st)
		}
	})
}

// TestWriteAheadContext: an append whose context ends before its lines are on disk says so,
// and so does one whose context had ended before.
func TestWriteAheadContext(t *testing.T) {
	w, err := newWriter(spoolConfig(t, filepath.Join(t.TempDir(), "spool"), Options{Overflow: WriteAhead}, acker))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing runs that would log a line
	for name, err := range map[string]error{
		"lines":   w.Append(ctx, []byte("cpu a=1 1\n")),
		"encoder": w.Encode(ctx, func(e *lp.Encoder) { e.Point("cpu"); e.Int("a", 1); e.EndNoTimestamp() }),
		"structs": WriteStructs(ctx, w, nil, []load{{time.Unix(0, 1), "a", 1}}),
	} {
		var ae *AppendError
		if !errors.As(err, &ae) || ae.Accepted != 1 || ae.Refused != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.startAll()
	mustClose(t, w)
	if st := w.Stats(); st.Acked.Lines != 3 {
		t.Errorf("%+v", st)
	}
}

// TestWriteAheadClosing: an append that is accepted just before Close does not wait for a
// goroutine that has ended.
func TestWriteAheadClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		w := startWriter(t, spoolConfig(t, filepath.Join(t.TempDir(), "spool"), Options{Overflow: WriteAhead}, s.Send))
		if n, err := w.put(context.Background(), []byte("cpu a=1 1\n"), 1); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		mustClose(t, w)
		if err := w.awaitLogged(context.Background(), 0); err != nil {
			t.Error(err)
		}
	})
}

type countingCompressor struct {
	seam.Compressor
	mu sync.Mutex
	n  int
}

func (c *countingCompressor) Append(dst, p []byte) []byte {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	return c.Compressor.Append(dst, p)
}

// TestWriteAheadOutage: appends go on during an outage of any length, in bounded memory.
func TestWriteAheadOutage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		o := Options{Overflow: WriteAhead, BatchBytes: 1 << 10, MaxMemory: 32 << 10}
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 5000)
		audit(t, &w.engine)
		if st := w.Stats(); st.Spooled.Bytes < 64<<10 || st.Spool.Put.Lines != 5000 {
			t.Errorf("%+v", st)
		}
		all(t, onDiskNow(t, dir), 5000)
		s.set(true)
		time.Sleep(time.Minute)
		audit(t, &w.engine)
		mustClose(t, w)
		all(t, s.stored(), 5000)
		if st := w.Stats(); st.Spool.Put.Lines != 5000 {
			t.Errorf("lines were written twice: %+v", st.Spool)
		}
	})
}

// TestNotLogged: while the disk takes nothing, an append accepts its lines and says that
// they are in memory only. They are sent all the same.
func TestNotLogged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		var mu sync.Mutex
		var kinds []EventKind
		o := Options{Overflow: WriteAhead, OnEvent: func(ev Event) {
			mu.Lock()
			kinds = append(kinds, ev.Kind)
			mu.Unlock()
		}}
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 10)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for n := 10; n < 20; n++ {
			err := w.Append(context.Background(), []byte(numberedLine(n)+"\n"))
			var ae *AppendError
			if !errors.As(err, &ae) || ae.Accepted != 1 || ae.Refused != 0 || !errors.Is(err, ErrNotLogged) {
				t.Fatalf("append %d: %v", n, err)
			}
		}
		err := w.Sync(context.Background())
		var path *fs.PathError
		if !errors.Is(err, ErrNotLogged) || !errors.As(err, &path) || !logSafe(err.Error()) {
			t.Errorf("Sync: %v", err)
		}
		time.Sleep(time.Minute)
		all(t, s.stored(), 20)
		os.Remove(dir)
		time.Sleep(time.Minute)
		if err := w.Append(context.Background(), []byte(numberedLine(20)+"\n")); err != nil {
			t.Errorf("when the disk is back: %v", err)
		}
		if err := w.Sync(context.Background()); err != nil {
			t.Errorf("Sync, when the disk is back: %v", err)
		}
		mustClose(t, w)
		all(t, s.stored(), 21)
		if len(kinds) != 2 || kinds[0] != EventSpoolFailed || kinds[1] != EventSpoolWorks {
			t.Errorf("events %v", kinds)
		}
	})
}

// TestSync: after Sync the lines are on disk in each mode, and its context ends it.
func TestSync(t *testing.T) {
	for _, policy := range []OverflowPolicy{Spill, WriteAhead} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			s := new(stubServer)
			w := startWriter(t, spoolConfig(t, dir, Options{Overflow: policy}, s.Send))
			appendNumbered(t, w, 0, 50)
			if policy == Spill {
				if got := onDiskNow(t, dir); len(got) != 0 {
					t.Errorf("%d lines on disk", len(got))
				}
			}
			if err := w.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
			all(t, onDiskNow(t, dir), 50)
			if st := w.Stats(); st.Spool.Syncs == 0 || st.Pending.Lines != 50 {
				t.Errorf("%+v", st)
			}
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			if err := w.Sync(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("ended context: %v", err)
			}
			s.set(true)
			mustClose(t, w)
			all(t, s.stored(), 50)
			if st := w.Stats(); st.Spool.Waiting.Batches+st.Spool.Leased.Batches > 0 {
				t.Errorf("left on disk: %+v", st.Spool)
			}
			if err := w.Sync(context.Background()); !errors.Is(err, ErrWriterClosed) {
				t.Errorf("after Close: %v", err)
			}
		})
	}
	w := testWriter(t, Options{}, acker)
	defer mustClose(t, w)
	if err := w.Sync(context.Background()); !errors.Is(err, ErrNoSpool) {
		t.Errorf("without a spool: %v", err)
	}
}

// TestWriteAheadUnits: lines whose unit the server does not know are on disk as they are
// sent.
func TestWriteAheadUnits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s := &stubServer{up: true}
	c := spoolConfig(t, dir, Options{Overflow: WriteAhead}, s.Send)
	c.precision, c.unit = fastclient.Minute, fastclient.Second
	w := startWriter(t, c)
	if err := w.Append(context.Background(), []byte("m v=1 5\n")); err != nil {
		t.Fatal(err)
	}
	if got := onDiskNow(t, dir); len(got) != 1 || got[0] != "m v=1 300" {
		t.Errorf("on disk %q", got)
	}
	mustClose(t, w)
	if got := s.stored(); len(got) != 1 || got[0] != "m v=1 300" {
		t.Errorf("sent %q", got)
	}
	audit(t, &w.engine)
}

// TestSpillUnderWay: lines are on disk after five seconds also while a server that hangs
// has them.
func TestSpillUnderWay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true, delay: 20 * time.Second}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		appendNumbered(t, w, 0, 100)
		time.Sleep(4 * time.Second)
		if got := onDiskNow(t, dir); len(got) > 0 {
			t.Errorf("%d lines on disk already", len(got))
		}
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		all(t, onDiskNow(t, dir), 100)
		audit(t, &w.engine)
		time.Sleep(20 * time.Second)
		if st := w.Stats(); st.Acked.Lines != 100 || st.Requests != 1 || st.Spool.Put.Batches != 1 || st.Spool.Acked.Batches != 1 {
			t.Errorf("%+v", st)
		}
		mustClose(t, w)
		all(t, s.stored(), 100)
	})
}
