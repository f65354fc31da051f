// Package compress compresses request bodies and decompresses responses: gzip by our own encoder
// and decoder at the default level, by klauspost/compress at the others, zstd where a
// server is known to take it.
package compress

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/internal/deflate"
)

// A Compressor compresses bodies. Several goroutines may use it at once.
type Compressor interface {
	// Append appends p, compressed, to dst.
	Append(dst, p []byte) []byte
	// Encoding is the content encoding.
	Encoding() string
}

// Gzip returns a Compressor for gzip's format. Level 1 has an encoder of our own; the
// level is one of 1 to 9.
func Gzip(level int) Compressor {
	if level == 1 {
		return new(lineGzip)
	}
	return &levelGzip{level: level}
}

// A lineGzip has an encoder for line protocol. It keeps as many encoders as goroutines
// compress at the same time.
type lineGzip struct{ encoders sync.Pool }

func (*lineGzip) Encoding() string { return "gzip" }

func (g *lineGzip) Append(dst, p []byte) []byte {
	e, _ := g.encoders.Get().(*deflate.Encoder)
	if e == nil {
		e = new(deflate.Encoder)
	}
	dst = e.AppendGzip(dst, p)
	g.encoders.Put(e)
	return dst
}

// Bound returns what compresses for so many senders within a sixteenth of memory, or
// with one encoder, and how much it takes. Only the encoders of level 1 are counted: c
// itself and 0 for any other.
func Bound(c Compressor, senders, memory int) (Compressor, int) {
	if _, ok := c.(*lineGzip); !ok {
		return c, 0
	}
	n := max(1, min(senders, memory/16/deflate.EncoderSize))
	s := make(encoderSet, n)
	for range n {
		s <- nil
	}
	return s, n * deflate.EncoderSize
}

// An encoderSet compresses as a lineGzip does, with at most as many encoders as it has
// room for. Further goroutines wait until one is free. An encoder is made when it is
// first needed, and kept: it knows the codes of the bodies before.
type encoderSet chan *deflate.Encoder

func (encoderSet) Encoding() string { return "gzip" }

func (s encoderSet) Append(dst, p []byte) []byte {
	e := <-s
	if e == nil {
		e = new(deflate.Encoder)
	}
	dst = e.AppendGzip(dst, p)
	s <- e
	return dst
}

// A levelGzip compresses at the other levels. It keeps its writers: a new one costs more
// than compressing 100 KiB.
type levelGzip struct {
	level   int
	writers sync.Pool // of *writer
}

// A writer is a gzip writer and where it writes to.
type writer struct {
	z   *gzip.Writer
	out []byte
}

func (w *writer) Write(p []byte) (int, error) {
	w.out = append(w.out, p...)
	return len(p), nil
}

func (*levelGzip) Encoding() string { return "gzip" }

func (g *levelGzip) Append(dst, p []byte) []byte {
	w, _ := g.writers.Get().(*writer)
	if w == nil {
		w = new(writer)
		w.z, _ = gzip.NewWriterLevel(io.Discard, g.level) // the level was checked
	}
	w.out = dst
	w.z.Reset(w)
	w.z.Write(p) // a writer takes everything
	w.z.Close()
	dst, w.out = w.out, nil
	g.writers.Put(w)
	return dst
}

// A zstdCompressor compresses with zstd.
type zstdCompressor struct{ z *zstd.Encoder }

// Zstd returns a Compressor for zstd at a level of zstd's own.
func Zstd(level int) Compressor {
	z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level))) // no option can fail
	return &zstdCompressor{z}
}

func (*zstdCompressor) Encoding() string { return "zstd" }

func (c *zstdCompressor) Append(dst, p []byte) []byte { return c.z.EncodeAll(p, dst) }
