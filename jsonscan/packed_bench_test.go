package jsonscan

import (
	"bytes"
	"testing"

	"github.com/pointwire/pointwire/internal/workload"
)

// BenchmarkPacked visits every cell of the bodies of BenchmarkRows as MessagePack.
func BenchmarkPacked(b *testing.B) {
	for _, shape := range workload.Bodies {
		b.Run("case="+shape.Name, func(b *testing.B) {
			body := packedBody(b, shape.Make(1, 0))
			for _, l := range []struct {
				name string
				read func(s *Scanner) error
			}{
				{"pointwire", func(s *Scanner) error {
					_, _, err := visit(s)
					return err
				}},
				{"pointwire-cells", visitCells},
				{"pointwire-next", func(s *Scanner) error {
					for s.Next() {
					}
					return s.Err()
				}},
			} {
				b.Run("lib="+l.name, func(b *testing.B) {
					b.SetBytes(int64(len(body)))
					b.ReportAllocs()
					r := bytes.NewReader(body)
					s := NewScanner(r)
					s.MessagePack = true
					for b.Loop() {
						r.Reset(body)
						s.Reset(r)
						if err := l.read(s); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

// packedBody returns a body of package workload as MessagePack.
func packedBody(t testing.TB, body []byte) []byte {
	t.Helper()
	packed, err := workload.MessagePack(body)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// visitCells visits cells as in the documentation of Cell.
func visitCells(s *Scanner) error {
	sum, n := 0.0, 0
	for s.Next() {
		row := s.Row()
		for i, c := range row.Cells() {
			if v, ok := c.Int(); ok {
				sum += float64(v)
			} else if v, ok := c.Float(); ok {
				sum += v
			} else if c.Kind() == KindString {
				text, _ := row.Bytes(i)
				n += len(text)
			} else {
				n++
			}
		}
	}
	benchSink = uint64(sum) + uint64(n)
	return s.Err()
}
