package spool

import (
	"errors"
	"io"
	"io/fs"
)

// This file puts aside what cannot be read. A quarantined file begins with the header of
// its segment, so that good frames in it can still be found. Its name has the segment, the
// offset in it and the reason. Nothing here reads these files again or removes them.

// The reasons in names of quarantined files.
const (
	reasonHeader   = "header"   // no header of a frame, or of the segment
	reasonBody     = "body"     // the checksum of a body is wrong
	reasonOverlap  = "overlap"  // batches with the numbers of others
	reasonUnlisted = "unlisted" // an old segment that no manifest lists
)

// quarantineFile moves a whole file, which no manifest lists. A crash leaves it in one of
// the two places; the next Open moves it again.
func quarantineFile(d disk, from, to string) error {
	if err := makeQuarantine(d); err != nil {
		return err
	}
	return d.rename(from, to)
}

func makeQuarantine(d disk) error {
	if err := d.mkdir(quarantineDir); err != nil {
		return err
	}
	return d.syncDir(".")
}

// quarantineRest copies the header of a segment and what is in f from offset at on.
func quarantineRest(d disk, f file, n identity, at, end int64, to string, buf []byte) error {
	if err := makeQuarantine(d); err != nil {
		return err
	}
	if err := d.remove(quarantineTemp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	w, err := d.open(quarantineTemp, true)
	if err != nil {
		return err
	}
	if err := errors.Join(copyRest(w, f, n, at, end, buf), w.Close()); err != nil {
		return errors.Join(err, d.remove(quarantineTemp))
	}
	if err := d.rename(quarantineTemp, to); err != nil {
		return err
	}
	return d.syncDir(quarantineDir)
}

func copyRest(w, f file, n identity, at, end int64, buf []byte) error {
	if _, err := w.WriteAt(appendSegmentHeader(nil, n), 0); err != nil {
		return err
	}
	for to := int64(segmentHeaderSize); at < end; {
		part := buf[:min(int64(len(buf)), end-at)]
		got, err := f.ReadAt(part, at)
		if got < len(part) && err != io.EOF {
			return err
		}
		if got == 0 {
			break
		}
		if _, err := w.WriteAt(part[:got], to); err != nil {
			return err
		}
		at += int64(got)
		to += int64(got)
	}
	return w.Sync()
}

// quarantineSize returns the size of what is in quarantine.
func quarantineSize(d disk) (n int64, err error) {
	err = d.list(quarantineDir, func(_ string, size int64) error {
		n += size
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	return n, err
}

// measureQuarantine looks how much is in quarantine now. The disk lock is held.
func (s *Spool) measureQuarantine() error {
	n, err := quarantineSize(s.d)
	if err != nil {
		return s.failed("list", quarantineDir, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.DiskBytes += n - s.quarantine
	s.quarantine = n
	return nil
}
