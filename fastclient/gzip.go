package fastclient

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/inflate"
)

// keptBytes is the largest buffer that goes back to a pool.
const keptBytes = 8 << 20

// A packer packs request bodies. Several goroutines may use it at once.
type packer interface {
	// pack appends p, packed, to dst.
	pack(dst *buffer, p []byte)
	encoding() string
}

// newDeflater returns a packer for gzip's format. Level 1 has an encoder of our own.
func newDeflater(level int) packer {
	if level == 1 {
		return new(lineDeflater)
	}
	return &deflater{level: level}
}

// A lineDeflater packs in gzip's format with an encoder for line protocol. It keeps
// as many encoders as goroutines pack at the same time.
type lineDeflater struct{ encoders sync.Pool }

func (*lineDeflater) encoding() string { return "gzip" }

func (d *lineDeflater) pack(dst *buffer, p []byte) {
	e, _ := d.encoders.Get().(*deflate.Encoder)
	if e == nil {
		e = new(deflate.Encoder)
	}
	dst.b = e.AppendGzip(dst.b, p)
	d.encoders.Put(e)
}

// boundPacker returns what packs for so many senders within a sixteenth of memory, or
// with one encoder, and how much it takes. Only the encoders of level 1 are counted.
func boundPacker(p packer, senders, memory int) (packer, int) {
	if _, ok := p.(*lineDeflater); !ok {
		return p, 0
	}
	n := max(1, min(senders, memory/16/deflate.EncoderSize))
	s := make(encoderSet, n)
	for range n {
		s <- nil
	}
	return s, n * deflate.EncoderSize
}

// An encoderSet packs as a lineDeflater does, with at most as many encoders as it has
// room for. Further goroutines wait until one is free. An encoder is made when it is
// first needed, and kept: it knows the codes of the bodies before.
type encoderSet chan *deflate.Encoder

func (encoderSet) encoding() string { return "gzip" }

func (s encoderSet) pack(dst *buffer, p []byte) {
	e := <-s
	if e == nil {
		e = new(deflate.Encoder)
	}
	dst.b = e.AppendGzip(dst.b, p)
	s <- e
}

// A deflater packs in gzip's format at the other levels. It keeps its writers: a new
// one costs more than packing 100 KiB.
type deflater struct {
	level   int
	writers sync.Pool
}

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

var inflaters = sync.Pool{New: func() any { return new(inflate.Reader) }}

// An inflater unpacks an answer and gives its reader back when closed. Close may be
// called while a Read is under way: it waits for it, so that nobody gets a reader
// that is still in use.
type inflater struct {
	mu sync.Mutex
	z  *inflate.Reader
}

func newInflater(r io.Reader) *inflater {
	z := inflaters.Get().(*inflate.Reader)
	z.Reset(r)
	return &inflater{z: z}
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
		i.z.Close()
		inflaters.Put(i.z)
		i.z = nil
	}
	return nil
}
