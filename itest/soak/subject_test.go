package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"github.com/pointwire/pointwire/fastclient"
	"github.com/pointwire/pointwire/fastclient/batch"
	"github.com/pointwire/pointwire/fastclient/batch/spool"
	"github.com/pointwire/pointwire/itest"
)

const (
	appenders  = 16
	batchBytes = 128 << 10
)

// A subject is one directory, or none, and the Writers that use it one after the other.
type subject struct {
	t        *testing.T
	name     string
	server   *itest.Server
	db       string
	overflow batch.OverflowPolicy
	disk     *smallDisk // nil: in memory, or a directory that is never full
	dir      string
	proxies  []*toxiproxy.Proxy
	addrs    []string // of the proxies
	clock    *wildClock
	done     *tally

	ledger  *ledger
	life    atomic.Pointer[life]
	left    batch.Count // in the directory
	again   bool        // the last Close of the directory failed, since the disk was full
	waiting [][]byte    // lines that a Close handed back

	lives, handedBack      int
	appends, refused       atomic.Int64
	requests, retried      uint64
	checks                 int
	longest                time.Duration
	cancelled, lateSpooled atomic.Int64
}

// A life is one Writer of a subject.
type life struct {
	c        *fastclient.Client
	w        *batch.Writer
	mu       sync.RWMutex // appends read
	accepted atomic.Int64 // lines, by what the appends returned
	watch    watcher
	watchMu  sync.Mutex
}

// pick returns one of the values.
func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// begin opens a client and a Writer with random options.
func (s *subject) begin(rng *rand.Rand) {
	s.lives++
	o := fastclient.Options{
		Addr: s.addrs[0], Database: s.db, NetHTTP: rng.IntN(3) == 0,
		Compression: fastclient.Compression{Always: rng.IntN(2) == 0},
		DialTimeout: time.Second, HeaderTimeout: pick(rng, time.Second, 3*time.Second),
	}
	if rng.IntN(2) == 0 {
		o.Addrs = s.addrs[1:]
		o.Balance = pick(rng, fastclient.Failover, fastclient.RoundRobin)
	}
	c, err := fastclient.New(o)
	if err != nil {
		s.t.Errorf("%s: %v", s.name, err)
		return
	}
	bo := batch.Options{
		BatchBytes: batchBytes, BatchLines: pick(rng, 100, 1000, 5000), MaxMemory: pick(rng, 6<<20, 16<<20),
		MaxDelay: pick(rng, 5*time.Millisecond, 100*time.Millisecond, time.Second), MaxInFlight: pick(rng, 1, 2, 4),
		RequestTimeout: pick(rng, time.Second, 3*time.Second), Ordered: rng.IntN(4) == 0, Overflow: s.overflow,
		OnEvent: func(batch.Event) {},
	}
	switch s.overflow {
	case batch.Block:
		bo.Overflow = pick(rng, batch.Block, batch.DropNewest)
	default:
		bo.Spool = batch.SpoolOptions{
			Dir: s.dir, Options: spool.Options{MaxBytes: pick[int64](rng, 2<<20, 64<<20)}, Order: pick(rng, batch.FreshFirst, batch.OldestFirst),
			SyncBatches: s.overflow == batch.WriteAhead && rng.IntN(3) == 0,
		}
	}
	l := &life{c: c}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if l.w, err = batch.NewWriter(c, bo); err == nil {
			break
		}
		if !errors.Is(err, syscall.ENOSPC) || time.Now().After(end) {
			s.t.Errorf("%s: %v", s.name, err)
			c.Close()
			return // the Writer that is closed remains
		}
	}
	s.found(l.w.Stats().Recovered)
	s.life.Store(l)
	for _, lines := range s.waiting { // as a program would that was handed them back
		s.giveAgain(l, lines)
	}
	s.waiting = nil
}

// giveAgain appends lines that a Close handed back, until all are accepted.
func (s *subject) giveAgain(l *life, lines []byte) {
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := l.w.Append(context.Background(), lines)
		var ae *batch.AppendError
		switch {
		case err == nil:
			l.accepted.Add(int64(countLines(lines)))
			return
		case !errors.As(err, &ae):
			s.t.Errorf("%s: %v", s.name, err)
			return
		}
		l.accepted.Add(int64(ae.Accepted))
		if ae.Refused == 0 {
			return
		}
		lines = skipLines(lines, ae.Accepted)
		if time.Now().After(end) {
			s.t.Errorf("%s: lines that were handed back are refused: %v", s.name, err)
			return
		}
	}
}

func countLines(b []byte) (n int) {
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n
}

func skipLines(b []byte, n int) []byte {
	for i, c := range b {
		if n == 0 {
			return b[i:]
		}
		if c == '\n' {
			n--
		}
	}
	return nil
}

// look looks at the Writer that is open. The lock keeps the order of the looks.
func (s *subject) look(l *life) batch.Stats {
	l.watchMu.Lock()
	defer l.watchMu.Unlock()
	st := l.w.Stats()
	for _, fault := range l.watch.look(&st) {
		s.t.Errorf("%s: %s", s.name, fault)
	}
	return st
}

// end closes the Writer within limit, and keeps what it hands back.
func (s *subject) end(limit time.Duration) {
	l := s.life.Load()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	start := time.Now()
	err := l.w.Close(ctx)
	took := time.Since(start)
	cancel()
	l.mu.Lock() // no append runs
	defer l.mu.Unlock()
	// With a spool, Close takes what the disk takes.
	if late := took - limit; s.overflow == batch.Block && late > 10*time.Second {
		s.t.Errorf("%s: Close returned %v after its context", s.name, late)
	}
	s.check("close", err)
	s.again = errors.Is(err, syscall.ENOSPC)
	var ue *batch.UnsentError
	if errors.As(err, &ue) {
		n := 0
		for _, b := range ue.Batches {
			s.waiting = append(s.waiting, b.Data)
			n += countLines(b.Data)
		}
		s.handedBack += n
		if uint64(n) != ue.Lines {
			s.t.Errorf("%s: Close handed back %d lines, says %d", s.name, n, ue.Lines)
		}
	}
	st := s.look(l)
	l.watchMu.Lock()
	s.checks, s.longest = s.checks+l.watch.checks, max(s.longest, l.watch.longest)
	l.watchMu.Unlock()
	if st.Pending != (batch.Count{}) {
		s.t.Errorf("%s: pending after Close: %v", s.name, st.Pending)
	}
	if got, want := st.Appended.Lines, uint64(l.accepted.Load()); got != want {
		s.t.Errorf("%s: %d lines appended, the appends accepted %d", s.name, got, want)
	}
	s.left = st.Spooled
	s.requests, s.retried = s.requests+st.Requests, s.retried+st.Retried
	if err := l.c.Close(); err != nil {
		s.t.Errorf("%s: client: %v", s.name, err)
	}
}

// check reports an error of Flush, Sync or Close that says more than that lines are on the
// way: all lines are good.
func (s *subject) check(what string, err error) {
	switch err := err.(type) {
	case nil, *batch.PendingError, *batch.SpooledError, *batch.UnsentError:
		return
	case *batch.BatchError:
		if err.Reason == batch.ReasonUnsent {
			return // a Flush while Close hands them back
		}
		s.t.Errorf("%s: %s: good lines: %v", s.name, what, err)
		return
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			s.check(what, e)
		}
		return
	}
	if !s.expected(err) {
		s.t.Errorf("%s: %s: %v", s.name, what, err)
	}
}

// expected reports whether a call may return err, since its context ended, the Writer was
// closed, or memory or disk is full.
func (s *subject) expected(err error) bool {
	of := []error{context.Canceled, context.DeadlineExceeded, batch.ErrWriterClosed}
	if s.overflow == batch.Block {
		of = append(of, batch.ErrOverflow)
	} else {
		of = append(of, batch.ErrNotLogged, spool.ErrFull, syscall.ENOSPC)
	}
	for _, e := range of {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// reincarnate closes the Writer after a random time and makes the next one.
func (s *subject) reincarnate(ctx context.Context, rng *rand.Rand) {
	for pause(ctx, rng, 10*time.Second) {
		s.end(pick(rng, 0, time.Duration(rng.Int64N(int64(200*time.Millisecond))), 2*time.Second, 5*time.Second))
		s.done.add("close")
		if s.overflow != batch.Block {
			s.onDisk(func(disk *spool.Spool) { s.shiftTimes(disk, rng) })
		}
		s.begin(rng)
	}
}

// onDisk opens the directory between two Writers, and closes it again after f. What is
// there must be what the last one left.
func (s *subject) onDisk(f func(disk *spool.Spool)) {
	disk, err := spool.Open(s.dir, spool.Options{MaxBytes: 64 << 20})
	if errors.Is(err, syscall.ENOSPC) {
		return
	}
	if err != nil {
		s.t.Errorf("%s: %v", s.name, err)
		return
	}
	r := disk.Recovery()
	s.found(batch.Count{Lines: r.Waiting.Lines, Bytes: r.Waiting.Bytes})
	f(disk)
	err = disk.Close()
	if s.again = errors.Is(err, syscall.ENOSPC); err != nil && !s.again {
		s.t.Errorf("%s: %v", s.name, err)
	}
	w := disk.Stats().Waiting
	s.left = batch.Count{Lines: w.Lines, Bytes: w.Bytes}
}

// found compares what is on disk with what was left there. If the disk was full for Close,
// which says so, batches that were acked come again.
func (s *subject) found(got batch.Count) {
	if got == s.left {
		return
	}
	if s.again && got.Lines > s.left.Lines {
		s.done.add("acked batches again, after a full disk")
		s.left = got
		return
	}
	s.t.Errorf("%s: %v on disk, left were %v; the disk was full: %v", s.name, got, s.left, s.again)
}

// shiftTimes makes some batches on disk as old or as young as a clock that was set between
// two processes makes them. It takes the oldest ones: one that is acked before an older one
// may come again.
func (s *subject) shiftTimes(disk *spool.Spool, rng *rand.Rand) {
	for range rng.IntN(4) {
		var b spool.Batch
		if ok, err := disk.TryNext(&b, spool.Oldest); !ok || err != nil {
			return
		}
		old := b.Seq
		b.SealedAt = b.SealedAt.Add(pick(rng, jumps...))
		if err := disk.Put(&b); err != nil { // full
			disk.Return(old)
			return
		}
		if err := disk.Ack(old); err != nil {
			s.t.Errorf("%s: %v", s.name, err)
		}
		s.done.add("batch of another time")
	}
}

// drain waits until everything is stored, and closes the Writer.
func (s *subject) drain() {
	l := s.life.Load()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if st := s.look(l); st.Pending.Lines+st.Spooled.Lines == 0 {
			break
		}
		if time.Now().After(end) {
			s.t.Errorf("%s: not everything is sent: %+v", s.name, l.w.Stats())
			break
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		s.check("flush", l.w.Flush(ctx))
		cancel()
	}
	s.end(time.Minute)
	if len(s.waiting) > 0 || s.left != (batch.Count{}) {
		s.t.Errorf("%s: lines are left: %d batches handed back, %v on disk", s.name, len(s.waiting), s.left)
	}
}

func (s *subject) directory(parent string) {
	if s.overflow != batch.Block {
		s.dir = filepath.Join(parent, "spool")
	}
}

func (s *subject) String() string {
	return fmt.Sprintf("%s: %d lives, %d appends, %d lines refused, %d handed back, %d only in memory, %d requests, %d again, %d looks, longest stall %v",
		s.name, s.lives, s.appends.Load(), s.refused.Load(), s.handedBack, s.lateSpooled.Load(), s.requests, s.retried, s.checks, s.longest.Round(time.Millisecond))
}
