package lp_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
	"github.com/pointwire/pointwire/lp"
)

// touched keeps what a benchmark reads from being left out.
var touched uint64

// touch asks for all parts of p.
func touch(p *lp.PointView) uint64 {
	n := len(p.Measurement())
	var bits uint64
	for i := range p.NumTags() {
		k, v := p.Tag(i)
		n += len(k) + len(v)
	}
	for i := range p.NumFields() {
		k, v := p.Field(i)
		n += len(k)
		switch v.Kind() {
		case lp.StringField:
			n += len(v.Bytes())
		case lp.BoolField:
			if v.Bool() {
				n++
			}
		default:
			bits += v.Uint()
		}
	}
	ts, _ := p.Timestamp()
	return bits + uint64(n) + uint64(ts)
}

// drain reads all that d has and asks for all parts of it.
func drain(tb testing.TB, d *lp.Decoder) (points int) {
	for {
		p, err := d.Next()
		if err != nil {
			if err != io.EOF {
				tb.Fatal(err)
			}
			return points
		}
		touched += touch(p)
		points++
	}
}

// BenchmarkDecoder reads bodies of 5,000 lines, of 131,072 points at most: from
// memory with every part asked for, from a reader, and with the lines looked at only.
// An operation is a body.
func BenchmarkDecoder(b *testing.B) {
	for _, set := range workload.LineSets {
		n := 131_072
		if set.Name == "server" || set.Name == "cpu" { // many values each
			n = 16_384
		}
		b.Run("case="+set.Name, func(b *testing.B) {
			bodies := workload.LineBodies(set, n/5000*5000, 5000, 1)
			var d lp.Decoder
			benchBodies(b, "pointwire", bodies, func(body []byte) {
				d.Reset(body)
				drain(b, &d)
			})
			var r bytes.Reader
			benchBodies(b, "pointwire-reader", bodies, func(body []byte) {
				r.Reset(body)
				d.ResetReader(&r)
				drain(b, &d)
			})
			benchBodies(b, "pointwire-points", bodies, func(body []byte) {
				for p, err := range lp.Points(body) {
					if err != nil {
						b.Fatal(err)
					}
					touched += touch(p)
				}
			})
			benchBodies(b, "pointwire-lint", bodies, func(body []byte) {
				if err := lp.Valid(body); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
	line := []byte(workload.GuideTradeLine + "\n")
	b.Run("case=one", func(b *testing.B) {
		var d lp.Decoder
		benchBodies(b, "pointwire", [][]byte{line}, func(body []byte) {
			d.Reset(body)
			drain(b, &d)
		})
	})
}

// benchBodies gives f one body after the other.
func benchBodies(b *testing.B, lib string, bodies [][]byte, f func(body []byte)) {
	b.Run("lib="+lib, func(b *testing.B) {
		for _, body := range bodies {
			f(body)
		}
		lines := bytes.Count(bodies[0], []byte{'\n'})
		b.SetBytes(int64(len(bytes.Join(bodies, nil)) / len(bodies)))
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			f(bodies[i%len(bodies)])
			i++
		}
		b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(lines), "ns/point")
	})
}
