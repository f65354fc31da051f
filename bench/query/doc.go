// Package query compares decoders of query responses.
//
// The work is to visit every cell: to sum the numbers, and to count nulls, booleans,
// strings and the bytes of the unescaped strings. The outcome is compared with that of a
// plain reference before anything is timed.
//
// Decoders that can read from an io.Reader, as a body arrives from the network, do so.
// Those that need the whole response in memory get it there at no cost.
package query

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/pointwire/pointwire/internal/measure"
	"github.com/pointwire/pointwire/internal/workload"
)

// A Contender visits every cell of a response.
type Contender interface {
	// Visit reads the response, which is one document or a sequence of them.
	Visit(a *Response) (Sums, error)
}

// A Response is the body of a response.
type Response struct {
	Body []byte
	// Documents are the documents of the body, for decoders that read one document.
	Documents [][]byte
	r         bytes.Reader
	// reader, if not nil, replaces the reader of Body.
	reader io.Reader
}

// Reader returns a reader of the whole body.
func (a *Response) Reader() io.Reader {
	if a.reader != nil {
		return a.reader
	}
	a.r.Reset(a.Body)
	return &a.r
}

// Sums is the outcome of a visit.
type Sums struct {
	Rows, Numbers, Nulls, Bools, True, Strings, StringBytes int
	// Sum is the sum of all numbers as float64, in the order of the response.
	Sum float64
}

func (s *Sums) number(v float64) {
	s.Numbers++
	s.Sum += v
}

func (s *Sums) bool(v bool) {
	s.Bools++
	if v {
		s.True++
	}
}

func (s *Sums) string(n int) {
	s.Strings++
	s.StringBytes += n
}

// cells returns the number of cells.
func (s *Sums) cells() int { return s.Numbers + s.Nulls + s.Bools + s.Strings }

const (
	suite    = "query"
	baseName = "encoding-json"
	rowsName = "pointwire-rows"
)

// Suite is the suite "query".
var Suite = measure.Suite{
	Name:  suite,
	About: "query responses, every cell visited",
	Names: names(),
	Cases: cases,
}

// general lists the general libraries with which goals compare.
var general = []string{"sonic-visitor", "sonic", "jsoniter", "jx", "goccy", "fastjson", "simdjson-go", "jsontext", "json-v2", baseName}

// Goals are the goals of the design for this suite.
var Goals = goals()

func goals() []measure.Goal {
	var list []measure.Goal
	for _, b := range workload.Bodies {
		list = append(list,
			measure.Goal{Suite: suite, Case: b.Name, Contender: rowsName, Against: []string{baseName}, Factor: 12},
			measure.Goal{Suite: suite, Case: b.Name, Contender: rowsName, Against: general, Factor: 2.5},
		)
	}
	large := []string{"cpugb", "cpu2gb", "trade", "wide", "logs", "mix"}
	list = append(list, measure.Goal{Suite: suite, Case: "4 of the 6 large bodies", Of: large, Need: 4, Contender: rowsName, Against: general, Factor: 3})
	return append(list, measure.Goal{Suite: suite, Case: "small_last", Contender: rowsName, Against: []string{"fastjson"}, Factor: 2.5})
}

const chunk = 10_000

// names lists the bodies, two of which are also read in chunks.
func names() []string {
	var list []string
	for _, b := range workload.Bodies {
		list = append(list, b.Name)
	}
	return append(list, "logs_chunked", "mix_chunked")
}

func cases(size float64, want func(string) bool) ([]measure.Case, error) {
	var list []measure.Case
	for _, name := range names() {
		if !want(name) {
			continue
		}
		plain, chunked := strings.CutSuffix(name, "_chunked")
		b, ok := workload.FindBody(plain)
		if !ok {
			return nil, fmt.Errorf("no body %q", plain)
		}
		rows := 0
		if chunked {
			rows = max(100, int(chunk*size))
		}
		if strings.HasPrefix(name, "small") {
			size = 1
		}
		c, err := newCase(name, b.Make(size, rows))
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func newCase(name string, body []byte) (measure.Case, error) {
	a := &Response{Body: body}
	for doc := range bytes.Lines(body) {
		a.Documents = append(a.Documents, doc)
	}
	want, err := reference(body)
	if err != nil {
		return measure.Case{}, err
	}
	c := measure.Case{Suite: suite, Name: name, Unit: "cell", Units: want.cells(), Bytes: len(body), Base: baseName}
	c.Ops = append(c.Ops, copyOp(a))
	for _, e := range entries() {
		if e.contender == nil {
			c.Ops = append(c.Ops, measure.Op{Contender: e.name, Version: measure.Version(e.module), Skip: "not for this processor"})
			continue
		}
		c.Ops = append(c.Ops, measure.Op{
			Contender: e.name,
			Version:   measure.Version(e.module),
			Check: func() error {
				got, err := e.contender.Visit(a)
				if err == nil && got != want {
					err = fmt.Errorf("%w: found %+v instead of %+v", measure.ErrWrong, got, want)
				}
				return err
			},
			Run: func() error {
				_, err := e.contender.Visit(a)
				return err
			},
		})
	}
	return c, nil
}

type entry struct {
	name, module string
	contender    Contender
}

// visitor is a Contender made of a function.
type visitor func(a *Response) (Sums, error)

func (v visitor) Visit(a *Response) (Sums, error) { return v(a) }
