package spool

import (
	"errors"
	"io"
	"io/fs"
)

// This file keeps the mark: the number up to which every batch is acked, in two slots of a
// file. Invariants: one slot is durable, and only the other is written; they swap after a
// sync. Nothing is written while a sync runs, because it might be about to become durable.
// The mark never decreases, so the larger slot is the current one. The disk lock guards it.

type mark struct {
	f       file
	seq     uint64 // the mark
	written uint64 // in a slot, maybe not durable
	durable uint64
	spare   int64 // offset of the slot to write
	syncing bool
	buf     [slotSize]byte
}

// advance raises the mark.
func (m *mark) advance(seq uint64) error {
	m.seq = max(m.seq, seq)
	return m.write()
}

func (m *mark) write() error {
	if m.f == nil || m.syncing || m.written >= m.seq {
		return nil
	}
	if _, err := m.f.WriteAt(appendSlot(m.buf[:0], m.seq), m.spare); err != nil {
		return err
	}
	m.written = m.seq
	return nil
}

// beginSync reports whether the file needs a sync. After that the caller calls endSync.
func (m *mark) beginSync() (bool, error) {
	if err := m.write(); err != nil || m.f == nil || m.syncing || m.written == m.durable {
		return false, err
	}
	m.syncing = true
	return true, nil
}

// endSync swaps the slots after a successful sync.
func (m *mark) endSync(err error) error {
	m.syncing = false
	if err != nil {
		// What the slot has on the disk is unknown. It is written again.
		m.written = m.durable
		return err
	}
	m.durable = m.written
	m.spare = slotDistance - m.spare
	return m.write()
}

// openMark reads the mark, or creates it if there is none; then its name is not durable.
// lost reports that it cannot be read.
func openMark(d disk) (m mark, lost bool, err error) {
	m.f, err = d.open(markName, false)
	if errors.Is(err, fs.ErrNotExist) {
		err = m.create(d)
		return m, true, err
	}
	if err == nil {
		lost, err = m.load()
	}
	return m, lost, err
}

func (m *mark) create(d disk) (err error) {
	if m.f, err = d.open(markName, true); err != nil {
		return err
	}
	return m.reset()
}

// reset writes two slots that ack nothing.
func (m *mark) reset() error {
	for _, at := range []int64{0, slotDistance} {
		if _, err := m.f.WriteAt(appendSlot(nil, 0), at); err != nil {
			return err
		}
	}
	return m.f.Sync()
}

func (m *mark) load() (lost bool, err error) {
	var b [markSize]byte
	n, err := m.f.ReadAt(b[:], 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	first, ok := parseSlot(b[:min(n, slotSize)])
	second, ok2 := parseSlot(b[min(n, slotDistance):n])
	if !ok && !ok2 {
		return true, m.reset()
	}
	m.seq, m.spare = first, slotDistance
	if ok2 && (!ok || second > first) {
		m.seq, m.spare = second, 0
	}
	m.written, m.durable = m.seq, m.seq
	// A process that was killed may have left it unsynced.
	return false, m.f.Sync()
}
