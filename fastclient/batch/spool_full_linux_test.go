package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A smallDisk is a file system in memory, and a file that takes its space.
type smallDisk struct {
	t      *testing.T
	dir    string
	filler string
}

// newSmallDisk mounts a disk that has about left bytes. Where mounting is not allowed it
// skips the test, unless POINTWIRE_REQUIRE_MOUNT is set.
func newSmallDisk(t *testing.T, left int) *smallDisk {
	t.Helper()
	d := &smallDisk{t: t, dir: t.TempDir()}
	if err := syscall.Mount("tmpfs", d.dir, "tmpfs", 0, "size=4m,mode=700"); err != nil {
		if os.Getenv("POINTWIRE_REQUIRE_MOUNT") != "" {
			t.Fatal("cannot mount: ", err)
		}
		t.Skip("cannot mount: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d.filler = filepath.Join(d.dir, "filler")
	if err := os.WriteFile(d.filler, make([]byte, 4<<20-left), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// free makes space.
func (d *smallDisk) free() {
	if err := os.Remove(d.filler); err != nil {
		d.t.Error(err)
	}
}

// eventLog keeps the kinds of events about the disk.
type eventLog struct {
	mu    sync.Mutex
	kinds []EventKind
	full  bool // a failure said that the disk is full
}

func (l *eventLog) add(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Kind {
	case EventSpoolFailed:
		l.full = l.full || errors.Is(e.Err, syscall.ENOSPC)
		l.kinds = append(l.kinds, e.Kind)
	case EventSpoolWorks:
		l.kinds = append(l.kinds, e.Kind)
	}
}

// check holds that the disk was full and works again.
func (l *eventLog) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.kinds); n < 2 || l.kinds[0] != EventSpoolFailed || l.kinds[n-1] != EventSpoolWorks || !l.full {
		t.Errorf("events of the disk: %v, full: %v", l.kinds, l.full)
	}
}

// fill appends lines from number n on until the disk is full and has had consequences: under
// WriteAhead appends say so, under Spill they wait for memory. It returns the number of the
// next line.
func (d *smallDisk) fill(w *Writer, n int) int {
	d.t.Helper()
	for range 200_000 {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		err := w.Append(ctx, []byte(numberedLine(n)+"\n"))
		cancel()
		switch {
		case err == nil:
			n++
			continue
		case w.o.Overflow == Spill && errors.Is(err, context.DeadlineExceeded):
			return n
		case w.o.Overflow == WriteAhead && errors.Is(err, ErrNotLogged) && errors.Is(err, syscall.ENOSPC):
			return n + 1 // it is accepted
		}
		d.t.Fatalf("line %d: %v", n, err)
	}
	d.t.Fatal("the disk does not get full")
	return n
}

// TestFullDisk fills a small disk under a Writer whose server is down. Nothing is lost: not
// when the disk has space again, not when the server is back before, and not when the Writer
// is closed meanwhile.
func TestFullDisk(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, d *smallDisk, s *stubServer, w *Writer, n int) int{
		"freed": freedFirst, "server": serverFirst, "closed": closedFull,
	} {
		for mode, policy := range map[string]OverflowPolicy{"Spill": Spill, "WriteAhead": WriteAhead} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				d := newSmallDisk(t, 300<<10)
				synctest.Test(t, func(t *testing.T) {
					d.t = t
					s, events := new(stubServer), new(eventLog)
					o := Options{Overflow: policy, BatchBytes: 16 << 10, MaxMemory: 512 << 10, OnEvent: events.add}
					o.Spool.MaxBytes = 64 << 20
					c := spoolConfig(t, filepath.Join(d.dir, "spool"), o, s.Send)
					w := startWriter(t, c)
					n := end(t, d, s, w, d.fill(w, 0))
					if name != "closed" {
						events.check(t)
					}
					s.set(true)
					c.targets[0] = &target{api: c.targets[0].api, server: c.targets[0].server}
					w = startWriter(t, c)
					time.Sleep(time.Minute)
					audit(t, &w.engine)
					mustClose(t, w)
					all(t, s.stored(), n)
				})
			})
		}
	}
}

// freedFirst frees the disk while the server is down. Then everything is on disk.
func freedFirst(t *testing.T, d *smallDisk, _ *stubServer, w *Writer, n int) int {
	appended := w.Stats().Appended.Lines
	d.free()
	time.Sleep(2 * diskPause)
	mustAppend(t, w, numberedLine(n)+"\n")
	if err := w.Sync(t.Context()); err != nil {
		t.Errorf("sync: %v", err)
	}
	if st := w.Stats(); st.SpoolErr != nil || st.Spool.Put.Lines < appended {
		t.Errorf("after the disk was freed: %+v", st)
	}
	audit(t, &w.engine)
	if _, ok := errors.AsType[*SpooledError](w.Close(t.Context())); !ok {
		t.Error("Close does not say that lines are on disk")
	}
	return n + 1
}

// serverFirst has the server back while the disk is full. Acks make space then, and in the
// next outage lines go to disk again.
func serverFirst(t *testing.T, d *smallDisk, s *stubServer, w *Writer, n int) int {
	s.set(true)
	time.Sleep(time.Minute)
	all(t, s.stored(), n)
	s.set(false)
	put := w.Stats().Spool.Put.Lines
	appendNumbered(t, w, n, n+100)
	time.Sleep(10 * time.Second)
	if st := w.Stats(); st.SpoolErr != nil || st.Spool.Put.Lines-put != 100 {
		t.Errorf("%d lines are on disk: %+v", st.Spool.Put.Lines-put, st)
	}
	audit(t, &w.engine)
	s.set(true)
	time.Sleep(time.Minute)
	mustClose(t, w)
	all(t, s.stored(), n+100)
	return n + 100
}

// closedFull closes the Writer: what the disk does not take is returned.
func closedFull(t *testing.T, d *smallDisk, s *stubServer, w *Writer, n int) int {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	err := w.Close(ctx)
	unsent, ok := errors.AsType[*UnsentError](err)
	if !ok {
		t.Fatalf("Close: %v", err)
	}
	for _, b := range unsent.Batches {
		eachLine(b.Data, func(_ int, line string) { s.lines = append(s.lines, line[:len(line)-1]) })
	}
	if left := uint64(n) - unsent.Lines; w.Stats().Spooled.Lines != left {
		t.Errorf("%d lines spooled, %d of %d returned", w.Stats().Spooled.Lines, unsent.Lines, n)
	}
	d.free()
	return n
}
