package spool

import (
	"errors"
	"io"
	"io/fs"
	"slices"
)

// This file reads and replaces the manifest. A reader finds the previous one or the next,
// never a part of one: it is written to a file of another name, synced, and renamed.

// writeManifest makes a manifest of the segments and of added durable. Then it removes the
// files of the retired segments, which it does not list. The disk lock is held.
func (s *Spool) writeManifest(added *segment) error {
	m := manifest{nextID: s.nextID, nextSeq: s.nextSeq}
	s.mu.Lock()
	for _, g := range s.segments {
		e := g.manifestEntry()
		g.offered = g.offered || e.size > 0
		m.entries = append(m.entries, e)
	}
	s.mu.Unlock()
	if added != nil {
		m.entries = append(m.entries, added.manifestEntry())
	}
	if err := replaceManifest(s.d, &m); err != nil {
		return s.failed("replace", manifestName, err)
	}
	s.mu.Lock()
	for i, g := range s.segments {
		g.listed = m.entries[i].size > 0
	}
	s.mu.Unlock()
	for _, id := range s.retired {
		// What stays is removed after the next Open.
		s.d.remove(segmentName(id))
	}
	s.retired = s.retired[:0]
	return nil
}

// complete reports whether a manifest may say where g ends. Before a sync, and after a failed
// one, it may not: the next Open then takes what is there, and syncs it.
func (g *segment) complete() bool {
	return g.sealed && g.failed == nil && g.synced == g.frames && !g.cut
}

func (g *segment) manifestEntry() manifestEntry {
	e := manifestEntry{identity: g.identity}
	if g.complete() {
		e.size, e.frames, e.lines = g.size, uint32(g.frames), g.total.Lines
	}
	return e
}

func replaceManifest(d disk, m *manifest) error {
	if err := d.remove(manifestTempName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.open(manifestTempName, true)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(m.appendTo(nil), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.rename(manifestTempName, manifestName); err != nil {
		return err
	}
	return d.syncDir(".")
}

// readManifest reads the manifest. damaged reports that it is not as it was written, or
// that there is none; m has what could be read.
func readManifest(d disk, buf []byte) (m manifest, damaged bool, err error) {
	f, err := d.open(manifestName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return m, true, nil
	}
	if err != nil {
		return m, false, err
	}
	defer f.Close()
	size, err := f.size()
	if err != nil {
		return m, false, err
	}
	r := scanner{f: f, end: size, buf: buf}
	m, n, ok := parseManifestHead(r.window(0, manifestHeadSize))
	if r.err != nil {
		return m, false, r.err
	}
	damaged = !ok || uint64(size) != manifestHeadSize+n*manifestEntrySize
	for at := int64(manifestHeadSize); at+manifestEntrySize <= size; at += manifestEntrySize {
		b := r.window(at, manifestEntrySize)
		if r.err != nil {
			return m, false, r.err
		}
		e, ok := parseManifestEntry(b)
		if !ok || slices.ContainsFunc(m.entries, func(o manifestEntry) bool { return o.id == e.id }) {
			damaged = true
			continue
		}
		m.entries = append(m.entries, e)
	}
	return m, damaged, nil
}

// fileVersion returns the version of a file that begins with that magic, and 0 if there is
// no such file or its beginning is damaged.
func fileVersion(d disk, name, magic string) (uint32, error) {
	f, err := d.open(name, false)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var b [prologueSize]byte
	if n, err := f.ReadAt(b[:], 0); n < len(b) && err != io.EOF {
		return 0, err
	}
	return prologueVersion(b[:], magic), nil
}
