package spool

import "testing"

// syncedFrames makes d count the bytes of frames that are in a segment when it is synced.
func syncedFrames(d *memDisk) *int {
	n := new(int)
	d.after = func(op, name string) {
		if _, ok := segmentID(name); ok && op == "sync" {
			*n += max(len(d.names[name].data)-segmentHeaderSize, 0)
		}
	}
	return n
}

// TestAckedNeedsNoSync: of batches that are acked before the next sync, nothing is synced,
// however many segments they fill.
func TestAckedNeedsNoSync(t *testing.T) {
	s, d := onMemory(t)
	s.segmentBytes, s.maxUnsynced = 250, maxUnsynced
	frames := syncedFrames(d)
	for n := range 40 {
		b := numbered(n + 1)
		if err := s.PutLeased(b); err != nil {
			t.Fatal(err)
		}
		if n > 0 { // the one before: there is always one under way
			if err := s.Ack(b.Seq - 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(s.segments); n != 1 {
		t.Errorf("%d segments are left", n)
	}
	if err := s.Ack(40); err != nil {
		t.Fatal(err)
	}
	s.commit()
	if *frames != 0 {
		t.Errorf("%d bytes of acked batches were synced", *frames)
	}
	put(t, s, 41, 41)
	if s.commit(); *frames == 0 {
		t.Error("a batch that is wanted was not synced")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestUnsyncedSegments: of segments that take no more batches, few wait for a sync. Sync makes
// the batches of all of them durable.
func TestUnsyncedSegments(t *testing.T) {
	s, d := onMemory(t)
	s.segmentBytes, s.maxUnsynced = 250, maxUnsynced
	for n := 1; n <= 30; n++ {
		put(t, s, n, n)
		if got := len(s.unsynced); got > maxUnsynced {
			t.Fatalf("%d segments wait for a sync after %d batches", got, n)
		}
	}
	if len(s.segments) < 5 || len(s.unsynced) != maxUnsynced {
		t.Fatalf("%d segments, %d of them wait for a sync", len(s.segments), len(s.unsynced))
	}
	if s.commit(); len(s.unsynced) != 0 || s.unsyncedSegment() != nil {
		t.Errorf("after a sync %d segments wait for one", len(s.unsynced))
	}
	states := 0
	d.crashStates(newWorld(seeded{t, 1}, 1).rng, 5, false, func(d *memDisk) {
		states++
		again := newSpool("spool", s.o)
		if err := again.open(d); err != nil || again.Stats().Waiting.Batches != 30 {
			t.Errorf("after a crash: %+v, %v", again.Stats(), err)
		}
	})
	if states == 0 {
		t.Error("no state was tried")
	}
	for _, g := range s.loaded {
		if g.pins != 0 {
			t.Errorf("segment %d is pinned by %d", g.id, g.pins)
		}
	}
}

// TestNoTimerNoUnsynced: where nothing syncs by itself, the end of a segment does.
func TestNoTimerNoUnsynced(t *testing.T) {
	s, _ := onMemory(t)
	s.segmentBytes = 250
	put(t, s, 1, 30)
	for _, g := range s.segments {
		if g != s.active && g.synced != g.frames {
			t.Errorf("segment %d has %d of %d batches synced", g.id, g.synced, g.frames)
		}
	}
}
