package fastclient

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// keptBytes is the largest buffer that goes back to a pool.
const keptBytes = 8 << 20

// A packer packs request bodies.
type packer interface {
	// pack appends p, packed, to dst.
	pack(dst *buffer, p []byte)
	encoding() string
}

// A deflater packs in gzip's format. It keeps its writers: a new one costs more
// than packing 100 KiB.
type deflater struct {
	level   int
	writers sync.Pool
}

func newDeflater(level int) *deflater { return &deflater{level: level} }

func (*deflater) encoding() string { return "gzip" }

func (d *deflater) pack(dst *buffer, p []byte) {
	z, _ := d.writers.Get().(*gzip.Writer)
	if z == nil {
		z, _ = gzip.NewWriterLevel(dst, d.level) // the level was checked by New
	} else {
		z.Reset(dst)
	}
	z.Write(p) // a buffer takes everything
	z.Close()
	z.Reset(io.Discard)
	d.writers.Put(z)
}

// A zstdPacker packs with zstd.
type zstdPacker struct{ z *zstd.Encoder }

func newZstdPacker(level int) *zstdPacker {
	z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level))) // no option can fail
	return &zstdPacker{z}
}

func (*zstdPacker) encoding() string { return "zstd" }

func (s *zstdPacker) pack(dst *buffer, p []byte) { dst.b = s.z.EncodeAll(p, dst.b) }

// A buffer is a []byte that can be written to.
type buffer struct{ b []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}

var inflaters sync.Pool

// An inflater unpacks an answer and gives its reader back when closed. Close may be
// called while a Read is under way: it waits for it, so that nobody gets a reader
// that is still in use.
type inflater struct {
	mu sync.Mutex
	z  *gzip.Reader
}

func newInflater(r io.Reader) (*inflater, error) {
	z, _ := inflaters.Get().(*gzip.Reader)
	if z == nil {
		var err error
		if z, err = gzip.NewReader(r); err != nil {
			return nil, err
		}
		return &inflater{z: z}, nil
	}
	if err := z.Reset(r); err != nil {
		inflaters.Put(z)
		return nil, err
	}
	return &inflater{z: z}, nil
}

func (i *inflater) Read(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.z == nil {
		return 0, ErrResultClosed
	}
	return i.z.Read(p)
}

func (i *inflater) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.z != nil {
		inflaters.Put(i.z)
		i.z = nil
	}
	return nil
}
