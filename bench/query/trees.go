package query

import (
	"fmt"

	"github.com/minio/simdjson-go"
	"github.com/valyala/fastjson"
)

// newFastjson parses each document with one fastjson.Parser and walks the tree.
func newFastjson() visitor {
	var p fastjson.Parser
	return func(a *Response) (s Sums, err error) {
		for _, doc := range a.Documents {
			v, err := p.ParseBytes(doc)
			if err != nil {
				return s, err
			}
			for _, result := range v.GetArray("results") {
				for _, series := range result.GetArray("series") {
					for _, row := range series.GetArray("values") {
						s.Rows++
						for _, c := range row.GetArray() {
							if err := visitFastjson(c, &s); err != nil {
								return s, err
							}
						}
					}
				}
			}
		}
		return s, nil
	}
}

func visitFastjson(c *fastjson.Value, s *Sums) error {
	switch c.Type() {
	case fastjson.TypeNumber:
		v, err := c.Float64()
		s.number(v)
		return err
	case fastjson.TypeString:
		v, err := c.StringBytes()
		s.string(len(v))
		return err
	case fastjson.TypeTrue:
		s.bool(true)
	case fastjson.TypeFalse:
		s.bool(false)
	case fastjson.TypeNull:
		s.Nulls++
	default:
		return fmt.Errorf("a cell of type %v", c.Type())
	}
	return nil
}

// newSimdjson parses the whole body as lines into one ParsedJson and walks it.
func newSimdjson() visitor {
	var parsed *simdjson.ParsedJson
	return func(a *Response) (s Sums, err error) {
		parsed, err = simdjson.ParseND(a.Body, parsed)
		if err != nil {
			return s, err
		}
		w := simdWalk{s: &s}
		it := parsed.Iter()
		for it.Advance() == simdjson.TypeRoot {
			var root simdjson.Iter
			if _, _, err := it.Root(&root); err != nil {
				return s, err
			}
			if err := w.document(&root); err != nil {
				return s, err
			}
		}
		return s, nil
	}
}

type simdWalk struct {
	s   *Sums
	err error
}

// each calls f for the elements of the array under key in the object at it.
func (w *simdWalk) each(it *simdjson.Iter, key string, f func(simdjson.Iter)) {
	if w.err != nil {
		return
	}
	obj, err := it.Object(nil)
	if err != nil {
		w.err = err
		return
	}
	e := obj.FindKey(key, nil)
	if e == nil {
		return
	}
	arr, err := e.Iter.Array(nil)
	if err != nil {
		w.err = err
		return
	}
	arr.ForEach(f)
}

func (w *simdWalk) document(it *simdjson.Iter) error {
	w.each(it, "results", func(it simdjson.Iter) {
		w.each(&it, "series", func(it simdjson.Iter) {
			w.each(&it, "values", w.row)
		})
	})
	return w.err
}

func (w *simdWalk) row(it simdjson.Iter) {
	w.s.Rows++
	arr, err := it.Array(nil)
	if err != nil {
		w.err = err
		return
	}
	cells := arr.Iter()
	for {
		switch cells.Advance() {
		case simdjson.TypeInt, simdjson.TypeUint, simdjson.TypeFloat:
			v, err := cells.Float()
			if err != nil {
				w.err = err
				return
			}
			w.s.number(v)
		case simdjson.TypeString:
			v, err := cells.StringBytes()
			if err != nil {
				w.err = err
				return
			}
			w.s.string(len(v))
		case simdjson.TypeBool:
			v, err := cells.Bool()
			if err != nil {
				w.err = err
				return
			}
			w.s.bool(v)
		case simdjson.TypeNull:
			w.s.Nulls++
		default:
			return
		}
	}
}
