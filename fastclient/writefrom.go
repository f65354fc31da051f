package fastclient

import (
	"context"
	"errors"
	"io"
	"strconv"
)

// Bounds of one request that the client fills itself. The first are what every
// server takes: version 1 25 MB, version 3 10 MiB, and advice to stay at 5,000
// lines. A single line may be longer than a piece, up to maxLine.
const (
	pieceBytes = 1 << 20
	maxLine    = 16 << 20
)

// ErrLineTooLong says that a line is longer than any server takes.
var ErrLineTooLong = errors.New("fastclient: line too long")

// A PieceError says where in a stream of lines a write failed. What came before
// Offset was written.
type PieceError struct {
	Offset int64 // of the first byte that was not written, or may not have been
	Err    error
}

func (e *PieceError) Error() string {
	return e.Err.Error() + " (after " + strconv.FormatInt(e.Offset, 10) + " bytes)"
}

// Unwrap returns the cause.
func (e *PieceError) Unwrap() error { return e.Err }

// WriteFrom sends the lines that r gives, in pieces of about 1 MiB cut at line
// ends, one after the other. It holds no more than one piece, or one line, in
// memory. It returns the number of bytes written and stops at the first error,
// which is a *[PieceError] around that of r or of the write. A last line
// without a newline is a line. ctx does not interrupt a Read of r.
func (c *Client) WriteFrom(ctx context.Context, r io.Reader, opts ...WriteOption) (int64, error) {
	w := c.newWriteCall()
	defer c.freeWriteCall(w)
	for _, o := range opts {
		o.applyWrite(w)
	}
	if err := w.prepare(c.core); err != nil {
		return 0, err
	}
	var sent int64
	cut := cutter{r: r}
	for {
		lines, err := cut.next()
		if err == nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		if err == nil {
			err = c.sendLines(ctx, w, lines)
		}
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return sent, &PieceError{Offset: sent, Err: err}
		}
		sent += int64(len(lines))
	}
}

// A cutter reads a stream in pieces that end with a line.
type cutter struct {
	r   io.Reader
	buf []byte
	cut int // end of the piece given out
	err error
}

// next returns the next piece, valid until the next call, or the error that
// ended the stream once everything before it was given out.
func (c *cutter) next() ([]byte, error) {
	if c.buf == nil {
		c.buf = make([]byte, 0, pieceBytes)
	}
	c.buf = c.buf[:copy(c.buf, c.buf[c.cut:])]
	c.cut = 0
	for {
		for c.err == nil && len(c.buf) < cap(c.buf) {
			var n int
			n, c.err = c.r.Read(c.buf[len(c.buf):cap(c.buf)])
			c.buf = c.buf[:len(c.buf)+n]
		}
		if c.cut = lastLineEnd(c.buf); c.cut > 0 && c.err == nil {
			return c.buf[:c.cut:c.cut], nil
		}
		if c.err != nil {
			return c.last()
		}
		if cap(c.buf) >= maxLine {
			return nil, ErrLineTooLong
		}
		c.buf = append(make([]byte, 0, 2*cap(c.buf)), c.buf...)
	}
}

// last gives out what is left: all of it at the end of the stream, the complete
// lines before an error.
func (c *cutter) last() ([]byte, error) {
	if c.err == io.EOF {
		c.cut = len(c.buf)
	}
	if c.cut == 0 {
		return nil, c.err
	}
	return c.buf[:c.cut:c.cut], nil
}

// lastLineEnd returns the length of the complete lines of b.
func lastLineEnd(b []byte) int {
	end := 0
	for {
		n := lineEnd(b[end:])
		if n == 0 {
			return end
		}
		end += n
	}
}
