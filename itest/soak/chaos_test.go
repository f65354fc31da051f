package soak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/pointwire/pointwire/itest"
)

// A tally counts what was done, by its name.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

func (c *tally) count(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, what := range slices.Sorted(maps.Keys(c.n)) {
		list = append(list, fmt.Sprintf("%s %d", what, c.n[what]))
	}
	return strings.Join(list, ", ")
}

// pause waits for a random time of up to limit. It reports false when ctx has ended.
func pause(ctx context.Context, rng *rand.Rand, limit time.Duration) bool {
	select {
	case <-time.After(time.Duration(rng.Int64N(int64(limit)))):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// A wildClock is the clock of the program that appends. It jumps.
type wildClock struct{ offset atomic.Int64 }

func (c *wildClock) now() int64 { return time.Now().UnixNano() + c.offset.Load() }

// jumps are the steps that the clock is off by.
var jumps = []time.Duration{0, time.Second, -time.Second, 3 * time.Minute, -3 * time.Minute,
	time.Hour, -time.Hour, 26 * time.Hour, -26 * time.Hour, 40 * 24 * time.Hour, -40 * 24 * time.Hour}

func (c *wildClock) jump(ctx context.Context, rng *rand.Rand, done *tally) {
	for pause(ctx, rng, 2*time.Second) {
		c.offset.Store(int64(jumps[rng.IntN(len(jumps))]))
		done.add("clock jump")
	}
}

// breakServer kills and pauses a server again and again. It runs when it returns.
func breakServer(ctx context.Context, t *testing.T, s *itest.Server, rng *rand.Rand, done *tally) {
	for pause(ctx, rng, 6*time.Second) {
		if rng.IntN(2) == 0 {
			if err := s.Kill(); err != nil {
				t.Errorf("kill: %v", err)
			}
			done.add("kill -9")
			pause(ctx, rng, 2*time.Second)
			if n, err := cutTornEntries(filepath.Join(s.Dir(), "wal")); err != nil {
				t.Errorf("the server's log: %v", err)
			} else if n > 0 {
				done.add("torn entry cut")
			}
			if err := restart(s); err != nil {
				t.Errorf("restart: %v", err)
				return
			}
			continue
		}
		if err := s.Pause(); err != nil {
			t.Errorf("pause: %v", err)
		}
		done.add("SIGSTOP")
		pause(ctx, rng, 5*time.Second)
		if err := s.Resume(); err != nil {
			t.Errorf("resume: %v", err)
		}
	}
}

// restart starts a server that was killed. A connection that the system made to itself may
// have its port for a moment.
func restart(s *itest.Server) (err error) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = s.Restart(); err == nil {
			return nil
		}
	}
	return err
}

// A toxic is a type of toxiproxy and its attributes.
type toxic struct{ name, attributes string }

var toxics = []toxic{
	{"latency", `"latency": 300, "jitter": 250`},
	{"down", ""},
	{"bandwidth", `"rate": 40`},
	{"slow_close", `"delay": 700`},
	{"timeout", `"timeout": 0`},
	{"timeout", `"timeout": 400`},
	{"slicer", `"average_size": 300, "size_variation": 250, "delay": 200`},
	{"limit_data", `"bytes": 70`},
	{"limit_data", `"bytes": 9000`},
	{"limit_data", `"bytes": 150000`},
	{"reset_peer", `"timeout": 0`},
	{"reset_peer", `"timeout": 150`},
}

// newProxy returns a proxy before addr.
func newProxy(t *testing.T, addr string) *toxiproxy.Proxy {
	t.Helper()
	p := proxyAt("127.0.0.1:0", addr)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// proxyAt returns a proxy that is not started.
func proxyAt(listen, upstream string) *toxiproxy.Proxy {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	return toxiproxy.NewProxy(server, upstream, listen, upstream)
}

// poison adds toxics to *place, and removes them. There is none when it returns.
func poison(ctx context.Context, t *testing.T, place **toxiproxy.Proxy, rng *rand.Rand, done *tally) {
	for pause(ctx, rng, 1500*time.Millisecond) {
		p := *place
		x := toxics[rng.IntN(len(toxics))]
		done.add(x.name)
		if x.name == "down" {
			p.Stop()
			pause(ctx, rng, 2*time.Second)
			if err := again(p); err != nil {
				t.Errorf("proxy: %v", err)
				return
			}
			continue
		}
		stream := []string{"upstream", "downstream"}[rng.IntN(2)]
		toxicity := []float64{0.5, 1}[rng.IntN(2)]
		w, err := p.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
			`{"name": "x", "type": %q, "stream": %q, "toxicity": %v, "attributes": {%s}}`, x.name, stream, toxicity, x.attributes)))
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			return
		}
		pause(ctx, rng, 4*time.Second)
		removed := make(chan error, 1)
		go func() { removed <- p.Toxics.RemoveToxic(context.Background(), w.Name) }()
		select {
		case err := <-removed:
			if err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
		case <-time.After(10 * time.Second):
			done.add(hangs)
			if *place, err = replaced(p); err != nil {
				t.Errorf("another proxy: %v", err)
				return
			}
		}
	}
}

// hangs is what toxiproxy 2.12.0 does at times when a toxic is removed: a slicer sends to a
// link that has ended, and the removal waits for the slicer.
const hangs = "toxiproxy hangs"

// replaced returns another proxy at the address of p, which hangs. The connections of p stay
// open, and nothing comes through them.
func replaced(p *toxiproxy.Proxy) (*toxiproxy.Proxy, error) {
	go p.Stop() // ends listening, then waits for ever
	other := proxyAt(p.Listen, p.Upstream)
	return other, again(other)
}

// again starts a proxy that was stopped, on the same port.
func again(p *toxiproxy.Proxy) (err error) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = p.Start(); err == nil {
			return nil
		}
	}
	return err
}

// A smallDisk is a file system in memory.
type smallDisk struct{ dir string }

// diskSize is the size of a smallDisk.
const diskSize = 16 << 20

// newSmallDisk mounts a disk.
func newSmallDisk(t *testing.T) (*smallDisk, error) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", diskSize)); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &smallDisk{dir}, nil
}

// fill fills the disk again and again. The space is free when it returns.
func (d *smallDisk) fill(ctx context.Context, t *testing.T, rng *rand.Rand, done *tally) {
	name := filepath.Join(d.dir, "filler")
	for pause(ctx, rng, 6*time.Second) {
		leave := []int64{0, 4 << 10, 300 << 10, 2 << 20}[rng.IntN(4)]
		if err := d.write(name, leave); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("filler: %v", err)
		}
		done.add("disk full")
		pause(ctx, rng, 4*time.Second)
		if err := os.Remove(name); err != nil {
			t.Errorf("filler: %v", err)
		}
	}
}

// write makes a file that leaves so many bytes free.
func (d *smallDisk) write(name string, leave int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &fs); err != nil {
		return err
	}
	return syscall.Fallocate(int(f.Fd()), 0, 0, max(int64(fs.Bavail)*fs.Bsize-leave, 4096))
}
