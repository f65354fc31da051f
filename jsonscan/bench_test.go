package jsonscan

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/pointwire/pointwire/internal/decimal"
	"github.com/pointwire/pointwire/internal/workload"
)

// visit reads every cell. It adds up numbers, measures strings and counts the rest.
func visit(s *Scanner) (sum float64, n int, err error) {
	for row, e := range s.Rows() {
		if e != nil {
			return sum, n, e
		}
		for i := range row.Len() {
			c := row.Cell(i)
			if v, ok := c.Float(); ok {
				sum += v
			} else if c.Kind() == KindString {
				v, _ := row.Bytes(i)
				n += len(v)
			} else {
				n++
			}
		}
	}
	return sum, n, nil
}

type jsonResponse struct {
	Results []struct {
		StatementID int `json:"statement_id"`
		Series      []struct {
			Name    string
			Tags    map[string]string
			Columns []string
			Values  [][]any
			Partial bool
		}
		Error string
	}
}

func visitJSON(body io.Reader) (sum float64, n int, err error) {
	var a jsonResponse
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return 0, 0, err
	}
	for _, r := range a.Results {
		for _, s := range r.Series {
			for _, row := range s.Values {
				for _, v := range row {
					switch v := v.(type) {
					case float64:
						sum += v
					case string:
						n += len(v)
					default:
						n++
					}
				}
			}
		}
	}
	return sum, n, nil
}

// A lib is a way to read a body repeatedly.
type lib struct {
	name string
	read func(b *testing.B, body []byte)
}

func eachBody(b *testing.B, libs ...lib) {
	for _, shape := range workload.Bodies {
		b.Run("case="+shape.Name, func(b *testing.B) {
			body := shape.Make(1, 0)
			for _, l := range libs {
				b.Run("lib="+l.name, func(b *testing.B) {
					b.SetBytes(int64(len(body)))
					b.ReportAllocs()
					l.read(b, body)
				})
			}
		})
	}
}

// BenchmarkRows visits every cell. It compares the scanner with encoding/json and
// with a copy of the body through a buffer of the same size. The case next only
// parses the rows and does not look at them.
func BenchmarkRows(b *testing.B) {
	scan := func(read func(s *Scanner) error) func(b *testing.B, body []byte) {
		return func(b *testing.B, body []byte) {
			r := bytes.NewReader(body)
			s := NewScanner(r)
			for b.Loop() {
				r.Reset(body)
				s.Reset(r)
				if err := read(s); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	eachBody(b,
		lib{"pointwire", scan(func(s *Scanner) error {
			_, _, err := visit(s)
			return err
		})},
		lib{"pointwire-cells", scan(visitCells)},
		lib{"pointwire-next", scan(func(s *Scanner) error {
			for s.Next() {
			}
			return s.Err()
		})},
		lib{"encoding-json", func(b *testing.B, body []byte) {
			for b.Loop() {
				if _, _, err := visitJSON(bytes.NewReader(body)); err != nil {
					b.Fatal(err)
				}
			}
		}},
		lib{"copy", func(b *testing.B, body []byte) {
			buf := make([]byte, defaultBuffer)
			for b.Loop() {
				r := bytes.NewReader(body)
				for {
					if _, err := r.Read(buf); err != nil {
						break
					}
				}
			}
		}},
	)
}

// BenchmarkNumbers parses all numbers of the body, one after the other, with the
// number kernel alone.
func BenchmarkNumbers(b *testing.B) {
	eachBody(b, lib{"pointwire", func(b *testing.B, body []byte) {
		var text []byte
		s := NewScanner(bytes.NewReader(body))
		for row := range s.Rows() {
			for i := range row.Len() {
				if k := row.Kind(i); k == KindInt || k == KindFloat {
					text = append(append(text, row.Raw(i)...), ',')
				}
			}
		}
		n := len(text)
		text = append(text, make([]byte, decimal.NumberPad)...)
		b.SetBytes(int64(n))
		for b.Loop() {
			sum := uint64(0)
			for i := 0; i < n; {
				v, _, next := decimal.Number(text, i)
				sum += v
				i = next + 1
			}
			benchSink = sum
		}
	}})
}

var benchSink uint64
