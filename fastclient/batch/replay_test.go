package batch

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/fastclient/internal/seam"
)

// filled makes a spool with these batches.
func filled(t *testing.T, batches ...spool.Batch) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "spool")
	s, err := spool.Open(dir, spool.Options{MaxBytes: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	for i := range batches {
		b := &batches[i]
		if b.Target == nil {
			b.Target = []byte("/write?db=d")
		}
		if b.Bytes == 0 {
			b.Bytes = len(b.Body)
		}
		if err := s.Put(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestReplayMerges: small frames come back as one request, in every encoding.
func TestReplayMerges(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	line := func(n int) []byte { return []byte(numberedLine(n) + "\n") }
	dir := filled(t,
		spool.Batch{Body: line(0), Lines: 1},
		spool.Batch{Body: testDeflater.Append(nil, line(1)), Lines: 1, Bytes: len(line(1)), Encoding: spool.Gzip},
		spool.Batch{Body: z.EncodeAll(line(2), nil), Lines: 1, Bytes: len(line(2)), Encoding: spool.Zstd},
		spool.Batch{Body: append(line(3), line(4)...), Lines: 2},
	)
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill}, s.Send))
		time.Sleep(time.Second)
		st := w.Stats()
		if st.Requests != 1 || st.Recovered.Lines != 5 || st.Acked.Lines != 5 || st.Spool.Acked.Batches != 4 {
			t.Errorf("%+v", st)
		}
		mustClose(t, w)
		all(t, s.stored(), 5)
	})
}

// TestReplayAge: MaxAge drops old lines from disk, and no younger ones with them.
func TestReplayAge(t *testing.T) {
	line := func(n int) []byte { return []byte(numberedLine(n) + "\n") }
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // in the bubble
	dir := filled(t,
		spool.Batch{Body: line(1), Lines: 1, SealedAt: now.Add(-2 * time.Hour)},
		spool.Batch{Body: line(0), Lines: 1, SealedAt: now.Add(-time.Minute)},
	)
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill, MaxAge: time.Hour}, s.Send))
		time.Sleep(time.Second)
		if st := w.Stats(); st.ByReason[ReasonAge].Lines != 1 {
			t.Errorf("%+v", st)
		}
		all(t, s.stored(), 1)
		w.Close(context.Background())
	})
}

// TestReplayLarge: batches of a Writer that made larger ones come back one at a time.
func TestReplayLarge(t *testing.T) {
	var body []byte
	for n := range 10_000 {
		body = append(body, numberedLine(n)+"\n"...)
	}
	large := spool.Batch{Body: body, Lines: 10_000}
	dir := filled(t, large, large, large)
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true, delay: time.Second}
		w := startWriter(t, spoolConfig(t, dir, Options{Overflow: Spill, BatchBytes: 16 << 10, MaxInFlight: 4}, s.Send))
		for range 3 {
			time.Sleep(time.Second / 2)
			if st := w.Stats(); st.Pending.Lines != 10_000 {
				t.Errorf("%d lines in memory", st.Pending.Lines)
			}
			time.Sleep(time.Second / 2)
		}
		time.Sleep(time.Second)
		mustClose(t, w)
		all(t, s.stored(), 10_000)
	})
}

// TestOtherTargets: batches that go elsewhere, and those that are not as their header says,
// stay on disk and are counted, and the others are sent.
func TestOtherTargets(t *testing.T) {
	good := []byte(numberedLine(0) + "\n")
	dir := filled(t,
		spool.Batch{Body: good, Lines: 1, Target: []byte("/write?db=other\x1b[2J")},
		spool.Batch{Body: good, Lines: 2},
		spool.Batch{Body: good, Lines: 1, Bytes: 5},
		spool.Batch{Body: good[:len(good)-1], Lines: 1},
		spool.Batch{Body: []byte("not gzip"), Lines: 1, Bytes: 30, Encoding: spool.Gzip},
		spool.Batch{Body: []byte("not zstd"), Lines: 1, Bytes: 30, Encoding: spool.Zstd},
		spool.Batch{Body: good, Lines: 1, Bytes: 1 << 30},
		spool.Batch{Body: good, Lines: 1},
	)
	synctest.Test(t, func(t *testing.T) {
		s := &stubServer{up: true}
		var mu sync.Mutex
		var messages []string
		o := Options{Overflow: Spill, OnEvent: func(ev Event) {
			if ev.Kind == EventOtherTarget {
				mu.Lock()
				messages = append(messages, ev.Message)
				mu.Unlock()
			}
		}}
		for range 2 {
			messages = nil
			w := startWriter(t, spoolConfig(t, dir, o, s.Send))
			time.Sleep(time.Second)
			if st := w.Stats(); st.OtherTargets.Lines != 8 || st.Spooled != st.OtherTargets {
				t.Errorf("%+v", st)
			}
			audit(t, &w.engine)
			mustClose(t, w)
			if len(messages) != 7 || !strings.Contains(messages[0], `db=other\x1b`) {
				t.Errorf("events %q", messages)
			}
		}
		all(t, s.stored(), 1)
	})
}

// TestReplayRate: what comes back from disk is limited, new lines are not.
func TestReplayRate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		s := new(stubServer)
		o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 32 << 10}
		c := spoolConfig(t, dir, o, s.Send)
		w := startWriter(t, c)
		appendNumbered(t, w, 0, 5000)
		if w.Close(context.Background()) == nil {
			t.Fatal("closed")
		}
		left := w.Stats().Spooled
		s.set(true)
		c.o.Spool.ReplayRate = 1000
		w = startWriter(t, c)
		begin := time.Now()
		appendNumbered(t, w, 5000, 5100)
		for w.Stats().Acked.Lines < 5100 {
			time.Sleep(time.Second)
			if time.Since(begin) == 5*time.Second {
				all(t, append(s.stored(), numberedLines(0, 5000)...), 5100)
			}
		}
		took, want := time.Since(begin), time.Duration(left.Bytes)*time.Second/1000
		if took < want*9/10 || took > want*11/10 {
			t.Errorf("%d bytes took %v, want %v", left.Bytes, took, want)
		}
		mustClose(t, w)
		all(t, s.stored(), 5100)
	})
}

// TestReplayRefused: lines from disk that the server refuses are found and given to the
// dead letter; the others are stored.
func TestReplayRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		var dead []string
		o := Options{Overflow: Spill, DeadLetter: deadFunc(func(l *LostLines) error {
			dead = append(dead, string(l.Data))
			return nil
		})}
		s := &stubServer{}
		w := startWriter(t, spoolConfig(t, dir, o, s.Send))
		var lines []byte
		for n := range 1000 {
			l := numberedLine(n)
			if n == 500 {
				l = "bad v=1 1"
			}
			lines = append(append(lines, l...), '\n')
		}
		if err := w.Append(context.Background(), lines); err != nil {
			t.Fatal(err)
		}
		if w.Close(context.Background()) == nil {
			t.Fatal("closed")
		}
		stored := map[string]bool{}
		refuse := func(_ context.Context, b *seam.Body, r *seam.Response) {
			r.Status = 204
			for l := range strings.Lines(string(decompressed(b))) {
				if strings.HasPrefix(l, "bad") {
					r.Status, r.Message = 400, "unable to parse 'bad v=1 1': missing fields"
					continue
				}
				stored[l] = true
			}
			if r.Status == 400 {
				r.Message = "partial write: " + r.Message + " dropped=0"
			}
		}
		o.MaxInFlight = 1
		w = startWriter(t, spoolConfig(t, dir, o, refuse))
		time.Sleep(time.Minute)
		st := w.Stats()
		if st.Rejected.Lines != 1 || st.Acked.Lines != 999 || st.Spooled.Lines != 0 || len(stored) != 999 {
			t.Errorf("%d stored, %+v", len(stored), st)
		}
		var be *BatchError
		if err := w.Close(context.Background()); !errors.As(err, &be) || be.Lines != 1 {
			t.Errorf("close: %v", err)
		}
		if len(dead) != 1 || dead[0] != "bad v=1 1\n" {
			t.Errorf("dead letters %q", dead)
		}
	})
}

type deadFunc func(l *LostLines) error

func (f deadFunc) Put(l *LostLines) error { return f(l) }

// TestSpoolOptionErrors: options that contradict each other are refused by name.
func TestSpoolOptionErrors(t *testing.T) {
	disk := spool.Options{MaxBytes: 1 << 30}
	for field, o := range map[string]Options{
		"Options.Spool.Dir":         {Overflow: Spill},
		"Options.Spool.MaxBytes":    {Overflow: WriteAhead, Spool: SpoolOptions{Dir: "x", Options: spool.Options{MaxBytes: 1 << 20}}},
		"Options.Spool.SyncBatches": {Overflow: Spill, Spool: SpoolOptions{Dir: "x", Options: disk, SyncBatches: true}},
		"Options.Spool.Order":       {Overflow: Spill, Spool: SpoolOptions{Dir: "x", Options: disk, Order: 2}},
		"Options.Spool.ReplayRate":  {Overflow: Spill, Spool: SpoolOptions{Dir: "x", Options: disk, ReplayRate: -1}},
	} {
		_, err := o.withDefaults(seam.V1)
		var oe *fastclient.OptionError
		if !errors.As(err, &oe) || oe.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := (Options{Spool: SpoolOptions{Dir: "x", Options: disk}}).withDefaults(seam.V1); err == nil {
		t.Error("a spool without Spill or WriteAhead")
	}
	if _, err := NewSyncWriter(nil, Options{Overflow: Spill}); err == nil {
		t.Error("a SyncWriter has a spool")
	}
	if o, err := (Options{Overflow: Spill, Ordered: true, Spool: SpoolOptions{Dir: "x", Options: disk}}).withDefaults(seam.V1); err != nil || o.Spool.Order != OldestFirst {
		t.Errorf("Ordered: %v, %v", o.Spool.Order, err)
	}
}

// TestSpoolLocked: a directory has one Writer at a time.
func TestSpoolLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	c := spoolConfig(t, dir, Options{Overflow: Spill}, acker)
	w := startWriter(t, c)
	if _, err := newWriter(c); !errors.Is(err, spool.ErrLocked) {
		t.Errorf("second Writer: %v", err)
	}
	mustClose(t, w)
	mustClose(t, startWriter(t, c))
}
