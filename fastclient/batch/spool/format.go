package spool

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
	"strings"
)

// This file writes and reads the records of the format, which doc.go describes. Its
// functions know bytes only, not files. Each parse function reports false unless its record
// is complete and its checksum is right.

// maxNumber bounds the numbers of segments and batches, so that sums never overflow.
const maxNumber = 1 << 62

// version is the only version that this package reads and writes.
const version = 1

const (
	prologueSize      = 16
	segmentHeaderSize = 128
	retiredOffset     = 64 // of the retired record in the header of a segment
	retiredSize       = 24
	frameHeaderSize   = 40
	manifestHeadSize  = 48
	manifestEntrySize = 48
	slotSize          = 40
	slotDistance      = 512 // of the slots of the mark: a sector each
	markSize          = slotDistance + slotSize
)

// The first 8 bytes of each kind of file.
const (
	segmentMagic  = "pwspools"
	manifestMagic = "pwspoolm"
	markMagic     = "pwspoolk"
	retiredMagic  = "retired\n"
)

// frameMark is in every frame header, so that a header of zeros is never valid.
const frameMark = 0xFB

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	order      = binary.LittleEndian
)

func checksum(seed uint32, b []byte) uint32 { return crc32.Update(seed, castagnoli, b) }

// appendPrologue appends what every file of every version begins with: its magic, the
// version, and a checksum of both.
func appendPrologue(b []byte, magic string) []byte {
	start := len(b)
	b = order.AppendUint32(append(b, magic...), version)
	return order.AppendUint32(b, checksum(0, b[start:]))
}

// prologueVersion returns the version in the prologue of a file, and 0 if the prologue is
// damaged. So a flipped bit is damage, not a version of the future.
func prologueVersion(b []byte, magic string) uint32 {
	if len(b) < prologueSize || string(b[:8]) != magic || order.Uint32(b[12:]) != checksum(0, b[:12]) {
		return 0
	}
	return order.Uint32(b[8:])
}

// An identity names a segment.
type identity struct {
	id   uint64 // counted from 1, never used again
	base uint64 // number of its first batch
	salt uint64 // a random number
}

func (n identity) possible() bool {
	return 0 < n.id && n.id < maxNumber && 0 < n.base && n.base <= maxNumber-maxFrames
}

// seed is the first value of the checksums in the segment: a frame of another segment,
// which a file system may show after a crash, is never valid here.
func (n identity) seed() uint32 {
	var b [24]byte
	order.PutUint64(b[:], n.id)
	order.PutUint64(b[8:], n.base)
	order.PutUint64(b[16:], n.salt)
	return checksum(0, b[:])
}

// appendSegmentHeader appends the header of a segment that is not retired.
func appendSegmentHeader(b []byte, n identity) []byte {
	start := len(b)
	b = appendPrologue(b, segmentMagic)
	b = order.AppendUint64(b, n.id)
	b = order.AppendUint64(b, n.base)
	b = order.AppendUint64(b, n.salt)
	b = order.AppendUint32(b, checksum(0, b[start:]))
	return append(b, make([]byte, start+segmentHeaderSize-len(b))...)
}

func parseSegmentHeader(b []byte) (n identity, ok bool) {
	if len(b) < segmentHeaderSize || prologueVersion(b, segmentMagic) != version || order.Uint32(b[40:]) != checksum(0, b[:40]) {
		return n, false
	}
	n = identity{id: order.Uint64(b[16:]), base: order.Uint64(b[24:]), salt: order.Uint64(b[32:])}
	return n, n.possible()
}

// appendRetired appends the record which says that no batch of the segment is wanted any
// more. It needs no checksum, because each of its bytes is known.
func appendRetired(b []byte, n identity) []byte {
	b = order.AppendUint64(append(b, retiredMagic...), n.id)
	return order.AppendUint64(b, n.salt)
}

// isRetired reports whether the header of a segment has a retired record.
func isRetired(header []byte, n identity) bool {
	if len(header) < retiredOffset+retiredSize {
		return false
	}
	r := header[retiredOffset:]
	return string(r[:8]) == retiredMagic && order.Uint64(r[8:]) == n.id && order.Uint64(r[16:]) == n.salt
}

// A frameHeader is in front of each batch in a segment.
type frameHeader struct {
	check    uint32 // checksum of target and body
	seq      uint64
	sealed   int64 // nanoseconds since 1970
	body     uint32
	bytes    uint32
	lines    uint32
	target   uint16
	encoding Encoding
}

// size returns the size of the whole frame.
func (h *frameHeader) size() int64 {
	return frameHeaderSize + int64(h.target) + int64(h.body)
}

func (h *frameHeader) count() Count {
	return Count{Batches: 1, Lines: uint64(h.lines), Bytes: uint64(h.bytes)}
}

func (h *frameHeader) appendTo(b []byte, seed uint32) []byte {
	start := len(b)
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, h.check)
	b = order.AppendUint64(b, h.seq)
	b = order.AppendUint64(b, uint64(h.sealed))
	b = order.AppendUint32(b, h.body)
	b = order.AppendUint32(b, h.bytes)
	b = order.AppendUint32(b, h.lines)
	b = order.AppendUint16(b, h.target)
	b = append(b, byte(h.encoding), frameMark)
	order.PutUint32(b[start:], checksum(seed, b[start+4:]))
	return b
}

// parseFrameHeader reads the header of the frame of batch seq. Its checksum is apart from
// that of the body, so that a damaged body does not hide how many lines it had.
func parseFrameHeader(b []byte, seed uint32, seq uint64) (h frameHeader, ok bool) {
	if len(b) < frameHeaderSize || b[39] != frameMark || order.Uint32(b) != checksum(seed, b[4:frameHeaderSize]) {
		return h, false
	}
	h = frameHeader{
		check:    order.Uint32(b[4:]),
		seq:      order.Uint64(b[8:]),
		sealed:   int64(order.Uint64(b[16:])),
		body:     order.Uint32(b[24:]),
		bytes:    order.Uint32(b[28:]),
		lines:    order.Uint32(b[32:]),
		target:   order.Uint16(b[36:]),
		encoding: Encoding(b[38]),
	}
	return h, h.seq == seq && h.encoding < numEncodings && h.body > 0 && h.size() <= maxFrameSize
}

// A manifestEntry describes a segment that is in use.
type manifestEntry struct {
	identity
	size   int64  // of a segment that takes no more batches; 0: it may grow
	frames uint32 // in it
	lines  uint64 // in all of them
}

// A manifest lists the segments that are in use.
type manifest struct {
	nextID  uint64 // larger than the id of every segment so far
	nextSeq uint64 // at most the number of the next batch
	entries []manifestEntry
}

func (m *manifest) appendTo(b []byte) []byte {
	start := len(b)
	b = appendPrologue(b, manifestMagic)
	b = order.AppendUint64(b, m.nextID)
	b = order.AppendUint64(b, m.nextSeq)
	b = order.AppendUint64(b, uint64(len(m.entries)))
	b = order.AppendUint32(b, 0)
	b = order.AppendUint32(b, checksum(0, b[start:]))
	for i := range m.entries {
		b = m.entries[i].appendTo(b)
	}
	return b
}

func (e *manifestEntry) appendTo(b []byte) []byte {
	start := len(b)
	b = order.AppendUint64(b, e.id)
	b = order.AppendUint64(b, e.base)
	b = order.AppendUint64(b, e.salt)
	b = order.AppendUint64(b, uint64(e.size))
	b = order.AppendUint32(b, e.frames)
	b = order.AppendUint64(b, e.lines)
	return order.AppendUint32(b, checksum(0, b[start:]))
}

// parseManifestHead reads what is in front of the entries.
func parseManifestHead(b []byte) (m manifest, entries uint64, ok bool) {
	if len(b) < manifestHeadSize || prologueVersion(b, manifestMagic) != version || order.Uint32(b[44:]) != checksum(0, b[:44]) {
		return m, 0, false
	}
	m = manifest{nextID: order.Uint64(b[16:]), nextSeq: order.Uint64(b[24:])}
	if m.nextID > maxNumber || m.nextSeq > maxNumber {
		return manifest{}, 0, false
	}
	return m, order.Uint64(b[32:]), true
}

func parseManifestEntry(b []byte) (e manifestEntry, ok bool) {
	if len(b) < manifestEntrySize || order.Uint32(b[44:]) != checksum(0, b[:44]) {
		return e, false
	}
	e = manifestEntry{
		identity: identity{id: order.Uint64(b), base: order.Uint64(b[8:]), salt: order.Uint64(b[16:])},
		size:     int64(order.Uint64(b[24:])), frames: order.Uint32(b[32:]), lines: order.Uint64(b[36:]),
	}
	return e, e.possible() && e.frames <= maxFrames && (e.size == 0 || e.size >= segmentHeaderSize)
}

// appendSlot appends a slot of the mark: every batch up to number seq is acked.
func appendSlot(b []byte, seq uint64) []byte {
	start := len(b)
	b = appendPrologue(b, markMagic)
	b = order.AppendUint64(b, seq)
	b = order.AppendUint32(b, checksum(0, b[start:]))
	return append(b, make([]byte, start+slotSize-len(b))...)
}

func parseSlot(b []byte) (seq uint64, ok bool) {
	if len(b) < slotSize || prologueVersion(b, markMagic) != version || order.Uint32(b[24:]) != checksum(0, b[:24]) {
		return 0, false
	}
	seq = order.Uint64(b[16:])
	return seq, seq < maxNumber
}

// Names in the directory of a spool.
const (
	lockName          = "lock"
	manifestName      = "manifest"
	manifestTempName  = "manifest.tmp"
	markName          = "mark"
	quarantineDir     = "quarantine"
	segmentSuffix     = ".seg"
	quarantineTemp    = quarantineDir + "/tmp"
	segmentNameDigits = 16
)

// appendHex appends n with 16 digits, so that names sort like numbers.
func appendHex(b []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, "0123456789abcdef"[n>>shift&15])
	}
	return b
}

func segmentName(id uint64) string {
	return string(append(appendHex(nil, id), segmentSuffix...))
}

// segmentID is the reverse of segmentName. Other names are those of foreign files.
func segmentID(name string) (id uint64, ok bool) {
	digits, found := strings.CutSuffix(name, segmentSuffix)
	if !found || len(digits) != segmentNameDigits {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 16, 64)
	return id, err == nil && 0 < id && id < maxNumber && segmentName(id) == name
}

// quarantineName says where the bytes of a quarantined file come from, and why.
func quarantineName(id uint64, offset int64, reason string) string {
	b := append([]byte(quarantineDir), '/')
	b = append(appendHex(b, id), '-')
	b = append(strconv.AppendInt(b, offset, 10), '-')
	return string(append(append(b, reason...), segmentSuffix...))
}
