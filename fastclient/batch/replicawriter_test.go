package batch

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// linesAt returns the lines that a server got.
func linesAt(s *influxtest.Server) (lines []string) {
	for _, r := range s.Requests() {
		if r.Path != "/write" {
			continue // a ping
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(string(r.Body), "\n"), "\n")...)
	}
	return lines
}

// TestReplicaWriter: while one of three servers is down, the others get every line at once,
// and the lines for it wait on disk until it is back, also in another ReplicaWriter.
func TestReplicaWriter(t *testing.T) {
	for _, need := range []Need{NeedAll, NeedQuorum, NeedOne} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			down := make([]atomic.Bool, 3)
			down[1].Store(true)
			c, servers := pipeSet(t, fastclient.Options{Balance: fastclient.Replicate}, down)
			defer c.Close()
			var mu sync.Mutex
			spooled := map[string]int{}
			o := Options{Overflow: Spill, OnEvent: func(ev Event) {
				mu.Lock()
				defer mu.Unlock()
				if ev.Kind == EventSpooled {
					spooled[ev.Addr] += ev.Lines
				}
			}}
			o.Spool = SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20}}
			if need != NeedAll {
				o.Spool.WhenFull = spool.DropOldest
			}
			w, err := NewReplicaWriter(c, o, need)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 100 {
				if err := w.Append(context.Background(), []byte(numberedLine(n)+"\n")); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
			defer cancel()
			begin := time.Now()
			err = w.Flush(ctx)
			if took := time.Since(begin); (err == nil) != (need != NeedAll) || need != NeedAll && took > time.Second {
				t.Errorf("need %d: Flush after %v: %v", need, took, err)
			}
			time.Sleep(10 * time.Second)
			all(t, linesAt(servers[0]), 100)
			all(t, linesAt(servers[2]), 100)
			stats := w.ServerStats()
			if stats[0].Stats.Acked.Lines != 100 || stats[2].Stats.Acked.Lines != 100 || stats[1].Stats.Pending.Lines+stats[1].Stats.Spooled.Lines != 100 || stats[1].Stats.Spool.Put.Lines != 100 {
				t.Errorf("need %d: %+v", need, stats)
			}
			if got := w.Stats().Acked.Lines; (got == 100) != (need != NeedAll) {
				t.Errorf("need %d: %d acked", need, got)
			}
			if len(spooled) != 1 || spooled["http://server1:8086"] != 100 {
				t.Errorf("events %v", spooled)
			}
			var se *SpooledError
			if err := w.Close(context.Background()); !errors.As(err, &se) || se.Lines != 100 {
				t.Errorf("close: %v", err)
			}
			down[1].Store(false)
			if w, err = NewReplicaWriter(c, o, need); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if err := w.Close(context.Background()); err != nil {
				t.Errorf("close: %v", err)
			}
			all(t, linesAt(servers[1]), 100)
		})
	}
}

// TestReplicaWriterStampsOnce: every server gets the same time for a line.
func TestReplicaWriterStampsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, servers := pipeSet(t, fastclient.Options{}, make([]atomic.Bool, 2))
		defer c.Close()
		w, err := NewReplicaWriter(c, Options{}, NeedAll)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Append(context.Background(), []byte("m v=1\nm v=2\nbad\n")); err == nil {
			t.Error("a bad line is accepted")
		}
		time.Sleep(time.Second)
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		a, b := linesAt(servers[0]), linesAt(servers[1])
		if len(a) != 2 || len(b) != 2 || a[0] != b[0] || a[1] != b[1] || a[0] == "m v=1" {
			t.Errorf("%q and %q", a, b)
		}
		if st := w.Stats(); st.RefusedInvalid != 1 || st.Acked.Lines != 2 {
			t.Errorf("%+v", st)
		}
		if err := w.Append(context.Background(), []byte("m v=1\n")); !errors.Is(err, ErrWriterClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestReplicaWriterOverflow: a server whose Writer has no memory refuses lines by itself,
// and they are counted there.
func TestReplicaWriterOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := make([]atomic.Bool, 3)
		down[2].Store(true)
		c, servers := pipeSet(t, fastclient.Options{Compression: fastclient.Compression{Off: true}}, down)
		defer c.Close()
		w, err := NewReplicaWriter(c, Options{Overflow: DropNewest, BatchBytes: 1 << 10, MaxMemory: 64 << 10}, NeedQuorum)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 10_000 {
			if err := w.Append(context.Background(), []byte(numberedLine(n)+"\n")); err != nil {
				t.Fatal(err)
			}
			if n%100 == 0 {
				if err := w.Flush(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var ue *UnsentError
		if err := w.Close(ctx); !errors.As(err, &ue) {
			t.Errorf("close: %v", err)
		}
		all(t, linesAt(servers[0]), 10_000)
		all(t, linesAt(servers[1]), 10_000)
		st := w.ServerStats()[2].Stats
		if st.RefusedOverflow == 0 || st.RefusedOverflow+st.Appended.Lines != 10_000 || st.Appended != st.Dropped {
			t.Errorf("%+v", st)
		}
	})
}

// TestReplicaWriterGap: the Flush of a Writer that refused a line does not count for it.
func TestReplicaWriterGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := make([]atomic.Bool, 3)
		down[2].Store(true)
		c, servers := pipeSet(t, fastclient.Options{Compression: fastclient.Compression{Off: true}}, down)
		defer c.Close()
		w, err := NewReplicaWriter(c, Options{Overflow: DropNewest, BatchBytes: 1 << 10, MaxMemory: 64 << 10}, NeedQuorum)
		if err != nil {
			t.Fatal(err)
		}
		next := 0
		add := func() {
			t.Helper()
			if err := w.Append(context.Background(), []byte(numberedLine(next)+"\n")); err != nil {
				t.Fatal(err)
			}
			next++
		}
		flush := func(d time.Duration) error {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			return w.Flush(ctx)
		}
		for w.ServerStats()[2].Stats.RefusedOverflow == 0 {
			add()
			if err := flush(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		servers[1].Play(influxtest.Status(503))
		add() // the third has no room for it
		time.Sleep(time.Second)
		down[2].Store(false)
		if err := flush(time.Minute); err == nil {
			t.Error("Flush returns nil while one server has the line")
		}
		servers[1].Play()
		if err := flush(10 * time.Minute); err != nil {
			t.Error(err)
		}
		for i, st := range w.ServerStats()[:2] {
			if st.Stats.Acked.Lines != uint64(next) {
				t.Errorf("server %d has %d of %d lines", i, st.Stats.Acked.Lines, next)
			}
		}
		servers[1].Play(influxtest.Status(503))
		add() // which the third takes
		if err := flush(time.Minute); err != nil {
			t.Errorf("a gap that is closed still counts: %v", err)
		}
		servers[1].Play()
		time.Sleep(10 * time.Minute)
		var missed *AppendError
		if err := w.Close(context.Background()); !errors.As(err, &missed) || uint64(missed.Refused) != w.ServerStats()[2].Stats.RefusedOverflow || missed.Accepted != 0 {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestReplicaWriterErrors(t *testing.T) {
	c, err := fastclient.New(fastclient.Options{Addr: "http://a", Addrs: []string{"http://b"}, Database: "d"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, f := range map[string]func() (*ReplicaWriter, error){
		"Need":             func() (*ReplicaWriter, error) { return NewReplicaWriter(c, Options{}, 9) },
		"Options.Overflow": func() (*ReplicaWriter, error) { return NewReplicaWriter(c, Options{}, NeedOne) },
		"Options.Spool.WhenFull": func() (*ReplicaWriter, error) {
			o := Options{Overflow: Spill}
			o.Spool = SpoolOptions{Dir: filepath.Join(t.TempDir(), "spool"), Options: spool.Options{MaxBytes: 64 << 20}}
			return NewReplicaWriter(c, o, NeedQuorum)
		},
		"Options.MaxMemory": func() (*ReplicaWriter, error) {
			return NewReplicaWriter(c, Options{MaxMemory: 1 << 20}, NeedAll)
		},
		"Options.MaxMemory ": func() (*ReplicaWriter, error) { // less than a byte for each
			return NewReplicaWriter(c, Options{MaxMemory: 1}, NeedAll)
		},
	} {
		var oe *fastclient.OptionError
		if _, err := f(); !errors.As(err, &oe) || oe.Field != strings.TrimSpace(name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
