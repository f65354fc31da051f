package compress

import (
	"errors"
	"io"
	"sync"

	"github.com/pointwire/pointwire/internal/inflate"
)

// ErrClosed is the error of a read after Close.
var ErrClosed = errors.New("closed")

var readers = sync.Pool{New: func() any { return new(inflate.Reader) }}

// A Reader decompresses a gzip'ed response, and returns its decoder to a pool when it is
// closed. Close may be called during a Read: it waits for the Read, so that a decoder in
// the pool is never in use.
type Reader struct {
	mu sync.Mutex
	z  *inflate.Reader
}

// NewReader returns a Reader that decompresses src.
func NewReader(src io.Reader) *Reader {
	z := readers.Get().(*inflate.Reader)
	z.Reset(src)
	return &Reader{z: z}
}

// Read reads decompressed bytes. Its errors are those of package inflate, and [ErrClosed].
func (r *Reader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.z == nil {
		return 0, ErrClosed
	}
	return r.z.Read(p)
}

// Close returns the decoder to the pool. It returns nil, and may be called again.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.z != nil {
		r.z.Close()
		readers.Put(r.z)
		r.z = nil
	}
	return nil
}
