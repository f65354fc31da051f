package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/itest"
)

// TestSoak plays rounds. In each round three Writers write to InfluxDB 1.6.7 and three to
// 1.8.10, all at the same time: without a spool, under Spill, and under WriteAhead. Each has
// 16 appenders, is closed and followed by another Writer again and again, and reaches its
// server through two proxies. Meanwhile everything that chaos_test.go knows goes wrong.
// Then everything is repaired, and what was accepted is read back from the servers: each
// point with its value and time, and no other. Lines that a Close hands back are appended to
// the next Writer, so none may be lost.
//
// POINTWIRE_SOAK is how long it lasts, 60 s by default and 15 s with -short. POINTWIRE_SEED
// repeats the choices of a run, though not its moments. POINTWIRE_SOAK_PAUSE is how long an
// appender pauses for each point, 8 ms at most by default.
func TestSoak(t *testing.T) {
	length := 60 * time.Second
	if testing.Short() {
		length = 15 * time.Second
	}
	length = setting(t, "POINTWIRE_SOAK", length, time.ParseDuration)
	seed := setting(t, "POINTWIRE_SEED", rand.Uint64(), func(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) })
	t.Logf("POINTWIRE_SOAK=%v POINTWIRE_SEED=%d", length, seed)
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics have a logger of their own
	h := &house{t: t, rng: rand.New(rand.NewPCG(seed, 0)), servers: startServers(t)}
	h.pace.Store(int64(setting(t, "POINTWIRE_SOAK_PAUSE", 8*time.Millisecond, time.ParseDuration)))
	h.subjects(t)
	round := min(max(length/4, 5*time.Second), time.Minute)
	var all []usage
	for start := time.Now(); time.Since(start) < length && !t.Failed(); {
		h.round(min(round, max(length-time.Since(start), 3*time.Second)))
		u := measure(t)
		u.hangs = h.done.count(hangs)
		all = append(all, u)
		t.Logf("round %d, %v: %d lines accepted, %d lost, %v; %v", len(all), time.Since(start).Round(time.Second), h.accepted, h.lost, u, &h.done)
	}
	for _, s := range h.all {
		t.Log(s)
	}
	flat(t, all)
	t.Run("disk full", func(t *testing.T) {
		if h.noDisk != nil {
			t.Skip("cannot mount: ", h.noDisk)
		}
	})
}

// setting returns the value of an environment variable.
func setting[T any](t *testing.T, name string, v T, parse func(string) (T, error)) T {
	text := os.Getenv(name)
	if text == "" {
		return v
	}
	v, err := parse(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// A house is all Writers of a soak and their servers.
type house struct {
	t       *testing.T
	rng     *rand.Rand
	servers []*itest.Server
	all     []*subject
	clock   wildClock
	done    tally
	pace    atomic.Int64 // nanoseconds for each point
	rounds  int
	noDisk  error // why no disk can be mounted

	accepted, lost int
}

// startServers starts both servers, with their data in memory if possible. Without the one
// of the PATH there is only 1.8.10.
func startServers(t *testing.T) (list []*itest.Server) {
	exe := filepath.Join(t.TempDir(), "influxd")
	if err := itest.BuildInfluxd("..", exe); err != nil {
		t.Fatal(err)
	}
	for _, start := range []func(itest.Config) (*itest.Server, error){
		itest.StartProcess, func(c itest.Config) (*itest.Server, error) { return itest.StartBuilt(exe, c) },
	} {
		s, err := start(inMemory(t))
		if errors.Is(err, exec.ErrNotFound) && os.Getenv("POINTWIRE_REQUIRE_SERVER") != "1" {
			t.Log("without 1.6.7: ", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Logf("InfluxDB %s at %s", s.Version(), s.URL())
		list = append(list, s)
	}
	return list
}

func inMemory(t *testing.T) itest.Config {
	dir, err := os.MkdirTemp("/dev/shm", "soak-")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return itest.Config{Dir: dir}
}

// subjects makes the Writers' names, directories and disks.
func (h *house) subjects(t *testing.T) {
	for i, server := range h.servers {
		for mode, overflow := range map[string]batch.OverflowPolicy{"plain": batch.Block, "spill": batch.Spill, "ahead": batch.WriteAhead} {
			s := &subject{t: t, name: mode + strconv.Itoa(i), server: server, overflow: overflow, clock: &h.clock, done: &h.done}
			dir := t.TempDir()
			if overflow != batch.Block {
				disk, err := newSmallDisk(t)
				switch {
				case err == nil:
					s.disk, dir = disk, disk.dir
				case os.Getenv("POINTWIRE_REQUIRE_MOUNT") == "1":
					t.Fatal("cannot mount: ", err)
				default:
					h.noDisk = err
				}
			}
			s.directory(dir)
			h.all = append(h.all, s)
		}
	}
}

// round plays one round of so long, then repairs everything and compares.
func (h *house) round(length time.Duration) {
	h.rounds++
	db := "soak" + strconv.Itoa(h.rounds)
	for _, server := range h.servers {
		statement(h.t, server, `CREATE DATABASE %q WITH DURATION INF SHARD DURATION 52w`, db)
	}
	for _, s := range h.all {
		s.db, s.ledger = db, new(ledger)
		s.proxies, s.addrs = nil, nil
		for range 2 {
			p := newProxy(h.t, s.server.Addr())
			s.proxies, s.addrs = append(s.proxies, p), append(s.addrs, "http://"+p.Listen)
		}
		s.begin(h.rng)
	}
	h.play(length)
	var drained sync.WaitGroup
	for _, s := range h.all {
		drained.Go(s.drain)
	}
	drained.Wait()
	for _, s := range h.all {
		for _, p := range s.proxies {
			p.Stop()
		}
		v := s.ledger.compare(h.t, s.server, db, s.name)
		h.accepted, h.lost = h.accepted+v.accepted, h.lost+v.lost
		s.ledger, s.proxies = nil, nil
		s.life.Store(nil)
	}
	for _, server := range h.servers {
		statement(h.t, server, `DROP DATABASE %q`, db)
	}
}

// play lets everybody write and everything break, and repairs it.
func (h *house) play(length time.Duration) {
	writing, stopWriting := context.WithCancel(context.Background())
	breaking, stopBreaking := context.WithCancel(context.Background())
	watching, stopWatching := context.WithCancel(context.Background())
	var chaos, writers, watchers sync.WaitGroup
	rng := func() *rand.Rand { return rand.New(rand.NewPCG(h.rng.Uint64(), 1)) }
	for _, server := range h.servers {
		r := rng()
		chaos.Go(func() { breakServer(breaking, h.t, server, r, &h.done) })
	}
	r := rng()
	chaos.Go(func() { h.clock.jump(breaking, r, &h.done) })
	for _, s := range h.all {
		for i := range s.proxies {
			r := rng()
			chaos.Go(func() { poison(breaking, h.t, &s.proxies[i], r, &h.done) })
		}
		if s.disk != nil {
			r := rng()
			chaos.Go(func() { s.disk.fill(breaking, h.t, r, &h.done) })
		}
		r := rng()
		chaos.Go(func() { s.reincarnate(breaking, r) })
		seed := h.rng.Uint64()
		for i := range appenders {
			a := s.appender(i, seed)
			writers.Go(func() { a.run(writing, &h.pace) })
		}
		watchers.Go(func() {
			for watching.Err() == nil {
				s.look(s.life.Load())
				select {
				case <-time.After(250 * time.Millisecond):
				case <-watching.Done():
				}
			}
		})
	}
	time.Sleep(length)
	stopBreaking()
	chaos.Wait()
	stopWriting()
	writers.Wait()
	stopWatching()
	watchers.Wait()
}
