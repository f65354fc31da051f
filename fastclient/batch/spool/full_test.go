package spool

import (
	"errors"
	"testing"
)

// TestFull: a spool that refuses goes on when batches are acked.
func TestFull(t *testing.T) {
	s := opened(t, Options{MaxBytes: 1 << 20})
	b := Batch{Body: make([]byte, 100_000), Lines: 10}
	n := 0
	for ; ; n++ {
		if err := s.Put(&b); err != nil {
			if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
			break
		}
	}
	if st := s.Stats(); n != 10 || st.DiskBytes > 1<<20 {
		t.Errorf("%d batches, %+v", n, st)
	}
	for range 2 {
		var got Batch
		if ok, err := s.TryNext(&got, Oldest); !ok || s.Ack(got.Seq) != nil {
			t.Fatal(err)
		}
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullOfAcked: the active segment, if all of it is acked, makes room.
func TestFullOfAcked(t *testing.T) {
	s := opened(t, Options{MaxBytes: 1 << 20})
	s.segmentBytes = 2 << 20
	b := Batch{Body: make([]byte, 400_000), Lines: 10}
	for range 20 {
		if err := s.PutLeased(&b); err != nil {
			t.Fatal(err)
		}
		if err := s.Ack(b.Seq); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDropOldest: whole segments are dropped and counted, but none with a leased batch.
func TestDropOldest(t *testing.T) {
	s := opened(t, Options{MaxBytes: 1 << 20, WhenFull: DropOldest})
	b := Batch{Body: make([]byte, 60_000), Lines: 10}
	if err := s.PutLeased(&b); err != nil {
		t.Fatal(err)
	}
	first := b.Seq
	for range 100 {
		if err := s.Put(&b); err != nil {
			t.Fatal(err)
		}
	}
	st := s.Stats()
	if st.Dropped.Batches < 80 || st.Dropped.Lines != 10*st.Dropped.Batches || st.Waiting.Batches+st.Dropped.Batches != 100 || st.DiskBytes > 1<<20 {
		t.Errorf("stats %+v", st)
	}
	if err := s.Return(first); err != nil {
		t.Fatal(err)
	}
	var got Batch
	if ok, err := s.TryNext(&got, Oldest); !ok || got.Seq != first {
		t.Errorf("%d, %v: the leased batch was dropped", got.Seq, err)
	}
}

func TestMinFree(t *testing.T) {
	s := opened(t, Options{MinFreeBytes: 1 << 62})
	if err := s.Put(numbered(1)); !errors.Is(err, ErrMinFree) {
		t.Error(err)
	}
	s.o.MinFreeBytes = 1
	put(t, s, 1, 1)
}
