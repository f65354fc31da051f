package spool

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
)

// This file reads what a process before left. It looks at everything first: a directory of
// another version is not changed. Then it reads each segment in memory of a fixed size,
// copies to quarantine what it cannot read, lists the rest in a new manifest if anything
// differs from the old one, and only then cuts the segments.

// A Recovery says what Open found.
type Recovery struct {
	// Waiting are the batches that Next will return.
	Waiting Count
	// Torn is what a crash left of batches at the end of a segment, which was cut off. They
	// were not durable. Its lines are those whose header is complete.
	Torn Count
	// TornBytes is the size of what was cut off.
	TornBytes int64
	// Quarantined are batches in files that were put into quarantine because a checksum is
	// wrong. As far as neither the manifest nor a header says how many they are, they are
	// not counted here but in QuarantinedBytes.
	Quarantined Count
	// QuarantinedFiles and QuarantinedBytes are the files that were put there now.
	QuarantinedFiles int
	QuarantinedBytes int64
	// Missing are batches of segments that are listed, but not there or too short. Those of a
	// segment that was not synced are not known. If a part of such a segment was acked, Lines
	// is an upper bound, and so it is in Quarantined.
	Missing Count
	// MissingFiles is the number of segments that are listed but not there.
	MissingFiles int
	// ManifestLost says that the manifest was damaged or missing. Open made another one
	// from the segments.
	ManifestLost bool
	// MarkLost says that both slots of the mark were damaged, or the file missing. Batches
	// that were acked come again, unless their segment was retired.
	MarkLost bool
}

// Recovery returns what Open found. If the directory was removed and the spool made
// another, it is about that one.
func (s *Spool) Recovery() Recovery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recovery
}

// A recoverer reads the directory of a spool.
type recoverer struct {
	d    disk
	path string
	salt func() uint64

	manifest    manifest
	mark        mark
	acked       []ackedSegment
	segments    []*segment
	retired     []uint64
	nextSeq     uint64
	quarantined int64 // size of all quarantined files
	report      Recovery

	buf     []byte
	changed bool // the segments are not as the manifest says
	cuts    []*segment
}

func (r *recoverer) failed(op, name string, err error) error {
	return fileFailed(op, filepath.Join(r.path, name), err)
}

func (r *recoverer) closeFiles() {
	if r.mark.f != nil {
		r.mark.f.Close()
	}
}

func (r *recoverer) run() error {
	ids, largest, err := r.list()
	if err != nil {
		return err
	}
	r.buf = make([]byte, min(scanBytes, max(largest, 4<<10)))
	defer func() { r.buf = nil }()
	if err := r.checkVersions(ids); err != nil {
		return err
	}
	var damaged, lost bool
	if r.manifest, damaged, err = readManifest(r.d, r.buf); err != nil {
		return r.failed("read", manifestName, err)
	}
	fresh := damaged && r.manifest.nextID == 0 && len(r.manifest.entries) == 0 && len(ids) == 0
	r.report.ManifestLost = damaged && !fresh
	r.mark, lost, err = openMark(r.d)
	if err != nil {
		return r.failed("open", markName, err)
	}
	r.report.MarkLost = lost && !fresh
	if r.acked, err = readAcked(r.mark.f); err != nil {
		return r.failed("read", markName, err)
	}
	// The manifest is replaced, and the directory is synced.
	r.changed = damaged || lost
	if err := r.readSegments(ids); err != nil {
		return err
	}
	if r.quarantined, err = quarantineSize(r.d); err != nil {
		return r.failed("list", quarantineDir, err)
	}
	return r.finish(fresh)
}

// list returns the segments whose files are there, in their order, and the size of the
// largest one.
func (r *recoverer) list() (ids []uint64, largest int64, err error) {
	err = r.d.list(".", func(name string, size int64) error {
		if id, ok := segmentID(name); ok {
			ids = append(ids, id)
			largest = max(largest, size)
		}
		return nil
	})
	slices.Sort(ids)
	return ids, largest, r.failed("list", ".", err)
}

// checkVersions returns ErrVersion if a file has a version that is not ours.
func (r *recoverer) checkVersions(ids []uint64) error {
	check := func(name, magic string) error {
		v, err := fileVersion(r.d, name, magic)
		if err == nil && v != 0 && v != version {
			err = ErrVersion
		}
		return r.failed("read", name, err)
	}
	if err := check(manifestName, manifestMagic); err != nil {
		return err
	}
	if err := check(markName, markMagic); err != nil {
		return err
	}
	for _, id := range ids {
		if err := check(segmentName(id), segmentMagic); err != nil {
			return err
		}
	}
	return nil
}

// readSegments reads the segments that the manifest lists, and those that it could not
// list any more.
func (r *recoverer) readSegments(ids []uint64) error {
	m := &r.manifest
	listed := m.entries
	known := func(id uint64) bool {
		return slices.ContainsFunc(listed, func(e manifestEntry) bool { return e.id == id })
	}
	m.nextID = max(m.nextID, 1)
	next := m.nextID
	if r.report.ManifestLost {
		next = 1 // any segment may be missing in it
	}
	for _, id := range ids {
		m.nextID = max(m.nextID, id+1)
		if known(id) {
			continue
		}
		if err := r.unlisted(id, id >= next); err != nil {
			return err
		}
	}
	for i := range listed {
		m.nextID = max(m.nextID, listed[i].id+1)
		if err := r.segment(&listed[i]); err != nil {
			return err
		}
	}
	slices.SortFunc(r.segments, func(a, b *segment) int { return cmp.Compare(a.base, b.base) })
	if err := r.removeOverlaps(); err != nil {
		return err
	}
	r.nextSeq = max(r.nextSeq, m.nextSeq, r.mark.seq+1, 1)
	return nil
}

// removeOverlaps puts segments aside whose batches have the numbers of others.
func (r *recoverer) removeOverlaps() error {
	var next uint64
	for k := 0; k < len(r.segments); {
		g := r.segments[k]
		if g.base >= next || g.frames == 0 {
			next = max(next, g.base+uint64(g.frames))
			k++
			continue
		}
		r.changed = true
		r.segments = slices.Delete(r.segments, k, k+1)
		if err := r.setAside(g.id, g.size, g.waiting(), reasonOverlap); err != nil {
			return err
		}
	}
	return nil
}

// unlisted decides about a segment that the manifest does not list. A new one was about to
// be listed, unless the manifest is lost. An old one was about to be removed.
func (r *recoverer) unlisted(id uint64, new bool) error {
	name := segmentName(id)
	f, err := r.d.open(name, false)
	if err != nil {
		return r.failed("open", name, err)
	}
	header := make([]byte, segmentHeaderSize)
	size, err := readHeader(f, header)
	f.Close()
	if err != nil {
		return r.failed("read", name, err)
	}
	n, ok := parseSegmentHeader(header)
	ok = ok && n.id == id
	switch {
	case ok && isRetired(header, n) || size <= segmentHeaderSize:
		return r.failed("remove", name, r.d.remove(name))
	case ok && new:
		r.changed = true
		return r.segment(&manifestEntry{identity: n})
	case ok:
		c, err := r.walk(name, n, size)
		if err != nil {
			return err
		}
		return r.setAside(id, size, c, reasonUnlisted)
	}
	return r.setAside(id, size, Count{}, reasonHeader)
}

// readHeader reads the header of a segment, as far as it is there, and returns the size of
// the file.
func readHeader(f file, header []byte) (int64, error) {
	size, err := f.size()
	if err != nil {
		return 0, err
	}
	n := min(size, int64(len(header)))
	if got, err := f.ReadAt(header[:n], 0); int64(got) < n {
		return 0, err
	}
	return size, nil
}

// setAside moves a whole file to quarantine.
func (r *recoverer) setAside(id uint64, size int64, c Count, reason string) error {
	name := segmentName(id)
	if err := quarantineFile(r.d, name, quarantineName(id, 0, reason)); err != nil {
		return r.failed("quarantine", name, err)
	}
	r.report.Quarantined.add(c)
	r.report.QuarantinedFiles++
	r.report.QuarantinedBytes += size
	return nil
}

// walk counts the unacked batches in a file by its headers.
func (r *recoverer) walk(name string, n identity, size int64) (Count, error) {
	f, err := r.d.open(name, false)
	if err != nil {
		return Count{}, r.failed("open", name, err)
	}
	defer f.Close()
	scan := scanner{f: f, at: segmentHeaderSize, end: size, seed: n.seed(), seq: n.base, buf: r.buf}
	c := r.rest(&scan)
	return c, r.failed("read", name, scan.err)
}

// rest counts the unacked batches from scan on whose headers are good. The last one may
// end beyond the file.
func (r *recoverer) rest(scan *scanner) (c Count) {
	for {
		h, what := scan.next(false)
		if (what == foundFrame || what == foundShort && h.body > 0) && h.seq > r.mark.seq {
			c.add(h.count())
		}
		if what != foundFrame {
			return c
		}
	}
}

// segment reads a segment that the manifest lists.
func (r *recoverer) segment(e *manifestEntry) error {
	name := segmentName(e.id)
	f, err := r.d.open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		r.missing(e)
		return nil
	}
	if err != nil {
		return r.failed("open", name, err)
	}
	defer f.Close()
	header := make([]byte, segmentHeaderSize)
	size, err := readHeader(f, header)
	if err == nil {
		if isRetired(header, e.identity) {
			r.retired = append(r.retired, e.id)
			r.nextSeq = max(r.nextSeq, e.base+uint64(e.frames))
			return nil
		}
		err = r.frames(e, f, size)
	}
	return r.failed("read", name, err)
}

// missing counts a segment whose file is not there.
func (r *recoverer) missing(e *manifestEntry) {
	r.changed = true
	r.report.MissingFiles++
	r.nextSeq = max(r.nextSeq, e.base+uint64(e.frames))
	r.report.Missing.add(r.unread(e, 0, 0))
}

// unread returns what the manifest knows of the unacked batches of a segment after the
// first frames, which have so many lines. If some after these are acked, the lines are an
// upper bound.
func (r *recoverer) unread(e *manifestEntry, frames int, lines uint64) Count {
	first := max(e.base+uint64(frames), r.mark.seq+1)
	if end := e.base + uint64(e.frames); first < end && lines < e.lines {
		return Count{Batches: end - first, Lines: e.lines - lines}
	}
	return Count{}
}

// frames reads the frames of a segment up to the first that is not good.
func (r *recoverer) frames(e *manifestEntry, f file, size int64) error {
	g := newSegment(e.identity)
	end := size
	if e.size > 0 {
		// What follows is left from a write that failed.
		end = min(size, e.size)
	}
	scan := scanner{f: f, at: min(segmentHeaderSize, end), end: end, seed: g.seed, seq: e.base, buf: r.buf}
	what := foundFrame
	for g.frames < maxFrames {
		var h frameHeader
		if h, what = scan.next(true); what != foundFrame {
			break
		}
		g.add(&h)
		g.index = g.index[:0]
		if h.seq <= r.mark.seq || isAcked(r.acked, e.identity, g.frames-1) {
			g.acked.add(h.count())
			g.done.set(g.frames-1, maxFrames)
		}
	}
	if what == foundError {
		return scan.err
	}
	g.index = nil
	g.sealed, g.synced, g.offered = true, g.frames, e.size > 0
	r.segments = append(r.segments, g)
	r.nextSeq = max(r.nextSeq, e.base+uint64(max(g.frames, int(e.frames))))
	if e.size > 0 && g.frames == int(e.frames) && g.size == e.size {
		g.listed = true
		return nil
	}
	if e.size > 0 {
		r.changed = true
	}
	if err := r.bad(e, g, f, &scan, what); err != nil {
		return err
	}
	if e.size > 0 {
		return nil
	}
	// A process that was killed may have left it unsynced.
	return f.Sync()
}

// bad decides about what follows the last good frame of g.
func (r *recoverer) bad(e *manifestEntry, g *segment, f file, scan *scanner, what found) error {
	at, end := scan.at, scan.end
	lost := r.rest(scan)
	if scan.err != nil {
		return scan.err
	}
	scan.at = at
	zeros := scan.onlyZeros()
	if scan.err != nil {
		return scan.err
	}
	if c := r.unread(e, g.frames, g.total.Lines); c.Batches > lost.Batches {
		c.Bytes = lost.Bytes
		lost = c // headers are damaged, too
	}
	switch {
	case at == end && e.size == 0:
		return nil
	case e.size > 0 && (what == foundEnd || what == foundShort || zeros):
		r.report.Missing.add(lost)
	case what == foundShort || zeros:
		r.report.Torn.add(lost)
		r.report.TornBytes += end - at
	default:
		return r.quarantine(g, f, at, end, lost, what)
	}
	if at < end {
		r.cuts = append(r.cuts, g)
	}
	return nil
}

// quarantine copies the rest of g. If the disk cannot take the copy, the file stays as it
// is, and goes to quarantine as a whole when its good batches are acked.
func (r *recoverer) quarantine(g *segment, f file, at, end int64, lost Count, what found) error {
	reason := reasonHeader
	if what == foundBody {
		reason = reasonBody
	}
	r.report.Quarantined.add(lost)
	r.report.QuarantinedFiles++
	r.report.QuarantinedBytes += segmentHeaderSize + end - at
	if quarantineRest(r.d, f, g.identity, at, end, quarantineName(g.id, at, reason), r.buf) != nil {
		g.damaged = true
		return nil
	}
	r.cuts = append(r.cuts, g)
	return nil
}

// finish lists what was found, and cuts what is not wanted any more. In an old directory
// it may fail: the next Open finds the same, or the next segment lists it.
func (r *recoverer) finish(fresh bool) error {
	if r.changed {
		m := manifest{nextID: r.manifest.nextID, nextSeq: r.nextSeq}
		for _, g := range r.segments {
			g.offered = true
			m.entries = append(m.entries, g.manifestEntry())
		}
		if err := replaceManifest(r.d, &m); err != nil {
			if fresh {
				return r.failed("create", manifestName, err)
			}
			return nil
		}
		for _, g := range r.segments {
			g.listed = true
		}
		for _, id := range r.retired {
			r.d.remove(segmentName(id))
		}
		r.retired = nil
	}
	for _, g := range r.cuts {
		r.cut(g)
	}
	return nil
}

// cut removes what follows the last good frame of g. What stays, because this fails or the
// machine crashes, is cut by the next Open.
func (r *recoverer) cut(g *segment) {
	f, err := r.d.open(segmentName(g.id), false)
	if err != nil {
		return
	}
	f.Truncate(g.size)
	f.Close()
}
