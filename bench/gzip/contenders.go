package gzip

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/pointwire/pointwire/internal/deflate"
	"github.com/pointwire/pointwire/internal/measure"
)

const fast = "github.com/klauspost/compress"

// A Contender appends body, compressed, to dst.
type Contender interface {
	Append(dst, body []byte) ([]byte, error)
}

// An entry describes a contender and a decoder of its output.
type entry struct {
	name, module string
	make         func() (Contender, error)
	decode       func(p []byte) ([]byte, error)
}

// own is the encoder of this tree.
type own struct{ e deflate.Encoder }

func (c *own) Append(dst, body []byte) ([]byte, error) { return c.e.AppendGzip(dst, body), nil }

// A writer is a gzip.Writer of either package, reset for each body.
type writer struct {
	z interface {
		io.WriteCloser
		Reset(io.Writer)
	}
	dst []byte
}

func (c *writer) Write(p []byte) (int, error) {
	c.dst = append(c.dst, p...)
	return len(p), nil
}

func (c *writer) Append(dst, body []byte) ([]byte, error) {
	c.dst = dst
	c.z.Reset(c)
	if _, err := c.z.Write(body); err != nil {
		return dst, err
	}
	err := c.z.Close()
	return c.dst, err
}

type zstdEncoder struct{ z *zstd.Encoder }

func (c *zstdEncoder) Append(dst, body []byte) ([]byte, error) { return c.z.EncodeAll(body, dst), nil }

func std(level int) entry {
	return entry{fmt.Sprintf("compress-gzip-%d", level), "", func() (Contender, error) {
		z, err := stdgzip.NewWriterLevel(nil, level)
		return &writer{z: z}, err
	}, gunzip}
}

func klauspost(name string, level int) entry {
	return entry{name, fast, func() (Contender, error) {
		z, err := gzip.NewWriterLevel(nil, level)
		return &writer{z: z}, err
	}, gunzip}
}

// entries lists all contenders. Sizes are given as shares of that of the first.
var entries = []entry{
	klauspost(baseName, 1),
	{ownName, "github.com/pointwire/pointwire", func() (Contender, error) { return new(own), nil }, gunzip},
	klauspost("klauspost-2", 2), klauspost("klauspost-3", 3), klauspost("klauspost-stateless", gzip.StatelessCompression),
	std(1), std(6),
	{"zstd-fastest", fast, func() (Contender, error) {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
		return &zstdEncoder{z}, err
	}, unzstd},
}

func gunzip(p []byte) ([]byte, error) {
	r, err := stdgzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func unzstd(p []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return r.DecodeAll(p, nil)
}

// newCase makes a case of bodies of the given number of units each.
func newCase(name, unit string, units int, list [][]byte) (measure.Case, error) {
	bytes := 0
	for _, b := range list {
		bytes += len(b)
	}
	c := measure.Case{
		Suite: suite, Name: name, Unit: unit, Units: units, Bytes: bytes / len(list), Base: baseName, CPU: true, ExtraUnit: sizeUnit,
		Ops: []measure.Op{copyOp(list)},
	}
	baseSize := 0
	for _, e := range entries {
		z, err := e.make()
		if err != nil {
			return c, err
		}
		var dst []byte
		total := 0
		for _, b := range list {
			if dst, err = z.Append(dst[:0], b); err != nil {
				return c, err
			}
			total += len(dst)
		}
		if e.name == baseName {
			baseSize = total
		}
		share := float64(total) / float64(baseSize)
		next := 0
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   fmt.Sprintf("%s, to 1/%.2f", measure.Version(e.module), float64(bytes)/float64(total)),
			Check: func() error {
				for _, b := range [][]byte{list[0], list[len(list)-1]} {
					if dst, err = z.Append(dst[:0], b); err != nil {
						return err
					}
					got, err := e.decode(dst)
					if err != nil {
						return err
					}
					if err := measure.Differ(got, b); err != nil {
						return err
					}
				}
				return nil
			},
			Run: func() (err error) {
				next++
				dst, err = z.Append(dst[:0], list[next%len(list)])
				return err
			},
			Extra: func() (float64, error) { return share, nil },
		})
	}
	return c, nil
}

// copyOp copies one body after the other. No compressor can be faster.
func copyOp(list [][]byte) measure.Op {
	var buf []byte
	next := 0
	return measure.Op{
		Contender: "copy",
		Version:   measure.Version(""),
		Check: func() error {
			buf = append(buf[:0], list[0]...)
			return measure.Differ(buf, list[0])
		},
		Run: func() error {
			next++
			buf = append(buf[:0], list[next%len(list)]...)
			return nil
		},
	}
}
