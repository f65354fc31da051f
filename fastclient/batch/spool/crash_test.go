package spool

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	crashStates = flag.Int("spool.states", 0, "number of distinct states that TestCrash tries, instead of its default")
	crashSeed   = flag.Uint64("spool.seed", 0, "first seed of TestCrash, to repeat a run that failed")
)

// A record is what the model knows of a batch.
type record struct {
	b        Batch
	promised bool // a crash may not take it
	acked    bool // by the server: a crash may take it
	never    bool // it may not come again
}

// A world is a spool, the disk that it is on, and what a crash may do to it.
type world struct {
	t       failer
	rng     *rand.Rand
	d       *memDisk
	s       *Spool
	drops   bool // under DropOldest
	faulty  bool // operations fail
	records map[int]*record
	bySeq   map[uint64]int
	leased  []uint64
	next    int
	opened  bool // the first Open is done
	relaxed bool // batches may be dropped at the moment
	syncing bool // syncMark runs
}

// A failer is a test, or what notes that a mutation was found.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newWorld(t failer, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 21))
	return &world{t: t, rng: rng, d: newMemDisk(), records: map[int]*record{}, bySeq: map[uint64]int{}}
}

// open makes a spool on d as the test wants it: no goroutine, small segments.
func (w *world) open(d *memDisk) (*Spool, error) {
	o := Options{MaxBytes: 1 << 20, SyncInterval: -1}
	if w.drops {
		o.MaxBytes, o.WhenFull = 4000, DropOldest
	}
	s := newSpool("spool", o)
	s.segmentBytes, s.copiedBody = 1000, 100 // some frames are two writes
	s.maxUnsynced = w.rng.IntN(2) * maxUnsynced
	salt := w.rng.Uint64()
	s.salt = func() uint64 { salt++; return salt }
	return s, s.open(d)
}

// reopen opens the spool of the world. What it finds is durable then.
func (w *world) reopen() {
	s, err := w.open(w.d)
	if err != nil {
		if w.faulty {
			w.s = nil
			return
		}
		w.t.Fatalf("open: %v", err)
	}
	w.s, w.leased, w.opened = s, nil, true
	w.promiseStored()
}

// promiseStored notes that everything which the spool has is durable.
func (w *world) promiseStored() {
	for _, g := range w.s.segments {
		if g.failed != nil {
			continue
		}
		for i := range g.frames {
			if id, ok := w.bySeq[g.base+uint64(i)]; ok {
				w.records[id].promised = true
			}
		}
	}
	w.noteNever()
}

// noteNever notes the acked batches that may not come again.
func (w *world) noteNever() {
	for seq, id := range w.bySeq {
		r := w.records[id]
		if (r.acked || !r.promised) && seq <= w.s.mark.durable {
			r.never = r.acked
		}
		alive := false
		for _, g := range w.s.segments {
			alive = alive || g.base <= seq && seq < g.base+uint64(g.frames)
		}
		if !alive {
			r.never = r.acked
			r.promised = false // dropped, or acked
		}
	}
}

// batch makes a batch that no other is like.
func (w *world) batch() Batch {
	w.next++
	size := 1 + w.rng.IntN(200)
	if w.rng.IntN(20) == 0 {
		size = 900 + w.rng.IntN(600)
	}
	body := fmt.Appendf(nil, "%d ", w.next)
	for len(body) < size {
		body = append(body, byte(w.rng.IntN(3))) // zeros are frequent
	}
	return Batch{
		Target: fmt.Appendf(nil, "db%d", w.next%3), Body: body, Encoding: Encoding(w.next % 3),
		Lines: w.next%7 + 1, Bytes: 2 * size, SealedAt: time.Unix(int64(w.next), 5),
	}
}

// step does something.
func (w *world) step() {
	if w.s == nil {
		w.reopen()
		return
	}
	s := w.s
	switch k := w.rng.IntN(20); {
	case k < 8:
		b := w.batch()
		id := w.next
		w.records[id] = &record{b: b}
		w.relaxed = w.drops
		leased := w.rng.IntN(4) == 0
		err := s.put(&b, leased)
		w.relaxed = false
		if err != nil {
			if !w.faulty && !w.drops {
				w.t.Fatalf("put: %v", err)
			}
			delete(w.records, id)
			break
		}
		w.bySeq[b.Seq] = id
		if leased {
			w.leased = append(w.leased, b.Seq)
		}
	case k < 11:
		s.commit()
		s.mu.Lock()
		err := s.undurable()
		s.mu.Unlock()
		if err == nil {
			w.promiseStored()
			w.d.after("", "")
		} else if !w.faulty {
			w.t.Fatalf("sync: %v", err)
		}
	case k < 14:
		w.lease(Order(w.rng.IntN(2)))
	case k < 17 && len(w.leased) > 0:
		i := w.rng.IntN(len(w.leased))
		if w.rng.IntN(5) > 0 {
			w.ack(i)
			break
		}
		if err := s.Return(w.leased[i]); err != nil {
			w.t.Fatalf("return: %v", err)
		}
		w.leased = append(w.leased[:i], w.leased[i+1:]...)
	case k == 17:
		if w.syncing = w.rng.IntN(2) == 0; w.syncing {
			// The mark is behind, and an ack during the sync moves it again.
			w.lease(Oldest)
			w.lease(Oldest)
			for slices.Sort(w.leased); len(w.leased) > 1; {
				w.ack(0)
			}
		}
		s.syncMark()
		w.syncing = false
	case k == 18 && w.rng.IntN(3) == 0:
		if err := s.Close(); err == nil {
			w.promiseStored()
			w.d.after("", "")
			w.reopen()
		} else if !w.faulty {
			w.t.Fatalf("close: %v", err)
		} else {
			w.reopen()
		}
	case k == 19 && w.rng.IntN(3) == 0:
		w.reopen() // the process was killed
	}
	if w.s == nil {
		return
	}
	w.noteNever()
	w.adds(w.s)
}

// lease leases a batch.
func (w *world) lease(order Order) {
	var b Batch
	ok, err := w.s.TryNext(&b, order)
	if err != nil && !w.faulty {
		w.t.Fatalf("next: %v", err)
	}
	if ok {
		w.same(&b, w.bySeq[b.Seq])
		w.leased = append(w.leased, b.Seq)
	}
}

// ack acks a leased batch.
func (w *world) ack(i int) {
	seq := w.leased[i]
	w.leased = append(w.leased[:i], w.leased[i+1:]...)
	w.records[w.bySeq[seq]].acked = true
	if err := w.s.Ack(seq); err != nil && !w.faulty {
		w.t.Fatalf("ack: %v", err)
	}
}

// adds holds that the statistics add up.
func (w *world) adds(s *Spool) {
	st := s.Stats()
	in, out := st.Recovered, st.Acked
	in.add(st.Put)
	for _, c := range []Count{st.Dropped, st.Damaged, st.Gone, st.Waiting, st.Leased} {
		out.add(c)
	}
	if in != out {
		w.t.Fatalf("stats do not add up: %+v", st)
	}
}

// same holds that b is the batch that was put as id.
func (w *world) same(b *Batch, id int) {
	r := w.records[id]
	if r == nil {
		w.t.Fatalf("batch %d was never put: %q", b.Seq, b.Body)
		return
	}
	if want := &r.b; !bytes.Equal(b.Body, want.Body) || !bytes.Equal(b.Target, want.Target) || b.Encoding != want.Encoding ||
		b.Lines != want.Lines || b.Bytes != want.Bytes || !b.SealedAt.Equal(want.SealedAt) {
		w.t.Fatalf("batch %d differs:\n%+v\nwant\n%+v", b.Seq, b, want)
	}
}

// check opens what a crash left. Nothing may be missing, false, or there again.
func (w *world) check(d *memDisk, deep func(*memDisk)) {
	d.after = nil
	if deep != nil {
		d.after = func(string, string) { deep(d) }
	}
	s, err := w.open(d)
	if err != nil {
		w.t.Fatalf("open after a crash: %v", err)
		return
	}
	d.after = nil
	if r := s.Recovery(); !w.faulty && (r.ManifestLost || w.opened && r.MarkLost || r.MissingFiles > 0 || r.Missing != Count{}) {
		w.t.Fatalf("a crash looks like damage: %+v", r)
	}
	w.adds(s)
	came := w.drain(s)
	for id, r := range w.records {
		switch {
		case r.promised && !r.acked && !came[id] && !w.relaxed:
			w.t.Fatalf("batch of id %d is missing; %+v", id, s.Recovery())
		case r.never && came[id]:
			w.t.Fatalf("batch of id %d came again", id)
		}
	}
	if w.rng.IntN(8) == 0 {
		w.goOn(d, s, came)
	}
}

// drain leases and acks everything, and returns which batches came.
func (w *world) drain(s *Spool) map[int]bool {
	came := map[int]bool{}
	var b Batch
	order := Order(w.rng.IntN(2))
	for {
		ok, err := s.TryNext(&b, order)
		if err != nil {
			w.t.Fatalf("next after a crash: %v", err)
		}
		if !ok {
			return came
		}
		var id int
		fmt.Sscanf(string(b.Body), "%d ", &id)
		w.same(&b, id)
		if came[id] {
			w.t.Fatalf("batch of id %d came twice", id)
		}
		came[id] = true
	}
}

// goOn uses a spool after a crash: it acks some batches and puts another, which must be
// there after a restart, as the others are if they were not acked.
func (w *world) goOn(d *memDisk, s *Spool, came map[int]bool) {
	b := Batch{Target: []byte("db"), Body: []byte("0 after the crash"), Lines: 1}
	err := s.Put(&b)
	if w.drops && errors.Is(err, ErrFull) { // the quarantine and leased batches take all
		return
	}
	if err != nil {
		w.t.Fatalf("put after a crash: %v", err)
		return
	}
	if all := w.rng.IntN(2) == 0; all {
		for seq := range s.leases {
			if err := s.Ack(seq); err != nil {
				w.t.Fatalf("ack after a crash: %v", err)
			}
		}
		came = nil
	}
	s.commit()
	if w.rng.IntN(2) == 0 {
		if err := s.Close(); err != nil {
			w.t.Fatalf("close after a crash: %v", err)
		}
	} else if came == nil {
		s.syncMark()
	}
	again, err := w.open(d)
	if err != nil {
		w.t.Fatalf("open again: %v", err)
		return
	}
	want := len(came) + 1
	if n := again.Stats().Waiting.Batches; n != uint64(want) {
		w.t.Fatalf("%d batches after a crash and a restart, want %d", n, want)
	}
}

// run does steps, and calls states with the disk as crashes may leave it at every moment.
func (w *world) run(steps, random int, torn bool, states func(d *memDisk)) {
	w.d.after = func(op, name string) {
		w.d.crashStates(w.rng, random, torn, states)
		if w.syncing && op == "sync" && name == markName && len(w.leased) > 0 {
			w.ack(0) // before the sync of the mark returns
		}
	}
	if w.faulty {
		w.d.fail = func(op, name string) error {
			if w.rng.IntN(25) > 0 || !w.opened {
				return nil
			}
			if op == "write" && w.rng.IntN(2) == 0 {
				return errShort
			}
			return []error{syscall.EIO, syscall.ENOSPC, syscall.EACCES}[w.rng.IntN(3)]
		}
	}
	w.reopen()
	for range steps {
		w.step()
	}
}

// TestCrash opens every state in which a crash may leave the disk at some moment of random
// runs. The same contents are tried again only if other batches were promised.
func TestCrash(t *testing.T) {
	want := *crashStates
	switch {
	case want > 0:
	case testing.Short() || raceEnabled:
		want = 1_500
	default:
		want = 205_000
	}
	var mu sync.Mutex
	seen := map[uint64]bool{}
	tried := 0
	seeds := make(chan uint64)
	done := make(chan bool)
	var workers sync.WaitGroup
	var enough sync.Once
	first := *crashSeed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	for range 2 {
		workers.Go(func() {
			for seed := range seeds {
				n := crashRun(t, seed, func(h uint64) {
					mu.Lock()
					defer mu.Unlock()
					if seen[h] = true; len(seen) >= want {
						enough.Do(func() { close(done) })
					}
				})
				mu.Lock()
				tried += n
				mu.Unlock()
			}
		})
	}
	for seed := first; ; seed++ {
		select {
		case seeds <- seed:
			if t.Failed() {
				t.FailNow()
			}
			continue
		case <-done:
		}
		break
	}
	close(seeds)
	workers.Wait()
	t.Logf("%d distinct states, %d tried, from seed %d", len(seen), tried, first)
}

// crashRun is one random run.
func crashRun(t *testing.T, seed uint64, distinct func(uint64)) (tried int) {
	defer recoverStopped()
	w := newWorld(seeded{t, seed}, seed)
	w.drops, w.faulty = seed%4 == 1, seed%4 == 2
	type key struct {
		contents uint64
		promised int
	}
	seen := map[key]bool{}
	w.run(60, 6, true, func(d *memDisk) {
		sum := 0
		for id, r := range w.records {
			if r.promised && !r.acked || r.never {
				sum += id*id + 1
			}
		}
		k := key{d.hash(), sum}
		if seen[k] {
			return
		}
		seen[k] = true
		distinct(k.contents)
		tried++
		var deep func(*memDisk)
		if w.rng.IntN(50) == 0 { // the machine crashes again while the spool recovers
			deep = func(d *memDisk) {
				d.crashStates(w.rng, 2, false, func(d *memDisk) {
					distinct(d.hash())
					tried++
					w.check(d, nil)
				})
			}
		}
		w.check(d, deep)
	})
	return tried
}

// seeded is a test whose failures tell the seed.
type seeded struct {
	t    *testing.T
	seed uint64
}

func (s seeded) Helper() { s.t.Helper() }

func (s seeded) Fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("seed %d: "+format, append([]any{s.seed}, args...)...)
	panic(stopped{})
}

// stopped ends a run that failed.
type stopped struct{}

func recoverStopped() {
	if r := recover(); r != nil && r != (stopped{}) {
		panic(r)
	}
}
