package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
	"github.com/pointwire/pointwire/internal/compress"
)

// spoolConfig is the config of a Writer with a spool in dir over f.
func spoolConfig(tb testing.TB, dir string, o Options, f senderFunc) config {
	tb.Helper()
	o.Spool.Dir = dir
	if o.Spool.MaxBytes == 0 {
		o.Spool.MaxBytes = 64 << 20
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = 64 << 10
	}
	c := testConfig(tb, o, seam.V1, f)
	c.path = "/write?db=d"
	return c
}

func startWriter(tb testing.TB, c config) *Writer {
	tb.Helper()
	w, err := newWriter(c)
	if err != nil {
		tb.Fatal(err)
	}
	w.startAll()
	return w
}

// A stubServer is down until it is told to be up. Then it stores lines.
type stubServer struct {
	mu     sync.Mutex
	up     bool
	lines  []string
	bodies []seam.Body
	delay  time.Duration
}

func (s *stubServer) Send(ctx context.Context, b *seam.Body, r *seam.Response) {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up {
		r.Err = errReset
		return
	}
	s.lines = append(s.lines, strings.Split(strings.TrimSuffix(string(decompressed(b)), "\n"), "\n")...)
	s.bodies = append(s.bodies, seam.Body{Data: bytes.Clone(b.Data), Encoding: b.Encoding})
	r.Status = 204
}

func (s *stubServer) set(up bool) {
	s.mu.Lock()
	s.up = up
	s.mu.Unlock()
}

func (s *stubServer) stored() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// numberedLine is a line with its own time.
func numberedLine(n int) string { return fmt.Sprintf("m,id=%d v=%di %d", n, n, n+1) }

func numberedLines(from, to int) (lines []string) {
	for n := from; n < to; n++ {
		lines = append(lines, numberedLine(n))
	}
	return lines
}

func appendNumbered(t *testing.T, w *Writer, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := w.Append(context.Background(), []byte(numberedLine(n)+"\n")); err != nil {
			t.Fatal(err)
		}
	}
}

// all reports whether lines are those from 0 to n, in any order and as often as they like.
func all(t *testing.T, lines []string, n int) {
	t.Helper()
	sorted := slices.Clone(lines)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	for i := range n {
		if _, ok := slices.BinarySearch(sorted, numberedLine(i)); !ok {
			t.Fatalf("line %d of %d is not stored", i, n)
		}
	}
	if len(sorted) != n {
		t.Errorf("%d different lines, want %d", len(sorted), n)
	}
}

// TestSpillByAge: lines stay in memory for five seconds, then they are on disk, and the
// server gets them when it is back.
func TestSpillByAge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		appendNumbered(t, w, 0, 10)
		time.Sleep(4900 * time.Millisecond)
		if st := w.Stats(); st.Spooled.Lines != 0 || st.Pending.Lines != 10 || st.Spool.Put.Batches != 0 {
			t.Errorf("too early on disk: %+v", st)
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		if st := w.Stats(); st.Spool.Put.Lines != 10 || st.Spool.Put.Batches != 1 || st.OldestPending.IsZero() {
			t.Errorf("not on disk: %+v", st)
		}
		s.set(true)
		time.Sleep(time.Minute)
		audit(t, &w.engine)
		if st := w.Stats(); st.Acked.Lines != 10 || st.Spooled.Lines != 0 || st.Spool.Acked.Batches != 1 {
			t.Errorf("not sent: %+v", st)
		}
		mustClose(t, w)
		all(t, s.stored(), 10)
	})
}

// TestSpillByMemory: an append does not wait for a server that is down, whatever the memory.
func TestSpillByMemory(t *testing.T) {
	for _, order := range []ReplayOrder{FreshFirst, OldestFirst} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			s := new(stubServer)
			o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 32 << 10, Ordered: order == OldestFirst}
			w := startWriter(t, spoolConfig(t, dir, o, s.Send))
			begin := time.Now()
			appendNumbered(t, w, 0, 20_000)
			if took := time.Since(begin); took > 0 {
				t.Errorf("appends took %v", took)
			}
			audit(t, &w.engine)
			if st := w.Stats(); st.Spooled.Bytes < 10*32<<10 || st.Memory > 32<<10 {
				t.Errorf("%+v", st)
			}
			s.set(true)
			time.Sleep(time.Minute)
			audit(t, &w.engine)
			mustClose(t, w)
			all(t, s.stored(), 20_000)
			if order == OldestFirst {
				inOrder(t, s.stored())
			}
		})
	}
}

// inOrder holds that lines come as they were appended, except for those of the batch that
// failed when the outage began.
func inOrder(t *testing.T, lines []string) {
	t.Helper()
	late, last := 0, -1
	for _, l := range lines {
		var n int
		fmt.Sscanf(l, "m,id=%d ", &n)
		if n < last {
			late++
			continue
		}
		last = n
	}
	if late > 50 {
		t.Errorf("%d lines are late", late)
	}
}

// TestFreshFirst: while much is on disk, a new line is stored at once.
func TestFreshFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{delay: time.Second}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 32 << 10, MaxDelay: time.Second}, s.Send))
		appendNumbered(t, w, 0, 5000)
		time.Sleep(10 * time.Second)
		s.set(true)
		time.Sleep(40 * time.Second)
		appendNumbered(t, w, 5000, 5001)
		time.Sleep(3 * time.Second)
		if st := w.Stats(); st.Spooled.Lines == 0 || !slices.Contains(s.stored(), numberedLine(5000)) {
			t.Errorf("a new line waits for old ones: %+v", st)
		}
		time.Sleep(time.Hour)
		mustClose(t, w)
		all(t, s.stored(), 5001)
	})
}

// TestCloseSpills: Close does not wait for a server that is down, says what is on disk, and
// the next Writer goes on.
func TestCloseSpills(t *testing.T) {
	for _, policy := range []OverflowPolicy{Spill, WriteAhead} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			s := new(stubServer)
			w := startWriter(t, spoolConfig(t, dir, Options{Overflow: policy}, s.Send))
			appendNumbered(t, w, 0, 100)
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			begin := time.Now()
			err := w.Close(ctx)
			var se *SpooledError
			if !errors.As(err, &se) || se.Lines != 100 || se.Dir != dir || len(se.LastErrors) != 0 {
				t.Errorf("close: %v", err)
			}
			if took := time.Since(begin); took > time.Second {
				t.Errorf("Close took %v", took)
			}
			left := w.Stats()
			if left.Spooled.Lines != 100 || left.Pending.Lines != 0 {
				t.Errorf("%+v", left)
			}
			s.set(true)
			var found Event
			o := Options{Overflow: policy, OnEvent: func(ev Event) {
				if ev.Kind == EventRecovered {
					found = ev
				}
			}}
			w = startWriter(t, spoolConfig(t, dir, o, s.Send))
			if st := w.Stats(); st.Recovered != left.Spooled {
				t.Errorf("recovered %v of %v", st.Recovered, left.Spooled)
			}
			time.Sleep(time.Second)
			mustClose(t, w)
			if found.Lines != 100 || found.Message != "" {
				t.Errorf("event %+v", found)
			}
			all(t, s.stored(), 100)
		})
	}
}

// TestSpoolFull: a spool that takes no more leaves the rules of Block.
func TestSpoolFull(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		var mu sync.Mutex
		kinds := map[EventKind]int{}
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 64 << 10, OnEvent: func(ev Event) {
			mu.Lock()
			kinds[ev.Kind]++
			mu.Unlock()
		}}
		o.Spool.MaxBytes = 1 << 20
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		n := 0
		var err error
		for ; err == nil; n++ {
			err = w.Append(ctx, []byte(numberedLine(n)+"\n"))
		}
		n--
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a full disk: %v", err)
		}
		if st := w.Stats(); !errors.Is(st.SpoolErr, spool.ErrFull) || st.Spool.DiskBytes > 1<<20 || st.Blocked == 0 {
			t.Errorf("%+v", st)
		}
		s.set(true)
		time.Sleep(time.Hour)
		if st := w.Stats(); st.SpoolErr != nil || st.Acked.Lines != uint64(n) {
			t.Errorf("then %+v", st)
		}
		mustClose(t, w)
		all(t, s.stored(), n)
		if kinds[EventSpoolFailed] == 0 || kinds[EventSpoolWorks] == 0 || kinds[EventSpooled] == 0 {
			t.Errorf("events %v", kinds)
		}
	})
}

// TestSpoolDropsOldest: under the spool's own DropOldest the lines that it drops are counted.
func TestSpoolDropsOldest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 64 << 10}
		o.Spool.MaxBytes, o.Spool.WhenFull = 1<<20, spool.DropOldest
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		appendNumbered(t, w, 0, 100_000)
		audit(t, &w.engine)
		s.set(true)
		time.Sleep(time.Hour)
		audit(t, &w.engine)
		st := w.Stats()
		if lost := st.ByReason[ReasonSpool].Lines; lost == 0 || lost+st.Acked.Lines != 100_000 {
			t.Errorf("%+v", st)
		}
		var be *BatchError
		if err := w.Close(context.Background()); !errors.As(err, &be) || be.Reason != ReasonSpool {
			t.Errorf("close: %v", err)
		}
	})
}

// TestSpilledAsSent: the body on disk is what the server gets, to the byte.
func TestSpilledAsSent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		c := spoolConfig(t, dir, Options{Overflow: Spill}, s.Send)
		c.compressor = compress.Gzip(1)
		w := startWriter(t, c)
		appendNumbered(t, w, 0, 1000)
		if err := w.Close(context.Background()); err == nil {
			t.Fatal("closed")
		}
		disk, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 30})
		if err != nil {
			t.Fatal(err)
		}
		var b spool.Batch
		if ok, err := disk.TryNext(&b, spool.Oldest); !ok || b.Lines != 1000 || b.Encoding != spool.Gzip || string(b.Target) != "/write?db=d" {
			t.Fatalf("%+v, %v", b, err)
		}
		body := bytes.Clone(b.Body)
		if err := disk.Close(); err != nil {
			t.Fatal(err)
		}
		s.set(true)
		w = startWriter(t, c)
		time.Sleep(time.Second)
		mustClose(t, w)
		if len(s.bodies) != 1 || s.bodies[0].Encoding != "gzip" || !bytes.Equal(s.bodies[0].Data, body) {
			t.Errorf("%d bodies, not what is on disk", len(s.bodies))
		}
	})
}

// TestSpillAgeLater: lines that come when the goroutine of the spool has nothing to look at
// are on disk in time, too, though no sender takes them.
func TestSpillAgeLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		for n := range 30 {
			appendNumbered(t, w, n, n+1)
			time.Sleep(spillAge + time.Millisecond)
			all(t, onDiskNow(t, dir), n+1)
			time.Sleep(time.Duration(n) * 7 * time.Second)
		}
		s.set(true)
		time.Sleep(5 * time.Minute)
		mustClose(t, w)
		all(t, s.stored(), 30)
	})
}
