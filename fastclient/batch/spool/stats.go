package spool

import (
	"encoding/json"
	"time"
)

// A Count is a number of batches, of their lines, and of the bytes of these lines before
// they were compressed.
type Count struct {
	Batches, Lines, Bytes uint64
}

func (c *Count) add(d Count) {
	c.Batches += d.Batches
	c.Lines += d.Lines
	c.Bytes += d.Bytes
}

func (c *Count) sub(d Count) {
	c.Batches -= d.Batches
	c.Lines -= d.Lines
	c.Bytes -= d.Bytes
}

// Counts says where the batches of a [Spool] are. They always add up:
//
//	Recovered + Put = Acked + Dropped + Damaged + Gone + Waiting + Leased
type Counts struct {
	Recovered Count // found by Open and not acked
	Put       Count // stored since
	Acked     Count // acked since
	Dropped   Count // dropped under DropOldest
	Damaged   Count // set aside by Next because a checksum was wrong
	Gone      Count // lost with a directory that was removed

	Waiting Count // for Next
	Leased  Count // by Next or PutLeased, neither acked nor returned
}

// Counts returns the counts of Stats. It takes the same short time for a spool of any size.
func (s *Spool) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Counts
}

// Stats is the state of a [Spool] at one moment.
type Stats struct {
	Counts
	// OldestWaiting and OldestLeased are the smallest SealedAt of these batches, and zero
	// if there are none. That of a partly acked segment which is not being read may be
	// older than its oldest waiting batch.
	OldestWaiting, OldestLeased time.Time

	DiskBytes  int64  // of segments and quarantine
	MaxBytes   int64  // of Options: the most that DiskBytes may be
	Segments   int    // files that hold batches
	LastSeq    uint64 // number of the last batch
	AckedUpTo  uint64 // no batch up to this number is waiting or leased
	Syncs      uint64 // of segments
	SyncErrors uint64 // of segments and of the mark
	// LastSyncError is the error of the last sync of a segment, or else that of the mark;
	// nil if both succeeded.
	LastSyncError error
}

// Stats returns the state. It does not wait for the disk.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Segments, st.MaxBytes = len(s.segments), s.o.MaxBytes
	if st.LastSyncError == nil {
		st.LastSyncError = s.markError
	}
	if s.nextSeq > 0 { // else the Spool was not opened
		st.LastSeq, st.AckedUpTo = s.nextSeq-1, s.ackedUpTo()
	}
	earliest := func(at *time.Time, nanos int64) {
		if t := time.Unix(0, nanos); at.IsZero() || t.Before(*at) {
			*at = t
		}
	}
	for _, g := range s.segments {
		if g.waiting().Batches > 0 {
			earliest(&st.OldestWaiting, g.oldestWaiting())
		}
	}
	for _, l := range s.leases {
		earliest(&st.OldestLeased, l.sealed)
	}
	return st
}

// MarshalJSON returns s as an object in which LastSyncError is a text, or null.
func (s Stats) MarshalJSON() ([]byte, error) {
	type fields Stats
	var text *string
	if s.LastSyncError != nil {
		t := s.LastSyncError.Error()
		text = &t
	}
	return json.Marshal(struct {
		fields
		LastSyncError *string // hides that of fields
	}{fields(s), text})
}
