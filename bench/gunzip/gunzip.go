// Package gunzip compares decompressors on query responses. compress/gzip compressed them
// at its default level, as influxd does. The conditions are those of a real client:
// readers are reused as their documentation asks, and read into a buffer of 64 KiB. The
// outcome must be the response.
//
// A run inflates a whole large response. Small responses have 5 and 50 KB, and a branch
// predictor would learn one, so each run inflates the next of a hundred.
package gunzip

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"strings"

	kgzip "github.com/klauspost/compress/gzip"

	"github.com/pointwire/pointwire/internal/inflate"
	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

const (
	suite    = "gunzip"
	baseName = "compress-gzip"
	fastName = "klauspost"
	ownName  = "pointwire"
)

// A Contender inflates a body.
type Contender interface {
	// Inflate calls yield with the data of src, piece by piece.
	Inflate(src []byte, yield func(p []byte)) error
}

// Suite is the suite "gunzip".
var Suite = measure.Suite{Name: suite, About: "compressed query responses inflated", Names: names(), Cases: cases}

// Goals are the goals of the design for this suite.
var Goals = goals()

func goals() []measure.Goal {
	var list []measure.Goal
	for _, name := range names() {
		factor := 2.1
		switch name {
		case "small_mean":
			factor = 1.5
		case "small_last":
			factor = 1
		}
		list = append(list, measure.Goal{Suite: suite, Case: name, Contender: ownName, Against: []string{fastName}, Factor: factor})
	}
	return list
}

func names() []string {
	var list []string
	for _, b := range workload.Bodies {
		list = append(list, b.Name)
	}
	return list
}

// A streamer inflates with one reader, which it resets for each body.
type streamer struct {
	reset func(src io.Reader) error
	z     io.Reader
	src   bytes.Reader
	buf   [64 << 10]byte
}

func (s *streamer) Inflate(src []byte, yield func(p []byte)) error {
	s.src.Reset(src)
	if err := s.reset(&s.src); err != nil {
		return err
	}
	for {
		n, err := s.z.Read(s.buf[:])
		yield(s.buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// whole inflates a body in one call, into a buffer that it keeps.
type whole struct{ dst []byte }

func (w *whole) Inflate(src []byte, yield func(p []byte)) (err error) {
	w.dst, err = inflate.AppendGunzip(w.dst[:0], src, math.MaxInt)
	yield(w.dst)
	return err
}

func newOwn() Contender {
	z := new(inflate.Reader)
	return &streamer{z: z, reset: func(src io.Reader) error {
		z.Reset(src)
		return nil
	}}
}

func newKlauspost() Contender {
	z := new(kgzip.Reader)
	return &streamer{z: z, reset: z.Reset}
}

func newStd() Contender {
	z := new(gzip.Reader)
	return &streamer{z: z, reset: z.Reset}
}

var entries = []struct {
	name, module string
	make         func() Contender
}{
	{ownName, "github.com/pointwire/pointwire", newOwn},
	{ownName + "-whole", "github.com/pointwire/pointwire", func() Contender { return new(whole) }},
	{fastName, "github.com/klauspost/compress", newKlauspost},
	{baseName, "", newStd},
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, b := range workload.Bodies {
		if !want(b.Name) {
			continue
		}
		responses := [][]byte{b.Make(size, 0)}
		if strings.HasPrefix(b.Name, "small") {
			responses = small(b, max(4, int(100*size)))
		}
		c, err := newCase(b.Name, responses)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// small returns n different responses of a small shape. They are parts of a long one.
func small(b workload.Body, n int) [][]byte {
	const head, tail = `{"results":[{"statement_id":0,"series":[`, "]}]}\n"
	one := bytes.Count(b.Make(1, 0), []byte(`{"name":`))
	series := bytes.SplitAfter(bytes.TrimPrefix(b.Make(float64(n), 0), []byte(head)), []byte("]]}"))
	var list [][]byte
	for ; len(list) < n; series = series[one:] {
		text := append([]byte(head), bytes.TrimPrefix(bytes.Join(series[:one], nil), []byte(","))...)
		list = append(list, append(text, tail...))
	}
	return list
}

func newCase(name string, responses [][]byte) (measure.Case, error) {
	var compressed [][]byte
	total, size := 0, 0
	for _, a := range responses {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(a); err != nil {
			return measure.Case{}, err
		}
		if err := z.Close(); err != nil {
			return measure.Case{}, err
		}
		compressed = append(compressed, b.Bytes())
		total += len(a)
		size += b.Len()
	}
	c := measure.Case{Suite: suite, Name: name, Unit: "KB", Units: max(1, total/len(responses)/1000), Bytes: total / len(responses), Base: baseName, CPU: true}
	for _, e := range entries {
		z := e.make()
		next := 0
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   fmt.Sprintf("%s, from 1/%.2f", measure.Version(e.module), float64(total)/float64(size)),
			Check: func() error {
				for i, p := range compressed {
					var got []byte
					if err := z.Inflate(p, func(p []byte) { got = append(got, p...) }); err != nil {
						return err
					}
					if err := measure.Differ(got, responses[i]); err != nil {
						return err
					}
				}
				return nil
			},
			Run: func() error {
				next++
				return z.Inflate(compressed[next%len(compressed)], func([]byte) {})
			},
		})
	}
	return c, nil
}
