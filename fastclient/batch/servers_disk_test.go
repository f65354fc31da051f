package batch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/internal/influxtest"
)

// breakDisk makes the directory of a server fail.
func breakDisk(t *testing.T, dir, addr string) {
	t.Helper()
	dir = filepath.Join(dir, serverDir(addr))
	if err := errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestShardWriterDisk: while the disk of one server fails, an append without a line for that
// server is logged, and returns nil.
func TestShardWriterDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	synctest.Test(t, func(t *testing.T) {
		c, servers := pipeSet(t, fastclient.Options{Balance: fastclient.Shard}, make([]atomic.Bool, 3))
		defer c.Close()
		o := Options{Overflow: WriteAhead, Spool: SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20}}}
		w, err := NewShardWriter(c, o)
		if err != nil {
			t.Fatal(err)
		}
		broken := w.addrs[1]
		breakDisk(t, dir, broken)
		refused := 0
		for n := range 300 {
			text := numberedLine(n)
			err := w.Append(t.Context(), []byte(text))
			on := w.Place([]byte(text)) == broken
			if on && err != nil {
				refused++
			}
			if err != nil && (!on || !errors.Is(err, ErrNotLogged)) {
				t.Fatalf("line %d, for the server whose disk fails: %v, %v", n, on, err)
			}
		}
		if refused == 0 {
			t.Error("the disk did not fail")
		}
		w.Flush(t.Context())
		stored := 0
		for _, s := range servers {
			stored += len(linesAt(s))
		}
		if stored != 300 {
			t.Errorf("%d lines are stored", stored)
		}
		w.Close(t.Context())
	})
}

// TestReplicaWriterDisk: while a server is down whose disk fails, appends that do not need it do
// not wait for it, also those that waited before the disk failed.
func TestReplicaWriterDisk(t *testing.T) {
	for _, overflow := range []OverflowPolicy{Spill, WriteAhead} {
		dir := filepath.Join(t.TempDir(), "spool")
		synctest.Test(t, func(t *testing.T) {
			down := make([]atomic.Bool, 3)
			down[0].Store(true)
			c, servers := pipeSet(t, fastclient.Options{Compression: fastclient.Compression{Off: true}}, down)
			defer c.Close()
			o := Options{Overflow: overflow, BatchBytes: 1 << 10, MaxMemory: 256 << 10}
			o.Spool = SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20, WhenFull: spool.DropOldest}}
			w, err := NewReplicaWriter(c, o, NeedOne)
			if err != nil {
				t.Fatal(err)
			}
			breakDisk(t, dir, w.addrs[0])
			n := 0
			for ; n < 20_000 && w.ServerStats()[0].Stats.RefusedOverflow < 100; n++ {
				begin := time.Now()
				if err := w.Append(t.Context(), []byte(numberedLine(n))); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took > 10*time.Millisecond {
					t.Fatalf("line %d took %v", n, took)
				}
			}
			if st := w.ServerStats()[0].Stats; st.RefusedOverflow < 100 || st.SpoolErr == nil {
				t.Errorf("after %d lines %+v", n, st)
			}
			if err := w.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var missed *AppendError
			if err := w.Close(ctx); !errors.As(err, &missed) || uint64(missed.Refused) != w.ServerStats()[0].Stats.RefusedOverflow {
				t.Errorf("Close: %v", err)
			}
			for _, s := range servers[1:] {
				if got := len(linesAt(s)); got != n {
					t.Errorf("%d of %d lines are stored", got, n)
				}
			}
		})
	}
}

// TestReplicaWriterDisks: while the disks of all servers fail, an append waits for the servers, and
// nothing is refused.
func TestReplicaWriterDisks(t *testing.T) {
	for _, need := range []Need{NeedOne, NeedQuorum} {
		for n := 1; n <= 3; n++ {
			dir := filepath.Join(t.TempDir(), "spool")
			synctest.Test(t, func(t *testing.T) {
				c, servers := pipeSet(t, fastclient.Options{Compression: fastclient.Compression{Off: true}}, make([]atomic.Bool, n))
				defer c.Close()
				for _, s := range servers {
					s.Play(influxtest.Func(func(c *influxtest.Conn, r *influxtest.Request) {
						time.Sleep(20 * time.Millisecond)
						influxtest.Status(204).Play(c, r)
					}))
				}
				o := Options{Overflow: Spill, BatchBytes: 1 << 10, MaxMemory: 256 << 10}
				o.Spool = SpoolOptions{Dir: dir, Options: spool.Options{MaxBytes: 64 << 20, WhenFull: spool.DropOldest}}
				w, err := NewReplicaWriter(c, o, need)
				if err != nil {
					t.Fatal(err)
				}
				for _, addr := range w.addrs {
					breakDisk(t, dir, addr)
				}
				const lines = 20_000
				for i := range lines {
					if err := w.Append(t.Context(), []byte(numberedLine(i))); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				whole := 0
				for _, st := range w.ServerStats() {
					if st.Stats.SpoolErr == nil {
						t.Error("the disk did not fail")
					}
					if st.Stats.RefusedOverflow == 0 {
						whole++
					}
				}
				if whole < need.of(n) {
					t.Errorf("%d of %d servers have all lines, need %d", whole, n, need.of(n))
				}
				w.Close(t.Context())
			})
		}
	}
}

// TestServerDir: every address has a name of its own, those of common ones are readable, and all
// are names of files.
func TestServerDir(t *testing.T) {
	for addr, want := range map[string]string{
		"http://db1.example.com:8086": "http___db1.example.com_8086",
		"https://db-1:8086":           "https___db-1_8086",
	} {
		if got := serverDir(addr); got != want {
			t.Errorf("%s is in %q, want %q", addr, got, want)
		}
	}
	seen := map[string]string{}
	for _, addr := range []string{
		"http://a:1", "http://a_1", "http://a:1/", "http://a:1/x", "http://a:1/X", "http://a:1_x", "http://a:1/x/y", "http://a:1/x_y",
		"http://[::1]:1", "http://[1::]:1", "http://::1:1", "http___a:1", "http://a::1", "unix:/a/b", "unix:/a_b", "http://\xff", "http://\ufffd",
		"http://a:1/" + strings.Repeat("x", 1000), "http://a:1/" + strings.Repeat("x", 1001),
	} {
		name := serverDir(addr)
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q are in %q", addr, other, name)
		}
		if seen[name] = addr; len(name) > 200 || strings.ContainsAny(name, `/\:`) || strings.Trim(name, ".") == "" {
			t.Errorf("%q is in %q", addr, name)
		}
	}
}
