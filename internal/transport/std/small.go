package std

import (
	"bytes"
	"io"
	"sync/atomic"
	"time"

	"github.com/pointwire/pointwire/internal/transport"
)

// smallBody is the largest streamed body of known length that is read at once.
const smallBody = 8 << 10

// A smallReader is a streamed body that was read at once.
type smallReader struct {
	*bytes.Reader
	err    error // after it
	closed atomic.Bool
}

func (x *exchange) readSmall() *smallReader {
	if d := x.t.o.ReadTimeout; d > 0 {
		timer := time.AfterFunc(d, func() { x.cancel(transport.ErrTimeout) })
		defer timer.Stop()
	}
	p, err := io.ReadAll(x)
	if err == nil {
		err = io.EOF
	}
	x.Close()
	return &smallReader{Reader: bytes.NewReader(p), err: err}
}

// Read reads until the body is closed.
func (s *smallReader) Read(p []byte) (int, error) {
	if s.closed.Load() {
		return 0, transport.ErrBodyClosed
	}
	if s.Len() == 0 && len(p) > 0 {
		return 0, s.err
	}
	return s.Reader.Read(p)
}

// WriteTo is hidden: it would not look at closed.
func (s *smallReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{s})
}

// Close makes further reads fail.
func (s *smallReader) Close() error {
	s.closed.Store(true)
	return nil
}
