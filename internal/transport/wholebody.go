package transport

import (
	"bytes"
	"sync/atomic"
)

// A WholeBody is a streamed body of which all bytes have arrived, so that it keeps no
// connection until it is read.
type WholeBody struct {
	r      bytes.Reader
	err    error // follows the bytes, nil for io.EOF
	closed atomic.Bool
}

// NewWholeBody returns the body that is p, which it keeps, and then err; nil means the end.
func NewWholeBody(p []byte, err error) *WholeBody {
	b := &WholeBody{err: err}
	b.r.Reset(p)
	return b
}

// Read reads until the body is closed.
func (b *WholeBody) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, ErrBodyClosed
	}
	if b.err != nil && b.r.Len() == 0 && len(p) > 0 {
		return 0, b.err
	}
	return b.r.Read(p)
}

// Close makes further reads fail.
func (b *WholeBody) Close() error {
	b.closed.Store(true)
	return nil
}
