package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/bytedance/sonic/ast"
	"github.com/go-faster/jx"
	"github.com/go-json-experiment/json/jsontext"
	jsoniter "github.com/json-iterator/go"
)

// sonicVisitor counts the values two arrays deep under "values".
type sonicVisitor struct {
	Sums
	depth int // depth of arrays under "values", from 1
	found bool
}

func newSonicVisitor() visitor {
	return func(a *Response) (Sums, error) {
		var v sonicVisitor
		for _, doc := range a.Documents {
			if err := ast.Preorder(string(doc), &v, nil); err != nil {
				return v.Sums, err
			}
		}
		return v.Sums, nil
	}
}

func (v *sonicVisitor) OnNull() error {
	if v.depth == 2 {
		v.Nulls++
	}
	return nil
}

func (v *sonicVisitor) OnBool(b bool) error {
	if v.depth == 2 {
		v.bool(b)
	}
	return nil
}

func (v *sonicVisitor) OnString(s string) error {
	if v.depth == 2 {
		v.string(len(s))
	}
	return nil
}

func (v *sonicVisitor) OnInt64(n int64, _ json.Number) error {
	if v.depth == 2 {
		v.number(float64(n))
	}
	return nil
}

func (v *sonicVisitor) OnFloat64(f float64, _ json.Number) error {
	if v.depth == 2 {
		v.number(f)
	}
	return nil
}

func (v *sonicVisitor) OnObjectBegin(int) error { return nil }
func (v *sonicVisitor) OnObjectEnd() error      { return nil }

func (v *sonicVisitor) OnObjectKey(key string) error {
	v.found = key == "values"
	return nil
}

func (v *sonicVisitor) OnArrayBegin(int) error {
	if v.depth > 0 || v.found {
		v.found = false
		if v.depth++; v.depth == 2 {
			v.Rows++
		}
	}
	return nil
}

func (v *sonicVisitor) OnArrayEnd() error {
	if v.depth > 0 {
		v.depth--
	}
	return nil
}

// newJX pulls from one jx.Decoder, which is reset for each response.
func newJX() visitor {
	d := jx.Decode(nil, 64<<10)
	return func(a *Response) (s Sums, err error) {
		cell := func(d *jx.Decoder) error {
			switch d.Next() {
			case jx.Number:
				v, err := d.Float64()
				s.number(v)
				return err
			case jx.String:
				v, err := d.StrBytes()
				s.string(len(v))
				return err
			case jx.Bool:
				v, err := d.Bool()
				s.bool(v)
				return err
			default:
				s.Nulls++
				return d.Null()
			}
		}
		row := func(d *jx.Decoder) error {
			s.Rows++
			return d.Arr(cell)
		}
		series := func(d *jx.Decoder) error {
			return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
				if string(key) == "values" {
					return d.Arr(row)
				}
				return d.Skip()
			})
		}
		result := func(d *jx.Decoder) error {
			return d.ObjBytes(func(d *jx.Decoder, key []byte) error {
				if string(key) == "series" {
					return d.Arr(series)
				}
				return d.Skip()
			})
		}
		d.Reset(a.Reader())
		for d.Next() != jx.Invalid {
			err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
				if string(key) == "results" {
					return d.Arr(result)
				}
				return d.Skip()
			})
			if err != nil {
				return s, err
			}
		}
		return s, nil
	}
}

// newJsoniter pulls from one jsoniter.Iterator, which is reset for each response. It reads
// strings with ReadString, since ReadStringAsSlice, which does not allocate, does not
// handle escapes.
func newJsoniter() visitor {
	it := jsoniter.Parse(jsoniter.ConfigDefault, nil, 64<<10)
	return func(a *Response) (s Sums, err error) {
		cell := func(it *jsoniter.Iterator) bool {
			switch it.WhatIsNext() {
			case jsoniter.NumberValue:
				s.number(it.ReadFloat64())
			case jsoniter.StringValue:
				s.string(len(it.ReadString()))
			case jsoniter.BoolValue:
				s.bool(it.ReadBool())
			case jsoniter.NilValue:
				s.Nulls++
				it.ReadNil()
			default:
				it.ReportError("cell", "not a scalar")
				return false
			}
			return true
		}
		row := func(it *jsoniter.Iterator) bool {
			s.Rows++
			return it.ReadArrayCB(cell)
		}
		series := func(it *jsoniter.Iterator) bool {
			return it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
				if key == "values" {
					return it.ReadArrayCB(row)
				}
				it.Skip()
				return true
			})
		}
		result := func(it *jsoniter.Iterator) bool {
			return it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
				if key == "series" {
					return it.ReadArrayCB(series)
				}
				it.Skip()
				return true
			})
		}
		it.Reset(a.Reader())
		it.Error = nil
		for it.WhatIsNext() == jsoniter.ObjectValue {
			it.ReadObjectCB(func(it *jsoniter.Iterator, key string) bool {
				if key == "results" {
					return it.ReadArrayCB(result)
				}
				it.Skip()
				return true
			})
			if it.Error != nil {
				break
			}
		}
		if it.Error != nil && it.Error != io.EOF {
			return s, it.Error
		}
		return s, nil
	}
}

// newJSONText pulls tokens from one jsontext.Decoder, which is reset for each response.
func newJSONText() visitor {
	d := jsontext.NewDecoder(bytes.NewReader(nil))
	return func(a *Response) (s Sums, err error) {
		d.Reset(a.Reader())
		for {
			t, err := d.ReadToken()
			if err == io.EOF {
				return s, nil
			}
			if err != nil {
				return s, err
			}
			if t.Kind() != '"' || t.String() != "values" {
				continue
			}
			if err := visitTokens(d, &s); err != nil {
				return s, err
			}
		}
	}
}

func visitTokens(d *jsontext.Decoder, s *Sums) error {
	for depth := 0; ; {
		t, err := d.ReadToken()
		if err != nil {
			return err
		}
		switch t.Kind() {
		case '[':
			if depth++; depth == 2 {
				s.Rows++
			}
		case ']':
			if depth--; depth == 0 {
				return nil
			}
		case '0':
			v, err := t.Float()
			if err != nil {
				return err
			}
			s.number(v)
		case '"':
			s.string(len(t.String()))
		case 't', 'f':
			s.bool(t.Bool())
		case 'n':
			s.Nulls++
		default:
			return fmt.Errorf("unexpected %v", t)
		}
	}
}
