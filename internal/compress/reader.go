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

// A Reader decompresses a gzip'ed response and gives its decoder back when closed. Close may
// be called while a Read is under way: it waits for it, so that nobody gets a decoder
// that is still in use.
type Reader struct {
	mu sync.Mutex
	z  *inflate.Reader
}

// NewReader returns a Reader of what src gives.
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

// Close gives the decoder back. It returns nil and may be called again.
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
