package jsonscan

import (
	"errors"
	"io"
)

var (
	errFull     = errors.New("buffer is full")
	errBadCount = errors.New("reader returned an impossible count")
)

const (
	// pad is the number of zero bytes kept readable behind the data, so that
	// loads of whole words never leave the buffer.
	pad = 64
	// defaultBuffer is the size of the buffer before a long row makes it grow.
	defaultBuffer = 64 << 10
	// defaultMaxRow is MaxRowBytes if it is zero.
	defaultMaxRow = 16 << 20
	// maxBuffer bounds MaxRowBytes: positions in a row are 32 bits wide.
	maxBuffer = 1 << 30
	// maxEmptyReads is the number of reads without data and without an error
	// after which the reader is taken to be broken.
	maxEmptyReads = 100
)

// buffer is a window on a stream. The bytes buf[pos:end] are not consumed yet;
// buf[end:end+pad] is zero.
type buffer struct {
	r    io.Reader
	buf  []byte
	pos  int
	end  int
	keep int   // if >= 0, the first byte that must stay in the window
	base int64 // offset of buf[0] in the stream
	err  error // what the reader said, to be reported when the data is used up
}

func (b *buffer) reset(r io.Reader, size int) {
	if len(b.buf) == 0 {
		b.buf = make([]byte, size+pad)
	}
	b.r = r
	b.pos, b.end, b.base = 0, 0, 0
	b.keep = -1
	b.err = nil
	clear(b.buf[:pad])
}

// offset returns the place of buf[i] in the stream.
func (b *buffer) offset(i int) int64 { return b.base + int64(i) }

// fill reads more data behind end, once. It moves the window, so that
// positions other than pos and keep become invalid, and makes the buffer grow
// if the bytes to keep fill it, up to limit. It returns io.EOF at the end of
// the stream, and errFull at the limit.
func (b *buffer) fill(limit int) error {
	if b.err != nil {
		return b.err
	}
	low := b.pos
	if b.keep >= 0 && b.keep < low {
		low = b.keep
	}
	if b.end-low >= limit {
		return errFull
	}
	room := len(b.buf) - pad
	if low > 0 && (low == b.end || room-b.end < room/2) {
		copy(b.buf, b.buf[low:b.end])
		b.base += int64(low)
		b.pos -= low
		b.end -= low
		if b.keep >= 0 {
			b.keep -= low
		}
	}
	if b.end == room {
		grown := make([]byte, max(room+1, min(2*room, limit))+pad)
		copy(grown, b.buf[:b.end])
		b.buf = grown
		room = len(grown) - pad
	}
	for range maxEmptyReads {
		n, err := b.r.Read(b.buf[b.end:room])
		if n < 0 || n > room-b.end {
			b.err = errBadCount
			return b.err
		}
		b.end += n
		clear(b.buf[b.end : b.end+pad])
		if err != nil {
			b.err = err
			if n == 0 {
				return err
			}
		}
		if n > 0 {
			return nil
		}
	}
	b.err = io.ErrNoProgress
	return b.err
}
