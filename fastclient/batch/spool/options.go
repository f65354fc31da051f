package spool

import (
	"errors"
	"fmt"
	"time"
)

// Options configure a [Spool]. MaxBytes is required; the zero value of each other field
// selects its default.
type Options struct {
	// MaxBytes bounds the size of the segments and of the files in quarantine. It is
	// required, and at least 1 MiB. The manifest and the mark add a few KiB.
	MaxBytes int64
	// MinFreeBytes is how much space of the file system Put leaves to others. It is an
	// error on systems on which this package cannot ask for the free space.
	MinFreeBytes int64
	// WhenFull says what Put does when MaxBytes is used up: return ErrFull by default.
	WhenFull FullPolicy
	// SyncInterval bounds how long batches and acks that are not synced otherwise are only
	// in the memory of the operating system: 1 s by default. If it is negative, only Sync,
	// Close and the end of a segment sync batches, and only Close syncs acks.
	SyncInterval time.Duration
	// WithoutLock opens the directory on systems without file locks too. Make sure that no
	// second Spool opens it: each would destroy batches of the other.
	WithoutLock bool
}

// A FullPolicy says what Put does when the spool is full.
type FullPolicy uint8

const (
	// Refuse returns ErrFull.
	Refuse FullPolicy = iota
	// DropOldest drops the oldest segment without a leased batch, and counts its batches
	// in Stats.Dropped. It returns ErrFull if there is none.
	DropOldest
)

const (
	minMaxBytes         = 1 << 20
	maxSegmentBytes     = 16 << 20
	defaultSyncInterval = time.Second
	// copiedBody is the size up to which copying a body costs less than a second write.
	copiedBody = 16 << 10
	// maxFrames bounds the batches of a segment, and with that the memory of its index.
	maxFrames = 1 << 14
)

func (o Options) withDefaults() (Options, error) {
	switch {
	case o.MaxBytes < minMaxBytes:
		return o, fmt.Errorf("spool: Options.MaxBytes is %d, want at least %d", o.MaxBytes, minMaxBytes)
	case o.MinFreeBytes < 0:
		return o, errors.New("spool: Options.MinFreeBytes is negative")
	case o.WhenFull > DropOldest:
		return o, errors.New("spool: Options.WhenFull is unknown")
	}
	if o.SyncInterval == 0 {
		o.SyncInterval = defaultSyncInterval
	}
	return o, nil
}

// segmentBytes returns the size at which a segment is complete. A spool of its maximum size
// has eight of them at least, so that acked batches soon make room.
func (o *Options) segmentBytes() int64 { return min(o.MaxBytes/8, maxSegmentBytes) }
