// Package gzip compares compressors on batches of line protocol, writers reused
// as their documentation asks. Each run compresses another of 26 batches of
// 5,000 points; what comes out must inflate to what went in. How small the
// batches get stands beside the version, since it belongs to it.
package gzip

import (
	"bytes"
	stdgzip "compress/gzip"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/pointwire/pointwire/bench/measure"
	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

const (
	suite    = "gzip"
	baseName = "compress-gzip-6"
	fast     = "github.com/klauspost/compress"
)

// A Contender is a gzip writer, used again for each batch.
type Contender interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// Suite is the suite "gzip".
var Suite = measure.Suite{Name: suite, About: "batches of 5,000 lines compressed", Names: names, Cases: cases}

// entry is a writer at a level; pointwire uses klauspost's at level 1.
type entry struct {
	name, module string
	make         func() (Contender, error)
}

func std(level int) entry {
	return entry{fmt.Sprintf("compress-gzip-%d", level), "", func() (Contender, error) {
		return stdgzip.NewWriterLevel(nil, level)
	}}
}

func klauspost(name string, level int) entry {
	return entry{name, fast, func() (Contender, error) { return gzip.NewWriterLevel(nil, level) }}
}

var entries = []entry{
	klauspost("klauspost-1", 1), klauspost("klauspost-2", 2), klauspost("klauspost-3", 3), klauspost("klauspost-6", 6),
	std(1), std(6),
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	n := measure.Scale(131072, size, 10_000)
	var list []measure.Case
	for _, name := range names {
		if !want(name) {
			continue
		}
		var lines []byte
		var ends []int
		add := func(i int) {
			if (i+1)%5000 == 0 || i == n-1 {
				ends = append(ends, len(lines))
			}
		}
		if name == "trade" {
			var e lp.Encoder
			for i, p := range workload.Trades(n, 1) {
				e.Point("Trade")
				e.Tag("instrument", p.Instrument)
				e.Tag("side", p.Side)
				e.Tag("source", p.Source)
				e.Float("price", p.Price)
				e.Int("size", p.Size)
				e.String("trade_id", p.TradeID)
				if err := e.EndTimestamp(p.Timestamp); err != nil {
					return nil, err
				}
				lines = e.Bytes()
				add(i)
			}
		} else {
			var e lp.Encoder
			for i, p := range workload.CPUs(n, 1) {
				e.Point("cpu")
				for k, v := range p.Tags() {
					e.Tag(workload.CPUTags[k], v)
				}
				for k, v := range p.Values() {
					e.Float(workload.CPUFields[k], v)
				}
				if err := e.EndTimestamp(p.Timestamp); err != nil {
					return nil, err
				}
				lines = e.Bytes()
				add(i)
			}
		}
		c, err := newCase(name, lines, ends)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func newCase(name string, lines []byte, ends []int) (measure.Case, error) {
	// One run compresses one batch, each another one.
	var batches [][]byte
	for i, at := 0, 0; i < len(ends); i++ {
		batches = append(batches, lines[at:ends[i]])
		at = ends[i]
	}
	batches = batches[:len(batches)-1] // the last is shorter
	c := measure.Case{Suite: suite, Name: name, Unit: "point", Units: 5000, Bytes: len(batches[0]), Base: baseName}
	c.Ops = append(c.Ops, copyOp(batches))
	for _, e := range entries {
		z, err := e.make()
		if err != nil {
			return c, err
		}
		var packed bytes.Buffer
		compress := func(b []byte) error {
			packed.Reset()
			z.Reset(&packed)
			if _, err := z.Write(b); err != nil {
				return err
			}
			return z.Close()
		}
		total := 0
		for _, b := range batches {
			if err := compress(b); err != nil {
				return c, err
			}
			total += packed.Len()
		}
		next := 0
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   fmt.Sprintf("%s, to 1/%.2f", measure.Version(e.module), float64(len(batches)*len(batches[0]))/float64(total)),
			Check: func() error {
				if err := compress(batches[0]); err != nil {
					return err
				}
				r, err := stdgzip.NewReader(&packed)
				if err != nil {
					return err
				}
				got, err := io.ReadAll(r)
				if err != nil {
					return err
				}
				return measure.Differ(got, batches[0])
			},
			Run: func() error {
				next++
				return compress(batches[next%len(batches)])
			},
		})
	}
	return c, nil
}

// copyOp copies one batch after the other: the floor under every compressor.
func copyOp(batches [][]byte) measure.Op {
	var buf []byte
	next := 0
	return measure.Op{
		Contender: "copy",
		Version:   measure.Version(""),
		Check: func() error {
			buf = append(buf[:0], batches[0]...)
			return measure.Differ(buf, batches[0])
		},
		Run: func() error {
			next++
			buf = append(buf[:0], batches[next%len(batches)]...)
			return nil
		},
	}
}

var names = []string{"trade", "cpu"}
