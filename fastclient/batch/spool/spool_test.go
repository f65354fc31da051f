package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// opened opens a spool in a directory of its own, without syncs by time.
func opened(t testing.TB, o Options) *Spool {
	t.Helper()
	return reopened(t, filepath.Join(t.TempDir(), "spool"), o)
}

func reopened(t testing.TB, dir string, o Options) *Spool {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 30
	}
	if o.SyncInterval == 0 {
		o.SyncInterval = -1
	}
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// numbered returns a batch whose body begins with n.
func numbered(n int) *Batch {
	return &Batch{Target: []byte("db=d"), Body: fmt.Appendf(nil, "m v=%d %d\n", n, n), Lines: 1, Bytes: 10, SealedAt: time.Unix(int64(n), 0)}
}

func put(t testing.TB, s *Spool, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if err := s.Put(numbered(n)); err != nil {
			t.Fatal(err)
		}
	}
}

// number returns n of the next batch, and 0 if there is none.
func number(t testing.TB, s *Spool, order Order) (n int, seq uint64) {
	t.Helper()
	var b Batch
	ok, err := s.TryNext(&b, order)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return 0, 0
	}
	fmt.Sscanf(string(b.Body), "m v=%d", &n)
	if want := numbered(n); !bytes.Equal(b.Body, want.Body) || string(b.Target) != "db=d" || b.Lines != 1 || b.Bytes != 10 || !b.SealedAt.Equal(want.SealedAt) {
		t.Fatalf("got %+v", b)
	}
	return n, b.Seq
}

// rest returns the numbers of all waiting batches.
func rest(t testing.TB, s *Spool, order Order) (list []int) {
	t.Helper()
	for {
		n, _ := number(t, s, order)
		if n == 0 {
			return list
		}
		list = append(list, n)
	}
}

func TestOrder(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 5)
	n, seq := number(t, s, Newest)
	if n != 5 || seq != 5 {
		t.Errorf("newest is %d, seq %d", n, seq)
	}
	if n, _ = number(t, s, Oldest); n != 1 {
		t.Errorf("oldest is %d", n)
	}
	if err := s.Return(5); err != nil {
		t.Error(err)
	}
	if got := rest(t, s, Oldest); !slices.Equal(got, []int{2, 3, 4, 5}) {
		t.Errorf("then %v", got)
	}
}

// TestRestart: acked batches are gone, leased ones and the others wait again. Acks in any
// order move the mark when the older ones are acked.
func TestRestart(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, 6)
	if got := rest(t, s, Oldest); len(got) != 6 {
		t.Fatal(got)
	}
	for _, seq := range []uint64{2, 1, 4} {
		if err := s.Ack(seq); err != nil {
			t.Error(err)
		}
	}
	if st := s.Stats(); st.AckedUpTo != 2 || st.Leased.Batches != 3 || st.Acked.Lines != 3 {
		t.Errorf("stats %+v", st)
	}
	if err := s.Ack(1); !errors.Is(err, ErrNotLeased) {
		t.Errorf("second ack: %v", err)
	}
	killed := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(s.path)); err != nil {
		t.Fatal(err)
	}
	// 4 comes again, because 3 of the same segment is older and was not acked.
	if got := rest(t, reopened(t, killed, Options{}), Oldest); !slices.Equal(got, []int{3, 4, 5, 6}) {
		t.Errorf("after a crash: %v", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopened(t, s.path, Options{})
	if got := rest(t, s, Oldest); !slices.Equal(got, []int{3, 5, 6}) {
		t.Errorf("after a restart: %v", got)
	}
	put(t, s, 7, 7)
	if n, seq := number(t, s, Oldest); n != 7 || seq != 7 {
		t.Errorf("%d has number %d", n, seq)
	}
	for _, seq := range []uint64{3, 5, 6, 7} {
		if err := s.Ack(seq); err != nil {
			t.Error(err)
		}
	}
	s.Close()
	s = reopened(t, s.path, Options{})
	if st := s.Stats(); st.Recovered.Batches != 0 || st.LastSeq != 7 || st.AckedUpTo != 7 || st.DiskBytes != 0 {
		t.Errorf("everything is acked: %+v", st)
	}
	if left, _ := filepath.Glob(filepath.Join(s.path, "*.seg")); len(left) > 0 {
		t.Errorf("files left: %v", left)
	}
}

// TestNewestFreesSegments: a segment is freed though an older one is not acked, and does
// not come again.
func TestNewestFreesSegments(t *testing.T) {
	s := opened(t, Options{})
	s.segmentBytes = 1000
	put(t, s, 1, 60)
	before := s.Stats()
	for range 50 {
		_, seq := number(t, s, Newest)
		if err := s.Ack(seq); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Stats()
	if st.AckedUpTo != 0 || st.Segments >= before.Segments-1 || st.DiskBytes > before.DiskBytes/2 {
		t.Errorf("before %+v\nafter %+v", before, st)
	}
	s.Close()
	s = reopened(t, s.path, Options{})
	if got := rest(t, s, Oldest); len(got) < 10 || len(got) > 10+1000/50 || got[0] != 1 {
		t.Errorf("after a restart: %v", got)
	}
}

func TestInvalid(t *testing.T) {
	s := opened(t, Options{MaxBytes: 2 << 20})
	for _, c := range []struct {
		b    Batch
		want error
	}{
		{Batch{Lines: 1}, ErrInvalidBatch},
		{Batch{Body: []byte("x")}, ErrInvalidBatch},
		{Batch{Body: []byte("x"), Lines: -1}, ErrInvalidBatch},
		{Batch{Body: []byte("x"), Lines: 1, Bytes: -1}, ErrInvalidBatch},
		{Batch{Body: []byte("x"), Lines: 1, Encoding: 9}, ErrInvalidBatch},
		{Batch{Body: []byte("x"), Lines: 1, Target: make([]byte, 1<<16)}, ErrInvalidBatch},
		{Batch{Body: make([]byte, 2<<20), Lines: 1}, ErrTooLarge},
	} {
		if err := s.Put(&c.b); !errors.Is(err, c.want) || c.b.Seq != 0 {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	large := Batch{Body: make([]byte, 1<<20), Lines: 1, Target: make([]byte, 1<<16-1)}
	if err := s.Put(&large); err != nil {
		t.Error(err)
	}
	for _, o := range []Options{{}, {MaxBytes: 1000}, {MaxBytes: 1 << 30, MinFreeBytes: -1}, {MaxBytes: 1 << 30, WhenFull: 7}} {
		if _, err := Open(filepath.Join(t.TempDir(), "s"), o); err == nil || !strings.HasPrefix(err.Error(), "spool: Options.") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := Open("", Options{MaxBytes: 1 << 30}); err == nil {
		t.Error("no path is no error")
	}
}

func TestClosed(t *testing.T) {
	for name, s := range map[string]*Spool{"closed": opened(t, Options{}), "zero": new(Spool)} {
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
		}
		var b Batch
		_, err := s.TryNext(&b, Oldest)
		for _, err := range []error{
			err, s.Put(numbered(1)), s.PutLeased(numbered(1)), s.Next(t.Context(), &b, Oldest), s.Ack(1), s.Return(1), s.Sync(t.Context()),
		} {
			if !errors.Is(err, ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.Stats()
		s.Recovery()
	}
}

// TestClockSetBack: the order is that of the puts, whatever the clock says.
func TestClockSetBack(t *testing.T) {
	s := opened(t, Options{})
	for n := 5; n > 0; n-- {
		put(t, s, n, n)
	}
	s.Close()
	s = reopened(t, s.path, Options{})
	if st := s.Stats(); !st.OldestWaiting.Equal(time.Unix(1, 0)) {
		t.Errorf("oldest %v", st.OldestWaiting)
	}
	if got := rest(t, s, Oldest); !slices.Equal(got, []int{5, 4, 3, 2, 1}) {
		t.Errorf("order %v", got)
	}
	if st := s.Stats(); !st.OldestLeased.Equal(time.Unix(1, 0)) || !st.OldestWaiting.IsZero() {
		t.Errorf("%+v", st)
	}
}

// TestManySegments: more segments than stay loaded are read in turn, and batches come back
// to those that were unloaded.
func TestManySegments(t *testing.T) {
	s := opened(t, Options{})
	s.segmentBytes = 500
	put(t, s, 1, 300)
	for n := 1; n <= 300; n++ {
		if got, _ := number(t, s, Oldest); got != n {
			t.Fatalf("%d, want %d", got, n)
		}
	}
	for seq := uint64(1); seq <= 300; seq++ {
		do := s.Ack
		if seq%7 == 0 {
			do = s.Return
		}
		if err := do(seq); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.loaded) > maxLoaded {
		t.Errorf("%d segments are loaded", len(s.loaded))
	}
	for n := 294; n > 0; n -= 7 {
		got, seq := number(t, s, Newest)
		if got != n {
			t.Fatalf("%d, want %d", got, n)
		}
		if err := s.Ack(seq); err != nil {
			t.Fatal(err)
		}
	}
	if st := s.Stats(); st.AckedUpTo != 300 || st.Segments > 1 {
		t.Errorf("%+v", st)
	}
}

// TestSegmentOfManyBatches: a segment is complete with so many batches, however small.
func TestSegmentOfManyBatches(t *testing.T) {
	s := opened(t, Options{})
	put(t, s, 1, maxFrames+100)
	if st := s.Stats(); st.Segments != 2 {
		t.Errorf("%d segments", st.Segments)
	}
	s.Close()
	s = reopened(t, s.path, Options{})
	for n := 1; n <= maxFrames+100; n++ {
		got, seq := number(t, s, Oldest)
		if got != n {
			t.Fatalf("%d, want %d", got, n)
		}
		if err := s.Ack(seq); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNextContext: Next ends with its context, with Close, and with a batch.
func TestNextContext(t *testing.T) {
	s := opened(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error)
	next := func(ctx context.Context) {
		var b Batch
		results <- s.Next(ctx, &b, Oldest)
	}
	go next(ctx)
	cancel()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 3 {
		go next(t.Context())
	}
	put(t, s, 1, 2)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	s.Close()
	if err := <-results; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
