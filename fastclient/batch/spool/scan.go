package spool

import "io"

// This file reads the frames of a segment one after the other, in memory of a fixed size,
// whatever the file holds.

// scanBytes is the size of the window through which a segment is read. It stays in the
// cache of a processor between the read and the checksum.
const scanBytes = 256 << 10

// A found says what is at some offset of a segment.
type found uint8

const (
	foundFrame  found = iota // a frame whose checksums are right
	foundEnd                 // the end of the file or its limit
	foundShort               // the beginning of a frame, then the end
	foundBody                // a frame whose header is right and whose body is not
	foundHeader              // bytes that are no header of the expected frame
	foundError               // scanner.err
)

// A scanner reads frames. Its zero value with f, at, end, seed, seq and buf is ready.
type scanner struct {
	f       io.ReaderAt
	at, end int64  // offset of the next frame, and of the end
	seed    uint32 // of the segment
	seq     uint64 // of the next frame
	buf     []byte // of scanBytes
	err     error  // of a read

	first int64 // offset of window in the file
	have  int   // bytes in it
}

// window returns the bytes from offset at on, n of them at least unless the end is before.
func (r *scanner) window(at int64, n int) []byte {
	n = int(min(int64(n), r.end-at))
	if at < r.first || at+int64(n) > r.first+int64(r.have) {
		r.first, r.have = at, 0
		want := int(min(int64(len(r.buf)), r.end-at))
		got, err := r.f.ReadAt(r.buf[:want], at)
		if got < want {
			if err != io.EOF {
				r.err = err
				return nil
			}
			r.end = at + int64(got)
		}
		r.have = got
	}
	return r.buf[at-r.first : r.have]
}

// next reads a frame and moves on to the one after it. It leaves the body unread if verify
// is false; then foundBody is never returned.
func (r *scanner) next(verify bool) (h frameHeader, what found) {
	b := r.window(r.at, frameHeaderSize)
	switch {
	case r.err != nil:
		return h, foundError
	case len(b) == 0:
		return h, foundEnd
	case len(b) < frameHeaderSize:
		return h, foundShort
	}
	h, ok := parseFrameHeader(b, r.seed, r.seq)
	if !ok {
		return h, foundHeader
	}
	after := r.at + h.size()
	if after > r.end {
		return h, foundShort
	}
	if verify {
		sum := r.seed
		for at := r.at + frameHeaderSize; at < after; {
			part := r.window(at, 1)
			if r.err != nil {
				return h, foundError
			}
			if len(part) == 0 { // the file became shorter meanwhile
				return h, foundShort
			}
			part = part[:min(int64(len(part)), after-at)]
			sum = checksum(sum, part)
			at += int64(len(part))
		}
		if sum != h.check {
			return h, foundBody
		}
	}
	r.at = after
	r.seq++
	return h, foundFrame
}

// onlyZeros reports whether nothing but zeros follows.
func (r *scanner) onlyZeros() bool {
	for at := r.at; at < r.end; {
		b := r.window(at, 1)
		if len(b) == 0 {
			return r.err == nil
		}
		for _, c := range b {
			if c != 0 {
				return false
			}
		}
		at += int64(len(b))
	}
	return true
}
