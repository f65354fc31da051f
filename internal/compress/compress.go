// Package compress compresses request bodies and decompresses responses.
//
// Bodies are compressed by a [Compressor]: gzip at level 1, the default, by the encoder of
// internal/deflate, at other levels by klauspost/compress, and zstd for servers that are
// known to accept it. [Bound] limits the memory of encoders. Responses are decompressed by
// internal/inflate: in the goroutine that reads, by a [Reader], or ahead of it in another,
// by a [Pipeline].
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

// Gzip returns a Compressor for gzip at a level of 1 to 9.
func Gzip(level int) Compressor {
	if level == 1 {
		return new(lineGzip)
	}
	return &levelGzip{level: level}
}

// A lineGzip compresses at level 1 with our own encoder, which is made for line protocol.
// It keeps as many encoders as goroutines compress at the same time.
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

// Bound returns a Compressor that does the work of c for a number of senders, and the bytes
// that its encoders take: at most a sixteenth of memory, but at least one encoder. Only the
// encoders of gzip at level 1 are counted; for any other c it returns c and 0.
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

// An encoderSet compresses as a lineGzip does, with at most as many encoders as its
// capacity; a goroutine that finds none free waits. An encoder is made when it is first
// needed, and kept, because it remembers the codes of earlier bodies.
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

// A writer is a gzip writer together with its destination.
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
	w.z.Write(p) // cannot fail: Write of w accepts everything
	w.z.Close()
	dst, w.out = w.out, nil
	g.writers.Put(w)
	return dst
}

// A zstdCompressor compresses with zstd.
type zstdCompressor struct{ z *zstd.Encoder }

// Zstd returns a Compressor for zstd at one of zstd's levels.
func Zstd(level int) Compressor {
	z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level))) // cannot fail with this option
	return &zstdCompressor{z}
}

func (*zstdCompressor) Encoding() string { return "zstd" }

func (c *zstdCompressor) Append(dst, p []byte) []byte { return c.z.EncodeAll(p, dst) }
