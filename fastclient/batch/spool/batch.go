package spool

import (
	"math"
	"time"
)

// A Batch is what a request sends: its body, where it goes, and how many lines it has.
type Batch struct {
	// Seq is the number of the batch. Put, PutLeased, Next and TryNext set it. Batches are
	// numbered from 1 in the order in which they were put, across restarts.
	Seq uint64
	// Target says where the batch goes, such as a database and a precision. The spool
	// keeps it unread. It has at most 65,535 bytes.
	Target []byte
	// Body is the body as it is sent.
	Body []byte
	// Encoding is the content encoding of Body.
	Encoding Encoding
	// Lines is the number of lines in Body.
	Lines int
	// Bytes is the size of the lines before they were compressed.
	Bytes int
	// SealedAt is when the batch was complete. Put sets it to the present if it is zero. It
	// is stored in nanoseconds from 1970, so years before 1678 and after 2262 do not fit.
	SealedAt time.Time

	frame []byte // the memory of what Next read
}

// An Encoding is the content encoding of a body.
type Encoding uint8

const (
	Plain Encoding = iota // not compressed
	Gzip                  // compressed by gzip
	Zstd                  // compressed by zstd

	numEncodings
)

// String returns the word of the header Content-Encoding, empty for Plain.
func (e Encoding) String() string {
	switch e {
	case Plain:
		return ""
	case Gzip:
		return "gzip"
	case Zstd:
		return "zstd"
	}
	return "unknown"
}

// An Order says which batch is leased first.
type Order uint8

const (
	Oldest Order = iota // the batch that was put first
	Newest              // the batch that was put last
)

// maxFrameSize bounds a batch with its target and header.
const maxFrameSize = 256 << 20

// check returns an error that says why b cannot be stored, or nil.
func (b *Batch) check() error {
	switch {
	case len(b.Body) == 0:
		return invalid("no body")
	case len(b.Target) > math.MaxUint16:
		return invalid("target has more than 65,535 bytes")
	case frameHeaderSize+len(b.Target)+len(b.Body) > maxFrameSize:
		return ErrTooLarge
	case b.Lines < 1 || uint64(b.Lines) > math.MaxUint32:
		return invalid("number of lines out of range")
	case b.Bytes < 0 || uint64(b.Bytes) > math.MaxUint32:
		return invalid("size of lines out of range")
	case b.Encoding >= numEncodings:
		return invalid("unknown encoding")
	}
	return nil
}

// header returns the header of a frame that holds b.
func (b *Batch) header(seed uint32) frameHeader {
	return frameHeader{
		check:    checksum(checksum(seed, b.Target), b.Body),
		seq:      b.Seq,
		sealed:   b.SealedAt.UnixNano(),
		body:     uint32(len(b.Body)),
		bytes:    uint32(b.Bytes),
		lines:    uint32(b.Lines),
		target:   uint16(len(b.Target)),
		encoding: b.Encoding,
	}
}

// set makes b what h and its frame say. The frame stays the memory of b.
func (b *Batch) set(h *frameHeader, frame []byte) {
	body := frameHeaderSize + int(h.target)
	*b = Batch{
		Seq: h.seq, Target: frame[frameHeaderSize:body:body], Body: frame[body:len(frame):len(frame)], Encoding: h.encoding,
		Lines: int(h.lines), Bytes: int(h.bytes), SealedAt: time.Unix(0, h.sealed), frame: frame,
	}
}
